"""Rows about large tables on the screen: 20 (keys), 21, 27 and 28 with 10,000 pods, and what the screen's process needs."""

import json
import random
import re
import subprocess
import sys
import threading
import time

from benchlib import process
from benchlib.api_rows import CONFIG_MAPS
from benchlib.cluster import PODS as PATH
from benchlib.figures import Figure, quantile
from benchlib.load_rows import POD, STATUS, config_map, mix
from benchlib.terminal import Terminal

PODS, TURNS = 10000, 5
OBJECTS = 100_000
ROUND_TRIP = 0.05


def fill_pods(bench, cluster):
    """10,000 pods, all Running by their status, named pTURN-CONNECTION-NUMBER; returns how many there are, as the screen writes it."""
    for turn in range(TURNS):
        body = json.dumps(POD).replace("p-~-@", f"p{turn}-~-@")
        requests = mix(bench, f"table-pods{turn}", ("POST", PATH, "application/json", body),
                       ("PATCH", f"{PATH}/p{turn}-~-@/status", "application/merge-patch+json", json.dumps(STATUS)))
        made = bench.load(cluster, 100, f"{2 * PODS // TURNS}n", "MIX", requests)
        if made["errors"]:
            raise RuntimeError(f"{made['errors']} pods were not made")
    return f"{cluster.client().send('GET', f'{PATH}?limit=1')['metadata']['remainingItemCount'] + 1:,}".encode()


def changes(bench, cluster, seconds, rate):
    """Changes the restart counts of 1,001 pods from a thread; returns the thread and where its result comes."""
    status = {"status": {"containerStatuses": [dict(STATUS["status"]["containerStatuses"][0], restartCount="@")]}}
    body = json.dumps(status).replace('"@"', "@")
    done = []
    worker = threading.Thread(target=lambda: done.append(bench.load(
        cluster, 91, seconds, "PATCH", f"{PATH}/p0-~-@/status", "application/merge-patch+json", body, str(rate))))
    worker.start()
    return worker, done


def moved(terminal, keys):
    """Milliseconds from a key that moves the cursor until the row it goes to is drawn: its name is written, which no change of a count does."""
    moment, start = terminal.press(keys)
    terminal.until_match(rb"p\d-\d+-\d+", start)
    return (time.monotonic() - moment) * 1e3


def complete(terminal, count, within=60, every=1):
    """Waits until the title has the count. A frame writes only what changed of it, so the whole screen is asked for, every so many seconds."""
    deadline = time.monotonic() + within
    while True:
        terminal.press(b"\x0c")
        try:
            return terminal.until(count, within=every)
        except TimeoutError:
            if time.monotonic() > deadline:
                raise


def pods(bench):
    """Rows 20 (keys), 28 and CPU, with 10,000 pods and 1,000 changes a second"""
    seconds, figures = 20, []
    with bench.cluster("table") as cluster:
        cluster.up()
        count = fill_pods(bench, cluster)
        with Terminal(cluster, 80, 24) as terminal:
            terminal.until(b"p0-0-", within=30, start=0)
            complete(terminal, count)
            memory = cluster.memory(terminal.screen)
            terminal.press(b"2")
            terminal.press(b"z")
            terminal.settle(0.5)
            worker, done = changes(bench, cluster, seconds + 8, 1000)
            terminal.rest(2)
            before = process.processor_seconds(terminal.screen)
            written = [terminal.rest(1) / 1e3 for _ in range(5)]
            busy = (process.processor_seconds(terminal.screen) - before) / 5 * 100
            times, deadline, chance, row = [], time.monotonic() + seconds - 4, random.Random(1), 0
            while time.monotonic() < deadline:
                # Within what is shown: when the table scrolls, only digits of names are written.
                key = b"j" if row == 0 else b"k" if row == 10 else chance.choice((b"j", b"k"))
                row += 1 if key == b"j" else -1
                times.append(moved(terminal, key))
                terminal.rest(chance.uniform(0.02, 0.08))
            worker.join()
            after = cluster.memory(terminal.screen)
    if not done or done[0]["errors"]:
        raise RuntimeError("the changes were refused")
    note = f"{done[0]['rate']:.0f} changes/s to 10,000 pods, zoomed, 80x24."
    figures.append(Figure(20, f"key to paint, p99 (median {quantile(times, 0.5):.1f} ms)", "ms", 16, quantile(times, 0.99), min(times), max(times), len(times), note=note))
    figures.append(Figure.of(28, "bytes to the terminal while 10,000 pods change, 80x24", "kB/s", 64, written, note=note))
    figures.append(Figure.of(28, "CPU of the screen meanwhile", "%", None, [busy], note="Of one core."))
    figures.append(Figure.of(27, "memory (PSS) of the screen with 10,000 pods", "MB", 60, [memory["Pss"]], note=f"{memory['Pss_Anon']:.1f} MB anonymous."))
    figures.append(Figure.of(27, "the same after these changes", "MB", 60, [after["Pss"]], note=f"{after['Pss_Anon']:.1f} MB anonymous."))
    return figures


