"""kdash in a real terminal: tmux types and reads as a person would."""

import os
import shlex
import subprocess

import cluster as clusters
from cluster import eventually


class Screen:
    """One tmux server with one window that runs kdash."""

    def __init__(self, cluster, *arguments, columns=120, rows=40, env=None):
        self.cluster = cluster
        self.socket = str(cluster.base / f"tmux-{os.getpid()}-{id(self)}")
        self.env = dict(cluster.env, **(env or {}))
        command = [str(clusters.PROGRAM), *map(str, arguments)]
        if not arguments or "--data-dir" not in arguments and "--context" not in arguments and "--kubeconfig" not in arguments and "--ephemeral" not in arguments:
            command += ["--data-dir", str(cluster.data)]
        line = " ".join(map(shlex.quote, command)) + "; echo exit=$?; exec sleep 3600"
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), line)

    def _tmux(self, *arguments):
        return subprocess.run(["tmux", "-S", self.socket, *arguments], capture_output=True, text=True, check=True, env=self.env).stdout

    def text(self):
        return self._tmux("capture-pane", "-p")

    def coloured(self):
        return self._tmux("capture-pane", "-p", "-e")

    def is_restored(self):
        """Whether the program has left the alternate screen and shows the cursor."""
        return self._tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}").split() == ["0", "1"]

    def press(self, *keys):
        """Keys by tmux's names: Enter, Escape, C-d, F2, a."""
        for key in keys:
            self._tmux("send-keys", key)

    def type(self, text):
        self._tmux("send-keys", "-l", text)

    def paste(self, text):
        """As a terminal pastes: bracketed when the program asked for it."""
        self._tmux("set-buffer", text)
        self._tmux("paste-buffer", "-p")

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

    def close(self):
        try:
            self._tmux("kill-server")
        except subprocess.CalledProcessError:
            pass
