"""Faults at random moments under load, for a bounded time. The seed is printed: KDASH_FAULT_SEED repeats a run's choices,
KDASH_FAULT_SECONDS makes it longer."""

import json
import os
import pathlib
import random
import signal
import subprocess

import pytest

import machine
from cluster import eventually, pod

SECONDS = float(os.environ.get("KDASH_FAULT_SECONDS", "40"))
SEED = int(os.environ.get("KDASH_FAULT_SEED", random.SystemRandom().randrange(1 << 32)))
LIMITS = {"cpu": "100m", "memory": "48Mi"}
# Each does something to its node that no container should get away with, and all of them are ended and made again meanwhile.
VILLAINS = {
    "forks": "f() { f | f & }; f; while :; do sleep 1; done",
    "deaf": "trap '' TERM INT HUP; while :; do sleep 1; done",
    "silent": "exec <&- >&- 2>&-; while :; do sleep 1; done",
    "binary": "while :; do head -c 65536 /dev/urandom; sleep 0.2; done",
    "loud": "while :; do head -c 20000000 /dev/zero | tr '\\0' 'x'; sleep 0.2; done",
    "rootless": "rm -rf /bin /etc /lib /usr /var /tmp 2>&1; while :; do :; done",
    "hungry": "x=y; while :; do x=$x$x; done",
}


class Faults:
    def __init__(self, cluster, image, choose):
        self.cluster = cluster
        self.image = image
        self.choose = choose
        self.identity = json.loads((cluster.data / "instance").read_text())["id"]
        self.codes = {}  # exit code that each of the pods that end was made with
        self.unreset = set()  # those of them that no reset of the node met so far
        self.done = []

    # What goes on

    def load(self):
        """Two pods more that end by themselves; what the server says it has made must be there whatever happens next."""
        made = {}
        for _ in range(2):
            name = f"ends-{len(self.codes) + len(made)}"
            made[name] = self.choose.randrange(3, 100)
            script = f"echo begun; sleep {self.choose.choice([0, 0.1, 0.5, 1, 2])}; echo ends; exit {made[name]}"
            answer = self.cluster.kubectl("apply", "-f", "-", check=False, stdin=json.dumps(pod(name, self.image, ["sh", "-c", script], restartPolicy="Never")))
            if answer.returncode == 0:
                self.codes[name] = made[name]
                self.unreset.add(name)

    def processes(self, part=""):
        """Processes of the cluster's pods, of those whose cgroup has a part."""
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/cgroup"):
            try:
                text = path.read_text()
                if f"kdash-{self.identity}/" in text and "/pod" in text and part in text:
                    found.append(int(path.parent.name))
            except OSError:
                continue
        return sorted(found)

    def supervisor(self):
        for pid, command in machine.processes():
            try:
                if command.startswith("kdash-node") and f"kdash-{self.identity}" in pathlib.Path(f"/proc/{pid}/cgroup").read_text():
                    return pid
            except OSError:
                continue
        return None

    def uids(self, prefix):
        items = json.loads(self.cluster.kubectl("get", "pods", "-o", "json"))["items"]
        return [item["metadata"]["uid"] for item in items if item["metadata"]["name"].startswith(prefix)]

    # What goes wrong

    def daemon_dies(self):
        steady = self.uids("steady-")
        self.cluster.kill_daemon()
        self.kill_some(steady, 2)  # while nobody watches
        self.cluster.up("--no-merge")

    def containers_die(self):
        self.kill_some(self.uids("steady-"), 3)

    def kill_some(self, uids, count):
        victims = [pid for uid in uids for pid in self.processes(uid)]
        for pid in self.choose.sample(victims, k=min(count, len(victims))):
            self.kill(pid)

    def pods_are_deleted(self):
        names = self.cluster.kubectl("get", "pods", "-l", "app in (steady, villain)", "-o", "name").split()
        for name in self.choose.sample(names, k=min(2, len(names))):
            grace = self.choose.choice(["0", "1"])
            self.cluster.kubectl("delete", name, "--wait=false", f"--grace-period={grace}", *(["--force"] if grace == "0" else []), check=False)

    def cluster_restarts(self):
        self.cluster.down()
        self.unreset.clear()
        self.cluster.up("--no-merge")

    def node_dies(self):
        self.unreset.clear()
        # The last one may not have been started anew yet.
        self.kill(eventually(self.supervisor, within=120, every=0.1, what="a node"))

    @staticmethod
    def kill(pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def run(self, seconds):
        kinds = [self.daemon_dies, self.containers_die, self.pods_are_deleted, self.cluster_restarts, self.node_dies]
        weights = [4, 4, 4, 1, 1]
        end = os.times().elapsed + seconds
        while os.times().elapsed < end:
            fault = self.choose.choices(kinds, weights)[0]
            self.load()
            self.done.append(fault.__name__)
            fault()


def deployment(name, label, image, script, replicas):
    container = {"name": "main", "image": image, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", script], "resources": {"limits": LIMITS}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"name": name}}, "template": {
                "metadata": {"labels": {"name": name, "app": label}}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 1}}}}