DELAY = """
import asyncio, sys, time
port, half = int(sys.argv[1]), float(sys.argv[2])
async def pump(reader, writer):
    loop, queue = asyncio.get_running_loop(), asyncio.Queue()
    async def late():
        while (item := await queue.get()) is not None:
            due, data = item
            await asyncio.sleep(max(0, due - loop.time()))
            writer.write(data)
            await writer.drain()
        writer.close()
    task = asyncio.create_task(late())
    try:
        while data := await reader.read(1 << 16):
            await queue.put((loop.time() + half, data))
    except ConnectionError:
        pass
    await queue.put(None)
    await task
async def serve(reader, writer):
    up = await asyncio.open_connection("127.0.0.1", port)
    # The handshake of the way itself: a connection costs a round trip before anything is sent.
    await asyncio.sleep(2 * half)
    await asyncio.gather(pump(reader, up[1]), pump(up[0], writer), return_exceptions=True)
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


def remote(bench):
    """Row 27: a server that is 50 ms away"""
    first, whole, memories = [], [], []
    with bench.cluster("far") as cluster:
        cluster.up()
        count = fill_pods(bench, cluster)
        proxy = subprocess.Popen([sys.executable, "-c", DELAY, str(cluster.port), str(ROUND_TRIP / 2)], stdout=subprocess.PIPE, text=True)
        try:
            port = int(proxy.stdout.readline())
            config = cluster.base / "far.kubeconfig"
            config.write_text(re.sub(r"(server: https://127\.0\.0\.1:)\d+", rf"\g<1>{port}", (cluster.data / "kubeconfig").read_text()))
            for _ in range(bench.count(5)):
                with Terminal(cluster, 120, 40, "--kubeconfig", str(config)) as terminal:
                    first.append(terminal.until(b"p0-0-", within=30, start=0) - terminal.started)
                    whole.append(complete(terminal, count, every=0.1) - terminal.started)
                    terminal.rest(1)
                    memories.append(cluster.memory(terminal.screen))
        finally:
            proxy.terminate()
            proxy.wait()
    return [
        Figure.of(27, "first rows of a server 50 ms away with 10,000 pods, from the start of `kdash`", "s", 1, first, note="Through a proxy that holds every byte back for 25 ms each way."),
        Figure.of(27, "of which all 10,000 pods", "s", None, whole),
        Figure.of(27, "memory (PSS) of that screen", "MB", 60, [each["Pss"] for each in memories]),
        Figure.of(27, "of which anonymous", "MB", None, [each["Pss_Anon"] for each in memories]),
    ]


def objects(bench):
    """Row 21: 100,000 objects"""
    with bench.cluster("many") as cluster:
        cluster.up()
        done = bench.load(cluster, 64, f"{OBJECTS}n", "POST", CONFIG_MAPS, "application/json", config_map("big-@", 16))
        if done["errors"]:
            raise RuntimeError("objects were not made")
        # Without any pod the demo would be offered.
        cluster.client().send("POST", PATH, {**POD, "metadata": {"name": "lonely"}})
        with Terminal(cluster, 120, 40) as terminal:
            terminal.until(b"lonely", within=30, start=0)
            terminal.press(b"2")
            terminal.press(b"z")
            terminal.settle(0.5)
            empty = cluster.memory(terminal.screen)
            read = terminal.time(b"gc", b"100,00", within=120)
            terminal.settle(0.6)
            memory = cluster.memory(terminal.screen)
            opens, keystrokes = [], []
            for _ in range(bench.count(20)):
                terminal.time(b"[")
                terminal.settle(0.2)
                opens.append(terminal.time(b"]", b"big-"))
                terminal.settle(0.2)
            for word in (b"77", b"g-9", b"31", b"-5"):
                terminal.time(b"/")
                terminal.settle(0.2)
                for key in word:
                    keystrokes.append(terminal.time(bytes([key])))
                    terminal.settle(0.2)
                terminal.time(b"\x1b")
                terminal.settle(0.3)
    return [
        Figure.of(21, "open a table of 100,000 objects that is at hand", "ms", 100, opens),
        Figure.of(21, "filter keystroke over 100,000 objects", "ms", 10, keystrokes),
        Figure.of(21, "until 100,000 objects were read and shown", "ms", None, [read]),
        Figure.of(27, "memory (PSS) of the screen with 100,000 objects in view", "MB", None, [memory["Pss"]], note=f"{memory['Pss_Anon']:.1f} MB anonymous, {empty['Pss_Anon']:.1f} MB before."),
    ]

