"""An ordinary user: the API and the screen start, the node runs in a user namespace where the kernel allows it, and purge leaves nothing. And the user behind sudo."""

import http.server
import json
import os
import pathlib
import shlex
import shutil
import signal
import socket
import subprocess
import threading

import pytest

import cluster as clusters
import machine
from cluster import eventually
from screen import Screen

NOBODY = 65534


@pytest.fixture
def user(base, kubectl):
    """A cluster whose program runs as nobody."""
    base.chmod(0o755)
    program = base / "kdash"
    shutil.copy(clusters.PROGRAM, program)
    program.chmod(0o755)
    one = clusters.Cluster(base, kubectl)
    for path in (one.base, one.home, one.base / "run"):
        os.chown(path, NOBODY, NOBODY)
    before = machine.snapshot()

    def kdash(*arguments, check=True):
        command = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", str(program), *arguments, "--data-dir", str(one.data)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, env=one.env, cwd="/", check=check)

    one.user = kdash
    yield one
    kdash("down", "--purge", check=False)
    left = machine.difference(before, machine.snapshot())
    assert not left, "left on the machine:\n" + "\n".join(left)


@pytest.fixture
def program(base):
    """What asks from inside pods; busybox of Debian cannot look names up."""
    path = base / "peer"
    subprocess.run(["cc", "-O1", "-o", path, pathlib.Path(__file__).with_name("peer.c")], check=True)
    return str(path)


def test_a_cluster_without_root(user):
    up = user.user("up", "--no-merge")
    assert "https://127.0.0.1:" in up.stdout
    assert "not enforced" in up.stderr and "sudo kdash up" in up.stderr
    assert json.loads(user.user("status", "-o", "json").stdout)["state"] == "running"
    condition = [each for each in user.get("node", "kdash")["status"]["conditions"] if each["type"] == "Ready"][0]
    if condition["status"] != "True":
        assert condition["message"], "a node that cannot run says why"
    else:
        user.user("image", "import-host", "/bin/busybox")
        user.apply(clusters.pod("rootless", "host/busybox:latest", ["sh", "-c", "echo from a user namespace"], restartPolicy="Never"))
        user.phase("rootless", "Succeeded")
        assert user.kubectl("logs", "rootless").strip() == "from a user namespace"
        # Nobody's users can be given to a pod by somebody who has one.
        user.apply(clusters.pod("mapped", "host/busybox:latest", ["true"], hostUsers=False))
        waits = eventually(lambda: user.get("pod", "mapped")["status"]["containerStatuses"][0]["state"]["waiting"], what="why it waits")
        assert waits["reason"] == "CreatePodSandboxError" and "hostUsers" in waits["message"] and "sudo kdash up" in waits["message"], waits
        features = user.get("node", "kdash")["status"]["runtimeHandlers"][0]["features"]
        assert features["userNamespaces"] is False
        user.kubectl("delete", "pod", "mapped")
        user.apply({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}})
        writer = clusters.pod("writer", "host/busybox:latest", ["sh", "-c", "echo kept > /data/file"], restartPolicy="Never")
        writer["spec"]["containers"][0]["volumeMounts"] = [{"name": "v", "mountPath": "/data"}]
        writer["spec"]["volumes"] = [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]
        user.apply(writer)
        user.phase("writer", "Succeeded")
        volume = user.data / "volumes" / user.get("pvc", "data")["spec"]["volumeName"]
        assert (volume / "file").read_text() == "kept\n"
        user.kubectl("delete", "pod", "writer")
        user.kubectl("delete", "pvc", "data")
        eventually(lambda: not volume.exists(), what="the volume gone")
    refused = user.user("up", "--no-merge", "--nodes", "2", check=False)
    assert refused.returncode == 1 and "runs with 1 node" in refused.stderr
    user.user("down")
    refused = user.user("up", "--no-merge", "--nodes", "2", check=False)
    assert refused.returncode == 1 and "sudo kdash up --nodes 2" in refused.stderr and "network between them" in refused.stderr
    user.user("down", "--purge")
    eventually(lambda: not user.data.exists(), what="the directory gone")


