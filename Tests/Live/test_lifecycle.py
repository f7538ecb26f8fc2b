"""Starting, stopping, purging, several clusters, the user's kubeconfig, and power cuts."""

import concurrent.futures
import json
import os
import pathlib
import signal
import subprocess
import threading

import machine
from cluster import eventually, pod


def test_up_prints_one_line_and_twice_is_harmless(make_cluster):
    one = make_cluster()
    first = one.up("--no-merge")
    assert first.count("\n") == 1 and "https://127.0.0.1:" in first and str(one.kubeconfig) in first
    pid = one.daemon_pid
    again = one.up("--no-merge")
    assert "https://127.0.0.1:" in again and one.daemon_pid == pid


def test_status_in_words_and_json(fresh):
    assert "Ready" in fresh.kdash("status").stdout
    found = fresh.status()
    assert found["state"] == "running" and found["server"].startswith("https://")
    fresh.down()
    assert fresh.kdash("status", check=False).returncode == 1
    assert "kdash up" in fresh.kdash("status", check=False).stderr + fresh.kdash("status", check=False).stdout


def test_down_keeps_objects_and_up_restarts_pods_by_policy(fresh):
    image = fresh.busybox()
    fresh.apply(pod("always", image, ["sleep", "600"]))
    fresh.apply(pod("never", image, ["sleep", "600"], restartPolicy="Never"))
    fresh.phase("always", "Running")
    fresh.phase("never", "Running")
    fresh.kubectl("create", "configmap", "kept")
    fresh.down()
    assert not [process for process in machine.processes() if str(fresh.data) in process[1]]
    fresh.up("--no-merge")
    assert "kept" in fresh.kubectl("get", "configmaps")
    eventually(lambda: fresh.get("pod", "always")["status"]["containerStatuses"][0]["restartCount"] == 1, what="always restarted")
    fresh.phase("always", "Running")
    assert fresh.phase("never", "Failed")["reason"] == "NodeShutdown"


def test_purge_leaves_nothing(make_cluster):
    before = machine.snapshot()
    one = make_cluster()
    one.up()
    image = one.busybox()
    one.apply(pod("left", image, ["sleep", "600"]))
    one.phase("left", "Running")
    one.down("--purge")
    assert not machine.difference(before, machine.snapshot())
    assert not one.data.exists() or not list(one.data.iterdir())
    assert not (one.home / ".kube/config").exists(), "up made the file, purge removes it"


def test_purge_refuses_a_directory_that_is_not_a_cluster(make_cluster):
    one = make_cluster()
    one.data.mkdir()
    (one.data / "precious").write_text("mine")
    done = one.down("--purge", check=False)
    assert done.returncode != 0 and "instance" in done.stderr
    assert (one.data / "precious").read_text() == "mine"


def test_ephemeral_leaves_nothing(make_cluster):
    one = make_cluster()
    done = one.kdash("--ephemeral", check=False, timeout=20)
    assert done.returncode != 0 and "terminal" in done.stderr


KUBECONFIG = """# my clusters, do not touch
apiVersion: v1
kind: Config
current-context: work   # the one I need
contexts:
- context: {cluster: work, user: me}
  name: work
- context:
    cluster: home
    user: me
  name: home
- name: third
  context: {cluster: home, user: other, namespace: a}
clusters:
- cluster: {server: "https://work.invalid:6443"}
  name: work
- cluster:
    server: https://home.invalid
  name: home
users:
- name: me
  user: {token: secret}   # never share
- name: other
  user: {}
preferences: {}
"""


def test_a_kubeconfig_with_comments_and_a_symlink_is_kept_to_the_byte(make_cluster):
    one = make_cluster()
    real = one.home / "dotfiles/kubeconfig"
    real.parent.mkdir(parents=True)
    real.write_text(KUBECONFIG)
    real.chmod(0o640)
    link = one.home / ".kube/config"
    link.parent.mkdir()
    link.symlink_to(real)
    one.up()
    assert link.is_symlink() and real.stat().st_mode & 0o777 == 0o640
    merged = real.read_text()
    for line in KUBECONFIG.splitlines():
        assert line in merged.splitlines(), f"lost: {line}"
    contexts = subprocess.run([one.kubectl_path, "config", "get-contexts", "-o", "name"], env=one.env, capture_output=True, text=True, check=True).stdout.split()
    assert contexts.count("kdash") == 1 and {"work", "home", "third"} <= set(contexts)
    current = subprocess.run([one.kubectl_path, "config", "current-context"], env=one.env, capture_output=True, text=True, check=True).stdout.strip()
    assert current == "work"
    answer = subprocess.run([one.kubectl_path, "--context", "kdash", "get", "ns", "-o", "name"], env=one.env, capture_output=True, text=True, check=True).stdout
    assert "namespace/default" in answer
    one.up()
    assert real.read_text() == merged
    one.down("--purge")
    assert real.read_text() == KUBECONFIG and link.is_symlink()


