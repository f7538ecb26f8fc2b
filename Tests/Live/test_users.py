"""A pod with `hostUsers: false` has users of its own: root inside is nobody outside, and stays the same nobody."""

import json
import pathlib

import pytest

from cluster import eventually, pod

IDS = 65536


@pytest.fixture(scope="module")
def image(shared):
    return shared.busybox()


def mapped(name, image, script, **spec):
    return pod(name, image, ["sh", "-c", script], hostUsers=False, **spec)


def waiting(cluster, name):
    return cluster.get("pod", name)["status"]["containerStatuses"][0]["state"]["waiting"]


def first_id(cluster, name):
    inside, outside, count = cluster.kubectl("exec", name, "--", "cat", "/proc/self/uid_map").split()
    assert (inside, count) == ("0", str(IDS)) and int(outside) % IDS == 0 and int(outside) >= IDS
    assert cluster.kubectl("exec", name, "--", "cat", "/proc/self/gid_map").split() == [inside, outside, count]
    return int(outside)


def sleepers(number):
    """The users that processes `sleep NUMBER` run as on the machine."""
    found = set()
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cmdline").read_bytes() == f"sleep\0{number}\0".encode():
                found.add(tuple((entry / "status").read_text().split("Uid:\t")[1].split("\n")[0].split("\t")))
        except OSError:
            continue  # it has just ended
    return found


def test_root_inside_is_nobody_outside(shared, image):
    shared.apply(mapped("one", image, "exec sleep 60101"))
    shared.apply(mapped("two", image, "exec sleep 60102"))
    shared.phase("one", "Running")
    shared.phase("two", "Running")
    first, second = first_id(shared, "one"), first_id(shared, "two")
    assert first != second
    assert shared.kubectl("exec", "one", "--", "id", "-u") == "0\n"
    assert eventually(lambda: sleepers(60101), what="the process on the machine") == {(str(first),) * 4}
    record = json.loads((shared.data / "pods" / shared.get("pod", "one")["metadata"]["uid"] / "userns").read_text())
    assert record == {kind: [{"hostId": first, "containerId": 0, "length": IDS}] for kind in ("uidMappings", "gidMappings")}
    handlers = json.loads(shared.kubectl("get", "nodes", "-o", "json"))["items"][0]["status"]["runtimeHandlers"]
    assert handlers[0]["features"]["userNamespaces"] is True


