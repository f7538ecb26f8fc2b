"""What keeps a person's text and cluster safe, typed and read at a real terminal."""

import os
import pathlib
import shutil
import signal
import statistics
import subprocess

import pytest

import cluster as clusters
from bare_screen import open_bare  # noqa: F401 (a fixture)
from cluster import eventually
from screen import open_screen, own_state  # noqa: F401 (open_screen is a fixture)

NOBODY = 65534


def config_map(name):
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  key: value\n"


def write(screen, text, shown):
    screen.press("c")
    screen.expect("TYPE")
    screen.paste(text)
    screen.expect(shown)


def drafts(base):
    return "".join(path.read_text() for path in (base / "state/kdash/drafts").glob("*.json"))


@pytest.mark.parametrize("how", ["signal", "window closed"])
def test_a_hang_up_keeps_the_text(shared, base, open_screen, how):
    env = own_state(shared, base)
    screen = open_screen(shared, env=env)
    screen.expect("press c to write one")
    write(screen, config_map("hung-up"), "hung-up")
    drawing = screen.pid
    if how == "signal":
        os.kill(drawing, signal.SIGHUP)
    else:
        screen.hang_up()
    eventually(lambda: not pathlib.Path(f"/proc/{drawing}").exists(), what="the screen gone")
    assert "hung-up" in drafts(base)
    again = open_screen(shared, env=env)
    again.expect("Unsaved text from an earlier session", "+ ", "name: hung-up")
    again.press("Enter")
    again.expect("new in default", "name: hung-up", "edited")
    again.press("F2")
    again.expect("the server accepts it")
    again.press("y")
    eventually(lambda: shared.get("configmap", "hung-up"), what="the text applied")
    eventually(lambda: not drafts(base), what="the draft gone")
    shared.kubectl("delete", "configmap", "hung-up")


def test_text_is_applied_where_it_was_opened(make_cluster, base, open_screen):
    home, other = make_cluster("home"), make_cluster("other")
    for one in (home, other):
        one.up("--no-merge")
    config = home.home / ".kube/config"
    config.parent.mkdir()
    config.write_text(other.kubeconfig.read_text().replace(": kdash", ": prod"))
    screen = open_screen(home, env=own_state(home, base))
    screen.expect("press c to write one")
    write(screen, config_map("travelled"), "travelled")
    screen.press("Escape")
    screen.expect("BROWSE")
    screen.press("C")
    screen.expect("Context", "prod")
    screen.type("prod")
    screen.press("Enter")
    screen.expect("PROTECTED", "new in default @kdash", "name: travelled")
    assert "travelled" in drafts(base)
    screen.press("c")
    screen.expect("Unlock context prod?", '"New manifest" was not done')
    screen.press("Escape")
    screen.expect_gone("Unlock context prod?")
    screen.press("4", "i")
    screen.expect("TYPE")
    screen.press("F2")
    screen.expect("Apply in context kdash", "the server accepts it")
    screen.press("y")
    eventually(lambda: home.get("configmap", "travelled"), what="the object where the text was opened")
    assert "travelled" not in other.kubectl("get", "configmaps", "-A")
    screen.expect("PROTECTED", "prod")
    assert not drafts(base)


def test_a_dialog_says_that_its_object_is_gone_and_takes_no_neighbour(shared, base, open_screen):
    shared.busybox()
    for name in ("doomed-a", "doomed-b"):
        shared.apply(clusters.pod(name, "host/busybox:latest", ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]))
        shared.phase(name, "Running")
    screen = open_screen(shared, "--namespace", "default", "--data-dir", shared.data, env=own_state(shared, base))
    screen.expect("doomed-a", "doomed-b")
    screen.filter("doomed")
    screen.press("g", "g", "D", "d")
    screen.expect("Delete this pod?", "doomed-a")
    shared.kubectl("delete", "pod", "doomed-a")
    screen.expect("pod default/doomed-a (uid", "is gone")
    screen.press("y", "Enter")
    screen.expect_gone("Delete this pod?")
    screen.expect("doomed-b")
    assert not shared.get("pod", "doomed-b")["metadata"].get("deletionTimestamp")
    # The cursor is on a neighbour that nobody chose: the first key tells so.
    screen.press("D", "f")
    screen.expect("doomed-a is gone, and the cursor is on default/doomed-b now")
    # Force asks for the name to be typed; y is a letter then, and a pasted name is not typing.
    screen.press("D", "f")
    screen.expect("Type doomed-b to confirm:")
    screen.type("y")
    screen.paste("doomed-b")
    screen.expect("the name has to be typed")
    screen.press("BSpace")
    screen.type("doomed-b")
    screen.press("Enter")
    eventually(lambda: "doomed-b" not in shared.kubectl("get", "pods", "-o", "name"), what="the pod gone")


