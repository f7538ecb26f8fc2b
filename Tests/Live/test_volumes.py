"""Claims and their volumes: made, bound, mounted, kept and reclaimed."""

import json
import os
import pathlib

import pytest

from cluster import eventually, pod


@pytest.fixture(scope="module")
def image(shared):
    return shared.busybox()


@pytest.fixture
def namespace(shared, request):
    """A namespace that goes with the test."""
    name = request.node.name.replace("_", "-").replace("[", "-").replace("]", "")[:60].rstrip("-").lower()
    shared.kubectl("create", "namespace", name)
    shared.kubectl("config", "set-context", "--current", f"--namespace={name}")
    yield name
    shared.kubectl("config", "set-context", "--current", "--namespace=default")
    shared.kubectl("delete", "namespace", name, "--timeout=50s")


def claim(name, size="1Gi", modes=("ReadWriteOnce",), **spec):
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": {
        "accessModes": list(modes), "resources": {"requests": {"storage": size}}, **spec}}


def volume(name, kind, path, size="1Gi", policy="Retain", modes=("ReadWriteOnce",), **spec):
    inner = {"path": path, **({"type": "DirectoryOrCreate"} if kind == "hostPath" else {})}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": {
        "capacity": {"storage": size}, "accessModes": list(modes), "persistentVolumeReclaimPolicy": policy, kind: inner, **spec}}


def storage_class(name, **fields):
    return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}, "provisioner": "kdash.dev/local", **fields}


def user(name, image, command, claim="data", mount=None, source=None, **spec):
    """A pod with a claim at /data."""
    manifest = pod(name, image, ["sh", "-c", command], **{"restartPolicy": "Never", **spec})
    inner = manifest["spec"]
    inner["containers"][0]["volumeMounts"] = [{"name": "v", "mountPath": "/data", **(mount or {})}]
    inner["volumes"] = [{"name": "v", **(source or {"persistentVolumeClaim": {"claimName": claim}})}]
    return manifest


def create(cluster, *manifests):
    for manifest in manifests:
        cluster.kubectl("create", "-f", "-", stdin=json.dumps(manifest))


def bound(cluster, name="data"):
    """The name of the volume that a claim is bound to."""
    def probe():
        found = cluster.get("pvc", name)
        return found["status"]["phase"] == "Bound" and found["spec"]["volumeName"]

    return eventually(probe, what=f"claim {name} bound")


def gone(cluster, kind, name):
    eventually(lambda: cluster.kubectl("get", kind, name, check=False).returncode == 1, what=f"{kind} {name} gone")


def events(cluster, name):
    found = json.loads(cluster.kubectl("get", "events", "-A", "-o", "json", f"--field-selector=involvedObject.name={name}"))["items"]
    return {(event["reason"], event["message"]) for event in found}


def log(cluster, name):
    return cluster.kubectl("logs", name)


def node_process(cluster):
    """The pid of the node's supervisor: the child of the daemon's cluster that has its data directory's pods mounted."""
    identity = json.loads((pathlib.Path(cluster.data) / "instance").read_text())["id"]
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"kdash-node") and f"kdash-{identity}" in (path.parent / "cgroup").read_text():
                return int(path.parent.name)
        except OSError:
            continue
    raise AssertionError("no supervisor")


def directory(cluster, name):
    return pathlib.Path(cluster.data) / "volumes" / name