class Outside(http.server.BaseHTTPRequestHandler):
    """A server of this machine's that no cluster knows."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"outside\n")

    def log_message(self, *_):
        pass


@pytest.fixture
def outside():
    """The address and port of a server that is reached by this machine's way out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.connect(("203.0.113.1", 9))
        address = one.getsockname()[0]
    server = http.server.ThreadingHTTPServer((address, 0), Outside)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address
    server.shutdown()
    server.server_close()


def way_out(user):
    """The process that leads the node to the outside."""
    notes = list((user.base / "run").glob("kdash/*/kdash/outside"))
    return int(notes[0].read_text().split()[0]) if notes else None


def supervisor():
    """Nobody's node; others' may run at the same time."""
    def owner(pid):
        return pathlib.Path(f"/proc/{pid}/status").read_text().split("\nUid:")[1].split()[0]

    return next(pid for pid, command in machine.processes() if command.startswith("kdash-node") and owner(pid) == str(NOBODY))


WEB = "mkdir -p /tmp/w && hostname > /tmp/w/name && exec httpd -f -p 8080 -h /tmp/w"


def test_a_network_without_root(user, program, outside):
    up = user.user("up", "--no-merge")
    assert "pods reach the outside through slirp4netns" in up.stderr, up.stderr
    for each in ("/bin/busybox", program):
        user.user("image", "import-host", each)
    web = clusters.pod("web", "host/busybox:latest", ["sh", "-c", WEB])
    web["metadata"]["labels"] = {"app": "web"}
    web["spec"]["containers"][0] |= {
        "ports": [{"containerPort": 8080, "hostPort": 9000}],
        "readinessProbe": {"httpGet": {"path": "/name", "port": 8080}, "periodSeconds": 1, "failureThreshold": 1},
        "livenessProbe": {"tcpSocket": {"port": 8080}},
    }
    user.apply(web)
    user.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}})
    user.apply(clusters.pod("client", "host/peer:latest", [program, "wait"]))
    user.phase("client", "Running")

    def get(host, port, path="/name", check=True):
        return user.kubectl("exec", "client", "--", program, "get", host, port, path, check=check)

    def answers(host, port, text, path="/name"):
        eventually(lambda: get(host, port, path).strip() == text, within=30, what=f"{text} from {host}:{port}")

    # A probe has reached the pod, or there would be no endpoint.
    answers("web", 80, "web")
    answers("web.default.svc.cluster.local", 80, "web")
    answers(user.get("pod", "web")["status"]["podIP"], 8080, "web")
    answers(user.get("node", "kdash")["status"]["addresses"][0]["address"], 9000, "web")
    answers(outside[0], outside[1], "outside")
    for path in ("services/web:80", "pods/web:8080"):
        assert user.kubectl("get", "--raw", f"/api/v1/namespaces/default/{path}/proxy/name").strip() == "web"
    refused = user.kubectl("get", "--raw", "/api/v1/namespaces/default/pods/web:8081/proxy/", check=False)
    assert refused.returncode == 1 and "connection refused" in refused.stderr

    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "nobody"}, "spec": {
        "podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"]}}
    user.apply(policy)
    shut = ["exec", "client", "--", "timeout", "1", program, "get", "web", 80, "/name"]
    eventually(lambda: user.kubectl(*shut, check=False).returncode != 0, within=30, what="the policy in force")
    user.kubectl("delete", "networkpolicy", "nobody")
    answers("web", 80, "web")

    # Neither the daemon nor the way out nor the node takes the network with it for good.
    first = way_out(user)
    user.kill_daemon()
    user.user("up", "--no-merge")
    assert way_out(user) == first
    answers("web", 80, "web")
    os.kill(first, signal.SIGKILL)
    answers(outside[0], outside[1], "outside")
    second = way_out(user)
    assert second != first
    os.kill(supervisor(), signal.SIGKILL)
    eventually(lambda: way_out(user) not in (None, second), within=30, what="a new way out")
    eventually(lambda: user.get("pod", "client")["status"]["containerStatuses"][0]["restartCount"] == 1, within=30, what="the client again")
    user.phase("client", "Running")
    answers("web", 80, "web")
    answers(outside[0], outside[1], "outside")


