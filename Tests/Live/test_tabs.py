"""Tabs, splits and shells that go on while something else is looked at."""

import cluster as clusters
from cluster import eventually
from screen import open_screen  # noqa: F401 (open_screen is a fixture)

TICKING = "trap 'exit 0' TERM; i=0; while :; do i=$((i+1)); echo tick $i; sleep 1 & wait $!; done"


def test_tabs_and_shells_live_on_through_the_daemons_death(make_cluster, open_screen):
    one = make_cluster()
    one.up("--no-merge")
    one.busybox()
    for name in ("alpha", "beta"):
        one.apply(clusters.pod(name, "host/busybox:latest", ["sh", "-c", TICKING]))
    for name in ("alpha", "beta"):
        one.phase(name, "Running")
    screen = open_screen(one, "--namespace", "default")
    screen.expect("alpha", "beta")
    screen.filter("alpha")
    screen.press("s")
    screen.expect("1 pods default", "2 sh alpha/main", "F12 leaves", "#")
    screen.type("echo in $HOSTNAME")
    screen.press("Enter")
    screen.expect("in alpha")
    # Output goes on while another tab is looked at.
    screen.type("sleep 2; echo later $((40 + 2))")
    screen.press("Enter", "F12")
    screen.expect("BROWSE", "alpha", "alpha/main ●")
    screen.press("Escape")
    screen.expect("beta")
    screen.filter("beta")
    screen.press("s")
    screen.expect("sh beta/main", "F12 leaves", "#")
    screen.type("echo in $HOSTNAME")
    screen.press("Enter")
    screen.expect("in beta")
    screen.press("F12", "t", "l")
    screen.expect("Open tabs", "sh alpha/main", "sh beta/main", "running")
    screen.type("sh alpha")
    screen.press("Enter")
    screen.expect("later 42", "F12 leaves")
    screen.press("F12", "t", "l")
    screen.expect("Open tabs")
    screen.press("Escape")
    screen.expect_gone("Open tabs")
    screen.press("t", "v")
    screen.expect("pods default +1")
    one.kill_daemon()
    # The panes come back by themselves; a shell that was cut off says so, keeps what it showed, and begins again.
    def is_told():
        screen.press("t", "l")
        screen.expect("Open tabs")
        if screen.text().count("ended: ") == 2:
            return True
        screen.press("Escape")
        screen.expect_gone("Open tabs")

    eventually(is_told, every=0.5, what="both shells told to have ended")
    screen.type("sh alpha")
    screen.press("Enter")
    screen.expect("later 42", "in alpha", "ended", "F5 again")

    # The daemon may still be starting: a shell that could not be opened says so, and is begun again.
    def is_open():
        if "F5 again" in screen.text():
            screen.press("F5")
        lines = [line.rstrip() for line in screen.text().split("\n") if line.strip()]
        return "ended" not in lines[-1] and "connecting" not in lines[-1] and lines[-2].endswith("#")

    eventually(is_open, every=1, what="the shell begun again")
    screen.type("echo back in $HOSTNAME")
    screen.press("Enter")
    screen.expect("back in alpha")
    screen.press("F12")
    screen.expect("BROWSE", "beta", "Running")
    # Leaving ends shells, so it asks; places come back without them.
    screen.press("q")
    screen.expect("Quit, and end what runs in shells?", "sh alpha/main")
    screen.press("y")
    screen.expect("exit=0")
    again = open_screen(one, "--namespace", "default")
    eventually(lambda: again.text().count("WRITABLE") == 2 and "beta" in again.text(), what="both splits of the place, without shells")
    def is_alone():
        # A sequence is bound to what its first key was pressed on, and the list may still be coming.
        if again.text().count("WRITABLE") == 2:
            again.press("t", "x")
        return again.text().count("WRITABLE") == 1

    eventually(is_alone, every=1, what="one split left")
