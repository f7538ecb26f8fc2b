"""What `kdash oci` mounts, where, and in containers that are there already."""

import json
import os
import subprocess

import pytest

import cluster as clusters
from test_oci import add_user_namespace, pytestmark, runtime  # noqa: F401


def mounted(text):
    return {line.split()[4]: line for line in text.splitlines() if " - " in line}


def test_a_tmpfs_has_the_mode_of_what_it_covers(runtime):
    directory = runtime.bundle / "rootfs/covered"
    directory.mkdir()
    directory.chmod(0o712)

    def change(document):
        document["mounts"].append({"destination": "/covered", "type": "tmpfs", "source": "tmpfs", "options": ["ro"]})
        document["mounts"].append({"destination": "/mnt", "type": "tmpfs", "source": "tmpfs", "options": ["mode=700"]})
        document["mounts"].append({"destination": "/new", "type": "tmpfs", "source": "tmpfs"})

    assert runtime.run("stat", "-c", "%a", "/covered", "/mnt", "/new", change=change).stdout.split() == ["712", "700", "1777"]


def test_a_link_at_a_mount_point_is_followed_unless_told_otherwise(runtime, base):
    (base / "file").write_text("content\n")
    (base / "link").symlink_to("somewhere")
    (runtime.bundle / "rootfs/point").symlink_to("nowhere")

    def run(source, *options):
        mount = {"destination": "/point", "source": str(base / source), "options": ["bind", *options]}
        return runtime.run("sh", "-c", "readlink /point; cat /point", change=lambda document: document["mounts"].append(mount), check=False).stdout

    assert run("file", "dest-nofollow") == "content\n"
    assert run("link", "dest-nofollow", "src-nofollow") == "somewhere\n"
    assert run("file") == "nowhere\ncontent\n"


@pytest.mark.parametrize("has_users", [False, True])
def test_mounts_are_added_and_removed(runtime, base, has_users):
    (base / "source").mkdir()
    (base / "source/file").write_text("content\n")
    for path in [base, *base.parents][:2]:
        path.chmod(0o755)

    def change(document):
        document["mounts"].append({"destination": "/mnt", "type": "tmpfs", "source": "tmpfs"})
        if has_users:
            add_user_namespace(document)

    runtime.run("sleep", "100", change=change, options=["--detach"])
    (base / "mounts.json").write_text(
        json.dumps(
            [
                {"destination": "/mnt/bound", "source": "source", "options": ["bind", "ro"]},
                {"destination": "/mnt/own", "type": "tmpfs", "source": "tmpfs", "options": ["nodev"]},
            ]
        )
    )
    runtime.call("mounts", "add", "c", "mounts.json", cwd=base)
    said = runtime.call("exec", "c", "sh", "-c", "cat /mnt/bound/file; touch /mnt/bound/x || echo no; touch /mnt/own/x; cat /proc/self/mountinfo", check=False).stdout
    assert said.startswith("content\nno\n") and " tmpfs tmpfs " in mounted(said)["/mnt/own"]
    assert "/mnt/own" not in mounted(open("/proc/self/mountinfo").read())
    runtime.call("mounts", "remove", "c", str(base / "mounts.json"))
    assert not mounted(runtime.call("exec", "c", "cat", "/proc/self/mountinfo").stdout).keys() & {"/mnt/bound", "/mnt/own"}
    (base / "machine.json").write_text(json.dumps([{"destination": "/mnt/own", "type": "proc", "source": "proc"}]))
    refused = runtime.call("mounts", "add", "c", str(base / "machine.json"), check=False)
    assert refused.returncode == 1 and "not a mount of type `proc`" in refused.stderr
    assert "cannot unmount `/mnt/own`" in runtime.call("mounts", "remove", "c", str(base / "mounts.json"), check=False).stderr
    assert "takes `add` or `remove`" in runtime.call("mounts", "c", check=False).stderr


def test_without_a_mount_namespace_everything_is_mounted_on_the_root_and_goes_with_the_container(runtime):
    root = str(runtime.bundle / "rootfs")

    def change(document):
        document.pop("hostname", None)
        document["linux"].update(namespaces=[], maskedPaths=["/etc/passwd"], readonlyPaths=["/tmp"])

    runtime.configure("sleep", "100", change=change)
    runtime.create()
    runtime.call("start", "c")
    pid = runtime.state()["pid"]
    for name in ("mnt", "net", "pid", "uts"):
        assert os.readlink(f"/proc/{pid}/ns/{name}") == os.readlink(f"/proc/self/ns/{name}")
    assert {root, f"{root}/proc", f"{root}/dev"} <= mounted(open("/proc/self/mountinfo").read()).keys()
    assert runtime.call("exec", "c", "sh", "-c", "cat /etc/passwd; touch /tmp/x || echo no; ls /", check=False).stdout.startswith("no\n")
    runtime.call("delete", "--force", "c")
    assert not [path for path in mounted(open("/proc/self/mountinfo").read()) if path.startswith(root)]
    refused = runtime.run("true", change=lambda document: (change(document), document["root"].update(path="/")), check=False)
    assert refused.returncode == 1 and "would be the machine's" in refused.stderr


def test_what_is_mounted_on_the_root_stays_in_its_mount_namespace(runtime):
    """Also where the machine shares its mounts with every new namespace, as systemd does."""
    def change(document):
        document.pop("hostname", None)
        document["linux"]["namespaces"] = []

    runtime.configure("sleep", "100", change=change)
    script = """
mount --make-rshared /
"$1" oci --root "$2" run --detach --bundle "$3" shared-root
grep -cE " $3/rootfs(/proc|/dev|/sys)? .* shared:" /proc/self/mountinfo
grep -cE " $3/rootfs(/proc|/dev|/sys)? " /proc/self/mountinfo
"$1" oci --root "$2" delete --force shared-root
"""
    with open(runtime.base / "said", "w+") as said:
        command = ["unshare", "-m", "sh", "-c", script, "sh", clusters.PROGRAM, runtime.root, runtime.bundle]
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=60)
        said.seek(0)
        shared, all_of_them = said.read().split()
    assert (shared, all_of_them) == ("0", "4")


def test_what_was_mounted_for_a_container_that_could_not_be_made_goes_with_it(runtime):
    def change(document):
        document.pop("hostname", None)
        document["linux"]["namespaces"] = []
        document["mounts"].append({"destination": "/mnt", "source": "/nowhere-at-all", "options": ["bind"]})

    assert runtime.run("true", change=change, check=False).returncode == 1
    assert not [path for path in mounted(open("/proc/self/mountinfo").read()) if path.startswith(str(runtime.bundle))]