def test_what_a_pod_wrote_is_read_by_the_next_one(shared, image, namespace):
    create(shared, claim("data"))
    eventually(lambda: ("WaitForFirstConsumer", "waiting for first consumer to be created before binding") in events(shared, "data"), what="the event")
    assert shared.get("pvc", "data")["status"]["phase"] == "Pending"
    create(shared, user("writer", image, "echo kept > /data/file; sleep 600"))
    shared.phase("writer", "Running")
    name = bound(shared)
    found = shared.get("pvc", "data")
    assert found["spec"]["storageClassName"] == "standard"
    assert found["status"]["capacity"] == {"storage": "1Gi"} and found["status"]["accessModes"] == ["ReadWriteOnce"]
    notes = found["metadata"]["annotations"]
    assert notes["pv.kubernetes.io/bind-completed"] == notes["pv.kubernetes.io/bound-by-controller"] == "yes"
    assert notes["volume.kubernetes.io/storage-provisioner"] == "kdash.dev/local"
    assert notes["volume.kubernetes.io/selected-node"] == shared.get("pod", "writer")["spec"]["nodeName"]
    made = shared.get("pv", name)
    assert name == f"pvc-{found['metadata']['uid']}" and made["status"]["phase"] == "Bound"
    assert made["metadata"]["annotations"]["pv.kubernetes.io/provisioned-by"] == "kdash.dev/local"
    assert made["spec"]["persistentVolumeReclaimPolicy"] == "Delete" and made["spec"]["claimRef"]["uid"] == found["metadata"]["uid"]
    eventually(lambda: "ProvisioningSucceeded" in {reason for reason, _ in events(shared, "data")}, what="the event")
    shared.kubectl("delete", "pod", "writer")
    create(shared, user("reader", image, "cat /data/file; sleep 600"))
    eventually(lambda: log(shared, "reader") == "kept\n", what="what the first pod wrote")
    assert (directory(shared, name) / "file").read_text() == "kept\n"
    # In use: neither goes before the pod.
    shared.kubectl("delete", "pvc", "data", "--wait=false")
    found = shared.get("pvc", "data")
    assert "deletionTimestamp" in found["metadata"] and found["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    create(shared, user("late", image, "true"))
    message = 'persistentvolumeclaim "data" is being deleted'
    eventually(lambda: message in json.dumps(shared.get("pod", "late")["status"]).replace("\\", ""), what="why the pod waits")
    shared.kubectl("delete", "pod", "reader", "late")
    gone(shared, "pvc", "data")
    gone(shared, "pv", name)
    assert not directory(shared, name).exists()


def test_a_pod_waits_for_its_claim_and_says_why(shared, image, namespace):
    create(shared, user("early", image, "echo here > /data/x; sleep 600"))

    def says(text):
        def probe():
            conditions = shared.get("pod", "early")["status"].get("conditions", [])
            return any(c["type"] == "PodScheduled" and c["reason"] == "Unschedulable" and text in c["message"] for c in conditions)

        eventually(probe, what=text)

    says('0/1 nodes are available: persistentvolumeclaim "data" not found.')
    assert any(reason == "FailedScheduling" and "not found" in message for reason, message in events(shared, "early"))
    create(shared, claim("data", storageClassName=""))
    says("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.")
    text = "no persistent volumes available for this claim and no storage class is set"
    eventually(lambda: ("FailedBinding", text) in events(shared, "data"), what="the event")
    create(shared, volume("late-volume", "hostPath", "/srv/late-volume"))
    shared.phase("early", "Running")
    assert bound(shared) == "late-volume"


def test_retain_keeps_the_data_and_the_volume_can_be_taken_again(shared, image, namespace):
    create(shared, storage_class("keeps", reclaimPolicy="Retain", volumeBindingMode="Immediate"), claim("data", storageClassName="keeps"))
    name = bound(shared)
    create(shared, user("writer", image, "echo kept > /data/file"))
    shared.phase("writer", "Succeeded")
    shared.kubectl("delete", "pod", "writer")
    shared.kubectl("delete", "pvc", "data")
    eventually(lambda: shared.get("pv", name)["status"]["phase"] == "Released", what="the volume released")
    create(shared, claim("again", storageClassName="keeps", volumeName=name))
    eventually(lambda: ("FailedBinding", f'volume "{name}" already bound to a different claim.') in events(shared, "again"), what="the event")
    shared.kubectl("patch", "pv", name, "-p", '{"spec":{"claimRef":null}}')
    assert bound(shared, "again") == name
    create(shared, user("reader", image, "cat /data/file", claim="again"))
    shared.phase("reader", "Succeeded")
    assert log(shared, "reader") == "kept\n"
    shared.kubectl("delete", "pod", "reader")
    shared.kubectl("delete", "pvc", "again")
    eventually(lambda: shared.get("pv", name)["status"]["phase"] == "Released", what="the volume released again")
    shared.kubectl("delete", "pv", name)
    assert (directory(shared, name) / "file").read_text() == "kept\n"
    shared.kubectl("delete", "storageclass", "keeps")


def test_static_volumes_are_chosen_by_size_class_mode_selector_and_name(shared, image, namespace):
    create(shared,
           volume("small", "hostPath", "/srv/small", size="1Gi", storageClassName="byhand"),
           volume("middle", "hostPath", "/srv/middle", size="5Gi", storageClassName="byhand"),
           {**volume("marked", "hostPath", "/srv/marked", size="9Gi", storageClassName="byhand"), },
           volume("shared", "hostPath", "/srv/shared", size="9Gi", storageClassName="byhand", modes=("ReadWriteMany",)),
           volume("named", "hostPath", "/srv/named", size="50Gi", storageClassName="byhand"))
    shared.kubectl("label", "pv", "marked", "speed=high")
    create(shared,
           claim("two", "2Gi", storageClassName="byhand"), claim("many", "1Gi", ("ReadWriteMany",), storageClassName="byhand"),
           claim("fast", "1Gi", storageClassName="byhand", selector={"matchLabels": {"speed": "high"}}),
           claim("this", "1Gi", storageClassName="byhand", volumeName="named"),
           claim("huge", "100Gi", storageClassName="byhand"))
    assert bound(shared, "two") == "middle" and bound(shared, "many") == "shared" and bound(shared, "fast") == "marked"
    assert bound(shared, "this") == "named" and shared.get("pvc", "this")["status"]["capacity"] == {"storage": "50Gi"}
    # Kept for a claim that comes later.
    create(shared, volume("kept", "hostPath", "/srv/kept", size="200Gi", storageClassName="byhand",
                          claimRef={"namespace": namespace, "name": "mine"}))
    eventually(lambda: shared.get("pv", "kept")["status"]["phase"] == "Available", what="the kept volume available")
    assert shared.get("pvc", "huge")["status"]["phase"] == "Pending"
    create(shared, claim("mine", "1Gi", storageClassName="byhand"))
    assert bound(shared, "mine") == "kept"
    for name in ("two", "many", "fast", "this", "huge", "mine"):
        shared.kubectl("delete", "pvc", name)
    # What people made is theirs: it stays, released.
    for name in ("middle", "shared", "marked", "named", "kept"):
        eventually(lambda: shared.get("pv", name)["status"]["phase"] == "Released", what=f"{name} released")
    shared.kubectl("delete", "pv", "small", "middle", "marked", "shared", "named", "kept")


def test_a_local_volume_binds_where_its_node_is_and_only_there(shared, image, namespace):
    here = {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["kdash"]}]}]}}
    there = json.loads(json.dumps(here).replace('"kdash"', '"elsewhere"'))
    create(shared, {**storage_class("byhand-late", volumeBindingMode="WaitForFirstConsumer"), "provisioner": "kubernetes.io/no-provisioner"},
           volume("far", "local", "/srv", storageClassName="byhand-late", nodeAffinity=there), claim("data", storageClassName="byhand-late"),
           user("one", image, "echo 1 > /data/one; sleep 600"))
    text = "0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind."
    eventually(lambda: text in json.dumps(shared.get("pod", "one")["status"]), what="why the pod waits")
    create(shared, volume("near", "local", "/srv", storageClassName="byhand-late", nodeAffinity=here))
    shared.phase("one", "Running")
    assert bound(shared) == "near"
    create(shared, claim("far-claim", storageClassName="byhand-late", volumeName="far"), user("two", image, "true", claim="far-claim"))
    bound(shared, "far-claim")
    eventually(lambda: "1 node(s) had volume node affinity conflict" in json.dumps(shared.get("pod", "two")["status"]), what="why the pod waits")
    shared.kubectl("delete", "pod", "one", "two")
    shared.kubectl("delete", "pvc", "data", "far-claim")
    shared.kubectl("delete", "pv", "near", "far")
    shared.kubectl("delete", "storageclass", "byhand-late")


