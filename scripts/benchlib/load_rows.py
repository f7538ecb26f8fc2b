"""Rows about many objects, large lists and many watches: 3, 12, 13, 14, and how costs grow with the number of objects."""

import json
import subprocess
import time

from benchlib.api_rows import CONFIG_MAPS, errors
from benchlib.figures import Figure, Table

WATCHES = 1000
# The same over HTTP/2, a full connection each.
SHARED = "1000/250"
TURNS = 3
# Bound to a node that is not there, so that no container is started for it.
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p-~-@", "labels": {"app": "bench", "shard": "s~"}}, "spec": {
    "nodeName": "elsewhere", "automountServiceAccountToken": False,
    "containers": [{"name": "main", "image": "registry.example/bench/main:1.0", "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}}}]}}
STAMP = "2026-01-01T00:00:00Z"
STATUS = {"status": {
    "phase": "Running", "hostIP": "10.0.0.1", "podIP": "10.1.2.3", "podIPs": [{"ip": "10.1.2.3"}], "startTime": STAMP,
    "conditions": [{"type": kind, "status": "True", "lastTransitionTime": STAMP} for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready")],
    "containerStatuses": [{
        "name": "main", "image": "registry.example/bench/main:1.0", "imageID": "registry.example/bench/main@sha256:" + "0" * 64, "ready": True, "started": True,
        "restartCount": 0, "containerID": "kdash://" + "0" * 64, "state": {"running": {"startedAt": STAMP}}}]}}


def config_map(name, size):
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"app": "bench"}}, "data": {"k": "7" * size}})


def fill(bench, cluster, name, first, count, size):
    """Creates config maps `<name><first>` and so on."""
    done = bench.load(cluster, min(64, count), f"{count}n", "POST", CONFIG_MAPS, "application/json", config_map(f"{name}{first}x@", size))
    if done["errors"]:
        raise RuntimeError(f"{done['errors']} of {count} creates failed")


def mix(bench, name, *lines):
    path = bench.base / f"{name}.mix"
    path.write_text("".join("\t".join(line) + "\n" for line in lines))
    return path


def pods(bench):
    """Row 3"""
    count, clients = 10000, 10
    with bench.cluster("pods") as cluster:
        cluster.up()
        requests = mix(bench, "pods", ("POST", "/api/v1/namespaces/default/pods", "application/json", json.dumps(POD)),
                       ("PATCH", "/api/v1/namespaces/default/pods/p-~-@/status", "application/merge-patch+json", json.dumps(STATUS)))
        before = cluster.memory(cluster.daemon)
        made = bench.load(cluster, clients, f"{2 * count}n", "MIX", requests)
        size = len(cluster.client().raw("GET", "/api/v1/namespaces/default/pods?limit=500")) / 500
        # A second after the last request the daemon tidies up.
        time.sleep(2)
        cluster.settle()
        samples = []
        for _ in range(3):
            time.sleep(1)
            samples.append((cluster.memory(cluster.daemon), cluster.memory(cluster.supervisor)))
    note = f"Objects of {size / 1e3:.1f} kB, all Running by their status, on a node that is not there. {errors([made])}".strip()
    return [
        Figure.of(3, "PSS with 10,000 pods, daemon + supervisor", "MB", 100, [sum(part["Pss"] for part in each) for each in samples], note=note,
                  gap="see the lines below."),
        Figure.of(3, "resident (RSS) of the daemon alone", "MB", None, [daemon["Rss"] for daemon, _ in samples]),
        Figure.of(3, "of which anonymous", "MB", None, [daemon["Pss_Anon"] for daemon, _ in samples], note=f"{before['Pss_Anon']:.1f} MB before."),
    ]


