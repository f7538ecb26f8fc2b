"""The screen in a real terminal, typed at and read as a person would; ends with the whole path."""

import json
import os
import pathlib
import re
import signal
import time

import pytest

from cluster import eventually
from screen import Screen

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


@pytest.fixture
def open_screen():
    screens = []

    def open_one(*arguments, **options):
        screens.append(Screen(*arguments, **options))
        return screens[-1]

    yield open_one
    for screen in screens:
        screen.close()


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
