"""What a pod asks of its own safety is given or refused, and what it may take of the machine is bounded."""

import json
import pathlib
import stat

import pytest

from cluster import eventually, pod


@pytest.fixture(scope="module")
def image(shared):
    return shared.busybox()


def waiting(cluster, name):
    return cluster.get("pod", name)["status"]["containerStatuses"][0]["state"]["waiting"]


def cgroup_files(uid, name):
    return [path.read_text().strip() for path in pathlib.Path("/sys/fs/cgroup").glob(f"**/pod{uid}/{name}")]


def test_kernel_settings_are_the_pods_own_or_refused(shared, image):
    safe = {"securityContext": {"sysctls": [{"name": "net.ipv4.ip_local_port_range", "value": "20000 30000"}]}}
    shared.apply(pod("tuned", image, ["sh", "-c", "cat /proc/sys/net/ipv4/ip_local_port_range; sleep 600"], **safe))
    shared.phase("tuned", "Running")
    assert eventually(lambda: shared.kubectl("logs", "tuned").split(), what="the range") == ["20000", "30000"]
    for name, setting, spec in [("forwarder", "net.ipv4.ip_forward", {}), ("sharing", "net.ipv4.tcp_syncookies", {"hostNetwork": True})]:
        shared.apply(pod(name, image, ["sleep", "600"], securityContext={"sysctls": [{"name": setting, "value": "1"}]}, **spec))
        failed = shared.phase(name, "Failed")
        assert failed["reason"] == "SysctlForbidden" and setting in failed["message"], failed


def test_a_profile_that_cannot_be_enforced_keeps_its_pod_from_running(shared, image):
    shared.apply(pod("armoured", image, ["sleep", "600"], securityContext={"appArmorProfile": {"type": "Localhost", "localhostProfile": "p"}}))
    assert shared.phase("armoured", "Failed")["reason"] == "AppArmor"


def test_a_filter_of_the_nodes_folder_is_loaded(shared, image):
    profile = {"seccompProfile": {"type": "Localhost", "localhostProfile": "no-mkdir.json"}}
    shared.apply(pod("filtered", image, ["sh", "-c", "mkdir /x; echo made $?; grep Seccomp: /proc/self/status; sleep 600"], securityContext=profile))
    eventually(lambda: "no-mkdir.json" in waiting(shared, "filtered").get("message", ""), what="the missing file's name")
    folder = shared.data / "seccomp"
    folder.mkdir(exist_ok=True)
    rules = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13}]}
    (folder / "no-mkdir.json").write_text(json.dumps(rules))
    shared.phase("filtered", "Running", within=60)
    text = eventually(lambda: (lambda t: t if "Seccomp:" in t else None)(shared.kubectl("logs", "filtered")), what="the filter's number")
    assert "mkdir: can't create directory '/x': Permission denied" in text and "made 1" in text and text.split("Seccomp:")[1].split()[0] == "2", text


def test_a_pod_has_a_bound_of_processes_and_its_class_a_weight(shared, image):
    requests = {"resources": {"requests": {"cpu": "500m"}, "limits": {"memory": "64Mi"}}}
    shared.apply(pod("bounded", image, ["sleep", "600"], container=requests))
    shared.phase("bounded", "Running")
    uid = shared.get("pod", "bounded")["metadata"]["uid"]
    found = cgroup_files(uid, "pids.max")
    assert found and set(found) == {"4096"}, found
    shares = [path for path in pathlib.Path("/sys/fs/cgroup").glob(f"**/burstable/pod{uid}/cpu.shares")]
    for path in shares:
        assert int((path.parents[1] / "cpu.shares").read_text()) >= 512
    weights = [path for path in pathlib.Path("/sys/fs/cgroup").glob(f"**/burstable/pod{uid}/cpu.weight")]
    for path in weights:
        assert int((path.parents[1] / "cpu.weight").read_text()) >= 59
    assert shares or weights


def test_no_other_user_of_the_machine_gets_at_a_pods_secrets(shared, image):
    for name in ("pods", "volumes", "logs"):
        assert stat.S_IMODE((shared.data / name).stat().st_mode) == 0o700, name
    shared.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "hidden"}, "stringData": {"a": "b"}})
    shared.apply(pod("reader", image, ["sh", "-c", "cat /s/a; echo; sleep 600"], volumes=[{"name": "s", "secret": {"secretName": "hidden"}}],
                     securityContext={"runAsUser": 1000}, container={"volumeMounts": [{"name": "s", "mountPath": "/s"}]}))
    shared.phase("reader", "Running")
    assert eventually(lambda: shared.kubectl("logs", "reader"), what="the secret in the pod") == "b\n"


def test_a_node_that_runs_short_says_so_and_ends_pods(fresh):
    image = fresh.busybox()
    fresh.apply(pod("early", image, ["sleep", "600"]))
    fresh.phase("early", "Running")
    fresh.down()
    (fresh.data / "config.yaml").write_text("evictionMemoryMiB: 100000000\n")
    fresh.up("--no-merge")

    def pressure():
        node = json.loads(fresh.kubectl("get", "nodes", "-o", "json"))["items"][0]
        held = {one["type"]: one["status"] for one in node["status"]["conditions"]}
        return held["MemoryPressure"] == "True" and "node.kubernetes.io/memory-pressure" in [one["key"] for one in node["spec"].get("taints", [])]
    eventually(pressure, within=60, what="the condition and its taint")
    failed = fresh.phase("early", "Failed", within=60)
    assert failed["reason"] == "Evicted" and failed["message"].startswith("The node was low on resource: memory. Threshold quantity: 102400000000Ki"), failed
    fresh.apply(pod("late", image, ["sleep", "600"]))
    eventually(lambda: "memory-pressure" in json.dumps(fresh.get("pod", "late")["status"]), within=60, what="why the pod is not scheduled")
