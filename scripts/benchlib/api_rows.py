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
        alone, crowd = [], []
        for _ in range(bench.count(5)):
            alone.append(bench.load(cluster, 1, 2, "GET", f"{CONFIG_MAPS}/one"))
            crowd.append(bench.load(cluster, 32, 2, "GET", f"{CONFIG_MAPS}/one"))
    shared = f"Client and server share {os.cpu_count()} cores."
    return [
        Figure.of(10, "GET one object, p50 at 1 client (p99 in the next line)", "ms", 0.15, [each["p50"] for each in alone], note=shared),
        Figure.of(10, "GET one object, p99 at 1 client", "ms", None, [each["p99"] for each in alone]),
        Figure.of(10, "GET throughput at 32 clients", "/s", 30000, [each["rate"] for each in crowd], is_at_least=True,
                  gap="the load generator takes a part of the same cores; the server's own share has not been separated.", note=errors(alone + crowd)),
    ]


def create(bench):
    """Row 11"""
    with bench.cluster("create") as cluster:
        cluster.up()
        alone, crowd, floor = [], [], []
        for index in range(bench.count(5)):
            floor.append(sync_floor(cluster.base / "floor"))
            alone.append(bench.load(cluster, 1, 2, "POST", CONFIG_MAPS, "application/json", BODY % f"a{index}-@"))
            crowd.append(bench.load(cluster, 64, 2, "POST", CONFIG_MAPS, "application/json", BODY % f"b{index}-@"))
    return [
        Figure.of(11, "bare fdatasync of 4 KiB appended, p50", "ms", None, floor, note="The floor of the disk: no durable create can be faster."),
        Figure.of(11, "durable create, p50 at 1 client", "ms", 0.4, [each["p50"] for each in alone], gap="the disk's own fdatasync, in the line above, is part of every create."),
        Figure.of(11, "durable create, p99 at 1 client", "ms", None, [each["p99"] for each in alone]),
        Figure.of(11, "durable create throughput at 64 clients", "/s", 12000, [each["rate"] for each in crowd], is_at_least=True,
                  gap="the load generator takes a part of the same cores, and each group of writes waits for one fdatasync.", note=errors(alone + crowd)),
    ]


def errors(answers):
    total = sum(each["errors"] for each in answers)
    return f"{total} errors." if total else ""


def sync_floor(path):
    """Milliseconds, median of 200."""
    fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    times = []
    for _ in range(200):
        os.write(fd, b"7" * 4096)
        start = time.monotonic()
        os.fdatasync(fd)
        times.append((time.monotonic() - start) * 1e3)
    os.close(fd)
    os.unlink(path)
    return sorted(times)[100]
