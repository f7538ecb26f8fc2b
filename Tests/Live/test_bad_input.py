"""Whatever arrives from outside gets one clear message with the remedy, and nothing else breaks."""

import json
import os
import pathlib
import socket
import sqlite3
import subprocess
import tarfile

import pytest

import machine
from cluster import PROGRAM, eventually, pod


def manifest(**changes):
    made = pod("row", "host/busybox:latest", ["true"])
    made.update(changes)
    return made


def deep(levels):
    return "[" * levels + "]" * levels


REFUSED = [
    ("malformed YAML", "a: [1, 2\nb: }", "error"),
    ("unknown field", json.dumps({**manifest(), "spec": {**manifest()["spec"], "contaners": []}}), 'unknown field "spec.contaners"'),
    ("wrong type", json.dumps({**manifest(), "spec": {**manifest()["spec"], "terminationGracePeriodSeconds": "soon"}}), "terminationGracePeriodSeconds"),
    ("name too long", json.dumps(manifest(metadata={"name": "n" * 300})), "must be no more than 253"),
    ("bad name", json.dumps(manifest(metadata={"name": "Not_A_Name"})), "RFC 1123"),
    ("no containers", json.dumps(manifest(spec={"containers": []})), "spec.containers"),
    ("duplicate container", json.dumps(manifest(spec={"containers": [{"name": "a", "image": "i"}] * 2})), "Duplicate value"),
    ("bad quantity", json.dumps(manifest(spec={"containers": [{"name": "a", "image": "i", "resources": {"limits": {"cpu": "fast"}}}]})), "quantit"),
    ("request above limit", json.dumps(manifest(spec={"containers": [{"name": "a", "image": "i", "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "2"}}}]})), "must be less than or equal to cpu limit"),
    ("body too large", json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "big"}, "data": {"a": "x" * (3 << 20)}}), "too large"),
    ("missing namespace", json.dumps(manifest(metadata={"name": "row", "namespace": "nowhere"})), 'namespaces "nowhere" not found'),
]


@pytest.mark.parametrize("body,expected", [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused_with_a_reason(shared, body, expected):
    done = shared.kubectl("create", "--validate=strict", "-f", "-", stdin=body, check=False)
    assert done.returncode != 0 and expected in done.stderr, done.stderr[:2000]
    assert shared.kubectl("get", "--raw", "/livez").strip() == "ok"


def test_an_unknown_kind_is_named(shared):
    body = json.dumps({"apiVersion": "v1", "kind": "Pud", "metadata": {"name": "x"}})
    done = shared.kubectl("create", "--validate=false", "-f", "-", stdin=body, check=False)
    assert done.returncode != 0 and 'no matches for kind "Pud"' in done.stderr, done.stderr


def test_deep_nesting_is_refused_not_fatal(shared):
    body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"deep","annotations":%s}}' % deep(100_000)
    path = shared.base / "deep.json"
    path.write_text(body)
    done = shared.kubectl("create", "--raw", "/api/v1/namespaces/default/configmaps", "-f", path, check=False)
    assert done.returncode != 0 and "nest" in done.stderr.lower() + done.stdout.lower(), done.stderr[:500]
    assert shared.kubectl("get", "--raw", "/livez").strip() == "ok"


@pytest.mark.parametrize("make", ["garbage", "truncated", "escape"])
def test_corrupt_archives_are_named_and_leave_nothing(shared, base, make):
    path = base / "image.tar"
    if make == "garbage":
        path.write_bytes(os.urandom(4096))
    elif make == "truncated":
        whole = base / "whole.tar"
        with tarfile.open(whole, "w") as archive:
            archive.add("/bin/busybox", "layer/busybox")
        path.write_bytes(whole.read_bytes()[:50_000])
    else:
        with tarfile.open(path, "w") as archive:
            member = tarfile.TarInfo("../../escape")
            member.size = 0
            archive.addfile(member)
    before = shared.kdash("image", "list").stdout
    done = shared.kdash("image", "load", path, check=False)
    assert done.returncode != 0 and "image" in done.stderr and done.stderr.count("\n") <= 3, done.stderr
    assert shared.kdash("image", "list").stdout == before


def test_image_file_missing(shared):
    done = shared.kdash("image", "load", "/no/such/file.tar", check=False)
    assert done.returncode != 0 and "/no/such/file.tar" in done.stderr


def test_a_busy_port_is_named_with_the_remedy(make_cluster):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        one = make_cluster()
        done = one.kdash("up", "--no-merge", "--api-port", port, check=False)
        assert done.returncode != 0 and str(port) in done.stderr and "--api-port" in done.stderr


def test_a_busy_port_of_a_cluster_that_had_it_is_named_too(make_cluster):
    one = make_cluster()
    one.up("--no-merge")
    port = int(one.status()["server"].rsplit(":", 1)[1])
    one.down()
    before = machine.snapshot()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        done = one.kdash("up", "--no-merge", check=False)
        assert done.returncode != 0 and str(port) in done.stderr and "--api-port" in done.stderr
        left = eventually(lambda: [machine.difference(before, machine.snapshot())], what="a snapshot")[0]
        assert not left, "the failed start is undone: " + "\n".join(left)
        assert one.kdash("status", check=False).returncode == 1
    one.up("--no-merge")
    assert str(port) in one.status()["server"], "clients know this address"


def test_a_directory_from_a_newer_version_is_refused_whole(make_cluster):
    one = make_cluster()
    one.up("--no-merge")
    one.down()
    store = next(one.data.glob("store.db"))
    with sqlite3.connect(store) as connection:
        connection.execute("PRAGMA user_version = 9999")
    done = one.kdash("up", "--no-merge", check=False)
    assert done.returncode != 0 and "newer" in done.stderr
    with sqlite3.connect(store) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (9999,)
        connection.execute("PRAGMA user_version = 1")


def test_a_directory_in_a_newer_format_is_refused_by_every_command(make_cluster):
    one = make_cluster()
    one.up("--no-merge")
    one.down()
    instance = one.data / "instance"
    original = instance.read_text()
    instance.write_text(json.dumps({**json.loads(original), "format": 99, "later": True}))
    changed = instance.read_text()
    for command in (("up", "--no-merge"), ("down",), ("down", "--purge")):
        done = one.kdash(*command, check=False)
        assert done.returncode != 0 and "newer" in done.stderr and "99" in done.stderr, (command, done.stderr)
    assert instance.read_text() == changed and (one.data / "store.db").exists()
    instance.write_text(original)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '{"format": 1, "id": "../../etc", "apiPort": 6443}', '{"format": 1, "id": "0123abcd", "apiPort": "x"}'])
def test_a_damaged_instance_file_is_named_and_nothing_is_removed(make_cluster, text):
    one = make_cluster()
    one.data.mkdir()
    (one.data / "instance").write_text(text)
    (one.data / "store.db").write_text("precious")
    for command in (("up", "--no-merge"), ("down", "--purge")):
        done = one.kdash(*command, check=False)
        assert done.returncode != 0 and "instance" in done.stderr and done.stderr.count("\n") <= 3, done.stderr
    assert (one.data / "store.db").read_text() == "precious"
    (one.data / "instance").unlink()


def test_commands_without_a_daemon_name_the_remedy(make_cluster):
    one = make_cluster()
    for command in (("status",), ("image", "list")):
        done = one.kdash(*command, check=False)
        assert done.returncode != 0 and "kdash up" in done.stderr + done.stdout


def test_no_terminal_is_said_plainly(make_cluster):
    one = make_cluster()
    done = subprocess.run([PROGRAM, "--data-dir", str(one.data)], env=one.env, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20)
    assert done.returncode != 0 and "terminal" in done.stderr and done.stderr.count("\n") <= 3


def test_unknown_flags_and_verbs_point_to_help(make_cluster):
    one = make_cluster()
    for command in (("upp",), ("up", "--nodez", "2"), ("image", "eat")):
        done = one.kdash(*command, check=False)
        assert done.returncode == 64 and "kdash" in done.stderr


def test_a_full_disk_refuses_writes_and_recovers(make_cluster, base):
    mount = base / "small"
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", mount], check=True)
    try:
        one = make_cluster()
        one.data = mount / "data"
        one.up("--no-merge")
        filler = mount / "filler"
        with open(filler, "wb") as file:
            try:
                while True:
                    file.write(b"\0" * 65536)
                    file.flush()
            except OSError:
                pass
        done = None
        for number in range(200):
            done = one.kubectl("create", "configmap", f"full-{number}", f"--from-literal=a={'x' * 60_000}", check=False)
            if done.returncode != 0:
                break
        assert done.returncode != 0 and "no space" in done.stderr.lower(), done.stderr
        assert "default" in one.kubectl("get", "ns")
        filler.unlink()
        eventually(lambda: one.kubectl("create", "configmap", "again", check=False).returncode == 0, what="writes again")
        one.close()
    finally:
        subprocess.run(["umount", "-l", mount], check=True)


def test_an_archive_larger_than_the_disk_is_refused_by_name(make_cluster, base):
    mount = base / "small"
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", mount], check=True)
    try:
        one = make_cluster()
        one.data = mount / "data"
        one.up("--no-merge")
        before = one.kdash("image", "list").stdout
        with open("/dev/zero", "rb") as zeros:
            head = subprocess.Popen(["head", "-c", str(200 << 20)], stdin=zeros, stdout=subprocess.PIPE)
            done = one.kdash("image", "load", "-", check=False, stdin=head.stdout)
            head.stdout.close()
            head.wait()
        assert done.returncode != 0 and "no space" in done.stderr.lower(), done.stderr
        assert one.kdash("image", "list").stdout == before
        one.kubectl("create", "configmap", "space-is-back")
        one.close()
    finally:
        subprocess.run(["umount", "-l", mount], check=True)
