"""kdash in a real terminal: tmux types and reads as a person would."""

import os
import pathlib
import shlex
import subprocess

import pytest

import cluster as clusters
from cluster import eventually


@pytest.fixture
def open_screen():
    """Opens screens that are closed after the test."""
    screens = []

    def open_one(*arguments, **options):
        screens.append(Screen(*arguments, **options))
        return screens[-1]

    yield open_one
    for screen in screens:
        screen.close()


def own_state(cluster, base):
    """Drafts and remembered answers of this test's own, the demo declined: the environment for a screen."""
    folder = base / "state/kdash"
    folder.mkdir(parents=True)
    (folder / "demo-answer").write_text(cluster.get("namespace", "kube-system")["metadata"]["uid"])
    return {"XDG_STATE_HOME": str(base / "state")}


class Screen:
    """One tmux server with one window that runs kdash."""

    def __init__(self, cluster, *arguments, columns=120, rows=40, env=None, prefix=(), in_shell=False):
        """`prefix` goes before the program; `in_shell` starts it from an interactive shell, as a job of its own."""
        self.cluster = cluster
        self.socket = str(cluster.base / f"tmux-{os.getpid()}-{id(self)}")
        self.env = dict(cluster.env, **(env or {}))
        command = [*prefix, *([] if prefix else [str(clusters.PROGRAM)]), *map(str, arguments)]
        if not arguments or "--data-dir" not in arguments and "--context" not in arguments and "--kubeconfig" not in arguments and "--ephemeral" not in arguments:
            command += ["--data-dir", str(cluster.data)]
        line = " ".join(map(shlex.quote, command))
        if in_shell:
            self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), "exec bash --norc --noprofile -i")
            self.type(line)
            self.press("Enter")
        else:
            self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), f"{line}; echo exit=$?; exec sleep 3600")

    def _tmux(self, *arguments):
        return subprocess.run(["tmux", "-S", self.socket, *arguments], capture_output=True, text=True, check=True, env=self.env).stdout

    def text(self):
        return self._tmux("capture-pane", "-p")

    def coloured(self):
        return self._tmux("capture-pane", "-p", "-e")

    def state(self, format):
        """What tmux knows of the terminal, by its format names."""
        return self._tmux("display-message", "-p", format).strip()

    def is_restored(self):
        """Whether the program has left the alternate screen and shows the cursor."""
        return self.state("#{alternate_on} #{cursor_flag}") == "0 1"

    def press(self, *keys):
        """Keys by tmux's names: Enter, Escape, C-d, F2, a."""
        for key in keys:
            self._tmux("send-keys", key)

    def type(self, text):
        self._tmux("send-keys", "-l", text)

    def filter(self, text):
        """Filters the focused list; waits for the field, so that this is no burst."""
        self.press("/")
        self.expect("filter:")
        self.type(text)
        self.press("Enter")
        self.expect_gone("filter:")

    def paste(self, text):
        """As a terminal pastes: bracketed when the program asked for it."""
        self._tmux("set-buffer", text)
        self._tmux("paste-buffer", "-p")

    def paste_unbracketed(self, text):
        """As a terminal without bracketed paste does: the same bytes as typing, all at once."""
        self._tmux("set-buffer", text)
        self._tmux("paste-buffer")

    def click(self, text):
        """Presses and releases the left button on the first place that shows the text."""
        for row, line in enumerate(self.text().split("\n")):
            if text in line:
                column = line.index(text) + 1
                self.type(f"\x1b[<0;{column};{row + 1}M\x1b[<0;{column};{row + 1}m")
                return
        raise AssertionError(f"{text!r} is not on the screen:\n{self.text()}")

    @property
    def cursor(self):
        """Column and row of the cursor, from 0."""
        return tuple(map(int, self.state("#{cursor_x} #{cursor_y}").split()))

    def resize(self, columns, rows):
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def expect(self, *texts, within=20):
        """Waits until every text is on the screen; the whole screen is in the failure."""
        try:
            return eventually(lambda: (lambda shown: shown if all(text in shown for text in texts) else None)(self.text()), within=within, every=0.05, what=f"{texts} on the screen")
        except AssertionError:
            raise AssertionError(f"{texts} did not appear within {within} s:\n{self.text()}\n--- daemon\n{self.cluster.log_tail()[-1500:]}") from None

    def expect_gone(self, text, within=20):
        try:
            eventually(lambda: text not in self.text(), within=within, every=0.05, what=f"{text} gone")
        except AssertionError:
            raise AssertionError(f"{text!r} stays on the screen:\n{self.text()}") from None

    @property
    def guardian_pid(self):
        """The process that the shell waits for: it gives the terminal back when the screen is killed."""
        return self._child(int(self._tmux("list-panes", "-F", "#{pane_pid}").split()[0]))

    @property
    def pid(self):
        """The process that draws."""
        return self._child(self.guardian_pid)

    @staticmethod
    def _child(pid):
        return eventually(lambda: int(subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()[0]), what=f"a child of {pid}")

    def hang_up(self):
        """Closes the window, as somebody who clicks it away: the programs in it get SIGHUP."""
        self._tmux("kill-pane")

    @staticmethod
    def _is_daemon(pid):
        try:
            return b"serve" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False  # it has ended

    def close(self):
        """Ends it, and waits until its processes are gone."""
        try:
            # The shell, the guardian and what draws; not the daemon, which that may have started.
            pids = layer = self._tmux("list-panes", "-F", "#{pane_pid}").split()
            for _ in range(2):
                children = [child for pid in layer for child in subprocess.run(["pgrep", "-P", pid], capture_output=True, text=True).stdout.split()]
                layer = [child for child in children if not self._is_daemon(child)]
                pids = pids + layer
            self._tmux("kill-server")
        except subprocess.CalledProcessError:
            return
        eventually(lambda: not [pid for pid in pids if os.path.exists(f"/proc/{pid}/exe")], what=f"the screen's processes {pids} gone")
