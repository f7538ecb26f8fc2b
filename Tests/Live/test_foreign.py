"""A cluster that this kdash did not make: protected, then unlocked by its name, used for everything, and locked again."""

import hashlib
import json
import re
import urllib.request

import pytest

import cluster as clusters
from cluster import eventually
from plain_server import PlainServer
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
    screen.expect(f"Unlock context {name}?", f"Type {name} to confirm")
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
    screen.expect("u undoes", "data.colour")
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
    eventually(lambda: screen.text().count("PROTECTED") == 2 and screen.text().count("no pods in default") == 2, what="two protected splits")
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


@pytest.fixture
def far(make_cluster):
    """A cluster behind a server that is no kdash, and the machine whose screen is opened."""
    home, other = make_cluster("home"), make_cluster("other")
    other.up("--no-merge")
    other.busybox()
    server = PlainServer(other)
    config = home.home / ".kube/config"
    config.parent.mkdir()
    config.write_text(server.kubeconfig("far"))
    yield home, other, server
    server.close()


def test_files_and_processes_of_containers_by_their_own_shell(far, base, open_screen):
    home, other, server = far
    script = "mkdir -p /www/deep; echo hello > /www/index.html; ln -s /www /link; head -c 5000000 /dev/urandom > /www/big; exec httpd -f -p 8080 -h /www"
    other.apply(clusters.pod("web", "host/busybox:latest", ["sh", "-c", script]))
    other.phase("web", "Running")
    editor = base / "editor"
    editor.write_text("#!/bin/sh\nsed -i s/hello/goodbye/ \"$1\"\n")
    editor.chmod(0o755)
    screen = open_screen(home, "--context", "far", "-n", "default", env=dict(own_state(other, base), VISUAL=str(editor)))
    screen.expect("PROTECTED", "web")
    screen.press("x", "f")
    screen.expect("Unlock context far?", server.url, "anna", "\"Files of a container\" was not done")
    screen.type("far")
    screen.press("Enter")
    screen.expect("WRITABLE 15m")
    screen.press("x", "f")
    screen.expect("Files of web/main", "link -> /www", "www/", "drwxr-xr-x")

    def at(name):
        eventually(lambda: re.search(rf"▌ .* {name}\b", screen.text()), what=f"the cursor on {name}")

    def go(path):
        screen.press("/")
        screen.expect("search:")
        screen.press("C-u")
        screen.type(path)
        screen.press("Enter")
        at(path)
        screen.press("Enter")

    go("link")
    screen.expect("/link", "index.html", "deep/", "4.7 MiB")
    go("index.html")
    screen.expect("hello")
    screen.press("Escape")
    screen.expect("deep/")
    screen.press("e")
    screen.expect("wrote 8 B to /link/index.html")
    assert other.kubectl("exec", "-n", "default", "web", "--", "cat", "/www/index.html") == "goodbye\n"
    # What is longer than one answer comes whole.
    screen.press("g", "g", "/")
    screen.expect("search:")
    screen.press("C-u")
    screen.type("big")
    screen.press("Enter")
    at("big")
    screen.press("w")
    screen.expect("copy /link/big to the file")
    screen.press("C-u")
    copy = base / "copy"
    screen.type(str(copy))
    screen.expect(f": {copy}")
    screen.press("Enter")
    screen.expect("copied 4.7 MiB", within=40)
    sum = other.kubectl("exec", "-n", "default", "web", "--", "md5sum", "/www/big").split()[0]
    assert hashlib.md5(copy.read_bytes()).hexdigest() == sum
    screen.press("r")
    screen.expect("copy to /link the file or directory of this machine")
    screen.press("C-u")
    screen.type(str(copy))
    screen.expect(f": {copy}")
    screen.press("Enter")
    screen.expect("wrote 4.7 MiB to /link/copy", within=40)
    assert other.kubectl("exec", "-n", "default", "web", "--", "md5sum", "/www/copy").split()[0] == sum
    assert not [name for name in other.kubectl("exec", "-n", "default", "web", "--", "ls", "-a", "/www").split() if name.startswith(".kdash")]
    screen.press("Escape")
    screen.expect_gone("Files of web/main")

    screen.press("x", "p")
    screen.expect("httpd -f -p 8080", "root")
    screen.press("Escape")
    screen.expect_gone("httpd -f")
    screen.press("x", "s")
    screen.expect("LISTEN", ":8080", "httpd")
    screen.press("Escape")
    screen.expect_gone("LISTEN")
    # Looking is no change: the command log tells of what was written.
    screen.press("@")
    screen.expect("Command log")
    assert not any(path.startswith("/kdash/") for path in server.paths)
    screen.press("Escape")
    screen.expect_gone("Command log")
    screen.press("F7")
    screen.expect("PROTECTED")
    screen.press("x", "f")
    screen.expect("Unlock context far?")


