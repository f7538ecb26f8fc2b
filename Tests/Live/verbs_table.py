"""The table of kubectl's verbs: rows are functions, named by the command that they try, and what they are called with."""

import json
import os
import select
import subprocess
import time

from cluster import eventually, pod

ROWS = {}


def row(*commands):
    """Enters a function for one or several commands, written as `kubectl --help` lists them: "rollout undo"."""
    def enter(function):
        for command in commands:
            assert command not in ROWS, f"{command} is tried twice"
            ROWS[command] = function
        return function
    return enter


class Beside:
    """A kubectl that runs beside the test, with its output and complaints in one."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
        self.seen = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate(timeout=20)

    def type(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def until(self, found, within=30):
        """Reads until `found` says something true of all that was read."""
        deadline = time.monotonic() + within
        while not (answer := found(self.seen)):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            piece = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            assert piece, f"{'ended' if ready else 'waited'} with {self.seen!r}"
            self.seen += piece.decode()
        return answer

    def end(self, within=30):
        """Waits for its end: the exit code and all that it said."""
        rest, _ = self.process.communicate(timeout=within)
        self.seen += rest.decode()
        return self.process.returncode, self.seen


class Bench:
    """kubectl against a running cluster, with what many rows need: an image, a pod, a deployment."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.image = cluster.busybox()
        self.node = json.loads(self("get", "nodes", "-o", "json"))["items"][0]["metadata"]["name"]
        self.apply(pod("worker", self.image, ["sh", "-c", "echo ready; while read line; do echo heard $line; done; sleep 600"],
                       container={"stdin": True}))
        self.apply(self.deployment("web"))
        cluster.phase("worker", "Running", within=60)
        self("rollout", "status", "deployment/web", "--timeout=60s")

    def __call__(self, *arguments, stdin=None, timeout=60):
        """Runs kubectl, which must succeed; what it says."""
        return self.cluster.kubectl(*arguments, stdin=stdin, timeout=timeout)

    def run(self, *arguments, stdin=None, timeout=60, **environment):
        """Runs kubectl, which may fail."""
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=timeout, input=stdin, env={**self.cluster.env, **environment})

    def beside(self, *arguments):
        """Starts kubectl beside the test."""
        return Beside(self.command(*arguments), self.cluster.env)

    def command(self, *arguments):
        cluster = self.cluster
        return [str(cluster.kubectl_path), "--kubeconfig", str(cluster.kubeconfig), "--cache-dir", str(cluster.home / "kcache"), *map(str, arguments)]

    def refused(self, *arguments, stdin=None):
        """Runs kubectl, which must fail; what it complains of."""
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode != 0, done.stdout
        return done.stderr

    def get(self, kind, name, *arguments):
        return self.cluster.get(kind, name, *arguments)

    def apply(self, manifest):
        return self.cluster.apply(manifest)

    def exists(self, kind, name, *arguments):
        return self.run("get", kind, name, *arguments).returncode == 0

    def file(self, name, content):
        """A file of the user's, in a directory of its own."""
        path = self.cluster.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def editor(self, name, script):
        """An editor that runs a sed script on what it is given."""
        path = self.file(name, f'#!/bin/sh\nexec sed -i \'{script}\' "$1"\n')
        os.chmod(path, 0o755)
        return str(path)

    def deployment(self, name, replicas=1, **template):
        labels = {"app": name}
        container = {"name": "main", "image": self.image, "imagePullPolicy": "IfNotPresent", "command": ["sleep", "600"],
                     "ports": [{"containerPort": 8080}]}
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels},
                "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {
                    "metadata": {"labels": labels}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 0, **template}}}}

    def config_map(self, name, labels=None, **data):
        metadata = {"name": name, "labels": labels} if labels else {"name": name}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}

    def pods(self, selector):
        return [one["metadata"]["name"] for one in json.loads(self("get", "pods", "-l", selector, "-o", "json"))["items"]
                if "deletionTimestamp" not in one["metadata"]]


__all__ = ["ROWS", "Bench", "eventually", "pod", "row"]
