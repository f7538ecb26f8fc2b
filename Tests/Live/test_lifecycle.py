"""Starting, stopping, purging, several clusters, the user's kubeconfig, and power cuts."""

import concurrent.futures
import datetime
import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import threading

import pytest

import cluster as clusters
import machine
from cluster import eventually, pod
from screen import Screen, open_screen  # noqa: F401 (open_screen is a fixture)


def test_the_help_names_every_option_of_the_screen():
    def options(*words):
        text = subprocess.run([clusters.PROGRAM, *words, "--help"], capture_output=True, text=True, check=True).stdout
        return set(re.findall(r"--[a-z][a-z-]+", text))

    assert options("screen") - {"--help", "--version"} and options("screen") <= options()


@pytest.mark.parametrize("words", [["down"], ["down", "--purge"]])
def test_an_open_screen_leaves_a_stopped_cluster_stopped(make_cluster, open_screen, words):
    one = make_cluster()
    one.up("--no-merge")
    screen = open_screen(one, "--data-dir", one.data, "--no-merge")
    screen.expect("WRITABLE", "kube-system")
    one.kdash(*words)
    screen.expect("stopped; `kdash up` starts it")
    assert one.kdash("status", check=False).returncode == 1
    if "--purge" in words:
        assert not one.data.exists()
    # Nothing runs that a quit could speak of; it comes back by itself once somebody starts the cluster.
    one.up("--no-merge")
    screen.expect_gone("stopped; ", within=30)


def test_a_crashed_cluster_whose_port_was_taken_can_be_stopped(make_cluster):
    one = make_cluster()
    one.up("--no-merge")
    one.busybox()
    one.apply(pod("survivor", "host/busybox:latest", ["sleep", "1000"]))
    one.phase("survivor", "Running")
    port = int(one.status()["server"].rsplit(":", 1)[1])
    one.kill_daemon()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        eventually(lambda: not taken.bind(("127.0.0.1", port)), what="the port of the daemon that was killed")
        taken.listen()
        one.kdash("down", "--purge")
    assert not one.data.exists()


def test_up_prints_one_line_and_twice_is_harmless(make_cluster):
    one = make_cluster()
    first = one.up("--no-merge")
    assert first.count("\n") == 1 and "https://127.0.0.1:" in first and str(one.kubeconfig) in first
    pid = one.daemon_pid
    again = one.up("--no-merge")
    assert "https://127.0.0.1:" in again and one.daemon_pid == pid