def test_a_volume_for_one_pod_at_a_time(shared, image, namespace):
    create(shared, claim("data", modes=("ReadWriteOncePod",)), user("first", image, "sleep 600"))
    shared.phase("first", "Running")
    create(shared, user("second", image, "sleep 600"))
    text = "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"
    eventually(lambda: text in json.dumps(shared.get("pod", "second")["status"]), what="why the pod waits")
    shared.kubectl("delete", "pod", "first")
    shared.phase("second", "Running")


def test_groups_reading_only_and_parts_of_a_volume(shared, image, namespace):
    create(shared, claim("data"))
    create(shared, user("group", image, "echo a > /data/a; mkdir -p /data/d; ls -ln /data; sleep 600",
                        securityContext={"fsGroup": 2345, "runAsUser": 1000, "runAsGroup": 1000}))
    eventually(lambda: "2345" in log(shared, "group"), what="files of the group")
    path = directory(shared, bound(shared))
    assert path.stat().st_gid == 2345 and path.stat().st_mode & 0o2070 == 0o2070 and (path / "a").stat().st_gid == 2345
    shared.kubectl("delete", "pod", "group")
    os.symlink("/etc/passwd", path / "link")
    before = os.stat("/etc/passwd")
    create(shared, user("other", image, "ls -ln /data/d/.. ; sleep 600", securityContext={"fsGroup": 3456}))
    eventually(lambda: "3456" in log(shared, "other"), what="files of the other group")
    assert (path / "a").stat().st_gid == 3456 and (path / "a").stat().st_mode & 0o060 == 0o060 and os.stat("/etc/passwd") == before
    assert (path / "link").lstat().st_gid == 3456
    shared.kubectl("delete", "pod", "other")
    create(shared, user("readonly", image, "cat /data/a; echo b > /data/b", source={"persistentVolumeClaim": {"claimName": "data", "readOnly": True}}))
    shared.phase("readonly", "Failed")
    assert "a\n" in log(shared, "readonly") and "Read-only file system" in log(shared, "readonly")
    create(shared, user("part", image, "echo inside > /data/x", mount={"subPath": "deep/er"}))
    shared.phase("part", "Succeeded")
    assert (path / "deep/er/x").read_text() == "inside\n"


