"""Rows about the log pane and the table of tasks: 22, 29."""

import pathlib
import re
import time

from benchlib.figures import Figure
from benchlib.screen import Screen

TASKS = pathlib.Path(__file__).resolve().parents[2] / "docs/tasks.md"


def ingest(bench):
    """Row 22"""
    lines = 3_000_000
    script = f"""
/bin/busybox yes {'x' * 60} | /bin/busybox head -n {lines}
echo the very end
exec /bin/busybox sleep 100000"""
    rates, resolution = [], []
    with bench.cluster("ingest") as cluster:
        (cluster.data / "config.yaml").write_text("logMaximumMiB: 1024\nlogMaximumFiles: 2\n")
        cluster.up()
        cluster.busybox()
        client = cluster.client()
        client.run_pod("big", ["/bin/busybox", "sh", "-c", script])
        client.run_pod("a-small", ["/bin/busybox", "sh", "-c", "echo small; exec /bin/busybox sleep 100000"])
        with Screen(cluster) as screen:
            resolution.append(screen.resolution())
            screen.start()
            screen.until("BROWSE", "big", "a-small")
            screen.press("2", "G")
            screen.until("the very end", within=120)
            for _ in range(bench.count(5)):
                screen.press("g", "g")
                screen.until("a-small/main", " small")
                start = time.monotonic()
                screen.press("j")
                rates.append(lines / (screen.until("the very end", within=120) - start))
    note = f"{lines:,} lines of 61 bytes of one container, from the key that shows its log to its last line painted: read, cut, kept and shown. {said(resolution)}"
    return [Figure.of(22, "log lines read into the pane", "lines/s", 1_000_000, rates, is_at_least=True, note=note)]


def presses(bench):
    """Row 29"""
    rows = re.findall(r"^\| \d+ \| .*? \| `.*?` \| (\d+) \| `.*?` \| (\d+) \|$", TASKS.read_text(), re.M)
    ours, theirs = sum(int(row[0]) for row in rows), sum(int(row[1]) for row in rows)
    share = 100 * ours / theirs
    note = f"{ours} and {theirs}; counted in docs/tasks.md, pressed by Tests/Live/test_tasks.py."
    more = sum(int(row[0]) > int(row[1]) for row in rows)
    return [Figure(29, "key presses of twelve tasks, share of k9s's", "%", 60, share, share, share, len(rows), note=note),
            Figure(29, "tasks that take more presses than in k9s", "", 0, more, more, more, len(rows))]


def said(resolution):
    return f"Seen with a resolution of {sorted(resolution)[len(resolution) // 2]:.0f} ms (one capture)."
