"""Work on the screen that leaves something behind: Secrets as text, saved files and views, many objects at once, shells looked back in."""

import base64

import cluster as clusters
from cluster import eventually
from screen import open_screen, own_state  # noqa: F401 (open_screen is a fixture)


def go(screen, line, *expected):
    """Types a kind after ":"; the cluster may still be telling which kinds it has."""
    def is_known():
        screen.press(":")
        screen.expect("Go to or run")
        screen.type(line)
        screen.expect(f"│ {line} ")
        if "this cluster has no" not in screen.text():
            return True
        screen.press("Escape")
        screen.expect_gone("Go to or run")

    eventually(is_known, every=0.5, what=f"the kind {line}")
    screen.press("Enter")
    screen.expect(*expected)


def save(screen, key, path, *expected):
    screen.press(key)
    screen.expect("save to")
    screen.press("C-u")
    screen.type(str(path))
    screen.press("Enter")
    screen.expect(*expected)


def test_a_secret_is_edited_as_text(shared, base, open_screen):
    binary = base64.b64encode(bytes([0, 1, 2, 255])).decode()
    shared.kubectl("create", "-f", "-", stdin="{apiVersion: v1, kind: Secret, metadata: {name: keys, namespace: default}, data: "
                   f"{{password: {base64.b64encode(b'hunter2').decode()}, bin: {binary}}}}}")
    screen = open_screen(shared, "-n", "default", env=own_state(shared, base))
    go(screen, "secrets", "keys")
    screen.filter("keys")
    screen.press("a", "e")
    screen.expect("stringData:", "not text: these stay base64", "password: ••••••••")
    assert "hunter2" not in screen.text()
    # A key that follows Escape at once is that key with Alt.
    screen.press("Escape")
    screen.expect("BROWSE")
    screen.press("/")
    screen.expect("search:")
    screen.type("password")
    screen.press("Enter", "x")
    screen.expect("password: hunter2")
    screen.press("i", "End")
    screen.type("!")
    screen.press("F2")
    screen.expect("Apply in context", "the server accepts it")
    screen.press("y")
    data = eventually(lambda: (lambda d: d if base64.b64decode(d["password"]) == b"hunter2!" else None)(shared.get("secret", "keys")["data"]), what="the change")
    assert data["bin"] == binary
    shared.kubectl("delete", "secret", "keys", "-n", "default")


def test_rows_texts_and_views_are_kept(shared, base, open_screen):
    for name in ("save-a", "save-b"):
        shared.kubectl("create", "configmap", name, "-n", "default", "--from-literal=colour=red")
    screen = open_screen(shared, "-n", "default", env=dict(own_state(shared, base), XDG_CONFIG_HOME=str(base / "config")))
    go(screen, "cm", "save-a")
    screen.filter("save-")
    screen.expect_gone("kube-root")
    save(screen, "C-s", base / "none" / "x.csv", f"there is no folder {base}/none", "save to")
    screen.press("C-u")
    screen.type(str(base / "rows.csv"))
    screen.press("Enter")
    screen.expect("2 rows saved")
    assert (base / "rows.csv").read_text().count("\n") == 3
    save(screen, "C-s", base / "rows.yaml", "2 objects saved")
    assert (base / "rows.yaml").read_text().count("kind: ConfigMap") == 2
    save(screen, "C-s", base / "rows.yaml", "Replace this file?")
    screen.press("n", "d")
    screen.expect("Describe", "colour")
    save(screen, "C-s", base / "text.txt")
    eventually(lambda: (base / "text.txt").exists(), what="the saved text")
    assert "colour" in (base / "text.txt").read_text() and (base / "text.txt").stat().st_mode & 0o777 == 0o600
    screen.press("Escape")
    screen.expect_gone("Describe")
    screen.press("g", "W")
    screen.expect("save this view as")
    screen.type("my maps")
    screen.press("Enter")
    screen.expect("kept in saved-views.yaml")
    go(screen, "pods", "Pods")
    screen.press(":")
    screen.expect("Go to or run")
    screen.type("view my")
    screen.expect("my maps")
    screen.press("Enter")
    screen.expect("save-a", "save-b", "/save-")
    assert "configmaps" in (base / "config/kdash/saved-views.yaml").read_text()
    shared.kubectl("delete", "configmap", "save-a", "save-b", "-n", "default")


