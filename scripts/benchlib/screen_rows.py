"""Rows about the screen, as far as tmux shows them: 20, 25, 26, 28."""

import re
import threading
import time

from benchlib.cluster import PODS, pod, wait
from benchlib.figures import Figure
from benchlib.screen import Screen


def first_frame(bench):
    """Row 20"""
    samples, resolution = [], []
    with bench.cluster("frame") as cluster:
        cluster.up()
        for _ in range(bench.count(10)):
            with Screen(cluster) as screen:
                resolution.append(screen.resolution())
                start = screen.start()
                samples.append((screen.until("BROWSE") - start) * 1e3)
    return [Figure.of(20, "first frame after `kdash` starts in tmux, cluster running", "ms", 50, samples, note=said(resolution))]


def demo(bench):
    """Row 26"""
    samples, offers, resolution = [], [], []
    for index in range(bench.count(5)):
        with bench.cluster(f"demo{index}") as cluster, Screen(cluster) as screen:
            resolution.append(screen.resolution())
            start = screen.start()
            offers.append((screen.until("Start a small demo") - start) * 1e3)
            screen.press("y")
            samples.append((screen.until("hello from kdash, line") - start) * 1e3)
    return [
        Figure.of(26, "`kdash` on an empty directory to the demo's first log line painted", "ms", 700, samples, gap="what starts four pods, draws and captures shares two cores; single runs take from 0.3 to 1.2 s.",
                  note=f"The offer is accepted by `y` as soon as a capture shows it. {said(resolution)}"),
        Figure.of(26, "of which until the demo is offered", "ms", None, offers),
    ]


def log_lag(bench):
    """Row 25, from the start."""
    return lag(bench, before=0)


def log_lag_later(bench):
    """Row 25 as its target says it: an hour of lines comes first."""
    return lag(bench, before=3600)


def lag(bench, before):
    """The lag over half a minute, `before` seconds after the first line, then that of bursts."""
    seconds = 30
    batch = f"/bin/busybox yes {'x' * 60} | /bin/busybox head -n"
    # Every batch ends with the machine's uptime, which host and container share.
    script = f"""
{batch} 1000 > /batch; {batch} 1000000 > /burst
/bin/busybox sleep 4
read now rest < /proc/uptime; end=$((${{now%.*}} + {before + seconds}))
while [ ${{now%.*}} -lt $end ]; do /bin/busybox cat /batch; read now rest < /proc/uptime; echo "stamp $now"; /bin/busybox usleep 92000; done
for i in 1 2 3; do /bin/busybox sleep 3; /bin/busybox cat /burst; read now rest < /proc/uptime; echo "burst $now"; done
exec /bin/busybox sleep 1000"""
    with bench.cluster("lag") as cluster:
        (cluster.data / "config.yaml").write_text("logMaximumMiB: 1024\nlogMaximumFiles: 2\n")
        cluster.up()
        cluster.busybox()
        cluster.client().run_pod("writer", ["/bin/busybox", "sh", "-c", script])
        with Screen(cluster) as screen:
            resolution = screen.resolution()
            screen.start()
            screen.until("writer")
            screen.press("2")
            screen.press("l")
            # The pane follows meanwhile; a capture now and then shows that it does.
            began = time.monotonic()
            while time.monotonic() < began + before:
                screen.until("stamp")
                time.sleep(10)
            seen, lags, bursts = {}, [], []
            deadline = time.monotonic() + seconds + 60
            while len(bursts) < 3 and time.monotonic() < deadline:
                text, now = screen.text(), time.clock_gettime(time.CLOCK_BOOTTIME)
                for kind, value in re.findall(r"(stamp|burst) (\d+\.\d\d)(?!\d)", text):
                    if (kind, value) in seen:
                        continue
                    seen[kind, value] = now
                    if kind == "burst":
                        bursts.append(now - float(value))
                    else:
                        lags.append((now - float(value)) * 1e3)
            if len(bursts) < 3 or len(lags) < seconds * 9:
                raise RuntimeError(f"only {len(lags)} stamps and {len(bursts)} bursts were seen:\n{screen.text()}")
    stamps = [float(value) for kind, value in seen if kind == "stamp"]
    rate = 1001 * (len(stamps) - 1) / (stamps[-1] - stamps[0])
    # The first ones may have been written before the pane was open, or before the captures began.
    lags = lags[5:]
    ordered = sorted(lags)
    tail = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    note = f"{'After 1 h' if before else f'The first {seconds} s'}. {said([resolution])} The stamps have steps of 10 ms."
    return [Figure(25, f"line written to line painted at {rate:,.0f} lines/s, p99 (median {ordered[len(ordered) // 2]:.0f} ms)", "ms", 50, tail, ordered[0], ordered[-1], len(lags), note=note),
            Figure.of(25, "end of a burst of 1,000,000 lines to its last line painted", "s", 1, bursts)]


def bytes_out(bench):
    """Row 28"""
    seconds = 10
    status = '{"status":{"phase":"Running","containerStatuses":[{"name":"main","image":"i","imageID":"i","ready":true,"started":true,"restartCount":@,"state":{"running":{}}}]}}'
    with bench.cluster("bytes") as cluster:
        cluster.up()
        client = cluster.client()
        for number in range(11):
            # A node that does not exist: nobody but the load generator writes these pods' status.
            body = pod(f"p{number}", ["x"])
            body["spec"]["nodeName"] = "elsewhere"
            client.send("POST", PODS, body)
        recorded = cluster.base / "bytes"
        with Screen(cluster, columns=80, rows=24) as screen:
            screen.start()
            screen.until("BROWSE")
            time.sleep(1)
            screen.press("2")
            screen.until(*[f" p{number} " for number in range(11)])
            time.sleep(1)
            done = []
            worker = threading.Thread(target=lambda: done.append(bench.load(
                cluster, 8, seconds + 2, "PATCH", f"{PODS}/p@/status", "application/merge-patch+json", status, "1000")))
            worker.start()
            time.sleep(1)
            screen.record(recorded)
            wait(recorded.exists, what="the recording")
            samples, before = [], recorded.stat().st_size
            for _ in range(seconds):
                time.sleep(1)
                size = recorded.stat().st_size
                samples.append((size - before) / 1e3)
                before = size
            worker.join()
    if not done or done[0]["errors"]:
        raise RuntimeError("the changes were refused")
    return [Figure.of(28, "bytes to the terminal while pods change, 80x24", "kB/s", 64, samples, note=f"{done[0]['rate']:.0f} changes/s to the restart counts of eleven pods, all visible.")]


def said(resolution):
    return f"Seen with a resolution of {sorted(resolution)[len(resolution) // 2]:.0f} ms (one capture)."
