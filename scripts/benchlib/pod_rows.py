"""What pods that do nothing cost, beside containers of podman with crun and with runc."""

import os
import pathlib
import shutil
import subprocess
import time

from benchlib import process
from benchlib.cluster import PODS, pod
from benchlib.figures import Figure
from benchlib.node_rows import SLEEP, until

PODS_AT_REST = 100
OTHERS = 10
SPAN = 30


def clock(pids):
    """Seconds of processor time by the processes' own clocks (clock_getcpuclockid(3)), which count threads that have ended, too."""
    return sum(time.clock_gettime(~pid << 3 | 2) for pid in pids)


def at_rest(bench):
    """Beside row 8: the memory per pod, and the processor time of the node with pods at rest."""
    with bench.cluster("rest") as cluster:
        cluster.up()
        cluster.busybox()
        client = cluster.client()
        cluster.settle()
        pids = [cluster.daemon, cluster.supervisor]
        before = sum(process.memory(pid)["Pss"] for pid in pids)
        uids = [start(client, f"p{number}") for number in range(PODS_AT_REST)]
        cluster.settle()
        time.sleep(10)
        own = [pid for uid in uids for pid in cluster.processes(uid) if is_program(pid, bench.program)]
        after = sum(process.memory(pid)["Pss"] for pid in pids + own)
        used, begun = clock(pids), time.monotonic()
        time.sleep(SPAN)
        share = (clock(pids) - used) / (time.monotonic() - begun) * 100
    return [
        Figure.of(8, f"memory (PSS) of kdash's processes that each of {PODS_AT_REST} pods at rest adds", "kB", None,
                  [(after - before) / PODS_AT_REST / 1e3]),
        Figure.of(8, f"processor time of the daemon and the supervisor with {PODS_AT_REST} pods at rest, over {SPAN} s", "%", None, [share]),
        *[figure for name in ("crun", "runc") for figure in by_podman(bench, name)],
    ]


def start(client, name):
    events = client.watch_pods()
    uid = client.send("POST", PODS, pod(name, SLEEP))["metadata"]["uid"]
    until(events, name, lambda kind, found: found["status"].get("phase") == "Running")
    return uid


def is_program(pid, program):
    try:
        return pathlib.Path(f"/proc/{pid}/exe").samefile(program)
    except OSError:
        return False


def by_podman(bench, runtime):
    """The process that stays beside each container of podman, which has no daemon."""
    if not shutil.which("podman") or not shutil.which(runtime):
        return []
    base = bench.base / f"podman-{runtime}"
    root = base / "rootfs"
    (root / "bin").mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin/busybox")
    # Podman's own limits are above those of many machines.
    settings = base / "containers.conf"
    settings.write_text('[containers]\ndefault_ulimits = ["nofile=1024:4096", "nproc=1000:1000"]\n[engine]\nevents_logger = "file"\n')
    env = {"PATH": os.environ["PATH"], "HOME": str(base), "XDG_RUNTIME_DIR": str(base), "CONTAINERS_CONF": str(settings)}
    podman = ["unshare", "-m", "sh", "-c", 'umount /sys/fs/cgroup/unified 2> /dev/null; exec "$@"', "podman", "podman", "--root", base / "root", "--runroot", base / "run",
              "--tmpdir", base / "tmp", "--runtime", runtime, "--cgroup-manager", "cgroupfs", "--storage-driver", "vfs"]
    pids = []
    try:
        for number in range(OTHERS):
            subprocess.run([*podman, "run", "--detach", "--network", "none", "--conmon-pidfile", base / f"pid{number}", "--rootfs", root, *SLEEP],
                           check=True, capture_output=True, text=True, timeout=60, env=env)
            pids.append(int((base / f"pid{number}").read_text()))
        time.sleep(5)
        memory = [process.memory(pid)["Pss"] / 1e3 for pid in pids]
        used, begun = clock(pids), time.monotonic()
        time.sleep(SPAN)
        share = (clock(pids) - used) / (time.monotonic() - begun) * 100
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"podman with {runtime}: {error.stderr.strip()}") from None
    finally:
        subprocess.run([*podman, "rm", "--all", "--force", "--time", "0"], capture_output=True, timeout=120, env=env)
    return [Figure.of(8, f"memory (PSS) of conmon per container of podman with {runtime}, {OTHERS} at rest", "kB", None, memory, note="For comparison."),
            Figure.of(8, f"processor time of these, over {SPAN} s", "%", None, [share], note="For comparison.")]
