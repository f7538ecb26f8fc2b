"""Rows about the program, its processes, and the pods it runs: 1, 2, 4 to 8, 18, 24."""

import pathlib
import re
import subprocess
import time

from benchlib.cluster import PODS, pod, wait
from benchlib.figures import Figure

SLEEP = ["/bin/busybox", "sleep", "1000000"]


def size(bench):
    """Row 1"""
    stripped = bench.base / "stripped"
    subprocess.run(["strip", "-o", stripped, bench.program], check=True)
    megabytes, parts = stripped.stat().st_size / 1e6, sections(stripped)
    stripped.unlink()
    parts["the rest"] = megabytes - sum(parts.values())
    return [Figure.of(1, "stripped program", "MB", 38, [megabytes], gap="see its parts.", note=f"In MB: {', '.join(f'{what} {size:.1f}' for what, size in parts.items())}.")]


def sections(program):
    """The size in MB of a program's sections by what they are for."""
    kinds = {"code": r"\.text", "unwind tables": r"\.eh_frame.*|\.gcc_except_table", "constants": r"\.rodata", "data": r"\.data.*", "Swift's descriptions of types": r"\.?swift.*"}
    parts = dict.fromkeys(kinds, 0)
    listed = subprocess.run(["readelf", "-SW", program], check=True, capture_output=True, text=True).stdout
    for name, size in re.findall(r"\] (\S+) +(?!NOBITS)\w+ +[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) ", listed):
        for what, pattern in kinds.items():
            if re.fullmatch(pattern, name):
                parts[what] += int(size, 16) / 1e6
    return parts


def memory(bench):
    """Row 2"""
    with bench.cluster("memory") as cluster:
        cluster.up()
        time.sleep(10)
        samples = []
        for _ in range(5):
            parts = [cluster.memory(cluster.daemon), cluster.memory(cluster.supervisor)]
            samples.append({key: sum(part[key] for part in parts) for key in ("Pss", "Pss_Anon", "Pss_File", "Shared_Clean", "Shared_Dirty", "Rss")})
            time.sleep(1)
    return [
        Figure.of(2, "idle PSS, daemon + supervisor", "MB", 40, [each["Pss"] for each in samples], gap="the lines below divide it."),
        Figure.of(2, "of which anonymous", "MB", 15, [each["Pss_Anon"] for each in samples], gap="the heap after start has not been attributed yet."),
        Figure.of(2, "of which pages of files", "MB", None, [each["Pss_File"] for each in samples], note="A quiet daemon lets go of the program's pages; what it runs since is mapped again."),
        Figure.of(2, "shared with other processes", "MB", None, [each["Shared_Clean"] + each["Shared_Dirty"] for each in samples]),
    ]


def idle(bench):
    """Row 4"""
    def seconds_of(pid):
        # The process's own clock (clock_getcpuclockid(3)): it counts threads that have ended, too.
        return time.clock_gettime(~pid << 3 | 2)

    def written(pid):
        return int(re.search(r"^write_bytes: (\d+)", pathlib.Path(f"/proc/{pid}/io").read_text(), re.M).group(1))

    with bench.cluster("idle") as cluster:
        cluster.up()
        pids = [cluster.daemon, cluster.supervisor]
        time.sleep(15)
        start, cpu, disk = time.monotonic(), sum(map(seconds_of, pids)), sum(map(written, pids))
        time.sleep(60)
        seconds = time.monotonic() - start
        cpu, disk = sum(map(seconds_of, pids)) - cpu, sum(map(written, pids)) - disk
    return [
        Figure.of(4, "idle CPU over 60 s", "%", 0.1, [cpu / seconds * 100]),
        Figure.of(4, "idle disk writes over 60 s", "B/s", 0, [disk / seconds]),
    ]


def starts(bench):
    """Row 5"""
    commands, ready = [], []
    for index in range(bench.count(10)):
        with bench.cluster(f"start{index}") as cluster:
            start = time.monotonic()
            commands.append(cluster.up() * 1e3)
            client = cluster.client()
            wait(lambda: any(condition["type"] == "Ready" and condition["status"] == "True"
                             for node in client.send("GET", "/api/v1/nodes")["items"] for condition in node["status"].get("conditions", [])), what="Node Ready")
            ready.append((time.monotonic() - start) * 1e3)
    return [Figure.of(5, "`kdash up` on an empty directory, until a new client has read that the node is Ready", "ms", 100, ready,
                      gap="the next line is the command alone; the difference is this client's handshake and GET.", note="The program's file is in the page cache."),
            Figure.of(5, "of which the command", "ms", None, commands)]


def recovery(bench):
    """Row 6"""
    with bench.cluster("recovery") as cluster:
        cluster.up()
        cluster.busybox()
        client = cluster.client()
        kept = client.run_pod("kept", SLEEP)
        uid, before = kept["metadata"]["uid"], kept["status"]["containerStatuses"][0]["containerID"]
        processes = cluster.processes(uid)
        samples = []
        for _ in range(bench.count(5)):
            start = time.monotonic()
            cluster.kill_daemon()
            cluster.up()
            client = cluster.client()
            found = client.send("GET", f"{PODS}/kept")
            samples.append((time.monotonic() - start) * 1e3)
            # The status alone could be what the last daemon wrote: the process itself has to be the same.
            if found["status"]["containerStatuses"][0]["containerID"] != before or not processes or cluster.processes(uid) != processes:
                raise RuntimeError("the container was not kept")
            time.sleep(0.5)
    return [Figure.of(6, "kill -9 of the daemon to `kdash up` answered and a GET served, the pod's container kept", "ms", 100, samples)]