def test_an_entry_named_kdash_that_is_not_ours_stays(make_cluster):
    one = make_cluster()
    text = KUBECONFIG.replace("third", "kdash")
    config = one.home / ".kube/config"
    config.parent.mkdir()
    config.write_text(text)
    done = one.kdash("up")
    assert config.read_text() == text
    assert "kdash" in done.stderr and "not" in done.stderr
    one.down("--purge")
    assert config.read_text() == text


def test_two_clusters_live_side_by_side(make_cluster):
    first, second = make_cluster("first"), make_cluster("second")
    first.up("--no-merge")
    second.up("--no-merge")
    for one in (first, second):
        image = one.busybox()
        one.apply(pod("same-name", image, ["sleep", "600"]))
    ids = [one.phase("same-name", "Running") and one.get("pod", "same-name")["status"]["containerStatuses"][0]["containerID"] for one in (first, second)]
    first.down("--purge")
    status = second.get("pod", "same-name")["status"]["containerStatuses"][0]
    assert status["containerID"] == ids[1] and status["restartCount"] == 0 and "running" in status["state"]
    assert "hello" in second.kubectl("exec", "same-name", "--", "echo", "hello")


def test_killed_under_64_writers_nothing_acknowledged_is_missing(make_cluster):
    from kubernetes import client as kubernetes, config, watch

    one = make_cluster()
    one.up("--no-merge")
    acknowledged, lock, stop = {}, threading.Lock(), threading.Event()
    seen = {}

    def connect():
        return kubernetes.CoreV1Api(config.new_client_from_config(str(one.kubeconfig)))

    start = connect().list_namespaced_config_map("default").metadata.resource_version

    def follow():
        stream = watch.Watch()
        try:
            for event in stream.stream(connect().list_namespaced_config_map, "default", resource_version=start, timeout_seconds=60):
                seen[event["object"].metadata.name] = int(event["object"].metadata.resource_version)
        except Exception:  # the daemon dies under this watch; it is resumed below from the last revision seen
            pass

    def write(worker):
        api = connect()
        number = 0
        while not stop.is_set():
            name = f"w{worker}-{number}"
            number += 1
            try:
                made = api.create_namespaced_config_map("default", {"metadata": {"name": name}, "data": {"n": str(number)}})
            except Exception:
                return
            with lock:
                acknowledged[name] = int(made.metadata.resource_version)

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    with concurrent.futures.ThreadPoolExecutor(64) as writers:
        for worker in range(64):
            writers.submit(write, worker)
        eventually(lambda: len(acknowledged) > 500, within=60, what="500 acknowledged writes")
        one.kill_daemon()
        stop.set()
    follower.join(timeout=30)
    one.up("--no-merge")
    api = connect()
    listing = api.list_namespaced_config_map("default")
    stored = {item.metadata.name: int(item.metadata.resource_version) for item in listing.items if item.metadata.name.startswith("w")}
    missing = {name for name, revision in acknowledged.items() if stored.get(name) != revision}
    assert not missing, f"{len(missing)} acknowledged objects missing"
    fresh = int(api.create_namespaced_config_map("default", {"metadata": {"name": "after"}}).metadata.resource_version)
    assert fresh > max(stored.values()), "no revision is reused"
    last = max(seen.values(), default=int(start))
    for event in watch.Watch().stream(api.list_namespaced_config_map, "default", resource_version=str(last), timeout_seconds=30):
        seen[event["object"].metadata.name] = int(event["object"].metadata.resource_version)
        if event["object"].metadata.name == "after":
            break
    assert set(stored) <= set(seen), "the resumed watch missed nothing"


def test_a_certificate_renewal_needs_no_second_write(make_cluster):
    one = make_cluster()
    one.up()
    merged = (one.home / ".kube/config").read_bytes()
    one.down()
    for path in (one.data / "pki").glob("admin*"):
        path.unlink()
    one.up()
    assert (one.home / ".kube/config").read_bytes() == merged
    answer = subprocess.run([one.kubectl_path, "--context", "kdash", "get", "ns", "-o", "name"], env=one.env, capture_output=True, text=True, check=True).stdout
    assert "namespace/default" in answer
