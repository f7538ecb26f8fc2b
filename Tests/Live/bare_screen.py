"""kdash on a bare pseudo-terminal: nothing stands between a key and its answer."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

import pytest

import cluster as clusters


@pytest.fixture
def open_bare():
    """Opens screens that are ended after the test."""
    screens = []

    def open_one(*arguments, **options):
        screens.append(BareScreen(*arguments, **options))
        return screens[-1]

    yield open_one
    for screen in screens:
        screen.close()


class BareScreen:
    def __init__(self, cluster, *arguments, columns=120, rows=40, env=None):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(clusters.PROGRAM, [str(clusters.PROGRAM), *arguments, "--data-dir", str(cluster.data)],
                      dict(cluster.env, TERM="xterm-256color", **(env or {})))

    def read(self, within):
        """What is written next, or nothing."""
        if not select.select([self.terminal], [], [], within)[0]:
            return b""
        try:
            return os.read(self.terminal, 1 << 16)
        except OSError:  # The program has ended.
            return b""

    def expect(self, text, within=20):
        seen = b""
        end = time.monotonic() + within
        while text.encode() not in seen:
            assert time.monotonic() < end, f"{text!r} was not written within {within} s: {seen[-2000:]!r}"
            seen += self.read(0.2)

    def be_quiet(self, pause=0.15):
        """Waits until nothing is written any more."""
        while self.read(pause):
            pass

    def time_of(self, keys):
        """Seconds from a key to the first byte of its answer."""
        self.be_quiet()
        start = time.monotonic()
        os.write(self.terminal, keys)
        assert self.read(5), f"{keys!r} got no answer"
        return time.monotonic() - start

    def press(self, keys):
        os.write(self.terminal, keys)

    def flows(self):
        """Whether Ctrl-S would stop the output."""
        return bool(termios.tcgetattr(self.terminal)[0] & termios.IXON)

    def close(self):
        try:
            os.kill(self.pid, signal.SIGTERM)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self.terminal)
