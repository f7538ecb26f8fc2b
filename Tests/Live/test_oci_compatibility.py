"""`kdash oci` where engines and suites written for crun expect what the specification leaves open."""

import array
import json
import os
import pathlib
import socket
import subprocess
import time

import pytest

import cluster as clusters
from test_oci import add_user_namespace, hook, pytestmark, runtime  # noqa: F401


def test_a_link_named_crun_speaks_as_crun(base):
    (base / "crun").symlink_to(clusters.PROGRAM)

    def say(*arguments):
        return subprocess.run([str(base / "crun"), *arguments], capture_output=True, text=True, check=True).stdout

    assert say("--version").startswith("crun version ") and "+SECCOMP" in say("--version")
    assert say("--help").startswith("Usage: crun ")
    assert say("delete", "--help").startswith("Usage: crun [OPTION...] delete CONTAINER\n") and "--regex" in say("delete", "--help")


def test_hooks_inside_see_their_own_process_and_write_where_annotations_say(runtime, base):
    def change(document):
        document["hooks"] = {"createContainer": hook("cat; echo words >&2"), "startContainer": hook("cat"), "poststop": hook("echo after")}
        document["annotations"] = {"run.oci.hooks.stdout": str(base / "out"), "run.oci.hooks.stderr": str(base / "errors")}

    assert runtime.run("echo", "main", change=change).stdout == "main\n"
    first, rest = json.JSONDecoder().raw_decode((base / "out").read_text())
    rest = (base / "out").read_text()[rest:]
    second, end = json.JSONDecoder().raw_decode(rest)
    for state in (first, second):
        assert (state["pid"], state["status"], state["bundle"]) == (1, "created", str(runtime.bundle))
    assert rest[end:] == "after\n" and (base / "errors").read_text() == "words\n"


def test_a_failing_poststart_hook_ends_the_container(runtime, base):
    def change(document):
        document["hooks"] = {"poststart": hook("exit 4"), "poststop": hook(f"echo stopped >> {base}/after")}

    result = runtime.run("sleep", "100", change=change, options=["--detach"], check=False)
    assert result.returncode == 1 and "the poststart hook failed with exit code 4" in result.stderr
    runtime.create()
    assert runtime.call("start", "c", check=False).returncode == 1
    assert "does not exist" in runtime.call("state", "c", check=False).stderr
    assert (base / "after").read_text() == "stopped\nstopped\n"


def test_a_failing_poststop_hook_is_a_warning(runtime):
    result = runtime.run("true", change=lambda document: document.update(hooks={"poststop": hook("exit 5") + hook("exit 6")}))
    assert all(f"the poststop hook failed with exit code {code}" in result.stderr for code in (5, 6))


def test_the_process_is_handed_to_a_socket(runtime, base):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(base / "receiver"))
        listener.listen()
        runtime.run("sleep", "100", change=lambda document: document.update(annotations={"run.oci.pidfd_receiver": str(base / "receiver")}), options=["--detach"])
        with listener.accept()[0] as connection:
            _, ancillary, _, _ = connection.recvmsg(16, socket.CMSG_SPACE(4))
    descriptor = array.array("i", ancillary[0][2])[0]
    facts = pathlib.Path(f"/proc/self/fdinfo/{descriptor}").read_text()
    os.close(descriptor)
    assert f"Pid:\t{runtime.state()['pid']}\n" in facts


@pytest.mark.skipif(not os.path.isdir("/sys/fs/cgroup/freezer"), reason="frozen processes that cannot die are cgroup v1's")
def test_a_container_frozen_elsewhere_can_be_deleted(runtime):
    runtime.run("sleep", "100", options=["--detach"])
    other = pathlib.Path(f"/sys/fs/cgroup/freezer/kdash-oci-frozen-{os.getpid()}")
    other.mkdir()
    try:
        (other / "cgroup.procs").write_text(str(runtime.state()["pid"]))
        (other / "freezer.state").write_text("FROZEN")
        began = time.monotonic()
        runtime.call("delete", "--force", "c")
        assert time.monotonic() - began < 5
    finally:
        (other / "freezer.state").write_text("THAWED")
        clusters.eventually(lambda: not (other / "cgroup.procs").read_text(), what="the other cgroup empty")
        other.rmdir()


