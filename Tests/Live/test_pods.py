"""Pods in containers of our own making: logs, limits, isolation, exits, and a daemon that may die at any time."""

import json
import os
import pathlib
import re
import subprocess
import time

import pytest

import machine
from cluster import eventually, pod


@pytest.fixture(scope="module")
def image(shared):
    return shared.busybox()


def status(cluster, name):
    return cluster.get("pod", name)["status"]["containerStatuses"][0]


def cgroup_file(cluster, controller, name, pattern):
    """The one file of the pod's container under this cluster's own cgroup, v1 or v2."""
    uid = cluster.get("pod", name)["metadata"]["uid"]
    roots = [pathlib.Path("/sys/fs/cgroup") / controller, pathlib.Path("/sys/fs/cgroup")]
    for root in roots:
        found = [path for path in root.glob(f"kdash-*/**/*{uid}*/*/{pattern}")]
        if found:
            return found[0]
    raise AssertionError(f"no {pattern} for pod {uid}")


def test_a_pod_runs_logs_and_is_reached(shared, image):
    shared.apply(pod("hello", image, ["sh", "-c", "echo to-out; echo to-err >&2; while :; do echo pong | nc -l -p 8080; done"]))
    running = shared.phase("hello", "Running")
    assert re.match(r"\d+\.\d+\.\d+\.\d+$", running["podIP"])
    eventually(lambda: {"to-out", "to-err"} <= set(shared.kubectl("logs", "hello").split()), what="both streams in the log")
    def reach():
        return subprocess.run(["busybox", "nc", "-w", "3", running["podIP"], "8080"], capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout

    eventually(lambda: "pong" in reach(), what="the host reaching the pod")
    described = shared.kubectl("describe", "pod", "hello")
    for reason in ("Scheduled", "Created", "Started"):
        assert reason in described


def test_log_options(shared, image):
    shared.apply(pod("lines", image, ["sh", "-c", "for i in $(seq 1 50); do echo line $i; done; sleep 600"]))
    shared.phase("lines", "Running")
    eventually(lambda: "line 50" in shared.kubectl("logs", "lines"), what="fifty lines")
    assert shared.kubectl("logs", "lines", "--tail=3").split("\n")[:3] == ["line 48", "line 49", "line 50"]
    assert re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z line 50", shared.kubectl("logs", "lines", "--tail=1", "--timestamps"))
    assert "line 1\n" in shared.kubectl("logs", "lines", "--since=1h", "-c", "main")
    done = shared.kubectl("logs", "lines", "-c", "other", check=False)
    assert done.returncode == 1 and "other" in done.stderr
    done = shared.kubectl("logs", "lines", "--previous", check=False)
    assert done.returncode == 1 and "previous terminated container" in done.stderr


def test_log_follow_sees_new_lines(shared, image):
    shared.apply(pod("ticker", image, ["sh", "-c", "i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.1; done"]))
    shared.phase("ticker", "Running")
    follow = subprocess.Popen([str(shared.kubectl_path), "--kubeconfig", str(shared.kubeconfig), "logs", "-f", "ticker"],
                              stdout=subprocess.PIPE, text=True, env=shared.env)
    try:
        seen = [follow.stdout.readline().strip() for _ in range(20)]
        assert seen == [f"tick {number}" for number in range(1, 21)]
    finally:
        follow.kill()
        follow.wait()


def test_a_line_without_an_end_is_shown_while_the_container_runs(shared, image):
    script = "echo first; printf 'name: '; until [ -e /go ]; do sleep 0.1; done; echo kdash; printf last; sleep 600"
    shared.apply(pod("prompt", image, ["sh", "-c", script]))
    shared.phase("prompt", "Running")
    # Not `kubectl logs -f`, which itself waits for whole lines.
    follow = subprocess.Popen([str(shared.kubectl_path), "--kubeconfig", str(shared.kubeconfig), "get", "--raw",
                               "/api/v1/namespaces/default/pods/prompt/log?follow=true"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=shared.env)
    try:
        assert follow.stdout.read(12) == b"first\nname: ", "a follower sees it, too"
        assert shared.kubectl("logs", "prompt") == "first\nname: "
        assert shared.kubectl("logs", "prompt", "--tail=1") == "name: "
        shared.kubectl("exec", "prompt", "--", "touch", "/go")
        assert follow.stdout.read(10) == b"kdash\nlast"
        assert shared.kubectl("logs", "prompt", "--tail=2") == "name: kdash\nlast"
        assert re.fullmatch(r"\S+Z first\n\S+Z name: kdash\n\S+Z last", shared.kubectl("logs", "prompt", "--timestamps"))
    finally:
        follow.kill()
        follow.wait()


def test_exec_streams_and_exit_code(shared, image):
    shared.apply(pod("shell", image, ["sleep", "600"]))
    shared.phase("shell", "Running")
    assert shared.kubectl("exec", "shell", "--", "sh", "-c", "echo in; hostname").split() == ["in", "shell"]
    assert shared.kubectl("exec", "-i", "shell", "--", "cat", stdin="through\nme\n") == "through\nme\n"
    done = shared.kubectl("exec", "shell", "--", "sh", "-c", "exit 42", check=False)
    assert done.returncode == 42
    done = shared.kubectl("exec", "shell", "--", "/no/such/program", check=False)
    assert done.returncode != 0 and "no/such/program" in done.stderr


def test_restart_backoff_and_previous_log(shared, image):
    shared.apply(pod("crasher", image, ["sh", "-c", "echo about to fail; exit 3"]))
    eventually(lambda: status(shared, "crasher")["restartCount"] >= 1, what="a restart")
    eventually(lambda: status(shared, "crasher")["state"].get("waiting", {}).get("reason") == "CrashLoopBackOff", what="CrashLoopBackOff")
    assert status(shared, "crasher")["lastState"]["terminated"]["exitCode"] == 3
    assert "about to fail" in shared.kubectl("logs", "crasher", "--previous")


def test_completed_failed_and_init_containers(shared, image):
    shared.apply(pod("done", image, ["true"], restartPolicy="Never"))
    shared.phase("done", "Succeeded")
    assert status(shared, "done")["state"]["terminated"]["reason"] == "Completed"
    shared.apply(pod("failed", image, ["sh", "-c", "exit 9"], restartPolicy="Never"))
    shared.phase("failed", "Failed")
    assert status(shared, "failed")["state"]["terminated"] | {"reason": "Error", "exitCode": 9} == status(shared, "failed")["state"]["terminated"]
    first = {"name": "first", "image": image, "command": ["sh", "-c", "echo prepared > /shared/file"], "volumeMounts": [{"name": "shared", "mountPath": "/shared"}]}
    shared.apply(pod("prepared", image, ["sh", "-c", "cat /shared/file; sleep 600"], initContainers=[first],
                     volumes=[{"name": "shared", "emptyDir": {}}], container={"volumeMounts": [{"name": "shared", "mountPath": "/shared"}]}))
    shared.phase("prepared", "Running")
    eventually(lambda: "prepared" in shared.kubectl("logs", "prepared", "-c", "main"), what="what the init container left")


def test_environment_user_and_read_only_root(shared, image):
    container = {"env": [{"name": "A", "value": "one"}, {"name": "B", "value": "$(A)-two $$(A)"}],
                 "securityContext": {"runAsUser": 1234, "runAsGroup": 5678, "readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False}}
    shared.apply(pod("identity", image, ["sh", "-c", "echo $B; id -u; id -g; touch /x; sleep 600"], container=container))
    shared.phase("identity", "Running")
    text = eventually(lambda: (lambda t: t if "Read-only" in t else None)(shared.kubectl("logs", "identity")), what="the four lines")
    assert text.splitlines()[:3] == ["one-two $(A)", "1234", "5678"]
    shared.apply(pod("rootless", image, ["true"], securityContext={"runAsNonRoot": True}))
    eventually(lambda: status(shared, "rootless")["state"]["waiting"]["reason"] == "CreateContainerConfigError", what="runAsNonRoot refused")


def test_a_missing_image_is_named(shared):
    shared.apply(pod("imageless", "registry.invalid/none:1", ["true"]))
    waiting = eventually(lambda: status(shared, "imageless")["state"]["waiting"], what="a waiting state")
    eventually(lambda: status(shared, "imageless")["state"]["waiting"]["reason"] in ("ErrImagePull", "ImagePullBackOff"), what="ErrImagePull")
    assert "registry.invalid/none:1" in json.dumps(shared.get("pod", "imageless")["status"]), waiting


def test_cpu_limit_is_a_quarter_of_a_core(shared, image):
    shared.apply(pod("burner", image, ["sh", "-c", "while :; do :; done"], limits={"cpu": "250m"}))
    shared.phase("burner", "Running")
    usage = cgroup_file(shared, "cpuacct", "burner", "cpuacct.usage")
    start, before = time.monotonic(), int(usage.read_text())
    deadline = start + 10
    while time.monotonic() < deadline:
        time.sleep(deadline - time.monotonic())
    used, elapsed = int(usage.read_text()) - before, time.monotonic() - start
    shared.kubectl("delete", "pod", "burner", "--wait=false")
    rate = used / 1e9 / elapsed
    assert abs(rate - 0.25) <= 0.0075, f"{rate:.4f} CPU-seconds per second"


def test_memory_limit_kills_and_says_so(shared, image):
    shared.apply(pod("eater", image, ["sh", "-c", "x=a; while :; do x=$x$x; done"], limits={"memory": "24Mi"}, restartPolicy="Never"))
    shared.phase("eater", "Failed", within=60)
    terminated = status(shared, "eater")["state"]["terminated"]
    assert terminated["reason"] == "OOMKilled" and terminated["exitCode"] == 137


def test_unschedulable_pod_says_why(shared, image):
    shared.apply(pod("huge", image, ["true"], limits={"cpu": "4096"}))
    condition = eventually(lambda: shared.get("pod", "huge")["status"]["conditions"][0], what="a condition")
    assert condition["reason"] == "Unschedulable" and "Insufficient cpu" in condition["message"]
    assert "FailedScheduling" in shared.kubectl("get", "events")


def test_termination_grace(shared, image):
    shared.apply(pod("stubborn", image, ["sh", "-c", "trap '' TERM; while :; do sleep 0.2; done"], terminationGracePeriodSeconds=3))
    shared.phase("stubborn", "Running")
    start = time.monotonic()
    shared.kubectl("delete", "pod", "stubborn")
    assert 2.5 <= time.monotonic() - start <= 8


def test_a_privileged_pod_finds_nothing_of_the_workstation(shared, image, base):
    secret = base / "workstation-secret"
    secret.write_text("not for pods")
    marker = subprocess.Popen(["sleep", "31415"])
    try:
        shared.apply(pod("nosy", image, ["sleep", "600"], hostPID=True, hostNetwork=True,
                         volumes=[{"name": "root", "hostPath": {"path": "/"}}],
                         container={"securityContext": {"privileged": True}, "volumeMounts": [{"name": "root", "mountPath": "/host"}]}))
        shared.phase("nosy", "Running")

        def inside(command):
            return shared.kubectl("exec", "nosy", "--", "sh", "-c", command)

        assert "no" in inside(f"test -e /host{secret} && echo yes || echo no")
        assert "no" in inside("test -e /host/work -o -e /host/etc/passwd -o -e /host/opt/swift && echo yes || echo no")
        assert "31415" not in inside("ps -o args")
        host = {line.split()[3].split("/")[0] for line in machine.addresses()} - {"127.0.0.1", "::1"}
        seen = inside("ip -o addr")
        cluster_own = {address for address in host if f"inet {address}" in " ".join(line for line in machine.addresses() if " kd" in line)}
        assert not [address for address in host - cluster_own if f" {address}/" in seen], seen
        assert pathlib.Path("/proc/sys/kernel/hostname").read_text().strip() not in inside("cat /host/etc/hostname 2>/dev/null; hostname")
    finally:
        marker.kill()
        marker.wait()


def test_ten_pods_change_nothing_on_the_host_but_the_link(make_cluster):
    before = machine.snapshot()
    one = make_cluster()
    one.up("--no-merge")
    image = one.busybox()
    for number in range(10):
        one.apply(pod(f"p{number}", image, ["sleep", "600"]))
    for number in range(10):
        one.phase(f"p{number}", "Running")
    after = machine.snapshot()
    assert before["mounts"] == after["mounts"] and before["rules"] == after["rules"]
    new_links = [link for link in after["links"] if link not in before["links"]]
    assert len(new_links) == 1 and new_links[0].startswith("kd"), new_links


def test_a_killed_daemon_loses_nothing(fresh):
    image = fresh.busybox()
    fresh.apply(pod("steady", image, ["sh", "-c", "i=0; while :; do i=$((i+1)); echo beat $i; sleep 0.2; done"]))
    fresh.apply(pod("brief", image, ["sh", "-c", "sleep 1; for i in $(seq 1 10); do echo final $i; done; date -u +%s; exit 7"], restartPolicy="Never"))
    fresh.phase("steady", "Running")
    fresh.phase("brief", "Running")
    first = status(fresh, "steady")
    uid = fresh.get("pod", "brief")["metadata"]["uid"]
    fresh.kill_daemon()
    logs = fresh.data / "logs"
    eventually(lambda: any("final 10" in path.read_text() for path in logs.rglob("*.log") if uid in str(path)), what="the last line, with the daemon dead")
    died = time.time()
    fresh.up("--no-merge")
    again = status(fresh, "steady")
    assert again["containerID"] == first["containerID"] and again["restartCount"] == first["restartCount"]
    fresh.phase("brief", "Failed")
    terminated = status(fresh, "brief")["state"]["terminated"]
    assert terminated["exitCode"] == 7
    lines = fresh.kubectl("logs", "brief").split("\n")
    assert [line for line in lines if line.startswith("final")] == [f"final {number}" for number in range(1, 11)]
    finished = time.mktime(time.strptime(terminated["finishedAt"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
    assert finished <= died + 1, "finishedAt is the time of the exit, not of the discovery"
    beats = [int(line.split()[1]) for line in fresh.kubectl("logs", "steady").splitlines()]
    assert beats == list(range(1, len(beats) + 1)), "no line lost while the daemon was dead"


def test_hand_made_deployment_heals_and_scales(shared, image):
    shared.kubectl("create", "deployment", "web", f"--image={image}", "--replicas=2", "--", "sh", "-c", "trap 'exit 0' TERM; sleep 600 & wait")
    eventually(lambda: shared.get("deployment", "web")["status"].get("readyReplicas") == 2, what="two ready replicas")
    names = shared.kubectl("get", "pods", "-l", "app=web", "-o", "name").split()
    shared.kubectl("delete", names[0], "--wait=false")
    eventually(lambda: shared.get("deployment", "web")["status"].get("readyReplicas") == 2
               and names[0] not in shared.kubectl("get", "pods", "-l", "app=web", "-o", "name").split(), what="a replacement")
    shared.kubectl("scale", "deployment", "web", "--replicas=3")
    eventually(lambda: shared.get("deployment", "web")["status"].get("readyReplicas") == 3, what="three ready replicas")
    shared.kubectl("set", "env", "deployment/web", "NEW=1")
    eventually(lambda: all("NEW" in json.dumps(item["spec"]) for item in json.loads(shared.kubectl("get", "pods", "-l", "app=web", "-o", "json"))["items"])
               and shared.get("deployment", "web")["status"].get("readyReplicas") == 3, what="pods of the new template")
    shared.kubectl("delete", "deployment", "web")
    eventually(lambda: not shared.kubectl("get", "pods", "-l", "app=web", "-o", "name").strip(), what="no pods left")


def test_a_job_finishes(shared, image):
    shared.kubectl("create", "job", "count", f"--image={image}", "--", "sh", "-c", "echo counted")
    eventually(lambda: shared.get("job", "count")["status"].get("succeeded") == 1, what="the job complete")
    assert any(c["type"] == "Complete" and c["status"] == "True" for c in shared.get("job", "count")["status"]["conditions"])
    assert "counted" in shared.kubectl("logs", "job/count")


def test_kubectl_run(shared, image):
    shared.kubectl("run", "quick", f"--image={image}", "--restart=Never", "--", "echo", "ran")
    shared.phase("quick", "Succeeded")
    assert shared.kubectl("logs", "quick").strip() == "ran"
