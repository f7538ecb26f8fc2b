"""One cluster of the shipped program in a directory of its own, driven only from outside."""

import fcntl
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("KDASH_PROGRAM", ROOT / ".build/release/kdash"))


def kubectl_versions():
    """Every usable kubectl as (version, path), newest first. Plain `kubectl` may be a dispatcher that picks an old one."""
    named = os.environ.get("KDASH_KUBECTL")
    if named:
        candidates = [pathlib.Path(named)]
    else:
        candidates = []
        sdk = shutil.which("gcloud")
        roots = {pathlib.Path("/usr/lib/google-cloud-sdk/bin")}
        if sdk:
            roots.add(pathlib.Path(sdk).resolve().parent)
        for root in roots:
            candidates += [path for path in root.glob("kubectl.1.*") if path.name.split(".")[-1].isdigit()]
        if not candidates and shutil.which("kubectl"):
            candidates = [pathlib.Path(shutil.which("kubectl"))]
    found = []
    for path in candidates:
        try:
            answer = subprocess.run([path, "version", "--client", "-o", "json"], capture_output=True, text=True, timeout=30,
                                    env={"HOME": "/nonexistent", "PATH": "/usr/bin:/bin", "KUBECONFIG": "/nonexistent/config"})
            version = json.loads(answer.stdout)["clientVersion"]["gitVersion"]
        except (OSError, ValueError, KeyError, subprocess.TimeoutExpired):
            continue
        number = tuple(int(part) for part in re.match(r"v(\d+)\.(\d+)\.(\d+)", version).groups())
        if named or len(candidates) > 1 or number >= (1, 31, 0):
            found.append((number, path))
    if not found:
        raise RuntimeError("no usable kubectl: install the cloud SDK's kubectl component (1.32 or 1.33), put one >= 1.31 in PATH, or set KDASH_KUBECTL")
    return [(".".join(map(str, number)), path) for number, path in sorted(found, reverse=True)]


class Timeout(AssertionError):
    pass


def eventually(probe, within=20.0, every=0.02, what="the condition"):
    """Calls `probe` until it returns something true; the last answer or exception is in the failure."""
    deadline = time.monotonic() + within
    last = None
    while True:
        try:
            last = probe()
            if last:
                return last
        except (AssertionError, subprocess.CalledProcessError, OSError, KeyError, IndexError, ValueError) as error:
            last = getattr(error, "stderr", None) or error
        if time.monotonic() > deadline:
            raise Timeout(f"{what} did not come true within {within} s; last: {last!r}")
        time.sleep(every)


def steady(probe, span=0.5, within=30.0, what="the value"):
    """Waits until `probe` has said the same for `span` seconds, and returns that."""
    since, last = time.monotonic(), probe()

    def is_steady():
        nonlocal since, last
        found = probe()
        if found != last:
            since, last = time.monotonic(), found
        return time.monotonic() - since >= span

    eventually(is_steady, within=within, what=f"{what}, unchanged for {span} s,")
    return last


class Cluster:
    """A data directory, a home and the daemon that serves them."""

    def __init__(self, base, kubectl, name="c"):
        self.base = pathlib.Path(base) / name
        self.data = self.base / "data"
        self.home = self.base / "home"
        for path in (self.home, self.base / "run"):
            path.mkdir(parents=True)
        self.kubectl_path = kubectl
        self.env = {
            "PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": str(self.home),
            "KUBECONFIG": str(self.home / ".kube/config"), "XDG_DATA_HOME": str(self.home / "data"),
            "XDG_STATE_HOME": str(self.home / "state"), "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_CACHE_HOME": str(self.home / "cache"), "XDG_RUNTIME_DIR": str(self.base / "run"),
        }

    # The program

    def kdash(self, *arguments, check=True, timeout=60, **options):
        command = [str(PROGRAM), *map(str, arguments)]
        if arguments and arguments[0] in ("up", "down", "status", "kubeconfig", "image", "serve", "share") and "--data-dir" not in arguments:
            command += ["--data-dir", str(self.data)]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=self.env, check=check, **options)

    def up(self, *arguments):
        return self.kdash("up", *arguments).stdout

    def down(self, *arguments, check=True):
        return self.kdash("down", *arguments, check=check)

    def status(self):
        return json.loads(self.kdash("status", "-o", "json").stdout)

    @property
    def daemon_pid(self):
        return int((self.data / "lock").read_text().split()[0])

    def kill_daemon(self):
        """kill -9, and wait until the kernel has let go of its lock, or another daemon has it already, as an open screen starts one. Of a process that
        dies the program goes first, then each of its threads."""
        pid = self.daemon_pid
        os.kill(pid, signal.SIGKILL)

        def is_free():
            with open(self.data / "lock") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return not file.read().startswith(f"{pid}\n")
            return True

        eventually(is_free, what=f"daemon {pid} gone")
        return pid

    # Its clients

    @property
    def kubeconfig(self):
        return self.data / "kubeconfig"

    def kubectl(self, *arguments, check=True, stdin=None, timeout=60, kubectl=None):
        command = [str(kubectl or self.kubectl_path), "--kubeconfig", str(self.kubeconfig), "--cache-dir", str(self.home / "kcache"), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=self.env, input=stdin)
        if check and done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(map(str, arguments))} exited {done.returncode}: {done.stderr.strip()} {done.stdout.strip()}")
        return done if not check else done.stdout

    def get(self, kind, name, *arguments):
        return json.loads(self.kubectl("get", kind, name, "-o", "json", *arguments))

    def apply(self, manifest):
        return self.kubectl("apply", "-f", "-", stdin=manifest if isinstance(manifest, str) else json.dumps(manifest))

    def phase(self, pod, wanted, within=20):
        def probe():
            status = self.get("pod", pod).get("status", {})
            return status if status.get("phase") == wanted else None
        return eventually(probe, within=within, what=f"pod {pod} {wanted}")

    def busybox(self):
        """The image that needs no network."""
        self.kdash("image", "import-host", "/bin/busybox")
        return "host/busybox:latest"

    def log_tail(self):
        path = self.data / "daemon.log"
        return path.read_text(errors="replace")[-6000:] if path.exists() else ""

    def close(self):
        if (self.data / "instance").exists():
            self.down("--purge", check=False)


def pod(name, image, command, **spec):
    limits = spec.pop("limits", None)
    container = {"name": "main", "image": image, "imagePullPolicy": "IfNotPresent", "command": command}
    if limits:
        container["resources"] = {"limits": limits}
    container.update(spec.pop("container", {}))
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}},
            "spec": {"containers": [container], "terminationGracePeriodSeconds": 1, **spec}}


def temporary():
    return tempfile.mkdtemp(prefix="kdash-test-")
