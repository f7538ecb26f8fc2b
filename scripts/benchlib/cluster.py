"""One cluster of the measured program in a directory of its own, and a client of its API."""

import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import time

from benchlib import process


def wait(probe, within=30.0, every=0.002, what="the condition"):
    """Calls `probe` until it returns something true, and returns that."""
    deadline = time.monotonic() + within
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come true within {within:g} s")
        time.sleep(every)


class Cluster:
    """A data directory and a home below `base`; nothing outside is read or written."""

    def __init__(self, base, program, name):
        self.base = pathlib.Path(base) / name
        self.program = program
        self.data = self.base / "data"
        home = self.base / "home"
        for path in (self.data, home, self.base / "run"):
            path.mkdir(parents=True)
        self.env = {
            "PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": str(home), "KUBECONFIG": str(home / "kubeconfig"),
            "XDG_RUNTIME_DIR": str(self.base / "run"), **{f"XDG_{kind.upper()}_HOME": str(home / kind) for kind in ("data", "state", "config", "cache")},
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.purge()

    def run(self, *arguments, check=True):
        done = subprocess.run([self.program, *arguments, "--data-dir", self.data], env=self.env, capture_output=True, text=True, timeout=120)
        if check and done.returncode != 0:
            raise RuntimeError(f"kdash {' '.join(arguments)} exited {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def up(self):
        """Starts the cluster and returns the seconds the command took."""
        start = time.monotonic()
        self.run("up", "--no-merge")
        return time.monotonic() - start

    def busybox(self):
        # The command takes the program last, so the directory is named first.
        subprocess.run([self.program, "image", "import-host", "--data-dir", self.data, "/bin/busybox"], env=self.env, check=True, capture_output=True)

    def purge(self):
        if (self.data / "instance").exists():
            self.run("down", "--purge", check=False)
        shutil.rmtree(self.base, ignore_errors=True)

    @property
    def port(self):
        return int(re.search(r"server: https://127\.0\.0\.1:(\d+)", (self.data / "kubeconfig").read_text()).group(1))

    @property
    def id(self):
        return json.loads((self.data / "instance").read_text())["id"]

    @property
    def daemon(self):
        return int((self.data / "lock").read_text().split()[0])

    @property
    def supervisor(self):
        for path in self.groups("*/supervisor/cgroup.procs"):
            pids = path.read_text().split()
            if pids:
                return int(pids[0])
        raise RuntimeError("the supervisor's cgroup is empty")

    def processes(self, uid):
        """The pids of a pod's containers."""
        return {int(pid) for path in self.groups(f"**/pod{uid}/**/cgroup.procs") for pid in path.read_text().split()}

    def groups(self, pattern):
        """Files of the cluster's cgroups, of v1 and v2; no other cluster's are looked at, which come and go."""
        root = pathlib.Path("/sys/fs/cgroup")
        return [file for own in (f"kdash-{self.id}", f"*/kdash-{self.id}") for folder in root.glob(own) for file in folder.glob(pattern)]

    def processor_seconds(self):
        """What the daemon's threads have used so far."""
        return process.processor_seconds(self.daemon)

    @staticmethod
    def memory(pid):
        """The memory of a process by kind (Pss, Rss, Pss_Anon and so on), in MB."""
        return {kind: size / 1e6 for kind, size in process.memory(pid).items()}

    def settle(self):
        """Waits until the daemon has nothing to do."""
        wait(lambda: process.is_idle(self.daemon, 0.5), within=60, what="an idle daemon")

    def kill_daemon(self):
        """kill -9; returns when the process is gone."""
        pid = self.daemon
        os.kill(pid, signal.SIGKILL)
        wait(lambda: not os.path.exists(f"/proc/{pid}/exe"), every=0.0005, what="the daemon gone")

    def client(self):
        return Client(self)


class Client:
    """One kept-alive HTTPS connection."""

    def __init__(self, cluster):
        self.cluster = cluster
        context = ssl.create_default_context(cafile=cluster.data / "pki/ca.crt")
        context.load_cert_chain(cluster.data / "pki/admin.crt", cluster.data / "pki/admin.key")
        self.connection = http.client.HTTPSConnection("127.0.0.1", cluster.port, context=context, timeout=60)
        self.connection.connect()

    def raw(self, method, path, body=None, kind="application/json"):
        self.connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": kind})
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {data[:300]!r}")
        return data

    def send(self, method, path, body=None, kind="application/json"):
        return json.loads(self.raw(method, path, body, kind))

    def watch_pods(self):
        """Yields (type, pod) for every change from now on; the watch is open when this returns."""
        revision = self.send("GET", PODS)["metadata"]["resourceVersion"]
        watcher = Client(self.cluster)
        watcher.connection.request("GET", f"{PODS}?watch=true&resourceVersion={revision}")
        answer = watcher.connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"watch: {answer.status}")

        def events():
            while line := answer.readline():
                event = json.loads(line)
                yield event["type"], event["object"]
            raise RuntimeError("the watch ended")

        return events()

    def run_pod(self, name, command, within=30, **container):
        """Creates a pod, waits until it runs or has ended, and returns it."""
        self.send("POST", PODS, pod(name, command, **container))

        def started():
            found = self.send("GET", f"{PODS}/{name}")
            return found if found["status"].get("phase") in ("Running", "Succeeded", "Failed") else None

        return wait(started, within, what=f"pod {name} running")

    def delete_pod(self, name):
        self.raw("DELETE", f"{PODS}/{name}?gracePeriodSeconds=0")


PODS = "/api/v1/namespaces/default/pods"


def pod(name, command, **container):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
                     "containers": [{"name": "main", "image": "host/busybox:latest", "command": command, **container}]}}
