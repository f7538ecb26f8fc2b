"""kdash in tmux. A capture is one `tmux capture-pane`, so times are read with the resolution of one such command."""

import shlex
import subprocess
import time

from benchlib.cluster import wait


class Screen:
    """A tmux server of its own whose one window waits for `start()` before it becomes kdash."""

    def __init__(self, cluster, columns=120, rows=40):
        self.env = cluster.env
        # A name of its own: a server that is still ending refuses new sessions.
        self.socket = str(cluster.base / f"tmux-{time.monotonic_ns()}")
        command = shlex.join([str(cluster.program), "--no-merge", "--data-dir", str(cluster.data)])
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), f"read line; exec {command}")
        wait(lambda: self.tmux("list-panes", "-F", "#{pane_pid}").strip(), what="the window")
        time.sleep(0.2)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True, env=self.env)

    def tmux(self, *arguments):
        return subprocess.run(["tmux", "-S", self.socket, *arguments], capture_output=True, text=True, check=True, env=self.env).stdout

    def text(self):
        return self.tmux("capture-pane", "-p")

    def press(self, *keys):
        self.tmux("send-keys", *keys)

    def start(self):
        """Starts kdash and returns the moment."""
        moment = time.monotonic()
        self.press("Enter")
        return moment

    def until(self, *texts, within=30):
        """Seconds since the epoch of the monotonic clock at which every text was seen."""
        def shown():
            now = self.text()
            return all(text in now for text in texts)
        try:
            wait(shown, within, every=0, what=f"{texts} on the screen")
        except TimeoutError as error:
            raise TimeoutError(f"{error}:\n{self.text()}") from None
        return time.monotonic()

    def resolution(self):
        """Milliseconds of one capture, median of 20."""
        times = []
        for _ in range(20):
            start = time.monotonic()
            self.text()
            times.append((time.monotonic() - start) * 1e3)
        return sorted(times)[10]

    def record(self, path):
        """Writes every byte the program sends to the terminal to `path`."""
        self.tmux("pipe-pane", "-O", f"exec cat > {shlex.quote(str(path))}")