@pytest.mark.parametrize("host", [0, 200000])
def test_a_user_namespace_has_devices_of_its_own(runtime, base, host):
    os.chmod(base, 0o755)

    def change(document):
        add_user_namespace(document, host)
        document["linux"]["devices"] = [
            {"path": "/dev/none", "type": "c", "major": 1, "minor": 3, "fileMode": 0o646, "uid": 10, "gid": 11},
            {"path": "/dev/pipe/", "type": "p", "fileMode": 0o600, "uid": 3, "gid": 4},
        ]
        document["linux"]["resources"] = {"devices": [{"allow": True, "access": "rwm"}]}

    said = runtime.run("sh", "-c", "stat -c %F:%a:%u:%g /dev/none /dev/pipe /dev/null; echo x > /dev/none && echo written; ls /dev", change=change).stdout
    assert said.splitlines()[:4] == ["character special file:646:10:11", "fifo:600:3:4", "character special file:666:0:0", "written"]
    assert not [name for name in said.split("written\n")[1].split() if name.isdecimal()]


def test_a_user_namespace_without_maps_has_one_user(runtime):
    said = runtime.run("sh", "-c", "cat /proc/self/uid_map", change=lambda document: document["linux"]["namespaces"].append({"type": "user"})).stdout
    assert said.split() == ["0", "0", "1"]


def test_exec_keeps_what_forbids_new_privileges_and_finds_home_behind_a_link(runtime):
    passwd = runtime.bundle / "rootfs/etc/passwd"
    passwd.rename(runtime.bundle / "rootfs/mnt/passwd")
    passwd.symlink_to("../mnt/passwd")
    runtime.run("sleep", "100", options=["--detach"])
    command = ["c", "sh", "-c", "grep NoNewPrivs /proc/self/status; echo $HOME"]
    assert runtime.call("exec", "--user", "7", *command).stdout.split() == ["NoNewPrivs:", "1", "/home/guest"]
    crun = runtime.bundle.parent / "crun"
    crun.symlink_to(clusters.PROGRAM)
    for options, shown in (([], "0"), (["--no-new-privs"], "1")):
        said = subprocess.run([crun, "--root", runtime.root, "exec", *options, *command], capture_output=True, text=True, timeout=30, check=True)
        assert f"NoNewPrivs:\t{shown}\n" in said.stdout


def test_without_a_cgroup_manager_a_container_stays_in_the_caller_s_cgroups(runtime):
    runtime.configure("cat", "/proc/self/cgroup", change=lambda document: document["linux"]["namespaces"].remove({"type": "cgroup"}))
    runtime.ids.add("c")
    said = runtime.call("--cgroup-manager", "disabled", "run", "--bundle", str(runtime.bundle), "c").stdout
    assert said == pathlib.Path("/proc/self/cgroup").read_text()
    assert "is none of" in runtime.call("--cgroup-manager=other", "list", check=False).stderr


@pytest.mark.parametrize("name", [None, "renamed0"])
def test_network_devices_are_moved_with_their_addresses(runtime, name):
    # In a network of the command's own, as nothing of the machine is to be moved.
    setup = "ip link add moved0 type veth peer name other0 && ip link set other0 up && ip addr add 10.1.2.3/24 brd 10.1.2.254 dev moved0 && ip -6 addr add fd00::5/64 nodad dev moved0"
    runtime.configure("sh", "-c", "ip addr; ip route", change=lambda document: document["linux"].update(netDevices={"moved0": {"name": name} if name else {}}))
    (runtime.bundle / "rootfs/bin/ip").symlink_to("busybox")
    runtime.ids.add("c")
    run = f"{clusters.PROGRAM} oci --root {runtime.root} run --bundle {runtime.bundle} c"
    said = subprocess.run(["unshare", "--net", "sh", "-c", f"{setup} && {run} && ! ip link show moved0"], capture_output=True, text=True, check=True).stdout
    assert [line for line in said.splitlines() if f": {name or 'moved0'}@" in line and ",UP" in line], said
    assert "inet 10.1.2.3/24 brd 10.1.2.254 scope global" in said and "inet6 fd00::5/64 scope global" in said
    assert f"10.1.2.0/24 dev {name or 'moved0'}" in said


def test_a_network_device_that_is_not_there_is_named(runtime):
    result = runtime.run("true", change=lambda document: document["linux"].update(netDevices={"nowhere0": {}}), check=False)
    assert result.returncode == 1 and "linux.netDevices has `nowhere0`, and there is no such network device" in result.stderr