def test_volumes_belong_to_the_same_numbers_inside_and_on_the_disk(shared, image):
    shared.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "words"}, "data": {"a": "said"}})
    shared.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "hidden"}, "stringData": {"b": "kept"}})
    volumes = [
        {"name": "empty", "emptyDir": {}}, {"name": "memory", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
        {"name": "node", "hostPath": {"path": "/srv/users", "type": "DirectoryOrCreate"}}, {"name": "words", "configMap": {"name": "words"}},
        {"name": "hidden", "secret": {"secretName": "hidden", "defaultMode": 0o400}},
        {"name": "all", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}, {"downwardAPI": {"items": [
            {"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]}}]}},
        {"name": "files", "image": {"reference": image}},
    ]
    mounts = [{"name": volume["name"], "mountPath": f"/{volume['name']}"} for volume in volumes]
    script = """cat /words/a /hidden/b /all/name; echo; test -s /all/token && echo token; stat -c %u:%g /words/a /hidden/b /empty /memory /node /files/bin/busybox
        echo x > /empty/mine; echo x > /memory/mine; echo x > /node/mine; cat /etc/hostname; stat -c %u:%g /etc/hosts; echo x >> /etc/hosts && echo hosts; sleep 600"""
    shared.apply(mapped("filled", image, script, volumes=volumes, container={"volumeMounts": mounts}))
    shared.phase("filled", "Running")
    lines = eventually(lambda: (lambda t: t if "hosts\n" in t else None)(shared.kubectl("logs", "filled")), what="what it sees").split("\n")
    assert lines[:8] == ["saidkeptfilled", "token", "0:0", "0:0", "0:0", "0:0", "0:0", "0:0"], lines
    assert lines[8:11] == ["filled", "0:0", "hosts"], lines
    uid = shared.get("pod", "filled")["metadata"]["uid"]
    mine = (shared.data / "pods" / uid / "volumes/empty/mine").stat()
    assert (mine.st_uid, mine.st_gid) == (0, 0)
    shared.apply(mapped("owned", image, "id; touch /empty/x /node/y; stat -c %u:%g /empty/x; cat /hidden/b; sleep 600", volumes=volumes,
                        container={"volumeMounts": mounts}, securityContext={"runAsUser": 1000, "runAsGroup": 2000, "fsGroup": 3000}))
    shared.phase("owned", "Running")
    text = eventually(lambda: (lambda t: t if "kept" in t else None)(shared.kubectl("logs", "owned")), what="what a user may")
    assert "uid=1000 gid=2000 groups=2000,3000" in text.replace("1000,", "1000 ") or ("uid=1000" in text and "gid=2000" in text and "3000" in text), text
    assert "1000:3000" in text, text
    uid = shared.get("pod", "owned")["metadata"]["uid"]
    made = (shared.data / "pods" / uid / "volumes/empty/x").stat()
    assert (made.st_uid, made.st_gid) == (1000, 3000)


def test_its_files_and_processes_are_told_and_written_with_the_numbers_inside(shared, image):
    shared.apply(mapped("looked-at", image, "exec sleep 60106"))
    shared.phase("looked-at", "Running")
    place = "/kdash/v1/containers/default/looked-at/main"
    for path in ("/etc/made", "/etc/hosts"):
        shared.kubectl("replace", "--raw", f"{place}/file?path={path}", "-f", "-", stdin="written\n")
        assert shared.kubectl("exec", "looked-at", "--", "sh", "-c", f"stat -c %u:%g {path}; cat {path}") == "0:0\nwritten\n", path
    listing = json.loads(shared.kubectl("get", "--raw", f"{place}/files?path=/etc"))
    assert [(one["uid"], one["gid"]) for one in listing["files"] if one.get("name") == "made"] == [(0, 0)], listing
    processes = json.loads(shared.kubectl("get", "--raw", f"{place}/processes"))["processes"]
    assert [(one["pid"], one["user"]) for one in processes if one["command"] == "sleep 60106"] == [(1, "root")], processes


def test_capabilities_end_at_the_pod(shared, image):
    script = """mkdir -p /m; mount -t tmpfs none /m && echo mounted; hostname other && echo named; umount /proc && echo uncovered
        echo 1 > /proc/sys/vm/drop_caches && echo caches; mknod /d b 8 0 && echo device; echo end; sleep 600"""
    shared.apply(mapped("strong", image, script, container={"securityContext": {"privileged": True}}))
    shared.phase("strong", "Running")
    text = eventually(lambda: (lambda t: t if "\nend\n" in t else None)(shared.kubectl("logs", "strong")), what="what it may")
    assert "mounted\n" in text and "named\n" in text, text
    for word in ("uncovered", "caches", "device"):
        assert f"{word}\n" not in text, text


def test_an_unmasked_proc_is_given_with_users_of_the_pods_own(shared, image):
    shared.apply(mapped("open", image, "touch /proc/sys/kernel/domainname; head -c 1 /proc/timer_list | wc -c; grep -c ' /proc/' /proc/self/mounts; sleep 600",
                        container={"securityContext": {"procMount": "Unmasked"}}))
    shared.phase("open", "Running")
    assert eventually(lambda: shared.kubectl("logs", "open").split(), what="what is masked")[-1] == "0"


def test_what_cannot_be_mapped_is_told(shared, image):
    shared.apply(mapped("kernel", image, "sleep 600", volumes=[{"name": "kern", "hostPath": {"path": "/sys"}}],
                        container={"volumeMounts": [{"name": "kern", "mountPath": "/kern"}]}))
    message = eventually(lambda: waiting(shared, "kernel").get("message"), what="why it waits")
    assert "volume kern" in message and "id-mapped" in message and "hostUsers" in message, message
    shared.apply(mapped("large", image, "sleep 600", securityContext={"runAsUser": 70000}))
    message = eventually(lambda: waiting(shared, "large").get("message"), what="why it waits")
    assert "70000" in message and "65535" in message, message
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        refused = shared.kubectl("apply", "-f", "-", stdin=json.dumps(mapped("shared", image, "true", **{field: True})), check=False)
        assert refused.returncode and "when `hostUsers` is false" in refused.stderr, refused.stderr
    for name in ("kernel", "large"):
        shared.kubectl("delete", "pod", name, "--wait=false")


def test_probes_copies_and_debugging_work(shared, image):
    probe = {"exec": {"command": ["sh", "-c", "test \"$(id -u)\" = 0"]}, "periodSeconds": 1}
    shared.apply(mapped("probed", image, "httpd -p 8080 -h /; sleep 60103", container={
        "readinessProbe": {"httpGet": {"port": 8080, "path": "/etc/hostname"}, "periodSeconds": 1}, "livenessProbe": probe}))
    eventually(lambda: shared.get("pod", "probed")["status"]["containerStatuses"][0]["ready"], what="a ready pod")
    (shared.base / "sent").write_text("sent\n")
    source = shared.base / "sent"
    shared.kubectl("exec", "-i", "probed", "--", "sh", "-c", "cat > /sent", stdin=source.read_text())
    assert shared.kubectl("exec", "probed", "--", "stat", "-c", "%u:%g", "/sent") == "0:0\n"
    shared.kubectl("debug", "probed", f"--image={image}", "--image-pull-policy=IfNotPresent", "--target=main", "-c", "looker", "--", "sh", "-c",
                   "cat /proc/1/root/sent; cat /proc/self/uid_map")
    text = eventually(lambda: shared.kubectl("logs", "probed", "-c", "looker"), what="what the debugger sees")
    assert "sent" in text and str(first_id(shared, "probed")) in text, text


def test_users_outlive_the_daemon_and_the_cluster(fresh):
    image = fresh.busybox()
    for name in ("gone", "kept"):
        fresh.apply(mapped(name, image, "while ! test -e /stop; do sleep 0.2; done", restartPolicy="Always"))
        fresh.phase(name, "Running")
    before = first_id(fresh, "kept")
    fresh.kubectl("delete", "pod", "gone")
    fresh.apply(mapped("done", image, "exit 0", restartPolicy="Never"))
    fresh.phase("done", "Succeeded")
    done = fresh.data / "pods" / fresh.get("pod", "done")["metadata"]["uid"]
    eventually(lambda: done.exists() and not (done / "userns").exists(), what="users that are nobody's again")
    fresh.kill_daemon()
    fresh.up("--no-merge")
    fresh.kubectl("delete", "pod", "done")
    eventually(lambda: not done.exists(), what="the files of a pod that ended under an earlier daemon gone")
    fresh.phase("kept", "Running")
    assert first_id(fresh, "kept") == before
    # A container that starts anew in the sandbox that an earlier daemon made.
    fresh.kubectl("exec", "kept", "--", "touch", "/stop")
    eventually(lambda: fresh.get("pod", "kept")["status"]["containerStatuses"][0]["restartCount"] == 1, what="the container anew")
    eventually(lambda: first_id(fresh, "kept") == before, what="the same users")
    fresh.apply(mapped("late", image, "sleep 60105"))
    fresh.phase("late", "Running")
    assert first_id(fresh, "late") != before
    fresh.down()
    fresh.up("--no-merge")
    fresh.phase("kept", "Running")
    eventually(lambda: first_id(fresh, "kept") == before, what="the same users")
