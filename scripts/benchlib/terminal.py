"""kdash on a pseudo-terminal of ours: every byte it writes is seen when it is written."""

import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import termios
import time

FRAME_END = b"\x1b[?2026l"
# What the program asks a terminal, and what a good one answers: frames are drawn at once, and it is an xterm.
ANSWERS = ((b"\x1b[?2026$p", b"\x1b[?2026;2$y"), (b"\x1b[c", b"\x1b[?62;22c"))


class Terminal:
    def __init__(self, cluster, columns=120, rows=40, *arguments, env=None):
        self.seen = bytearray()
        self.total = 0
        self.started = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            environment = dict(cluster.env, **(env or {}))
            os.execve(cluster.program, [str(cluster.program), *(arguments or ("--no-merge", "--data-dir", str(cluster.data)))], environment)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                break
            if self._ends(5):
                break
        os.close(self.fd)

    def _ends(self, within):
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            self.read(0.02)
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                return True
        return False

    @property
    def screen(self):
        """The pid of the process that draws: a child of the one that guards the terminal, or that one."""
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return int(children[0]) if children else self.pid

    def read(self, within):
        """Reads what there is, waiting at most so long for the first byte; answers what is asked."""
        if not select.select([self.fd], [], [], max(0, within))[0]:
            return b""
        try:
            part = os.read(self.fd, 1 << 16)
        except OSError:
            return b""
        self.total += len(part)
        self.seen += part
        del self.seen[:-(1 << 20)]
        for question, answer in ANSWERS:
            if question in part:
                os.write(self.fd, answer)
        return part

    def rest(self, seconds):
        """Reads for so long and returns how many bytes came."""
        before, deadline = self.total, time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.read(left)
        return self.total - before

    def settle(self, quiet=0.3, within=60):
        """Reads until nothing comes for a while."""
        deadline = time.monotonic() + within
        while self.read(quiet):
            if time.monotonic() > deadline:
                raise TimeoutError("the screen does not come to rest")

    def until(self, *texts, within=30, start=None):
        """Reads until every text was written since `start`, a length of what was seen, and returns the moment."""
        start = self.total if start is None else start
        deadline = time.monotonic() + within
        while True:
            new = bytes(self.seen[-(self.total - start):]) if self.total > start else b""
            if all(text in new for text in texts):
                return time.monotonic()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{texts} did not come within {within} s; the last was {bytes(self.seen[-400:])!r}")
            self.read(0.5)

    def until_match(self, pattern, start, within=10):
        """Reads until something written since `start` matches."""
        deadline = time.monotonic() + within
        while not (self.total > start and re.search(pattern, self.seen[-(self.total - start):])):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{pattern} did not come within {within} s; the last was {bytes(self.seen[-400:])!r}")
            self.read(0.5)

    def press(self, keys):
        """Writes keys; returns the moment and how much was seen before."""
        self.read(0)
        os.write(self.fd, keys)
        return time.monotonic(), self.total

    def time(self, keys, *texts, within=10):
        """Milliseconds from keys until every text was written and the frame with the last one is complete."""
        moment, before = self.press(keys)
        return (self.until(*(texts or (FRAME_END,)), within=within, start=before) - moment) * 1e3
