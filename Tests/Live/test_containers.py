"""Files, processes and sockets of containers, images and Helm revisions: through the API and on the screen."""

import base64
import gzip
import json
import os
import urllib.parse

from cluster import eventually, pod
from screen import open_screen, own_state  # noqa: F401 (open_screen is a fixture)

POD = """
apiVersion: v1
kind: Pod
metadata: {name: box, namespace: default}
spec:
  terminationGracePeriodSeconds: 1
  restartPolicy: Never
  containers:
  - name: main
    image: host/busybox:latest
    command: [sh, -c, "mkdir -p /data /www; echo before > /data/note; ln -s ../../../../../etc/shadow /data/out; mkfifo /data/pipe; httpd -p 8080 -h /www; exec sleep 1000"]
    volumeMounts: [{name: scratch, mountPath: /scratch}]
  - name: done
    image: host/busybox:latest
    command: [sh, -c, "echo left > /left"]
  volumes: [{name: scratch, emptyDir: {}}]
"""


def raw(cluster, container, what, **query):
    query = urllib.parse.urlencode(query)
    return cluster.kubectl("get", "--raw", f"/kdash/v1/containers/default/box/{container}/{what}?{query}")


def refusal(cluster, container, what, **query):
    query = urllib.parse.urlencode(query)
    return cluster.kubectl("get", "--raw", f"/kdash/v1/containers/default/box/{container}/{what}?{query}", check=False)


def start(one):
    one.up()
    one.busybox()
    one.kubectl("apply", "-f", "-", stdin=POD)
    eventually(lambda: "note" in raw(one, "main", "files", path="/data"), within=60, what="the container has written")
    eventually(lambda: '"terminated"' in one.kubectl("get", "pod", "box", "-n", "default", "-o", "json"), within=60, what="the other has ended")


def names(text):
    return {f["name"]: f for f in json.loads(text)["files"]}


def test_the_inside_of_containers_without_any_program_in_them(make_cluster):
    one = make_cluster()
    start(one)
    found = names(raw(one, "main", "files", path="/data"))
    assert found["note"]["kind"] == "file" and found["out"]["link"].endswith("etc/shadow") and found["pipe"]["kind"] == "pipe"
    assert raw(one, "main", "file", path="/data/note") == "before\n"
    assert "scratch" in names(raw(one, "main", "files", path="/"))
    # What leads out leads nowhere; what would never end is refused.
    for path, word in [("/data/out", "No such file"), ("/data/pipe", "is a pipe"), ("/data", "is a directory"), ("relative", "an absolute path is needed")]:
        refused = refusal(one, "main", "file", path=path)
        assert refused.returncode != 0 and word in refused.stderr, (path, refused.stderr)
    # Of a container that has ended the last state is there.
    assert raw(one, "done", "file", path="/left") == "left\n"

    processes = json.loads(raw(one, "main", "processes"))["processes"]
    assert {"sleep 1000"} <= {p["command"] for p in processes}
    assert any(p["pid"] == 1 and p["user"] in ("root", "0") for p in processes)
    sockets = json.loads(raw(one, "main", "sockets"))["sockets"]
    assert any(s["state"] == "LISTEN" and s["local"].endswith(":8080") and s.get("pid") for s in sockets), sockets

    images = {name: i for i in json.loads(one.kubectl("get", "--raw", "/kdash/v1/images/layers"))["images"] for name in i["names"]}
    busybox = next(i for name, i in images.items() if "busybox" in name)
    assert "default/box/main" in busybox["containers"] and busybox["layers"]


def test_files_processes_and_containers_on_the_screen(make_cluster, open_screen, tmp_path):
    one = make_cluster()
    start(one)
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nprintf 'after\\n' > \"$1\"\n")
    editor.chmod(0o755)
    screen = open_screen(
        one, "--no-merge", "--data-dir", one.data, "-n", "default", env=dict(own_state(one, one.base), EDITOR=str(editor), VISUAL=str(editor)))
    screen.expect("WRITABLE", "box")

    # Containers: what each is, and from there its files.
    screen.press("x", "C")
    screen.expect("2 containers", "main", "done", "host/busybox")
    screen.press("f")
    screen.expect("MODIFIED", "data/", "scratch/")
    folders = sorted(name for name, f in names(raw(one, "main", "files", path="/")).items() if f["kind"] == "directory")
    screen.press(*["j"] * folders.index("data"))
    screen.press("Enter")
    screen.expect("/data", "note", "out -> ../../../../../etc/shadow", "pipe  (pipe)")

    # A file is edited where it is, and copied from there and to there.
    screen.press("e")
    screen.expect("wrote 6 B to /data/note")
    assert raw(one, "main", "file", path="/data/note") == "after\n"
    screen.press("Enter")
    screen.expect("-rw-r--r--", "after")
    screen.press("Escape")
    screen.expect("pipe  (pipe)")
    screen.press("w")
    screen.expect("copy /data/note to the file")
    screen.press("C-u")
    screen.type(str(tmp_path / "note"))
    screen.press("Enter")
    eventually(lambda: (tmp_path / "note").exists() and (tmp_path / "note").read_text() == "after\n", what="the file is here")
    (tmp_path / "upload").write_bytes(os.urandom(300_000))
    screen.press("r")
    screen.expect("copy to /data the file or directory of this machine")
    screen.press("C-u")
    screen.type(str(tmp_path / "upload"))
    screen.press("Enter")
    screen.expect("to /data/upload")
    assert names(raw(one, "main", "files", path="/data"))["upload"]["size"] == 300_000

    # Whole directories, too: what leads out of one and what is no file stay away.
    screen.press("BSpace")
    screen.expect("scratch/")
    screen.press("w")
    screen.expect("copy the directory /data to")
    screen.press("C-u")
    screen.type(str(tmp_path / "tree"))
    screen.press("Enter")
    screen.expect("copied", "left out", "/data/out: a link that leads out", "/data/pipe: neither")
    assert (tmp_path / "tree/note").read_text() == "after\n"
    assert (tmp_path / "tree/upload").read_bytes() == (tmp_path / "upload").read_bytes()
    assert not os.path.lexists(tmp_path / "tree/out") and not os.path.lexists(tmp_path / "tree/pipe")
    screen.press("Escape")
    screen.expect("scratch/")
    (tmp_path / "up/deep").mkdir(parents=True)
    (tmp_path / "up/deep/words").write_text("from here\n")
    (tmp_path / "up/link").symlink_to("/etc/passwd")
    screen.press("r")
    screen.expect("copy to / the file or directory")
    screen.press("C-u")
    screen.type(str(tmp_path / "up"))
    screen.press("Enter")
    screen.expect("Copy up to /up?", "1 file in 2 directories", "link: a link")
    screen.press("y")
    screen.expect("copied", "1 file in 2 directories")
    assert raw(one, "main", "file", path="/up/deep/words") == "from here\n"
    assert "link" not in names(raw(one, "main", "files", path="/up"))
    screen.press("Escape")
    screen.expect("scratch/", "up/")
    screen.press("Escape")
    screen.expect("2 containers")
    screen.press("Escape")
    screen.expect_gone("2 containers")

    screen.press("x", "p")
    screen.expect("Processes of which container?")
    screen.type("main")
    screen.press("Enter")
    screen.expect("sleep 1000", "PID", "COMMAND")
    screen.press("Escape")
    screen.press("x", "i")
    screen.expect("images", "busybox", "USED BY")
    screen.press("Escape")