def pod_start(bench):
    """Row 7"""
    with bench.cluster("pod-start") as cluster:
        cluster.up()
        cluster.busybox()
        client = cluster.client()
        events = client.watch_pods()
        samples = []
        for index in range(bench.count(40)):
            name = f"p{index}"
            start = time.monotonic()
            client.send("POST", PODS, pod(name, SLEEP))
            until(events, name, lambda kind, found: found["status"].get("phase") == "Running")
            samples.append((time.monotonic() - start) * 1e3)
            client.delete_pod(name)
            until(events, name, lambda kind, found: kind == "DELETED")
    figure = Figure.latency(7, "pod create to Running seen by a watch, p50", "ms", 10, samples,
                            gap="each pod's token volume is written before its sandbox is made, one after the other, about 1.5 ms.")
    return [figure, Figure(7, "the same, p99 (of 40 samples the largest)", "ms", 30, figure.high, figure.low, max(samples), len(samples))]


def until(events, name, test):
    for kind, found in events:
        if found["metadata"]["name"] == name and test(kind, found):
            return


def many_pods(bench):
    """Row 8"""
    samples = []
    for index in range(bench.count(3)):
        with bench.cluster(f"many{index}") as cluster:
            cluster.up()
            cluster.busybox()
            client = cluster.client()
            events = client.watch_pods()
            start = time.monotonic()
            for number in range(100):
                client.send("POST", PODS, pod(f"p{number}", SLEEP))
            running = set()
            for _, found in events:
                if found["status"].get("phase") == "Running":
                    running.add(found["metadata"]["name"])
                if len(running) == 100:
                    break
            samples.append(time.monotonic() - start)
    return [Figure.of(8, "100 pods created one after the other to all Running", "s", 0.8, samples)]


def logs(bench):
    """Row 18"""
    lines = 2_000_000
    script = f"""
/bin/busybox yes {'x' * 99} | /bin/busybox head -n 100000 > /block
read start rest < /proc/uptime
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do /bin/busybox cat /block; done
read end rest < /proc/uptime
echo took $start $end"""
    rates, reads, kept = [], [], []
    with bench.cluster("logs") as cluster:
        (cluster.data / "config.yaml").write_text("logMaximumMiB: 1024\nlogMaximumFiles: 2\n")
        cluster.up()
        cluster.busybox()
        client = cluster.client()
        for index in range(bench.count(5)):
            name, path = f"writer{index}", f"{PODS}/writer{index}/log"
            client.run_pod(name, ["/bin/busybox", "sh", "-c", script])
            wait(lambda: client.send("GET", f"{PODS}/{name}")["status"]["phase"] == "Succeeded", 120, 0.05, "the writer's end")
            took = client.raw("GET", f"{path}?tailLines=1").split()
            rates.append(lines * 100 / 1e6 / max(float(took[2]) - float(took[1]), 0.01))
            kept.append(client.raw("GET", path).count(b"x" * 99 + b"\n"))
            answer = bench.load(cluster, 1, 0, "READ", path)
            reads.append(answer["bytes"] / 1e6 / answer["seconds"])
            client.delete_pod(name)
    return [
        Figure.of(18, "log capture, 100-byte lines, as the writer sees it", "MB/s", 100, rates, is_at_least=True,
                  note="Into the page cache, as with any log; the writer's clock has steps of 10 ms."),
        Figure.of(18, f"lines stored intact of {lines:,} written", "lines", lines, kept, is_at_least=True),
        Figure.of(18, "log read through the API", "MB/s", 300, reads, is_at_least=True, gap="how the time divides between TLS, formatting and the client has not been measured."),
    ]


def limit(bench):
    """Row 24"""
    with bench.cluster("limit") as cluster:
        cluster.up()
        cluster.busybox()
        client = cluster.client()
        uid = client.run_pod("burn", ["/bin/busybox", "sh", "-c", "while :; do :; done"], resources={"limits": {"cpu": "250m"}})["metadata"]["uid"]
        root = pathlib.Path("/sys/fs/cgroup")
        one = [(path, 1) for path in root.glob(f"cpuacct/kdash-{cluster.id}/**/pod{uid}/cpuacct.usage")]
        two = [(path, 1000) for path in root.glob(f"kdash-{cluster.id}/**/pod{uid}/cpu.stat")]
        path, scale = (one + two)[0]
        used = lambda: int(path.read_text()) if scale == 1 else int(re.search(r"usage_usec (\d+)", path.read_text()).group(1)) * scale
        time.sleep(1)
        samples = []
        for _ in range(bench.count(3)):
            start, before = time.monotonic(), used()
            time.sleep(10)
            samples.append((used() - before) / 1e9 / (time.monotonic() - start))
    worst = max(abs(each - 0.25) / 0.25 * 100 for each in samples)
    return [Figure.of(24, "CPU-seconds per second of a busy loop at 250m, over 10 s", "", None, samples, note="Target 0.25 within 3 %."),
            Figure.of(24, "largest distance from 0.25", "%", 3, [worst])]