def ended(cluster):
    items = json.loads(cluster.kubectl("get", "pods", "-o", "json"))["items"]
    return {item["metadata"]["name"]: item["status"] for item in items if item["metadata"]["name"].startswith("ends-")}


@pytest.mark.skipif(os.geteuid() != 0, reason="kills processes of a node that has limits, which needs root")
def test_faults_under_load_lose_and_leave_nothing(fresh):
    print(f"KDASH_FAULT_SEED={SEED} KDASH_FAULT_SECONDS={SECONDS}")
    image = fresh.busybox()
    fresh.apply(deployment("steady", "steady", image, "i=0; while :; do i=$((i+1)); echo beat $i; sleep 0.2; done", 4))
    for name, script in VILLAINS.items():
        fresh.apply(deployment(name, "villain", image, script, 1))
    faults = Faults(fresh, image, random.Random(SEED))
    faults.run(SECONDS)
    print(f"{len(faults.done)} faults, {len(faults.codes)} pods that end: {' '.join(faults.done)}")

    # Nothing is wedged: what should run runs, what should end has ended, each with the code it ended with.
    def is_healed():
        status = fresh.get("deployment", "steady")["status"]
        pods = json.loads(fresh.kubectl("get", "pods", "-l", "app=steady", "-o", "json"))["items"]
        # A status may be older than the last fault: each has to do something.
        for one in pods:
            fresh.kubectl("exec", one["metadata"]["name"], "--", "true")
        return len(pods) == status.get("readyReplicas") == status.get("replicas") == 4

    eventually(is_healed, within=180, every=0.5, what="four steady pods")
    def all_ended():
        statuses = ended(fresh)
        missing = [name for name in faults.codes if statuses.get(name, {}).get("phase") not in ("Succeeded", "Failed")]
        assert not missing, missing
        return statuses

    found = eventually(all_ended, within=120, every=0.5, what="every pod that ends, ended")
    wrong = []
    for name, code in faults.codes.items():
        status = found[name]
        states = [one["state"].get("terminated") for one in status.get("containerStatuses", [])]
        if [state and state["exitCode"] for state in states] == [code]:
            continue
        # The node went away below it: then that is said, and no code is made up.
        if name not in faults.unreset and status.get("reason") == "NodeShutdown":
            continue
        wrong.append((name, code, status.get("reason"), states))
    assert not wrong, wrong

    # And nothing stays behind: neither processes nor cgroups, mounts or links of any of the pods.
    fresh.kubectl("delete", "deployments", "--all", "--wait=false")
    fresh.kubectl("delete", "pods", "--all", "--wait=false", "--grace-period=1")
    eventually(lambda: not json.loads(fresh.kubectl("get", "pods", "-o", "json"))["items"], within=120, every=0.5, what="no pod")
    node = str(faults.supervisor())

    def left():
        groups = [str(path) for path in pathlib.Path("/sys/fs/cgroup").glob(f"*/kdash-{faults.identity}/**/pod*")]
        mounts = pathlib.Path(f"/proc/{node}/mountinfo").read_text()
        links = subprocess.run(["nsenter", "-t", node, "-n", "ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
        inside = [line for line in mounts.splitlines() if "/pods/" in line.split()[4]]
        return faults.processes() + groups + inside + [line for line in links.splitlines() if ": pod" in line]

    def is_clean():
        found = left()
        assert not found, "\n".join(map(str, found))
        return True

    eventually(is_clean, within=60, every=0.5, what="nothing of the pods left")