def test_many_objects_are_scaled_at_once(shared, base, open_screen):
    for name in ("bulk-a", "bulk-b"):
        shared.kubectl("create", "deployment", name, "-n", "default", "--image=nowhere.example/x:1", "--replicas=1")
    screen = open_screen(shared, "-n", "default", env=own_state(shared, base))
    go(screen, "deploy", "bulk-a", "bulk-b")
    screen.filter("bulk-")
    screen.press("Space", "Space")
    screen.expect("2 marked")
    screen.press("a", "s")
    screen.expect("replicas of each of 2, each now 1")
    screen.press("C-u")
    screen.type("3")
    screen.press("Enter")
    screen.expect("Scale these 2 to 3?")
    screen.press("y")
    screen.expect("2 of 2 done", "1 to 3 replicas")
    assert [shared.get("deployment", name)["spec"]["replicas"] for name in ("bulk-a", "bulk-b")] == [3, 3]
    shared.kubectl("delete", "deployment", "bulk-a", "bulk-b", "-n", "default")


def test_a_shell_is_looked_back_in_and_programs_get_the_mouse(shared, base, open_screen):
    shared.busybox()
    shared.apply(clusters.pod("looked", "host/busybox:latest", ["sleep", "1000"]))
    shared.phase("looked", "Running")
    screen = open_screen(shared, "-n", "default", env=own_state(shared, base))
    screen.expect("looked")
    screen.filter("looked")
    screen.press("s")
    screen.expect("F12", "#")
    screen.type("i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo row $i end; done")
    screen.press("Enter")
    screen.expect("row 200 end")
    screen.press("S-PPage")
    screen.expect("LOOK", "rows back")
    screen.press("/")
    screen.type("row 42 ")
    screen.press("Enter")
    screen.expect("row 42 end")
    screen.press("Escape")
    screen.expect("TYPE", "row 200 end")
    # The program asks for the mouse and is told of a click. What is typed does not have the word that says so.
    screen.type(r"printf '\033[?1000h\033[?1006h'; echo list''ens; cat -v")
    screen.press("Enter")
    screen.expect("listens")
    screen.type("\x1b[<0;5;5M\x1b[<0;5;5m")
    screen.press("Enter")
    screen.expect("^[[<0;5;")
    screen.press("C-c")
    screen.type("exit")
    screen.press("Enter")
    screen.expect("ended")
    shared.kubectl("delete", "pod", "looked", "-n", "default", "--grace-period=1")


def test_a_process_shows_its_environment_and_its_files(shared, base, open_screen):
    shared.busybox()
    command = ["sh", "-c", "exec 5>/tmp/open; sleep 1000"]
    shared.apply(clusters.pod("inside", "host/busybox:latest", command, container={"env": [{"name": "WORD", "value": "plain"}]}))
    shared.phase("inside", "Running")
    screen = open_screen(shared, "-n", "default", env=own_state(shared, base))
    screen.expect("inside")
    screen.filter("inside")
    screen.press("x", "p")
    screen.expect("1 process", "PID")
    screen.press("Enter")
    screen.expect("Environment", "WORD=••••••••", "Open files", "/tmp/open")
    screen.press("v")
    screen.expect("WORD=plain")
    shared.kubectl("delete", "pod", "inside", "-n", "default", "--grace-period=1")


def test_a_broken_kubeconfig_is_named_in_the_list_of_contexts(shared, base, open_screen):
    broken = base / "broken.yaml"
    broken.write_text("apiVersion: v1\nkind: Config\ncontexts: 5\n")
    screen = open_screen(shared, env=dict(own_state(shared, base), KUBECONFIG=f"{broken}:{shared.kubeconfig}"))
    screen.expect("default")
    screen.press("C")
    screen.type("broken")
    screen.expect("a broken kubeconfig", "that is no list", "line 3", "mend the file")