def test_a_stateful_set_keeps_its_claims_and_finds_them_again(shared, image, namespace):
    template = {"metadata": {"labels": {"app": "db"}}, "spec": {"terminationGracePeriodSeconds": 0, "containers": [{
        "name": "main", "image": image, "command": ["sh", "-c", "echo $(hostname) >> /data/log; sleep 600"],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]}}
    create(shared, {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": {
        "serviceName": "db", "replicas": 2, "selector": {"matchLabels": {"app": "db"}}, "template": template,
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim("x")["spec"]}]}})
    ready = lambda count: eventually(  # noqa: E731
        lambda: shared.get("sts", "db")["status"].get("readyReplicas", 0) == count == shared.get("sts", "db")["status"]["replicas"], what=f"{count} ready")
    ready(2)
    volumes = [bound(shared, f"data-db-{number}") for number in (0, 1)]
    shared.kubectl("scale", "sts", "db", "--replicas=1")
    ready(1)
    gone(shared, "pod", "db-1")
    assert shared.get("pvc", "data-db-1")["status"]["phase"] == "Bound"
    shared.kubectl("scale", "sts", "db", "--replicas=2")
    ready(2)
    assert bound(shared, "data-db-1") == volumes[1]
    assert shared.kubectl("exec", "db-1", "--", "cat", "/data/log") == "db-1\ndb-1\n"
    shared.kubectl("patch", "sts", "db", "-p", '{"spec":{"persistentVolumeClaimRetentionPolicy":{"whenScaled":"Delete","whenDeleted":"Delete"}}}')
    shared.kubectl("scale", "sts", "db", "--replicas=1")
    gone(shared, "pvc", "data-db-1")
    gone(shared, "pv", volumes[1])
    shared.kubectl("delete", "sts", "db")
    gone(shared, "pvc", "data-db-0")


