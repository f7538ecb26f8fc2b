"""The log pane in a real terminal: what it marks, what it still shows, and that no log drives the terminal."""

import subprocess

import pytest

import cluster as clusters
from cluster import eventually
from screen import open_screen, own_state  # noqa: F401 (open_screen is a fixture)


@pytest.mark.parametrize("colour", [True, False], ids=["colour", "NO_COLOR"])
def test_the_log_pane_marks_standard_error_and_names_what_is_missing(make_cluster, base, open_screen, colour):
    one = make_cluster()
    one.data.mkdir()
    (one.data / "config.yaml").write_text("logMaximumMiB: 1\nlogMaximumFiles: 2\n")
    one.up("--no-merge")
    one.busybox()
    # Each line once the one before it is in the log: the two streams are two pipes.
    script = ("trap 'exit 0' TERM; seq 1 100000; until [ -e /tmp/1 ]; do sleep 0.02; done; echo went wrong >&2; "
              "until [ -e /tmp/2 ]; do sleep 0.02; done; echo fine; sleep 1000 & wait")
    one.apply(clusters.pod("noisy", "host/busybox:latest", ["sh", "-c", script]))
    for line, sign in (("100000", "/tmp/1"), ("went wrong", "/tmp/2"), ("fine", None)):
        eventually(lambda: one.kubectl("logs", "noisy", "--tail=1") == f"{line}\n", what=f"the line {line}")
        if sign:
            one.kubectl("exec", "noisy", "--", "touch", sign)
    # What kubectl sees has neither marks nor places.
    whole = one.kubectl("logs", "noisy").splitlines()
    assert whole[-2:] == ["went wrong", "fine"] and all(line.isdigit() for line in whole[:-2])
    screen = open_screen(one, "--namespace", "default", "--data-dir", one.data, env=own_state(one, base) | ({} if colour else {"NO_COLOR": "1"}))
    screen.expect("┃went wrong", " fine", " 100000")
    screen.press("3", "g", "g")
    screen.expect(f"{int(whole[0]) - 1:,} earlier lines (", ") were rotated away", f" {whole[0]}")


def test_the_log_of_a_deleted_pod_can_still_be_read(shared, base, open_screen):
    shared.busybox()
    for name in ("kept-0", "kept-a", "kept-b"):
        shared.apply(clusters.pod(name, "host/busybox:latest", ["sh", "-c", f"echo last words of {name}; trap 'exit 0' TERM; sleep 1000 & wait"]))
        shared.phase(name, "Running")
    shared.kubectl("delete", "pod", "kept-0")
    screen = open_screen(shared, "--namespace", "default", "--data-dir", shared.data, env=own_state(shared, base))
    screen.expect("kept-a", "kept-b")
    screen.filter("kept-b")
    screen.expect("last words of kept-b")
    uid = shared.get("pod", "kept-a")["metadata"]["uid"]
    shared.kubectl("delete", "pod", "kept-a")
    screen.press("L")
    screen.expect("Log of which deleted pod?", "default/kept-a")
    screen.type("kept-a")
    screen.press("Enter")
    screen.expect("kept-a/main deleted", "the pod was deleted", "last words of kept-a")
    # One that went before the screen was opened is there, too.
    screen.press("L")
    screen.expect("Log of which deleted pod?", "default/kept-0", " ago, ")
    screen.type("kept-0")
    screen.press("Enter")
    screen.expect("kept-0/main deleted", "last words of kept-0")
    # Only what the API's names can say becomes part of a path.
    log = "/api/v1/namespaces/default/pods/kept-a/log?container=main&podUID="
    assert shared.kubectl("get", "--raw", log + uid) == "last words of kept-a\n"
    for bad in ("../../x", "%2e%2e%2f", "", uid[:-1] + ("1" if uid[-1] == "0" else "0"), "..", "."):
        assert "not found" in shared.kubectl("get", "--raw", log + bad, check=False).stderr
    shared.kubectl("delete", "pod", "kept-b", "--wait=false")


def test_every_kept_instance_of_a_container_can_be_read(shared, base, open_screen):
    shared.busybox()
    pod = clusters.pod("again", "host/busybox:latest", ["sh", "-c", "echo round $(cat /state/n 2>/dev/null | wc -c); printf x >> /state/n; exit 1"])
    pod["spec"]["restartPolicy"] = "Always"
    pod["spec"]["volumes"] = [{"name": "state", "emptyDir": {}}]
    pod["spec"]["containers"][0]["volumeMounts"] = [{"name": "state", "mountPath": "/state"}]
    shared.apply(pod)
    eventually(lambda: shared.get("pod", "again")["status"]["containerStatuses"][0]["restartCount"] >= 2, within=90, what="two restarts")
    screen = open_screen(shared, "--namespace", "default", "--data-dir", shared.data, env=own_state(shared, base))
    screen.expect("again")
    screen.filter("again")
    screen.press("l", "I")
    screen.expect("Log of which instance of main?", "instance 2", "instance 1", "instance 0")
    screen.type("instance 0")
    screen.press("Enter")
    screen.expect("again/main instance 0", "round 0")
    # After the oldest comes the newest, and then back one by one.
    screen.press("p")
    screen.expect_gone("instance 0")
    screen.press("p")
    screen.expect("again/main previous")
    screen.press("p")
    screen.expect("again/main instance ")
    shared.kubectl("delete", "pod", "again", "--wait=false", "--grace-period=1")


def test_no_byte_of_a_log_drives_the_terminal(shared, base, open_screen):
    shared.busybox()
    hostile = r"\033]0;owned\007\033[2J\033[5;5Hjumped\033]52;c;b3duZWQ=\007\033[?1049l\033c\r\b\b\tend\n"
    script = f"printf '{hostile}'; echo plain; trap 'exit 0' TERM; sleep 1000 & wait"
    shared.apply(clusters.pod("hostile", "host/busybox:latest", ["sh", "-c", script]))
    shared.phase("hostile", "Running")
    screen = open_screen(shared, "--namespace", "default", "--data-dir", shared.data, env=own_state(shared, base))
    screen.expect("hostile")
    screen.filter("hostile")
    # The YAML pane to the right shows the command.
    shown = [row[:60] for row in screen.expect("hostile/main", " plain", "end").split("\n")]
    line = [row for row in range(len(shown)) if "jumped" in shown[row]]
    assert len(line) == 1 and "end" in shown[line[0]] and " plain" in shown[line[0] + 1], "\n".join(shown)
    assert "kdash › default › hostile" in shown[0] and "owned" not in screen.state("#{pane_title}") and screen.state("#{alternate_on}") == "1"
    assert "owned" not in subprocess.run(["tmux", "-S", screen.socket, "show-buffer"], capture_output=True, text=True, env=screen.env).stdout
    shared.kubectl("delete", "pod", "hostile", "--wait=false")
