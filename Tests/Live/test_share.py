"""Folders of the machine in the node: `kdash share`."""

import pytest

from cluster import eventually, pod


def share(cluster, *arguments, check=True):
    return cluster.kdash("share", *arguments, check=check)


def with_folder(name, image, path, script="exec sleep 600", **host_path):
    return pod(name, image, ["sh", "-c", script], volumes=[{"name": "v", "hostPath": {"path": str(path), **host_path}}],
               container={"volumeMounts": [{"name": "v", "mountPath": "/v"}]})


def inside(cluster, name, *command, check=True):
    return cluster.kubectl("exec", name, "--", *command, check=check)


def events(cluster, reason):
    return cluster.kubectl("get", "events", "--field-selector", f"reason={reason}", "-o", "jsonpath={.items[*].message}")


def test_a_shared_folder_is_the_machines(fresh, base):
    image = fresh.busybox()
    folder, data = base / "src", base / "data"
    for one in (folder, data):
        one.mkdir()
    (folder / "main.go").write_text("package main\n")
    (data / "rows").write_text("1\n")
    # A pod that asks for it before it is there says what is missing, and starts when it has come.
    fresh.apply(with_folder("early", image, folder, type="Directory"))
    eventually(lambda: f"kdash share add {folder}" in events(fresh, "FailedMount"), what="the hint")
    # A folder that would silently be an empty one is told of, too.
    fresh.apply(with_folder("hollow", image, data))
    eventually(lambda: f"kdash share add {data}" in events(fresh, "EmptyHostPath"), what="the advice")

    assert f"shared {folder}: pods have it as hostPath {folder}" in share(fresh, "add", folder).stdout
    assert "read-only" in share(fresh, "add", f"{data}:ro").stdout
    assert [line.split() for line in share(fresh, "list").stdout.splitlines()] == [["FOLDER", "MODE"], [str(data), "ro"], [str(folder), "rw"]]
    fresh.phase("early", "Running", within=60)
    assert inside(fresh, "early", "cat", "/v/main.go") == "package main\n"
    # Both ways, at once.
    inside(fresh, "early", "sh", "-c", "echo made > /v/made")
    assert (folder / "made").read_text() == "made\n"
    (folder / "main.go").write_text("package other\n")
    assert inside(fresh, "early", "cat", "/v/main.go") == "package other\n"
    # Read-only means so, whatever the pod asks for.
    fresh.apply(with_folder("reader", image, data, type="Directory"))
    fresh.phase("reader", "Running")
    assert inside(fresh, "reader", "cat", "/v/rows") == "1\n"
    refused = inside(fresh, "reader", "touch", "/v/new", check=False)
    assert refused.returncode != 0 and "Read-only" in refused.stderr and not (data / "new").exists()

    # The daemon's death changes nothing; a node that starts anew has them again.
    fresh.kill_daemon()
    fresh.up("--no-merge")
    assert inside(fresh, "early", "cat", "/v/main.go") == "package other\n"
    fresh.apply(with_folder("late", image, folder, type="Directory"))
    fresh.phase("late", "Running")
    fresh.down()
    fresh.up("--no-merge")
    fresh.phase("late", "Running", within=60)
    eventually(lambda: inside(fresh, "late", "cat", "/v/made") == "made\n", what="the folder after down and up")

    # Taken back: who has it keeps it, who comes later does not find it.
    assert "is shared no more" in share(fresh, "rm", folder).stdout
    assert inside(fresh, "late", "cat", "/v/made") == "made\n"
    fresh.apply(with_folder("too-late", image, folder, type="Directory"))
    eventually(lambda: "too-late" in fresh.kubectl("get", "events", "--field-selector", "reason=FailedMount", "-o", "jsonpath={.items[*].involvedObject.name}"),
               what="the refusal")
    assert share(fresh, "list").stdout.split() == ["FOLDER", "MODE", str(data), "ro"]
    assert (folder / "made").exists()


@pytest.mark.parametrize("folder, reason", [
    ("/", "the whole machine"),
    ("/proc/sys", "the node has its own /proc"),
    ("/run", "the node has its own /run"),
    ("/nothing/here", "cannot share /nothing/here"),
    ("/etc/passwd", "it is a file"),
    ("{data}", "cluster's"),
    ("{data}/..", "holds the cluster's keys"),
    ("{data}/pki", "part of the cluster's own data"),
])
def test_what_cannot_be_shared_says_why(shared, folder, reason):
    done = share(shared, "add", folder.format(data=shared.data), check=False)
    assert done.returncode != 0 and reason in done.stderr, done.stderr
    assert "no folder is shared" in share(shared, "list").stdout


def test_a_folder_that_is_not_shared_cannot_be_taken_back(shared):
    done = share(shared, "rm", "/srv", check=False)
    assert done.returncode != 0 and "/srv is not shared; none is" in done.stderr