def mixed(bench):
    """Row 12"""
    def requests(run):
        # Names of its own: a run ends in the middle of a round and leaves its last objects.
        name = f"m{run}-~-@"
        one = f"{CONFIG_MAPS}/{name}"
        return mix(bench, "mixed", ("POST", CONFIG_MAPS, "application/json", config_map(name, 700)), ("GET", one),
                   ("PUT", one, "application/json", config_map(name, 720)), ("GET", one),
                   ("PATCH", one, "application/merge-patch+json", '{"data":{"more":"@"}}'), ("GET", one), ("GET", f"{CONFIG_MAPS}?limit=20"), ("DELETE", one))

    with bench.cluster("mixed") as cluster:
        cluster.up()
        bench.load(cluster, 32, 1, "MIX", requests("w"))
        runs, busy = [], []
        for run in range(bench.count(5)):
            before = cluster.processor_seconds()
            runs.append(bench.load(cluster, 32, 3, "MIX", requests(run)))
            busy.append((cluster.processor_seconds() - before) / runs[-1]["n"] * 1e3)
    note = f"32 clients: create, update, patch, delete, 3 GETs and a list of 20 in turn, objects of 1 kB. {errors(runs)}".strip()
    return [Figure.of(12, "server CPU per request, mixed", "ms", 0.05, busy, note=note, gap="half of the mix are durable writes, and each write costs what row 11 says."),
            Figure.of(12, "requests per second of this mix", "/s", None, [each["rate"] for each in runs])]


def big_list(bench):
    """Row 13"""
    with bench.cluster("list") as cluster:
        cluster.up()
        fill(bench, cluster, "l", 0, 3000, 1110)
        size = len(cluster.client().raw("GET", CONFIG_MAPS)) / 3000
        bench.load(cluster, 1, "10n", "GET", CONFIG_MAPS)
        runs, busy, crowd = [], [], []
        for _ in range(bench.count(5)):
            before = cluster.processor_seconds()
            runs.append(bench.load(cluster, 1, "50n", "GET", CONFIG_MAPS))
            busy.append((cluster.processor_seconds() - before) / 50 * 1e3)
            crowd.append(bench.load(cluster, 8, "100n", "GET", CONFIG_MAPS))
    return [
        Figure.of(13, "LIST of 3000, consistent, p50 at 1 client", "ms", 5, [each["p50"] for each in runs], note=f"Objects of {size / 1e3:.2f} kB.",
                  gap="the daemon's own time is in the next line; the client decrypts and copies 4.5 MB as well."),
        Figure.of(13, "the daemon's CPU time per LIST", "ms", None, busy),
        Figure.of(13, "LISTs per second at 8 clients", "/s", None, [each["rate"] for each in crowd]),
    ]


def watches(bench):
    """Row 14"""
    with bench.cluster("watches") as cluster:
        cluster.up()
        client = cluster.client()
        for index in range(16):
            client.raw("POST", CONFIG_MAPS, json.loads(config_map(f"w{index}", 512)))
        cluster.settle()
        latencies, shared, rates, shared_rates, busy, size = [], [], [], [], [], 0
        for _ in range(bench.count(5)):
            latencies.append(watch(bench, cluster, client, WATCHES, 100, 1)[0])
            shared.append(watch(bench, cluster, client, SHARED, 100, 1)[0])
            found, used = watch(bench, cluster, client, WATCHES, 1000, 8)
            rates.append(found["rate"])
            busy.append(used / found["events"] * 1e6)
            shared_rates.append(watch(bench, cluster, client, SHARED, 1000, 8)[0]["rate"])
            size = found["bytes"] / found["events"]
    return [
        Figure.of(14, f"{WATCHES} watchers, events delivered", "/s", 300000, rates, is_at_least=True, note=f"Events of {size:.0f} bytes, 8 writers without pause.",
                  gap="the watchers' own decryption takes its time on the same cores."),
        Figure.of(14, "the daemon's CPU time per event delivered", "us", None, busy, note="With the writes in it, without the handshakes."),
        Figure.of(14, "the same over HTTP/2, 250 watches on a connection", "/s", None, shared_rates),
        Figure.of(14, f"{WATCHES} watchers over HTTP/2, 250 on a connection, write to seen, p50", "ms", 2, [each["p50"] for each in shared],
                  note="One write at a time, over every watcher; the figure of the peer is over HTTP/2 too.", gap="the daemon walks all watches, and their client reads all events, on cores that both share."),
        Figure.of(14, "the same, p99", "ms", None, [each["p99"] for each in shared]),
        Figure.of(14, f"{WATCHES} watchers over HTTP/1.1, each on a connection of its own, write to seen, p50", "ms", None, [each["p50"] for each in latencies],
                  note="A thousand records of TLS and system calls on either side for each write."),
        Figure.of(14, "the same, p99", "ms", None, [each["p99"] for each in latencies]),
        Figure.of(14, "memory of the daemon per idle watch, over a TLS connection of its own", "kB", None, idle_watches(bench, WATCHES)),
        Figure.of(14, "the same over HTTP/2, 250 watches on a connection", "kB", None, idle_watches(bench, SHARED)),
    ]