def test_a_claim_grows_when_its_class_lets_it(shared, image, namespace):
    create(shared, claim("data"), user("one", image, "sleep 600"))
    name = bound(shared)
    grow = lambda name, size, **options: shared.kubectl(  # noqa: E731
        "patch", "pvc", name, "-p", json.dumps({"spec": {"resources": {"requests": {"storage": size}}}}), **options)
    grow("data", "3Gi")
    eventually(lambda: shared.get("pvc", "data")["status"]["capacity"] == {"storage": "3Gi"}, what="the claim larger")
    assert shared.get("pv", name)["spec"]["capacity"] == {"storage": "3Gi"}
    assert "less than status.capacity" in grow("data", "1Gi", check=False).stderr
    create(shared, volume("fixed", "hostPath", "/srv/fixed", storageClassName="fixed"), claim("fixed", storageClassName="fixed"))
    bound(shared, "fixed")
    assert "the storageclass that provisions the pvc must support resize" in grow("fixed", "2Gi", check=False).stderr
    shared.kubectl("delete", "pvc", "fixed")
    shared.kubectl("delete", "pv", "fixed")


def test_an_ephemeral_volume_goes_with_its_pod(shared, image, namespace):
    create(shared, user("one", image, "echo x > /data/x; sleep 600", source={"ephemeral": {"volumeClaimTemplate": {
        "metadata": {"labels": {"of": "one"}}, "spec": claim("x")["spec"]}}}))
    shared.phase("one", "Running")
    name = bound(shared, "one-v")
    found = shared.get("pvc", "one-v")
    assert found["metadata"]["labels"] == {"of": "one"} and found["metadata"]["ownerReferences"][0]["kind"] == "Pod"
    assert (directory(shared, name) / "x").exists()
    shared.kubectl("delete", "pod", "one")
    gone(shared, "pvc", "one-v")
    gone(shared, "pv", name)


def test_an_image_as_a_volume(shared, image, namespace):
    source = {"image": {"reference": image, "pullPolicy": "IfNotPresent"}}
    create(shared, user("one", image, "ls /data/bin && ! /data/bin/busybox true; touch /data/x; sleep 600", source=source))
    eventually(lambda: "Read-only file system" in log(shared, "one"), what="the refusal to write")
    assert "busybox" in log(shared, "one") and "Permission denied" in log(shared, "one")
    create(shared, user("part", image, "ls /data", source=source, mount={"subPath": "bin"}))
    shared.phase("part", "Succeeded")
    assert "busybox" in log(shared, "part")
    create(shared, user("none", image, "true", source={"image": {"reference": "host/nothing:1"}}))
    eventually(lambda: any("image host/nothing:1 is not present" in m for _, m in events(shared, "none")), what="the event")
    mounts = pathlib.Path("/proc") / str(node_process(shared)) / "mountinfo"
    uid = shared.get("pod", "one")["metadata"]["uid"]
    assert f"pods/{uid}/volumes/v" in mounts.read_text()
    shared.kubectl("delete", "pod", "one")
    eventually(lambda: f"pods/{uid}/volumes/v" not in mounts.read_text(), what="the image unmounted")


