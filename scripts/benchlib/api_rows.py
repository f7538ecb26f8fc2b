"""Rows about requests: 10 and 11."""

import os
import time

from benchlib.figures import Figure

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
BODY = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"%s","labels":{"app":"bench"}},"data":{"k":"' + "7" * 512 + '"}}'


def get(bench):
    """Row 10"""
    with bench.cluster("get") as cluster:
        cluster.up()
        cluster.client().raw("POST", CONFIG_MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": {"k": "7" * 512}})
        bench.load(cluster, 32, 1, "GET", f"{CONFIG_MAPS}/one")
        alone, crowd, busy = [], [], []
        for _ in range(bench.count(5)):
            alone.append(bench.load(cluster, 1, 2, "GET", f"{CONFIG_MAPS}/one"))
            before = cluster.processor_seconds()
            crowd.append(bench.load(cluster, 32, 2, "GET", f"{CONFIG_MAPS}/one"))
            busy.append((cluster.processor_seconds() - before) / crowd[-1]["n"] * 1e6)
    shared = f"Client and server share {os.cpu_count()} cores."
    return [
        Figure.of(10, "GET one object, p50 at 1 client (p99 in the next line)", "ms", 0.15, [each["p50"] for each in alone], note=shared),
        Figure.of(10, "GET one object, p99 at 1 client", "ms", None, [each["p99"] for each in alone]),
        Figure.of(10, "GET throughput at 32 clients", "/s", 30000, [each["rate"] for each in crowd], is_at_least=True,
                  gap="see the server's own time in the next line; the load generator has to find its time on the same cores.", note=errors(alone + crowd)),
        Figure.of(10, "the daemon's CPU time per GET, 32 clients", "us", None, busy, note="With 32 handshakes in it."),
    ]


def create(bench):
    """Row 11"""
    with bench.cluster("create") as cluster:
        cluster.up()
        alone, crowd, busy, overwriting, appending = [], [], [], [], []
        for index in range(bench.count(5)):
            overwriting.append(sync_floor(cluster.base / "floor", False))
            appending.append(sync_floor(cluster.base / "floor", True))
            alone.append(bench.load(cluster, 1, 2, "POST", CONFIG_MAPS, "application/json", BODY % f"a{index}-@"))
            before = cluster.processor_seconds()
            crowd.append(bench.load(cluster, 64, 2, "POST", CONFIG_MAPS, "application/json", BODY % f"b{index}-@"))
            busy.append((cluster.processor_seconds() - before) / crowd[-1]["n"] * 1e6)
    return [
        Figure.of(11, "bare fdatasync of 4 KiB written over written space, p50", "ms", None, overwriting, note="What the store does: it keeps written space ahead of its log."),
        Figure.of(11, "bare fdatasync of 4 KiB appended, p50", "ms", None, appending, note="The file grows, so the file system's journal is in it."),
        Figure.of(11, "durable create, p50 at 1 client", "ms", 0.4, [each["p50"] for each in alone], gap="one fdatasync, two lines above, is part of every create."),
        Figure.of(11, "durable create, p99 at 1 client", "ms", None, [each["p99"] for each in alone]),
        Figure.of(11, "durable create throughput at 64 clients", "/s", 12000, [each["rate"] for each in crowd], is_at_least=True,
                  gap="see the daemon's own time in the next line; the load generator has to find its time on the same cores, and each group of writes waits for one fdatasync.", note=errors(alone + crowd)),
        Figure.of(11, "the daemon's CPU time per create, 64 clients", "us", None, busy, note="With 64 handshakes in it."),
    ]


def errors(answers):
    total = sum(each["errors"] for each in answers)
    return f"{total} errors." if total else ""


def sync_floor(path, is_appending):
    """Milliseconds, median of 200."""
    block, count = b"7" * 4096, 200
    fd = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    if not is_appending:
        os.write(fd, block * count)
        os.fsync(fd)
    times = []
    for index in range(count):
        os.pwrite(fd, block, index * len(block))
        start = time.monotonic()
        os.fdatasync(fd)
        times.append((time.monotonic() - start) * 1e3)
    os.close(fd)
    os.unlink(path)
    return sorted(times)[100]
