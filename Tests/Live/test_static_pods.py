"""Pods from files of the node."""

import json

from cluster import eventually, pod


def write(cluster, name, manifest):
    folder = cluster.data / "manifests"
    folder.mkdir(exist_ok=True)
    text = manifest if isinstance(manifest, str) else json.dumps(manifest)
    # As editors do: whole, under another name first.
    (folder / f".{name}").write_text(text)
    (folder / f".{name}").rename(folder / name)


def running(cluster, name, **found):
    def probe():
        status = cluster.get("pod", name)
        return status if status["status"].get("phase") == "Running" else None
    return eventually(probe, within=60, what=f"pod {name} running")


def absent(cluster, name):
    return cluster.kubectl("get", "pod", name, check=False).returncode != 0


def notes(cluster):
    return "\n".join(cluster.status()["notes"])


def test_a_file_is_a_pod_as_long_as_it_is_there(fresh):
    image = fresh.busybox()
    node = fresh.kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")
    name = f"agent-{node}"
    write(fresh, "agent.yaml", pod("agent", image, ["sleep", "100000"]))
    made = running(fresh, name)
    annotations = made["metadata"]["annotations"]
    assert annotations["kubernetes.io/config.source"] == "file"
    assert annotations["kubernetes.io/config.mirror"] == annotations["kubernetes.io/config.hash"] != ""
    assert made["metadata"]["ownerReferences"][0]["kind"] == "Node"
    # Deleted in the API, it comes back.
    fresh.kubectl("delete", "pod", name, "--wait=false")
    eventually(lambda: fresh.get("pod", name)["metadata"]["uid"] != made["metadata"]["uid"], within=60, what="another pod of the same name")
    again = running(fresh, name)
    # A file that cannot be read is told and changes nothing.
    write(fresh, "agent.yaml", "apiVersion: v1\nkind: Pod\nmetadata: [\n")
    eventually(lambda: "manifests/agent.yaml:4:" in notes(fresh), what="the problem in the status")
    assert "a static pod cannot be run" in fresh.log_tail()
    assert fresh.get("pod", name)["metadata"]["uid"] == again["metadata"]["uid"]
    # A file that changes replaces the pod.
    write(fresh, "agent.yaml", pod("agent", image, ["sleep", "200000"]))
    eventually(lambda: fresh.get("pod", name)["spec"]["containers"][0]["command"][1] == "200000", within=60, what="the changed pod")
    eventually(lambda: notes(fresh).find("agent.yaml") < 0, what="no problem any more")
    changed = running(fresh, name)
    # A daemon that starts again leaves it alone.
    fresh.kill_daemon()
    fresh.up("--no-merge")
    assert running(fresh, name)["metadata"]["uid"] == changed["metadata"]["uid"]
    (fresh.data / "manifests/agent.yaml").unlink()
    eventually(lambda: absent(fresh, name), within=60, what="no pod without its file")


def test_what_cannot_be_static_is_told(fresh):
    image = fresh.busybox()
    wanted = pod("needy", image, ["sleep", "1"], volumes=[{"name": "v", "secret": {"secretName": "s"}}])
    write(fresh, "needy.json", wanted)
    write(fresh, "service.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: x}\n")
    write(fresh, "notes.txt", "nothing")
    eventually(lambda: "needy.json" in notes(fresh) and "service.yaml" in notes(fresh), what="both problems")
    assert "volume v, secret" in notes(fresh) and "only a Pod" in notes(fresh) and "notes.txt" not in notes(fresh)
    assert "static" not in fresh.kubectl("get", "pods", "-A", "-o", "name")
    # One in a namespace that is not there yet runs once it is.
    early = pod("early", image, ["sleep", "100000"])
    early["metadata"]["namespace"] = "later"
    write(fresh, "early.yaml", early)
    eventually(lambda: "early.yaml" in notes(fresh) and "later" in notes(fresh), what="the missing namespace")
    fresh.kubectl("create", "namespace", "later")
    eventually(lambda: "Running" in fresh.kubectl("get", "pods", "-n", "later"), within=120, what="the pod in its namespace")
    (fresh.data / "manifests/early.yaml").unlink()
    eventually(lambda: "early" not in fresh.kubectl("get", "pods", "-n", "later"), within=60, what="no pod without its file")
