"""The screen where terminals are at their worst: sizes that change all the time, a slow line, wide text, large pastes, and its own end."""

import os
import pathlib
import random
import re
import signal
import threading
import time
import unicodedata

import pytest

import cluster as clusters
from bare_screen import BareScreen
from cluster import eventually
from screen import Screen, open_screen, own_state  # noqa: F401 (open_screen is a fixture)


def pod(name, script, **container):
    return clusters.pod(name, "host/busybox:latest", ["sh", "-c", script], container=container)


def running(one, name, script):
    one.busybox()
    one.apply(pod(name, script))
    one.phase(name, "Running")


def test_a_storm_of_sizes_while_a_log_bursts_ends_whole(shared, base, open_screen):
    # Bursts until the file is there; then the log stands still, so that the screen can be compared.
    running(shared, "storm", "trap 'exit 0' TERM; i=0; until [ -e /tmp/stop ]; do i=$((i+1)); echo storm line $i of many; done; echo last line; sleep 100000 & wait")
    screen = open_screen(shared, "--namespace", "default", "--data-dir", shared.data, env=own_state(shared, base))
    screen.expect("storm/main", "storm line", "live")
    seed = int(os.environ.get("KDASH_STORM_SEED", random.randrange(1 << 32)))
    print(f"sizes from seed {seed}")
    sizes = random.Random(seed)
    for _ in range(300):
        screen.resize(sizes.randrange(1, 260), sizes.randrange(1, 70))
    screen.resize(100, 36)
    shared.kubectl("exec", "storm", "--", "touch", "/tmp/stop")
    screen.expect("last line", "BROWSE", "storm/main", within=60)
    # Everything is where a redraw from nothing puts it. Ages, figures and the lag go on, and the table's columns follow their width.
    figures = re.compile(r"\b\d+(ms|[smhKMG]i?)\b|lag .*?─")

    def still():
        return [re.sub(" +", " ", figures.sub("", line)) if "NAME" in line or figures.search(line) else line for line in screen.text().split("\n")]

    shown = clusters.steady(still, span=1)
    lines = screen.text().rstrip("\n").split("\n")
    assert len(lines) == 36 and "BROWSE" in lines[-1] and "WRITABLE" in lines[0], screen.text()
    screen.press("C-l")
    assert clusters.steady(still, span=1) == shown
    screen.press("2", "d")
    screen.expect("Describe", "storm")
    shared.kubectl("delete", "pod", "storm", "--wait=false")


class SlowTerminal(BareScreen):
    """A terminal at the end of a line that carries so many bytes a second. What has arrived is shown by tmux."""

    def __init__(self, cluster, speed, env):
        self.pipe = cluster.base / f"line-{id(self)}"
        os.mkfifo(self.pipe)
        self.shown = Screen(cluster, columns=80, rows=24, prefix=["sh", "-c", f"stty raw -echo; exec cat {self.pipe} #"])
        super().__init__(cluster, columns=80, rows=24, env=env)
        self.speed, self.received, self.is_open = speed, 0, True
        self.line = threading.Thread(target=self._carry)
        self.line.start()

    def _carry(self):
        with open(self.pipe, "wb", buffering=0) as far:
            start = time.monotonic()
            while self.is_open:
                due = int((time.monotonic() - start) * self.speed) - self.received
                if due < 20:
                    time.sleep(0.01)  # A line has a speed; nothing is waited for here.
                    continue
                try:
                    data = os.read(self.terminal, min(due, 200))
                except OSError:
                    return
                # A quiet line saves nothing up.
                self.received = int((time.monotonic() - start) * self.speed) - due + len(data)
                far.write(data)

    def close(self):
        self.is_open = False
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.line.join()
        os.close(self.terminal)
        self.shown.close()


