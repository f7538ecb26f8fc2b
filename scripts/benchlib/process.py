"""What a process uses, as /proc tells it; also for the load tests."""

import pathlib
import re
import time


def memory(pid):
    """Bytes by kind: Pss, Rss, Pss_Anon and so on."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {kind: int(value) * 1024 for kind, value in re.findall(r"^(\w+): +(\d+) kB", text, re.M)}


def processor_seconds(pid):
    """What the threads that it has now have used so far."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e9


def is_idle(pid, span):
    """Looks for `span` seconds whether it uses less than 2 % of a processor."""
    before = processor_seconds(pid)
    time.sleep(span)
    return processor_seconds(pid) - before < span * 0.02