def watch_command(bench, cluster, client, watches):
    revision = json.loads(client.raw("GET", f"{CONFIG_MAPS}?limit=1"))["metadata"]["resourceVersion"]
    path = f"{CONFIG_MAPS}?watch=true&resourceVersion={revision}"
    return [bench.watchgen, str(cluster.port), cluster.data / "pki", str(watches), path]


def watch(bench, cluster, client, watches, writes, writers):
    """What watchgen found, and the daemon's CPU seconds from the watches being open to the last event."""
    body = json.dumps({"data": {"n": "@"}})
    command = watch_command(bench, cluster, client, watches) + [str(writes), str(writers), f"{CONFIG_MAPS}/w@", body]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        before = cluster.processor_seconds()
        out, err = process.communicate(timeout=180)
    if process.returncode != 0:
        raise RuntimeError(err.strip())
    return json.loads(out), cluster.processor_seconds() - before


def idle_watches(bench, watches):
    """Kilobytes per watch, each time in a daemon that has held none before: what one round leaves free, the next one would use again."""
    samples = []
    for index in range(bench.count(3)):
        with bench.cluster(f"idle{index}") as cluster:
            cluster.up()
            client = cluster.client()
            cluster.settle()
            before = cluster.memory(cluster.daemon)["Pss"]
            with subprocess.Popen(watch_command(bench, cluster, client, watches), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
                process.stdout.readline()
                cluster.settle()
                samples.append((cluster.memory(cluster.daemon)["Pss"] - before) * 1e3 / WATCHES)
                process.communicate("")
    return samples


def growth(bench):
    """Cost by number of objects"""
    rows = []
    with bench.cluster("growth") as cluster:
        cluster.up()
        have = 0
        for wanted in (100, 1000, 10000, 30000):
            fill(bench, cluster, f"f{have}", 0, wanted - have, 700)
            have = wanted
            cluster.settle()
            probes = [
                (1500, lambda _: ("GET", f"{CONFIG_MAPS}/f00x7")),
                (400, lambda turn: ("POST", CONFIG_MAPS, "application/json", config_map(f"g{turn}x@", 700))),
                (300, lambda _: ("GET", f"{CONFIG_MAPS}?limit=100")),
                (400, lambda _: ("PATCH", f"{CONFIG_MAPS}/f00x@", "application/merge-patch+json", '{"data":{"n":"@"}}')),
            ]
            cells = [f"{wanted:,}"] + [cost(bench, cluster, count, request) for count, request in probes]
            for turn in range(TURNS):
                bench.load(cluster, 8, "400n", "DELETE", f"{CONFIG_MAPS}/g{turn}x@")
            rows.append(cells)
    head = ["objects of the kind", "GET", "create", "list of 100", "patch"]
    return [Table("What a request costs by the number of stored objects", head, rows,
                  "The daemon's CPU time per request / median latency, both in microseconds, at 4 clients; best of three runs. Objects of 1 kB; creates are deleted again. "
                  "Of 30,000 such objects not all fit into the 32 MB that are kept in memory: those asked for here are then read from the disk, at a cost that does not grow either.")]


def cost(bench, cluster, count, request):
    """The best of some runs, since whatever else the machine does only adds."""
    times, latencies = [], []
    for turn in range(TURNS):
        before = cluster.processor_seconds()
        done = bench.load(cluster, 4, f"{count}n", *request(turn))
        if done["errors"]:
            raise RuntimeError(f"{done['errors']} of {count} requests failed: {request(turn)[:2]}")
        times.append((cluster.processor_seconds() - before) / count * 1e6)
        latencies.append(done["p50"] * 1e3)
    return f"{min(times):.0f} / {min(latencies):.0f}"