def test_a_container_without_a_shell_says_so_and_names_the_debug_container(far, base, open_screen):
    home, other, server = far
    other.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare", "namespace": "default"}, "spec": {
        "terminationGracePeriodSeconds": 1, "containers": [{"name": "main", "image": "kdash.dev/demo:1", "args": ["log"]}]}})
    other.phase("bare", "Running")
    screen = open_screen(home, "--context", "far", "-n", "default", env=own_state(other, base))
    screen.expect("PROTECTED", "bare")
    unlock(screen, "far")
    screen.expect("WRITABLE 15m")
    screen.press("x", "f")
    screen.expect("has no shell", "debug container", "a d")


DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: main, image: "host/busybox:latest", command: [sh, -c, "exec httpd -f -p 8080 -h /"]}]
"""


def test_workloads_nodes_and_programs_obey_an_unlocked_context(far, base, open_screen):
    home, other, _ = far
    other.apply(clusters.pod("cat", "host/busybox:latest", ["cat"], container={"stdin": True, "tty": True}))
    other.kubectl("create", "-f", "-", stdin=DEPLOYMENT)
    other.phase("cat", "Running")
    screen = open_screen(home, "--context", "far", "-n", "default", env=own_state(other, base))
    screen.expect("PROTECTED", "cat")
    unlock(screen, "far")
    screen.expect("WRITABLE 15m")

    screen.press("g", "d")
    screen.expect("Deployments", "▌ web", "kind: Deployment")
    screen.press("a", "s")
    screen.expect("replicas of")
    screen.press("C-u")
    screen.type("2")
    screen.press("Enter")
    eventually(lambda: other.get("deployment", "web", "-n", "default")["spec"]["replicas"] == 2, what="two replicas")
    screen.press("a", "r")
    screen.expect("Restart?")
    screen.press("y")
    eventually(lambda: "annotations" in other.get("deployment", "web", "-n", "default")["spec"]["template"]["metadata"], what="the restart")

    screen.press("g", "p")
    screen.expect("cat")
    screen.filter("cat")
    screen.expect("▌ cat")
    screen.press("a", "A")
    screen.expect("what you type goes to the program itself")
    screen.type("echoed")
    screen.press("Enter")
    eventually(lambda: screen.text().count("echoed") >= 2, what="the program answers")
    screen.press("F12")
    screen.expect("BROWSE")
    screen.press("a", "d")
    screen.expect("image with the tools")
    screen.press("C-u")
    screen.type("host/busybox:latest")
    screen.expect(": host/busybox:latest")
    screen.press("Enter")
    screen.expect("/ #", within=60)
    screen.press("F12")
    screen.expect("BROWSE")

    screen.press("g", "n")
    screen.expect("Nodes", "▌ kdash", "kind: Node")
    screen.press("D", "r")
    screen.expect("Drain this node?", "Type kdash to confirm")
    screen.type("kdash")
    screen.press("Enter")
    eventually(lambda: other.get("node", "kdash")["spec"].get("unschedulable"), what="the node is cordoned")
    eventually(lambda: "cat" not in other.kubectl("get", "pods", "-n", "default"), within=60, what="the evictions")
    # The command log has what was sent.
    screen.press("@")
    screen.expect("Command log", "scale", "attach")


def test_pods_of_a_foreign_context_show_what_its_metrics_api_tells(make_cluster, base, open_screen):
    home, other = somebodys(make_cluster)
    other.busybox()
    other.apply(clusters.pod("burn", "host/busybox:latest", ["sh", "-c", "while :; do :; done"]))
    other.phase("burn", "Running")
    screen = open_screen(home, "--context", "prod", "-n", "default", env=own_state(other, base), columns=160)
    screen.expect("PROTECTED", "burn")

    def uses():
        """The pod's cell below CPU; its age has digits, too."""
        lines = screen.text().split("\n")
        head = next((line for line in lines if "CPU" in line and "MEMORY" in line), None)
        row = next((line for line in lines if re.search(r"burn\S* .*Running", line)), None)
        return head and row and re.search(r"[1-9]", row[head.index("CPU"):head.index("MEMORY")])

    eventually(uses, within=60, what=f"what the pod uses:\n{screen.text()}")
    assert "no metrics" not in screen.text()
    screen.press("H", "g")
    screen.expect("metrics API tells them", "Container", "CPU", "Memory")