def test_ups_at_the_same_time_share_one_daemon(make_cluster):
    one = make_cluster()
    command = [str(clusters.PROGRAM), "up", "--no-merge", "--data-dir", str(one.data)]
    started = [subprocess.Popen(command, env=one.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    told = [each.communicate(timeout=60) for each in started]
    assert [each.returncode for each in started] == [0] * 4, told
    assert sum("is ready after" in out for out, _ in told) == 1 and sum("runs already" in out for out, _ in told) == 3
    assert one.kubectl("get", "namespaces", "-o", "name")


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
    # Ends when asked to, as if its work were done, which it is not.
    polite = ["sh", "-c", "trap 'echo as asked; exit 0' TERM; echo up; while :; do sleep 0.1; done"]
    fresh.apply(pod("polite", image, polite, restartPolicy="OnFailure"))
    for name in ("always", "never", "polite"):
        fresh.phase(name, "Running")
    eventually(lambda: "up" in fresh.kubectl("logs", "polite"), what="its trap is set")
    fresh.kubectl("create", "configmap", "kept")
    fresh.down()
    stopped = datetime.datetime.now(datetime.timezone.utc)
    assert not [process for process in machine.processes() if str(fresh.data) in process[1]]
    fresh.up("--no-merge")
    assert "kept" in fresh.kubectl("get", "configmaps")
    for name, code in (("always", 137), ("polite", 0)):
        eventually(lambda: fresh.get("pod", name)["status"]["containerStatuses"][0]["restartCount"] == 1, what=f"{name} restarted")
        end = fresh.phase(name, "Running")["containerStatuses"][0]["lastState"]["terminated"]
        assert (end["exitCode"], end["reason"]) == (code, "NodeShutdown"), end
        assert datetime.datetime.fromisoformat(end["finishedAt"]) <= stopped
    assert "as asked" in fresh.kubectl("logs", "polite", "--previous")
    never = fresh.phase("never", "Failed")
    assert never["reason"] == "NodeShutdown"
    assert never["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 137


def parent(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_node_that_dies_is_started_anew(fresh):
    """Its supervisor is killed, and every container with it, as when a machine is reset."""
    image = fresh.busybox()
    fresh.apply(pod("always", image, ["sleep", "600"]))
    fresh.apply(pod("never", image, ["sleep", "600"], restartPolicy="Never"))
    for name in ("always", "never"):
        fresh.phase(name, "Running")
    daemon = fresh.daemon_pid
    [supervisor] = [pid for pid, command in machine.processes() if command.startswith("kdash-node") and parent(pid) == daemon]
    os.kill(supervisor, signal.SIGKILL)
    eventually(lambda: fresh.get("pod", "always")["status"]["containerStatuses"][0]["restartCount"] == 1, within=30, what="always restarted")
    end = fresh.phase("always", "Running")["containerStatuses"][0]["lastState"]["terminated"]
    assert (end["exitCode"], end["reason"]) == (137, "ContainerStatusUnknown"), end
    assert fresh.phase("never", "Failed")["reason"] == "NodeShutdown"
    assert fresh.daemon_pid == daemon and "Ready" in fresh.kdash("status").stdout
    assert fresh.kubectl("exec", "always", "--", "echo", "in").strip() == "in"


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


def is_static(program):
    headers = subprocess.run(["readelf", "-l", program], capture_output=True, text=True, check=True).stdout
    return "INTERP" not in headers


def test_a_newer_program_takes_over_a_running_node(fresh, base):
    image = fresh.busybox()
    fresh.apply(pod("counter", image, ["sh", "-c", "i=0; while :; do i=$((i+1)); echo line $i; usleep 1000; done"]))
    before = fresh.phase("counter", "Running")["containerStatuses"][0]
    supervisors = [process for process in machine.processes() if process[1].startswith("kdash-node")]
    fresh.kill_daemon()
    newer = base / "newer/kdash"
    newer.parent.mkdir()
    shutil.copyfile(clusters.PROGRAM, newer)
    newer.chmod(0o755)
    subprocess.run([newer, "up", "--no-merge", "--data-dir", fresh.data], env=fresh.env, check=True, capture_output=True, timeout=60)
    log = (fresh.data / "daemon.log").read_text()
    if is_static(newer):
        assert "the node's supervisor was replaced" in log
        assert [pid for pid, command in machine.processes() if command.startswith("kdash-node resume")]
    else:
        # Inside the node there are no libraries: such a program is refused, and the old one serves on.
        assert "warning the node's supervisor stays an older program" in log
    assert {pid for pid, _ in supervisors} == {pid for pid, command in machine.processes() if command.startswith("kdash-node")}, "the same process"
    after = fresh.get("pod", "counter")["status"]["containerStatuses"][0]
    assert after["containerID"] == before["containerID"] and after["restartCount"] == 0 and "running" in after["state"]
    assert fresh.kubectl("exec", "counter", "--", "echo", "reached").strip() == "reached"
    fresh.apply(pod("later", image, ["echo", "started by the new one"], restartPolicy="Never"))
    fresh.phase("later", "Succeeded")
    lines = [int(line.split()[1]) for line in fresh.kubectl("logs", "counter").splitlines()]
    assert lines == list(range(1, len(lines) + 1)), "no line is missing or doubled"


OLDER = """
import fcntl, http.server, json, os, ssl, sys
data, port = sys.argv[1], int(sys.argv[2])
lock = open(data + "/lock", "r+")
fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
lock.truncate(0); lock.write(f"{os.getpid()}\\n"); lock.flush()

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = json.dumps({"state": "running", "version": "0.0.9", "server": f"https://127.0.0.1:{port}"}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(data + "/pki/apiserver.crt", data + "/pki/apiserver.key")
server.socket = tls.wrap_socket(server.socket, server_side=True)
print("serving", flush=True)
server.serve_forever()
"""


def test_an_older_daemon_is_named_by_the_screen_and_replaced_by_up(fresh):
    image = fresh.busybox()
    fresh.apply(pod("lasting", image, ["sleep", "600"]))
    before = fresh.phase("lasting", "Running")["containerStatuses"][0]
    port = fresh.status()["server"].rsplit(":", 1)[1]
    fresh.kill_daemon()
    older = subprocess.Popen([sys.executable, "-c", OLDER, str(fresh.data), port], stdout=subprocess.PIPE, text=True)
    try:
        assert older.stdout.readline().strip() == "serving"
        screen = Screen(fresh)
        try:
            screen.expect("0.0.9", "older", "kdash up")
            assert older.poll() is None, "the screen leaves it alone"
        finally:
            screen.close()
        up = fresh.kdash("up", "--no-merge")
        assert "0.0.9" in up.stderr and "kdash is ready" in up.stdout
        assert older.wait(timeout=10) == -signal.SIGKILL
    finally:
        older.kill()
        older.wait()
        older.stdout.close()
    after = fresh.get("pod", "lasting")["status"]["containerStatuses"][0]
    assert after["containerID"] == before["containerID"] and after["restartCount"] == 0
    assert "runs already" in fresh.up("--no-merge")


class Zeros(io.RawIOBase):
    """So many bytes of nothing."""

    def __init__(self, size):
        self.left = size

    def readable(self):
        return True

    def readinto(self, buffer):
        count = min(len(buffer), self.left)
        buffer[:count] = bytes(count)
        self.left -= count
        return count


def write_archive(path, name, size):
    """As `docker save` writes an image of one layer with one file of this size."""
    layer = path.with_suffix(".layer")
    with tarfile.open(layer, "w") as archive:
        member = tarfile.TarInfo("large")
        member.size = size
        archive.addfile(member, Zeros(size))
    with open(layer, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]}}).encode()
    manifest = json.dumps([{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]).encode()
    with tarfile.open(path, "w") as archive:
        archive.add(layer, "layer.tar")
        for file, text in (("config.json", config), ("manifest.json", manifest)):
            member = tarfile.TarInfo(file)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    layer.unlink()


def peak(pid):
    """The most memory a process has ever had, in MiB."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    raise ValueError(f"{pid} has no VmHWM")


def stored(one):
    return subprocess.run(["du", "-sk", str(one.data / "images")], capture_output=True, text=True, check=True).stdout.split()[0]


# Runs a command, passes its status on and prints the most memory it had, in KiB.
MEASURED = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""


@pytest.mark.parametrize("source", ["file", "standard input"])
def test_a_large_archive_is_streamed(fresh, base, source):
    archive = base / "large.tar"
    write_archive(archive, "large:1", 330 << 20)
    before = peak(fresh.daemon_pid)
    command = [clusters.PROGRAM, "image", "load", "-" if source == "standard input" else archive, "--data-dir", fresh.data]
    # A process begins with the peak of the one it was forked from, so a small one measures.
    measured = [sys.executable, "-c", MEASURED, *command]
    with open(archive, "rb") as file:
        done = subprocess.run(measured, env=fresh.env, stdin=file, capture_output=True, text=True)
    assert done.returncode == 0 and "large:1" in done.stdout + done.stderr, done.stdout + done.stderr
    client = int(done.stdout.splitlines()[-1]) // 1024
    print(f"measured: client {client} MiB, daemon {before} -> {peak(fresh.daemon_pid)} MiB")
    assert client < 100 and peak(fresh.daemon_pid) - before < 64
    assert "large:1" in fresh.kdash("image", "list").stdout


def test_an_archive_that_ends_too_early_stores_nothing(fresh, base):
    archive = base / "large.tar"
    write_archive(archive, "cut:1", 40 << 20)
    before, size = fresh.kdash("image", "list").stdout, stored(fresh)
    whole = archive.stat().st_size
    for kept in (whole // 2, whole - 11000, 700, 0):
        with open(archive, "rb") as file:
            head = subprocess.Popen(["head", "-c", str(kept)], stdin=file, stdout=subprocess.PIPE)
            done = fresh.kdash("image", "load", "-", check=False, stdin=head.stdout)
            head.stdout.close()
            head.wait()
        assert done.returncode != 0 and "archive" in done.stderr and done.stderr.count("\n") <= 3, (kept, done.stderr)
    done = fresh.kdash("image", "load", base, check=False)
    assert done.returncode != 0 and str(base) in done.stderr and "directory" in done.stderr.lower()

    # A sender that dies in the middle of its sending.
    sender = subprocess.Popen([clusters.PROGRAM, "image", "load", "-", "--data-dir", fresh.data], env=fresh.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    sender.stdin.write(archive.read_bytes()[:20 << 20])
    sender.stdin.flush()
    fds = pathlib.Path(f"/proc/{fresh.daemon_pid}/fd")

    def staged():
        return [fd for fd in fds.iterdir() if "/images/staging/" in os.readlink(fd)]

    eventually(staged, what="the daemon receiving")
    sender.kill()
    sender.wait()
    sender.stdin.close()
    sender.stdout.close()
    eventually(lambda: not staged(), what="what was received gone")
    assert fresh.kdash("image", "list").stdout == before and stored(fresh) == size
    assert "cut:1" in fresh.kdash("image", "load", archive).stdout


def test_links_that_a_privileged_pod_plants_among_the_images_lead_nowhere(fresh, base):
    outside = base / "outside"
    (outside / "sha256").mkdir(parents=True)
    fresh.apply(pod("planter", fresh.busybox(), ["sleep", "1000"], volumes=[{"name": "root", "hostPath": {"path": "/"}}],
                    container={"securityContext": {"privileged": True}, "volumeMounts": [{"name": "root", "mountPath": "/node"}]}))
    fresh.phase("planter", "Running")

    def inside(script, check=True):
        return fresh.kubectl("exec", "planter", "--", "sh", "-c", f"cd /node/var/lib/kdash/images; {script}", check=check)

    assert "Read-only file system" in inside("touch x", check=False).stderr
    # What nothing can keep from a pod that may do everything in its node.
    inside("mount -o remount,rw,bind /node/var/lib/kdash/images")
    planted = {"staging": outside, "layers": outside, "blobs": outside, "images.json": outside / "list"}
    for name, target in planted.items():
        inside(f"mv {name} {name}.old; ln -s {target} {name}")
    archive = base / "small.tar"
    write_archive(archive, "small:1", 1 << 20)
    # The running daemon has its folders open.
    assert "small:1" in fresh.kdash("image", "load", archive).stdout
    fresh.kdash("image", "import-host", "/bin/true")
    # The next one does not take the links for its folders.
    fresh.kill_daemon()
    done = fresh.kdash("up", "--no-merge", check=False)
    said = done.stderr + fresh.log_tail()
    assert done.returncode != 0 and "a link or file lies where a folder of the store is expected; remove it" in said, said
    assert [str(path.relative_to(outside)) for path in outside.rglob("*")] == ["sha256"]
    for name in ("blobs", "layers"):
        path = fresh.data / "images" / name
        path.unlink()
        path.with_suffix(".old").rename(path)
    fresh.up("--no-merge")
    assert "small:1" in fresh.kdash("image", "list").stdout
    assert [str(path.relative_to(outside)) for path in outside.rglob("*")] == ["sha256"]