def test_a_burst_is_held_and_asked_about(shared, base, open_screen):
    # A console that is asked nothing, as it may print the question.
    screen = open_screen(shared, env=own_state(shared, base), prefix=("env", "TERM=linux", str(clusters.PROGRAM)))
    screen.expect("press c to write one")
    for text in ("qwertyDdy\n", "kubectl delete ns default\n"):
        screen.paste_unbracketed(text)
        screen.expect("Pasted text?", "came faster than anybody types", text.strip()[:20])
        screen.press("n")
        screen.expect_gone("Pasted text?")
    screen.expect("BROWSE", "press c to write one")
    screen.paste("q")
    screen.expect("pasted text never runs as keys")
    # In a text it is text.
    screen.press("c")
    screen.expect("TYPE")
    screen.paste_unbracketed("a: 1\nb:\n  c: 2\n")
    screen.expect("1  a: 1", "2  b:", "3    c: 2")


def test_a_line_typed_while_the_screen_is_busy_is_taken_with_its_enter(shared, base, open_screen):
    screen = open_screen(shared, env=own_state(shared, base))
    screen.expect("press c to write one")
    screen.press("/")
    screen.expect("filter:")
    # All of it in one read.
    screen.paste_unbracketed("nothing-such\n")
    screen.expect_gone("filter:")
    screen.expect("/nothing-such")


def test_esc_is_answered_in_25_ms_and_nothing_stops_the_output(shared, base, open_bare):
    # A namespace in which nothing changes by itself.
    screen = open_bare(shared, "--namespace", "kube-public", env=own_state(shared, base))
    screen.expect("press c to write one")
    assert not screen.flows()
    times = []
    for _ in range(15):
        screen.press(b"?")
        screen.expect("type to search")
        times.append(screen.time_of(b"\x1b"))
    # The fastest has no noise of the machine in it; most have little.
    assert min(times) < 0.025, times
    assert statistics.median(times) < 0.08, times
    # Ctrl-S and Ctrl-Q are keys: the next one is answered.
    screen.press(b"\x13")
    assert screen.time_of(b"?") < 1


def test_secrets_are_masked_everywhere(shared, base, open_screen):
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "safe"}, "stringData": {"password": "hunter2", "long": "x" * 90}}
    shared.apply(secret)
    told = ["hunter2", "aHVudGVyMg", "new-token"]

    def check(screen):
        shown = screen.text()
        assert not [each for each in told if each in shown], shown
        # Not even their length.
        assert "\N{BULLET}" * 9 not in shown, shown

    env = own_state(shared, base)
    screen = open_screen(shared, "--namespace", "default", "--data-dir", shared.data, env=env)
    screen.expect("press c to write one")
    screen.press("4", "o")
    screen.expect("open KIND/[NAMESPACE/]NAME")
    screen.press("C-u")
    screen.type("secret/safe")
    screen.press("Enter", "z")
    screen.expect("kind: Secret", "password: ••••")
    check(screen)
    screen.press("e")
    screen.expect("TYPE")
    screen.press("C-End", "Enter", "BTab")
    screen.type("stringData:")
    screen.press("Enter")
    screen.type("  token: new-token")
    screen.expect("token: ••••••••")
    check(screen)
    screen.press("F2")
    screen.expect("Apply in context", "+ ", "the server accepts it")
    check(screen)
    screen.press("Escape")
    screen.expect_gone("Apply in context")
    eventually(lambda: "new-token" in drafts(base), within=3, what="the draft on disk")
    os.kill(screen.pid, signal.SIGKILL)
    screen.expect("exit=137")
    again = open_screen(shared, "--namespace", "default", "--data-dir", shared.data, env=env)
    again.expect("Unsaved text from an earlier session", "safe", "token")
    check(again)
    again.press("Enter")
    again.expect("kind: Secret")
    # One at a time, on purpose.
    again.press("/")
    again.type("password")
    again.press("Enter", "x")
    again.expect("aHVudGVyMg", "token: ••••")


@pytest.fixture
def user(base, kubectl):
    """A cluster of nobody's, and what to put before the program to be nobody."""
    base.chmod(0o755)
    program = base / "kdash"
    shutil.copy(clusters.PROGRAM, program)
    program.chmod(0o755)
    one = clusters.Cluster(base, kubectl)
    for path in (one.base, one.home, one.base / "run"):
        os.chown(path, NOBODY, NOBODY)
    one.prefix = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", str(program)]
    one.run = lambda *arguments: subprocess.run(
        [*one.prefix, *arguments, "--data-dir", str(one.data)], capture_output=True, text=True, timeout=60, env=one.env, cwd="/")
    yield one
    one.run("down", "--purge")


def test_a_limit_that_nothing_enforces_is_said_and_not_drawn(user, open_screen):
    assert user.run("up", "--no-merge").returncode == 0
    ready = [each for each in user.get("node", "kdash")["status"]["conditions"] if each["type"] == "Ready"][0]
    if ready["status"] != "True":
        pytest.skip(f"no node without root here: {ready['message']}")
    user.run("image", "import-host", "/bin/busybox")
    limits = {"cpu": "250m", "memory": "32Mi"}
    user.apply(clusters.pod("limited", "host/busybox:latest", ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"], limits=limits))
    user.phase("limited", "Running")
    screen = open_screen(user, "--namespace", "default", "--data-dir", user.data, columns=160, prefix=user.prefix)
    screen.expect("limited", "not enforced")
    row = [line for line in screen.text().split("\n") if "1/1" in line][0]
    assert row.count("not enforced") == 2 and not set(row) & set("━╸┼"), row