def helm_secret(version, status, mode):
    manifest = f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings}}\ndata: {{mode: {mode}}}\n"
    release = {
        "name": "shop", "namespace": "default", "version": version, "manifest": manifest, "config": {},
        "info": {"status": status, "first_deployed": "2026-03-01T10:00:00Z", "last_deployed": "2026-03-01T10:00:00Z", "description": "done"},
        "chart": {"metadata": {"name": "shop", "version": "1.0.0"}},
    }
    packed = base64.b64encode(gzip.compress(json.dumps(release).encode()))
    return {
        "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
        "metadata": {
            "name": f"sh.helm.release.v1.shop.v{version}", "namespace": "default",
            "labels": {"owner": "helm", "name": "shop", "version": str(version), "status": status}},
        "data": {"release": base64.b64encode(packed).decode()},
    }


def test_a_helm_release_goes_back(make_cluster, open_screen):
    one = make_cluster()
    one.up()
    for version, status, mode in [(1, "superseded", "old"), (2, "deployed", "new")]:
        one.kubectl("apply", "-f", "-", stdin=json.dumps(helm_secret(version, status, mode)))
    one.kubectl("create", "configmap", "settings", "-n", "default", "--from-literal=mode=new")
    screen = open_screen(one, "--no-merge", "--data-dir", one.data, "-n", "default", env=own_state(one, one.base))
    screen.expect("WRITABLE", "kube-system")
    screen.press("x", "H")
    screen.expect("shop", "revision 2")
    screen.press("Enter")
    screen.expect("Revisions", "superseded")
    screen.press("j")
    screen.press("R")
    screen.expect("Roll shop back from revision 2 to 1?", "changes configmap settings", "the server accepts")
    screen.press("y")
    eventually(lambda: one.kubectl("get", "configmap", "settings", "-n", "default", "-o", "jsonpath={.data.mode}") == "old", what="the object is back")
    newest = eventually(
        lambda: (found := one.get("secret", "sh.helm.release.v1.shop.v3", "-n", "default")) and found["metadata"]["labels"]["status"] == "deployed" and found,
        what="the revision is deployed")
    release = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(newest["data"]["release"]))))
    assert release["version"] == 3 and release["info"]["status"] == "deployed" and release["info"]["description"] == "Rollback to 1"


def test_a_debug_container_is_put_into_a_pod_and_opened(make_cluster, open_screen):
    one = make_cluster()
    start(one)
    screen = open_screen(one, "--no-merge", "--data-dir", one.data, "-n", "default", env=own_state(one, one.base))
    screen.expect("WRITABLE", "box")
    screen.press("a", "d")
    screen.expect("See the processes of which container?")
    screen.type("main")
    screen.press("Enter")
    screen.expect("image with the tools")
    screen.press("C-u")
    screen.type("host/busybox:latest")
    screen.press("Enter")
    eventually(
        lambda: "running" in json.dumps(one.get("pod", "box", "-n", "default")["status"].get("ephemeralContainerStatuses", [])), within=60,
        what="the debug container runs")
    screen.expect("/ #", within=30)
    screen.type("ps")
    screen.press("Enter")
    screen.expect("sleep 1000", within=30)


def test_a_program_is_attached_to(make_cluster, open_screen):
    one = make_cluster()
    one.up()
    one.busybox()
    one.apply(pod("cat", "host/busybox:latest", ["cat"], container={"stdin": True, "tty": True}))
    one.phase("cat", "Running")
    screen = open_screen(one, "--no-merge", "--data-dir", one.data, "-n", "default", env=own_state(one, one.base))
    screen.expect("WRITABLE", "cat", "Running")
    screen.press("a", "A")
    screen.expect("what you type goes to the program itself")
    screen.type("echoed")
    screen.press("Enter")
    eventually(lambda: screen.text().count("echoed") >= 2, what="the program answers")