class SudoMachine:
    """A machine as seen from a mount namespace with an empty /var/lib and an account of its own: root starts the default cluster for that user."""

    UID, GID = 54321, 54322

    def __init__(self, base, kubectl):
        base.chmod(0o755)
        self.cluster = clusters.Cluster(base, kubectl)
        self.home = self.cluster.home
        self.program = base / "kdash"
        shutil.copy(clusters.PROGRAM, self.program)
        self.program.chmod(0o755)
        for path in (self.cluster.base, self.home, self.cluster.base / "run"):
            os.chown(path, self.UID, self.GID)
        accounts = base / "passwd"
        accounts.write_text(f"root:x:0:0:root:{base}/root:/bin/sh\nuser:x:{self.UID}:{self.GID}::{self.home}:/bin/sh\n")
        accounts.chmod(0o644)
        (base / "root").mkdir()
        script = f"mount -t tmpfs -o mode=755 tmpfs /var/lib && mount --bind {accounts} /etc/passwd && echo made && exec sleep 3600"
        self.holder = subprocess.Popen(["unshare", "-m", "--propagation", "private", "sh", "-c", script], stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout.readline().strip() == "made"
        self.inside = ["nsenter", "-m", "-t", str(self.holder.pid), "--"]
        self.as_user = ["setpriv", "--reuid", str(self.UID), "--regid", str(self.GID), "--clear-groups"]

    def _run(self, command, env, check):
        done = subprocess.run(self.inside + [str(part) for part in command], capture_output=True, text=True, timeout=60, env=env, cwd="/")
        if check and done.returncode != 0:
            raise AssertionError(f"{command} exited {done.returncode}: {done.stderr} {done.stdout}")
        return done

    def sudo(self, *arguments, check=True):
        """As `sudo kdash` runs it."""
        return self._run([self.program, *arguments], self.sudo_env, check)

    @property
    def sudo_env(self):
        """Root's HOME, the user in SUDO_*."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.program.parent / "root"), "SUDO_UID": str(self.UID), "SUDO_GID": str(self.GID), "SUDO_USER": "user"}

    def user(self, *command, check=True):
        return self._run([*self.as_user, *command], self.cluster.env, check)

    def kdash(self, *arguments, check=True):
        return self.user(self.program, *arguments, check=check)

    def kubectl(self, *arguments):
        return self.user(self.cluster.kubectl_path, "--cache-dir", self.home / "kcache", *arguments).stdout

    def root(self, *command):
        return self._run(command, dict(os.environ), True).stdout

    def close(self):
        self.sudo("down", "--purge", check=False)
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()


@pytest.fixture
def sudo(base, kubectl):
    before = machine.snapshot()
    one = SudoMachine(base, kubectl)
    yield one
    one.close()
    left = machine.difference(before, machine.snapshot())
    assert not left, "left on the machine:\n" + "\n".join(left)


class UserScreen(Screen):
    """The screen of the user behind sudo, who names no directory; `is_root` opens it through sudo."""

    def __init__(self, machine, is_root=False):
        self.cluster = machine.cluster
        self.socket = str(machine.cluster.base / f"tmux-{id(self)}")
        self.env = dict(machine.cluster.env, **(machine.sudo_env if is_root else {}))
        line = shlex.join([*machine.inside, *([] if is_root else machine.as_user), str(machine.program)]) + "; echo exit=$?; exec sleep 3600"
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", line)


CONFIG = "# mine\napiVersion: v1\nkind: Config\ncurrent-context: work\ncontexts:\n- {name: work, context: {cluster: work, user: me}}\n" \
    "clusters:\n- {name: work, cluster: {server: 'https://work.invalid'}}\nusers:\n- {name: me, user: {token: t}}\n"


def test_the_user_behind_sudo_uses_the_cluster_without_sudo(sudo):
    config = sudo.home / ".kube/config"
    config.parent.mkdir()
    config.write_text(CONFIG)
    config.chmod(0o640)
    for path in (config.parent, config):
        os.chown(path, sudo.UID, sudo.GID)
    up = sudo.sudo("up")
    assert "kdash is ready" in up.stdout
    owned = config.stat()
    assert (owned.st_uid, owned.st_gid, owned.st_mode & 0o777) == (sudo.UID, sudo.GID, 0o640)
    for line in CONFIG.splitlines():
        assert line in config.read_text().splitlines(), f"lost: {line}"

    # The files are the user's and nobody else's.
    listing = sudo.root("find", f"/var/lib/kdash/users/{sudo.UID}", "-type", "f", "-printf", "%f %U %G %m\n").splitlines()
    assert sorted(listing) == [f"{name} {sudo.UID} {sudo.GID} 600" for name in ("ca.crt", "client.crt", "client.key", "kubeconfig")]
    refused = sudo._run(["setpriv", "--reuid", "54399", "--regid", "54399", "--clear-groups", "cat", f"/var/lib/kdash/users/{sudo.UID}/client.key"], None, False)
    assert refused.returncode != 0

    assert sudo.kubectl("config", "current-context").strip() == "work"
    assert "namespace/default" in sudo.kubectl("--context", "kdash", "get", "ns", "-o", "name")
    status = json.loads(sudo.kdash("status", "-o", "json").stdout)
    assert status["state"] == "running" and status["dataDirectory"] == "/var/lib/kdash"
    mine = f"/var/lib/kdash/users/{sudo.UID}/kubeconfig"
    assert status["kubeconfig"] == mine
    shown = sudo.kdash("kubeconfig").stdout
    assert f"/var/lib/kdash/users/{sudo.UID}/client.crt" in shown
    assert "host/busybox:latest" in sudo.kdash("image", "import-host", "/bin/busybox").stdout

    # A second cluster is never made, and what only root can do is named.
    again = sudo.kdash("up")
    assert "runs already" in again.stdout and mine in again.stdout
    for verb in (("down",), ("down", "--purge")):
        done = sudo.kdash(*verb, check=False)
        assert done.returncode != 0 and "sudo kdash " + " ".join(verb) in done.stderr
    assert not (sudo.home / "data").exists()
    merged = config.read_bytes()
    assert "runs already" in sudo.sudo("up").stdout and config.read_bytes() == merged

    sudo.sudo("down")
    stopped = sudo.kdash("status", check=False)
    assert stopped.returncode == 1 and "sudo kdash up" in stopped.stdout + stopped.stderr
    refused = sudo.kdash("up", check=False)
    assert refused.returncode != 0 and "sudo kdash up" in refused.stderr
    assert not (sudo.home / "data").exists()

    sudo.sudo("up")
    assert config.read_bytes() == merged, "a new certificate needs no second write"
    assert "namespace/default" in sudo.kubectl("--context", "kdash", "get", "ns", "-o", "name")
    sudo.sudo("down", "--purge")
    assert config.read_text() == CONFIG
    owned = config.stat()
    assert (owned.st_uid, owned.st_gid, owned.st_mode & 0o777) == (sudo.UID, sudo.GID, 0o640)
    assert sudo.root("ls", "-A", "/var/lib").strip() == ""


def test_a_kubeconfig_that_sudo_makes_is_the_users(sudo):
    sudo.sudo("up")
    for path in (sudo.home / ".kube", sudo.home / ".kube/config"):
        assert (path.stat().st_uid, path.stat().st_gid) == (sudo.UID, sudo.GID), path
    assert sudo.kubectl("config", "current-context").strip() == "kdash"
    assert not (sudo.program.parent / "root/.kube").exists()
    sudo.sudo("down", "--purge")
    assert not (sudo.home / ".kube/config").exists()


def test_the_screen_attaches_to_the_cluster_started_through_sudo(sudo):
    sudo.sudo("up")
    sudo.kubectl("--context", "kdash", "create", "namespace", "seen-by-the-user")
    screen = UserScreen(sudo)
    try:
        screen.expect("seen-by-the-user")
        assert not (sudo.home / "data/kdash").exists(), "a second cluster was made"
        sudo.kubectl("--context", "kdash", "create", "namespace", "and-live")
        screen.expect("and-live")
    finally:
        screen.close()
    # Whoever opens it, the shell that is left is the user's.
    for is_root in (False, True):
        screen = UserScreen(sudo, is_root)
        try:
            screen.expect("seen-by-the-user")
            screen.press("q")
            screen.expect("exit=0")
            assert "stop it with: sudo kdash down\n" in screen.text()
        finally:
            screen.close()
