"""A cluster that this kdash did not make: protected, then unlocked by its name, used for everything, and locked again."""

import json
import re
import urllib.request

import cluster as clusters
from cluster import eventually
from screen import open_screen, own_state  # noqa: F401 (open_screen is a fixture)

SERVING = "mkdir -p /www; echo hello > /www/index.html; exec httpd -f -p 8080 -h /www"
SETTINGS = """apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: default}
data: {colour: red}
"""


def somebodys(make_cluster):
    """Somebody's cluster with a context `prod` for it, and the machine whose screen is opened: its own cluster never runs."""
    home, other = make_cluster("home"), make_cluster("other")
    other.up("--no-merge")
    config = home.home / ".kube/config"
    config.parent.mkdir()
    config.write_text(other.kubeconfig.read_text().replace(": kdash", ": prod"))
    return home, other


def unlock(screen, name="prod"):
    screen.press("F8")
    screen.expect("Unlock context prod?", "Type prod to confirm")
    screen.type(name)
    screen.press("Enter")


def ports(screen):
    screen.press("F", "l")
    screen.expect("LOCAL")
    return int(re.search(r"127\.0\.0\.1:(\d+) ", screen.text()).group(1))


def fetch(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
        return answer.read()


def test_a_foreign_context_is_unlocked_used_and_locked(make_cluster, base, open_screen):
    home, other = somebodys(make_cluster)
    other.busybox()
    other.kubectl("create", "-f", "-", stdin=SETTINGS)
    other.apply(clusters.pod("web", "host/busybox:latest", ["sh", "-c", SERVING]))
    other.phase("web", "Running")
    screen = open_screen(home, "--context", "prod", "-n", "default", env=own_state(other, base))
    screen.expect("PROTECTED", "prod", "web")
    assert "WRITABLE" not in screen.text()

    # What is refused says so and offers the unlock; a wrong name opens nothing.
    screen.press("D", "d")
    server = re.search(r"server: (\S+)", other.kubeconfig.read_text()).group(1)
    screen.expect("Unlock context prod?", server, "\"Delete\" was not done")
    screen.type("prud")
    screen.press("Enter")
    screen.expect("what is typed is not prod", "PROTECTED")
    screen.press("Escape")
    screen.expect_gone("Unlock context")
    assert "PROTECTED" in screen.text()

    unlock(screen)
    screen.expect("WRITABLE 15m", "prod is writable for 15 minutes")

    # An object is changed, the change is taken back, and the object is deleted.
    screen.type(":cm")
    screen.press("Enter")
    screen.expect("settings")
    screen.filter("settings")
    screen.press("e")
    screen.expect("TYPE", "colour: red")
    screen.press("Escape", "R")
    screen.expect("replace")
    screen.type("red")
    screen.press("Enter")
    screen.expect("by:")
    screen.type("blue")
    screen.press("Enter", "a")
    screen.expect("colour: blue")
    screen.press("F2")
    screen.expect("Apply in context prod", "the server accepts it")
    screen.press("y")
    eventually(lambda: other.get("configmap", "settings")["data"] == {"colour": "blue"}, what="the change")
    screen.press("H", "u")
    screen.expect("settings")
    screen.press("u")
    screen.expect("Undo in context prod", "the server accepts it")
    screen.press("y")
    eventually(lambda: other.get("configmap", "settings")["data"] == {"colour": "red"}, what="the change taken back")
    screen.expect_gone("Undo in context")
    screen.press("Escape")
    screen.expect("kind: ConfigMap")
    screen.press("2", "D", "d")
    screen.expect("Delete this")
    screen.press("y")
    eventually(lambda: "settings" not in other.kubectl("get", "configmaps", "-n", "default"), what="the deletion")

    # A forward, then a shell.
    screen.press("g", "p")
    screen.expect("web")
    screen.press("F", "n")
    screen.expect("port of pod default/web")
    screen.type("8080")
    screen.press("Enter")
    screen.expect("local port for pod default/web:8080")
    screen.press("C-u")
    screen.type("0")
    screen.press("Enter")
    screen.expect("leads to pod default/web:8080")
    port = ports(screen)
    assert fetch(port) == b"hello\n"
    screen.press("Escape")
    screen.expect_gone("LOCAL")
    screen.press("s")
    screen.expect("/ #", "WRITABLE")
    screen.type("cat /www/index.html; echo $((6*7))")
    screen.press("Enter")
    screen.expect("hello", "42")
    screen.press("F12")
    screen.expect("BROWSE")

    # Locked again: the open shell goes on, everything new is refused.
    screen.press("F7")
    screen.expect("prod is protected again; an open shell goes on", "PROTECTED")
    screen.press("s")
    screen.expect("Unlock context prod?")
    screen.press("Escape")
    screen.expect_gone("Unlock context")
    screen.press("F", "l")
    screen.expect("LOCAL")
    try:
        assert not fetch(port)
    except OSError:
        pass
    screen.expect("is protected")
    assert other.phase("web", "Running")


def test_a_readonly_screen_is_never_unlocked(make_cluster, base, open_screen):
    home, other = somebodys(make_cluster)
    screen = open_screen(home, "--context", "prod", "--readonly", "-n", "default", env=own_state(other, base))
    screen.expect("READ-ONLY", "prod")
    screen.press("F8")
    screen.expect("kdash was started with --readonly")
    assert "Unlock context" not in screen.text()
    screen.press("c")
    screen.expect("READ-ONLY")
    assert "WRITABLE" not in screen.text()


def test_an_unlock_is_for_every_place_of_the_window_and_never_saved(make_cluster, base, open_screen):
    home, other = somebodys(make_cluster)
    env = own_state(other, base)
    screen = open_screen(home, "--context", "prod", "-n", "default", env=env)
    screen.expect("PROTECTED", "prod")
    screen.press("t", "v")
    eventually(lambda: screen.text().count("PROTECTED") == 2, what="two protected splits")
    unlock(screen)
    eventually(lambda: screen.text().count("WRITABLE 15m") == 2, what="both splits unlocked")
    screen.press("t", "n")
    screen.expect("WRITABLE 15m")
    screen.press("q")
    screen.expect("exit=0")
    screen = open_screen(home, "--context", "prod", "-n", "default", env=env)
    screen.expect("PROTECTED", "prod")
    assert "WRITABLE" not in screen.text()


def test_plain_lines_unlock_too(make_cluster):
    home, other = somebodys(make_cluster)
    other.kubectl("create", "-f", "-", stdin=SETTINGS)
    lines = ["delete cm settings", "settings", "unlock", "prud", "unlock", "prod", "delete cm settings", "settings", "lock", "where", "quit"]
    said = home.kdash("--plain", "--context", "prod", "-n", "default", input="".join(f"{line}\n" for line in lines)).stdout
    assert "protected" in said.splitlines()[0]
    assert "unlock the context for 15 minutes" in said and "that is not its name" in said and "writable for 15 minutes" in said
    assert "ConfigMap default/settings is deleted" in said and said.rstrip().endswith("protected")
    assert json.loads(other.kubectl("get", "configmaps", "-n", "default", "-o", "json"))["items"][0]["metadata"]["name"] != "settings"