def test_a_slow_line_shows_what_is_now_and_answers_keys(shared, base):
    # Ten lines a tenth of a second, each with the machine's uptime: host and container share it.
    running(shared, "clock", "trap 'exit 0' TERM; while :; do for i in 0 1 2 3 4 5 6 7 8 9; do read now rest < /proc/uptime; echo stamp $now of $i; done; usleep 100000; done")
    slow = SlowTerminal(shared, 2000, own_state(shared, base))
    try:
        slow.shown.expect("stamp ", "live", within=60)
        slow.press(b"3")
        slow.press(b"z")
        start = time.monotonic()

        def age():
            stamps = re.findall(r"stamp (\d+\.\d\d) of", slow.shown.text())
            return time.clock_gettime(time.CLOCK_BOOTTIME) - max(map(float, stamps)) if stamps else 1000.0

        # Once the first full frames are through, what is shown stays young. The worst of ten seconds counts.
        eventually(lambda: age() < 3, within=60, what="the screen caught up")
        worst, end = 0.0, time.monotonic() + 10
        while time.monotonic() < end:
            worst = max(worst, age())
        assert worst < 6, f"up to {worst:.1f} s behind on a line of 2 kB/s"
        slow.press(b"?")
        pressed = time.monotonic()
        slow.shown.expect("Keys", within=15)
        print(f"worst age {worst:.1f} s; a full page of help {time.monotonic() - pressed:.1f} s after its key; {time.monotonic() - start:.0f} s in all")
    finally:
        slow.close()
        shared.kubectl("delete", "pod", "clock", "--wait=false")


def columns(text):
    """Terminal columns of a text, as tmux counts them."""
    return sum(0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def test_wide_and_combining_text_keeps_every_column_in_place(shared, base, open_screen):
    text = ["日本語のログ", "e\u0301te\u0301 a\u0300 la carte", "한국어 로그", "mixed 漢字 and e\u0301 and text " * 8, "ｆｕｌｌｗｉｄｔｈ", "plain"]
    script = "; ".join(f"echo '{line}'" for line in text) + "; trap 'exit 0' TERM; sleep 100000 & wait"
    running(shared, "wide", script)
    screen = open_screen(shared, "--namespace", "default", "--data-dir", shared.data, env=own_state(shared, base))
    screen.expect("wide")
    screen.filter("wide")
    screen.expect("wide/main", "plain", "日本語のログ", "한국어 로그")
    for size in [(120, 40), (119, 38), (121, 41), (120, 40)]:
        screen.resize(*size)
        shown = clusters.steady(screen.text, span=0.3)
        rows = shown.split("\n")
        start = next(index for index, row in enumerate(rows) if "wide/main" in row)
        rule = columns(rows[start][:rows[start].index("┬" if "┬" in rows[start] else "┴" if "┴" in rows[start] else "┼")])
        inside = [row for row in rows[start + 1:] if "│" in row]
        assert len(inside) > 5, shown
        for row in inside:
            places = [columns(row[:match.start()]) for match in re.finditer("│", row)]
            assert rule in places, f"the rule at {rule} is at {places} in {row!r}:\n{shown}"
    shared.kubectl("delete", "pod", "wide", "--wait=false")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_being_ended_gives_the_terminal_back_and_keeps_the_draft(shared, base, open_screen, number):
    state = own_state(shared, base)
    screen = open_screen(shared, env=state)
    screen.expect("WRITABLE", "BROWSE")
    screen.press("4", "c")
    screen.expect("TYPE")
    screen.paste(f"kind: Precious\nname: kept-{number}\n")
    screen.expect(f"kept-{number}")
    os.kill(screen.pid, number)
    screen.expect("exit=")
    assert screen.is_restored() and screen.state("#{mouse_any_flag}") == "0"
    drafts = pathlib.Path(state["XDG_STATE_HOME"]) / "kdash/drafts"
    assert any(f"kept-{number}" in path.read_text() for path in drafts.glob("*.json")), "the draft is on disk"
    again = open_screen(shared, env=state)
    again.expect(f"kept-{number}")


def test_a_paste_of_a_megabyte_arrives_whole(shared, base, open_screen):
    state = own_state(shared, base)
    screen = open_screen(shared, env=state)
    screen.expect("WRITABLE", "BROWSE")
    screen.press("4", "z", "c")
    screen.expect("TYPE")
    lines = [f"# {number:06d} {'x' * 40}" for number in range(20_000)]
    path = base / "paste"
    path.write_text("\n".join(lines) + "\nthe-end: yes")
    assert path.stat().st_size > 1_000_000
    screen._tmux("load-buffer", str(path))
    screen._tmux("paste-buffer", "-p")
    screen.expect("the-end: yes", within=60)
    drafts = pathlib.Path(state["XDG_STATE_HOME"]) / "kdash/drafts"

    def is_whole():
        kept = "".join(each.read_text() for each in drafts.glob("*.json"))
        return all(f"{number:06d} x" in kept for number in range(20_000)) and "the-end: yes" in kept

    eventually(is_whole, within=60, every=0.5, what="the whole text in the draft")
    screen.type("!")
    screen.expect("the-end: yes!")
