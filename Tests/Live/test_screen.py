"""The screen in a real terminal, typed at and read as a person would; ends with the whole path."""

import json
import os
import pathlib
import re
import shlex
import signal
import socket
import time

import pytest

import cluster as clusters
from cluster import eventually
from screen import open_screen, own_state  # noqa: F401 (open_screen is a fixture)

DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: typed
  namespace: default
spec:
  replicas: 1
  selector: {matchLabels: {app: typed}}
  template:
    metadata: {labels: {app: typed}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: app, image: kdash.dev/demo:1, args: [log]}
      - {name: burn, image: kdash.dev/demo:1, args: [burn], resources: {limits: {cpu: 250m}}}
"""


def pods(cluster):
    return json.loads(cluster.kubectl("get", "pods", "-n", "default", "-o", "json"))["items"]


def container_ids(pod):
    return {status["name"]: status["containerID"] for status in pod["status"]["containerStatuses"]}


def burned_nanoseconds(pod):
    uid = pod["metadata"]["uid"]
    found = [path for path in pathlib.Path("/sys/fs/cgroup/cpuacct").glob(f"kdash-*/**/pod{uid}/*/cpuacct.usage")]
    return max(int(path.read_text()) for path in found)


def test_the_whole_path(make_cluster, open_screen):
    one = make_cluster()
    screen = open_screen(one, "--no-merge", "--data-dir", one.data)
    screen.expect("Start a small demo", "WRITABLE")
    screen.press("n")
    screen.expect("press c to write one")

    screen.press("c")
    screen.expect("TYPE", "F2 apply")
    screen.paste(DEPLOYMENT)
    screen.expect("kdash.dev/demo:1")
    screen.press("F2")
    screen.expect("the server accepts it")
    screen.press("y")
    screen.expect("Running", "2/2")

    screen.press("Escape")
    screen.expect("BROWSE")
    screen.press("2")
    screen.press("l")
    screen.expect("hello from kdash, line 3", "live")

    pod = pods(one)[0]
    start, before = time.monotonic(), burned_nanoseconds(pod)
    deadline = start + 10
    while time.monotonic() < deadline:
        time.sleep(deadline - time.monotonic())
    rate = (burned_nanoseconds(pod) - before) / 1e9 / (time.monotonic() - start)
    assert abs(rate - 0.25) <= 0.0075, f"{rate:.4f} CPU-seconds per second"

    killed = one.kill_daemon()
    eventually(lambda: one.daemon_pid != killed and pods(one), what="the screen starting a new daemon")
    assert container_ids(pods(one)[0]) == container_ids(pod), "the new daemon restarted nothing"
    screen.expect("Running", "2/2")

    screen.press("2")
    screen.press("D")
    screen.expect("Delete now, without grace")
    screen.press("d")
    screen.expect("Delete this pod?", pod["metadata"]["name"])
    screen.press("y")
    eventually(lambda: pod["metadata"]["name"] not in [each["metadata"]["name"] for each in pods(one)], what="the pod gone")
    one.kubectl("delete", "deployment", "typed", "-n", "default")
    eventually(lambda: not pods(one), what="no pods left")
    screen.press("q")
    screen.expect("stop it with: kdash down", "exit=0")


def test_errors_show_while_typing_and_refusals_keep_the_text(make_cluster, open_screen):
    one = make_cluster()
    screen = open_screen(one, "--no-merge", "--data-dir", one.data)
    screen.expect("Start a small demo")
    screen.press("n")
    screen.expect("press c to write one")
    screen.press("c")
    screen.expect("TYPE")
    screen.paste(DEPLOYMENT.replace("replicas: 1", "replicaz: 1"))
    screen.expect("replicaz", "unknown field")
    screen.press("F2")
    screen.expect("replicaz")
    assert not pods(one)


@pytest.mark.parametrize("killed", ["screen", "guardian"])
def test_unsaved_text_survives_kill_9(make_cluster, open_screen, killed):
    one = make_cluster()
    screen = open_screen(one, "--no-merge", "--data-dir", one.data)
    screen.expect("Start a small demo")
    screen.press("n")
    screen.expect("press c to write one")
    screen.press("c")
    screen.expect("TYPE")
    screen.paste(DEPLOYMENT.replace("typed", "precious"))
    screen.expect("precious")
    drafts = pathlib.Path(one.env["XDG_STATE_HOME"]) / "kdash/drafts"
    draft = eventually(lambda: [path for path in drafts.glob("*.json") if "precious" in path.read_text()], within=3, what="the draft on disk")[0]
    assert draft.stat().st_mode & 0o777 == 0o600
    drawing = screen.pid
    os.kill(drawing if killed == "screen" else screen.guardian_pid, signal.SIGKILL)
    if killed == "screen":
        screen.expect("exit=137")
    eventually(lambda: not pathlib.Path(f"/proc/{drawing}").exists() and screen.is_restored(), what="the terminal given back")
    again = open_screen(one, "--no-merge", "--data-dir", one.data)
    again.expect("precious")


def test_the_screen_verb_with_a_port_is_guarded_too_and_quitting_names_the_command(make_cluster, open_screen):
    one = make_cluster("it's c")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    screen = open_screen(one, "screen", "--no-merge", "--data-dir", one.data, "--api-port", port)
    screen.expect("Start a small demo")
    os.kill(screen.pid, signal.SIGKILL)
    screen.expect("exit=137")
    assert screen.is_restored()
    # The port is the daemon's, whoever starts it again.
    one.kill_daemon()
    again = open_screen(one, "--no-merge", "--data-dir", one.data, "--api-port", port, columns=200)
    again.expect("Start a small demo")
    assert one.status()["server"].endswith(f":{port}")
    again.press("n")
    again.expect_gone("Start a small demo")
    again.press("q")
    again.expect("exit=0")
    command = re.search("stop it with: (.*)", again.text()).group(1)
    assert shlex.split(command) == ["kdash", "down", "--data-dir", str(one.data)]


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGILL, signal.SIGABRT])
def test_a_crash_gives_the_terminal_back(shared, base, open_screen, number):
    screen = open_screen(shared, env=own_state(shared, base))
    screen.expect("WRITABLE", "BROWSE")
    os.kill(screen.pid, number)
    screen.expect(f"exit={128 + number}")
    assert screen.is_restored()
    assert screen.state("#{mouse_any_flag}") == "0"


@pytest.mark.parametrize("columns,rows", [(60, 15), (80, 24), (120, 40), (200, 50)])
def test_every_size_says_where_it_is(shared, open_screen, columns, rows):
    screen = open_screen(shared, columns=columns, rows=rows)
    shown = screen.expect("WRITABLE", "BROWSE")
    lines = shown.rstrip("\n").split("\n")
    assert len(lines) <= rows and all(len(line) <= columns for line in lines)
    screen.resize(40, 10)
    screen.expect("WRITABLE")
    screen.resize(columns, rows)
    screen.expect("WRITABLE", "BROWSE")


def test_no_color_means_none(shared, open_screen):
    screen = open_screen(shared, env={"NO_COLOR": "1"})
    screen.expect("WRITABLE", "BROWSE")
    colours = re.findall(r"\x1b\[(?:\d+;)*(?:3[0-7]|4[0-7]|38|48|9[0-7])[;m]", screen.coloured())
    assert not colours


def test_a_tiny_terminal_gets_one_message(shared, open_screen):
    screen = open_screen(shared, columns=20, rows=5)
    eventually(lambda: screen.text().strip(), what="a message")
    assert "Traceback" not in screen.text()
    screen.resize(100, 30)
    screen.expect("WRITABLE")


def test_a_foreign_context_is_protected(shared, open_screen):
    foreign = shared.base / "foreign"
    foreign.write_text(shared.kubeconfig.read_text().replace("name: kdash", "name: prod").replace("context: kdash", "context: prod")
                       .replace("cluster: kdash", "cluster: prod").replace("user: kdash", "user: prod"))
    screen = open_screen(shared, "--kubeconfig", foreign)
    screen.expect("PROTECTED", "prod")
    assert "WRITABLE" not in screen.text()


def test_ctrl_c_does_not_quit_and_q_does(shared, open_screen):
    screen = open_screen(shared, env={"XDG_STATE_HOME": str(shared.base / "fresh-state")})
    screen.expect("Start a small demo")
    screen.press("n")
    screen.expect("press c to write one")
    screen.press("C-c")
    screen.expect("q quits; Ctrl-C never does")
    screen.press("q")
    screen.expect("exit=0")


def test_ctrl_z_gives_the_shell_back_and_fg_resumes(shared, base, open_screen):
    screen = open_screen(shared, env=own_state(shared, base), in_shell=True)
    screen.expect("WRITABLE", "press c to write one")
    screen.press("c")
    screen.expect("TYPE")
    screen.paste("kind: Paused")
    screen.expect("kind: Paused")
    screen.press("C-z")
    screen.expect("Stopped")
    assert screen.is_restored()
    screen.type("echo $((6 * 7))")
    screen.press("Enter")
    screen.expect("42")
    screen.type("fg")
    screen.press("Enter")
    screen.expect("TYPE", "kind: Paused")
    screen.type("AndBack")
    screen.expect("kind: PausedAndBack")


def ticking(name, **spec):
    script = "trap 'exit 0' TERM; i=0; while :; do echo tick $i; echo tock $i >&2; i=$((i+1)); sleep 0.2; done"
    return clusters.pod(name, "host/busybox:latest", ["sh", "-c", script], **spec)


def test_a_lost_daemon_under_every_pane(make_cluster, base, open_screen):
    one = make_cluster()
    one.up("--no-merge")
    one.busybox()
    one.apply(ticking("clock"))
    one.phase("clock", "Running")
    screen = open_screen(one, env=own_state(one, base))
    screen.expect("tick 1", "live")
    screen.press("4")
    screen.press("c")
    screen.expect("TYPE")
    screen.paste("kind: Precious\n")
    screen.press("Escape")
    screen.expect("BROWSE")
    for pane, typed in [("1", ""), ("2", ""), ("3", ""), ("4", "# more\n")]:
        screen.press(pane)
        if typed:
            screen.press("i")
            screen.expect("TYPE")
        one.kill_daemon()
        screen.expect("stale")
        if typed:
            screen.type(typed.strip())
            screen.expect("# more")
        # The screen starts the daemon again by itself, but not one that dies again and again.
        one.kdash("up", "--no-merge")
        screen.expect_gone("stale", within=30)
        screen.expect("kind: Precious", "clock", "WRITABLE", "live lag")
    ticks = [int(number) for number in re.findall(r"tick (\d+)", screen.text())]
    assert len(ticks) > 3 and ticks == list(range(ticks[0], ticks[0] + len(ticks))), f"each line once and in order: {ticks}\n{screen.text()}"
    screen.expect("# more", f"tick {ticks[-1] + 5}")


def test_resizing_loses_no_cursor_scroll_or_text(shared, base, open_screen):
    shared.busybox()
    shared.apply(ticking("resized"))
    shared.phase("resized", "Running")
    eventually(lambda: "tick 40" in shared.kubectl("logs", "resized"), what="enough lines to scroll")
    screen = open_screen(shared, env=own_state(shared, base))
    screen.expect("resized", "live lag")
    screen.press("3", "g", "g")
    screen.expect("paused", "tick 0")
    screen.press("4", "c")
    screen.expect("TYPE")
    screen.paste("".join(f"line-{number}: x\n" for number in range(60)))
    screen.expect("line-59")
    screen.press(*["Up"] * 30)
    screen.expect("line-30: x")
    sizes = [(60, 15), (200, 50), (80, 24), (40, 10), (100, 34), (120, 40)]
    for columns, rows in sizes:
        screen.resize(columns, rows)
        # The cursor stands at the start of the same line, wherever that is now.
        def line_under_cursor():
            return screen.text().split("\n")[screen.cursor[1]]
        eventually(lambda: "line-30: x" in line_under_cursor() and "TYPE" in screen.text(), what=f"the cursor's line at {columns}x{rows}")
    screen.type("kept ")
    screen.expect("kept line-30: x")
    screen.press("Escape", "3")
    screen.expect("paused", "tick 0")
    shared.kubectl("delete", "pod", "resized", "--wait=false")


def test_why_names_the_reason(shared, base, open_screen):
    shared.busybox()
    greedy = clusters.pod("greedy", "host/busybox:latest", ["true"], container={"resources": {"requests": {"cpu": "1000"}}})
    shared.apply(greedy)
    eventually(lambda: "Insufficient cpu" in shared.kubectl("describe", "pod", "greedy"), what="the scheduler's answer")
    screen = open_screen(shared, "--namespace", "default", "--data-dir", shared.data, env=own_state(shared, base))
    screen.expect("greedy", "waiting")
    screen.filter("greedy")
    screen.press("w")
    screen.expect("no node fits it", "Insufficient cpu", "it asks for 1000 CPU")
    shared.kubectl("delete", "pod", "greedy", "--wait=false")
    screen.expect("is gone; this is its last state")


def test_events_say_on_a_small_screen_which_are_warnings_and_of_what(shared, base, open_screen):
    shared.busybox()
    shared.apply(clusters.pod("unplaced", "host/busybox:latest", ["true"], container={"resources": {"requests": {"cpu": "1000"}}}))
    screen = open_screen(shared, "--namespace", "default", "--data-dir", shared.data, columns=80, rows=24, env=own_state(shared, base))
    screen.expect("unplaced")
    screen.press("g", "e")
    shown = screen.expect("LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE", "Warning", "pod/unplaced")
    assert any("Warning" in line and "FailedSch" in line and "pod/unplaced" in line for line in shown.split("\n")), shown
    shared.kubectl("delete", "pod", "unplaced", "--wait=false")


def test_a_shell_in_the_container(shared, base, open_screen):
    shared.busybox()
    shared.apply(clusters.pod("inside", "host/busybox:latest", ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]))
    shared.phase("inside", "Running")
    screen = open_screen(shared, "--namespace", "default", "--data-dir", shared.data, env=own_state(shared, base))
    screen.expect("inside")
    screen.filter("inside")
    screen.press("s")
    screen.expect("TYPE", "F12 leaves", "#")
    screen.type("echo $((6 * 7)) in $HOSTNAME; q")
    screen.expect("; q")
    screen.press("BSpace", "BSpace", "BSpace", "Enter")
    screen.expect("42 in inside")
    screen.type("stty size")
    screen.press("Enter")
    screen.expect("38 120")
    screen.resize(90, 30)

    # What is typed at once may overtake the new size.
    def has_size():
        screen.type("stty size")
        screen.press("Enter")
        return "28 90" in screen.text()

    eventually(has_size, every=0.5, what="the new size in the shell")
    screen.type("exit 3")
    screen.press("Enter")
    screen.expect("ended: exit 3")
    screen.press("Escape")
    screen.expect("BROWSE", "inside")
    screen.press("s")
    screen.expect("F12 leaves", "#")
    screen.press("F12")
    screen.expect("BROWSE", "inside")
    shared.kubectl("delete", "pod", "inside", "--wait=false")


def test_the_mouse_chooses_what_keys_would(make_cluster, open_screen):
    one = make_cluster()
    one.up("--no-merge")
    one.busybox()
    screen = open_screen(one)
    screen.expect("Start a small demo")
    screen.click("No, leave it empty")
    screen.expect("press c to write one")
    for name in ("first", "second"):
        one.apply(ticking(name))
        one.phase(name, "Running")
    screen.click("second")
    screen.expect("second/main")
    screen.click("first")
    screen.expect("first/main")
    screen.press("D", "d")
    screen.expect("Delete this pod?")
    screen.click("y Delete")
    eventually(lambda: "first" not in one.kubectl("get", "pods", "-o", "name"), what="the pod gone")
    assert "second" in one.kubectl("get", "pods", "-o", "name")