def test_what_cannot_be_made_or_removed_is_said(shared, image, namespace):
    create(shared, claim("block", volumeMode="Block"), user("one", image, "true", claim="block"), claim("none", storageClassName="nothing"))
    eventually(lambda: any(r == "ProvisioningFailed" and "volumeMode Block is not supported" in m for r, m in events(shared, "block")), what="the event")
    text = 'storageclass.storage.k8s.io "nothing" not found'
    eventually(lambda: ("ProvisioningFailed", text) in events(shared, "none"), what="the event")
    create(shared, volume("delete-me", "hostPath", "/srv/delete-me", policy="Delete", storageClassName="odd"), claim("odd", storageClassName="odd"))
    bound(shared, "odd")
    shared.kubectl("delete", "pvc", "odd")
    eventually(lambda: shared.get("pv", "delete-me")["status"]["phase"] == "Failed", what="the volume failed")
    assert "made by hand" in shared.get("pv", "delete-me")["status"]["message"]
    # Somebody who says that it is the provisioner's, but not where the provisioner's are, has nothing removed.
    outside = pathlib.Path(shared.data) / "outside"
    outside.mkdir()
    trap = volume("trap", "local", "/var/lib/kdash/volumes/../outside", policy="Delete", storageClassName="odd", nodeAffinity={
        "required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "Exists"}]}]}})
    trap["metadata"]["annotations"] = {"pv.kubernetes.io/provisioned-by": "kdash.dev/local"}
    refused = shared.kubectl("create", "-f", "-", stdin=json.dumps(trap), check=False)
    if refused.returncode == 0:
        create(shared, claim("trapped", storageClassName="odd"))
        bound(shared, "trapped")
        shared.kubectl("delete", "pvc", "trapped")
        eventually(lambda: shared.get("pv", "trap")["status"]["phase"] == "Failed", what="the volume failed")
        shared.kubectl("delete", "pv", "trap")
    assert outside.is_dir()
    outside.rmdir()
    shared.kubectl("delete", "pv", "delete-me")


def test_the_default_class_is_the_users_to_change_and_to_delete(fresh):
    fresh.up("--no-merge")
    found = fresh.get("storageclass", "standard")
    assert found["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true" and found["provisioner"] == "kdash.dev/local"
    fresh.kubectl("annotate", "storageclass", "standard", "storageclass.kubernetes.io/is-default-class=false", "--overwrite")
    fresh.down()
    fresh.up("--no-merge")
    assert fresh.get("storageclass", "standard")["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "false"
    fresh.kubectl("delete", "storageclass", "standard")
    fresh.down()
    fresh.up("--no-merge")
    assert fresh.kubectl("get", "storageclass", "-o", "name") == ""
    # As in a cluster that was made before there was the class.
    fresh.kubectl("annotate", "namespace", "kube-system", "kdash.dev/default-storage-class-")
    fresh.down()
    fresh.up("--no-merge")
    assert fresh.kubectl("get", "storageclass", "-o", "name").strip() == "storageclass.storage.k8s.io/standard"
    assert fresh.get("namespace", "kube-system")["metadata"]["annotations"]["kdash.dev/default-storage-class"] == "standard"


def test_data_outlives_pods_daemons_and_stops(fresh):
    fresh.up("--no-merge")
    image = fresh.busybox()
    create(fresh, claim("data"), user("writer", image, "date >> /data/file; sync; sleep 600", restartPolicy="Always"))
    fresh.phase("writer", "Running")
    path = directory(fresh, bound(fresh)) / "file"
    eventually(lambda: path.exists() and path.read_text().count("\n") == 1, what="the first line")
    create(fresh, user("imaged", image, "sleep 600", source={"image": {"reference": image}}))
    fresh.phase("imaged", "Running")
    mounts = pathlib.Path("/proc") / str(node_process(fresh)) / "mountinfo"
    place = f"pods/{fresh.get('pod', 'imaged')['metadata']['uid']}/volumes/v "
    assert mounts.read_text().count(place) == 1
    fresh.kill_daemon()
    fresh.up("--no-merge")
    assert path.read_text().count("\n") == 1
    fresh.kubectl("exec", "imaged", "--", "ls", "/data/bin/busybox")
    assert mounts.read_text().count(place) == 1
    fresh.kubectl("delete", "pod", "imaged")
    eventually(lambda: place not in mounts.read_text(), what="the image unmounted")
    # The pod goes on, and the volume with it, in a daemon that did not mount it.
    fresh.kubectl("exec", "writer", "--", "sh", "-c", "echo more >> /data/file")
    assert path.read_text().count("\n") == 2
    # Killed between the claim and its volume.
    create(fresh, claim("later"), user("second", image, "echo x > /data/file; sleep 600", claim="later"))
    fresh.kill_daemon()
    fresh.up("--no-merge")
    fresh.phase("second", "Running")
    bound(fresh, "later")
    fresh.down()
    fresh.up("--no-merge")
    fresh.phase("writer", "Running")
    eventually(lambda: path.read_text().count("\n") == 3, what="the line after the stop")
    fresh.down("--purge")
    assert not fresh.data.exists()
