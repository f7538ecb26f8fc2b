"""`kdash oci` as engines call it: bundles with busybox, from the outside."""

import array
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import pytest

import cluster as clusters
import machine

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="containers of the machine's root need root")
TOOLS = ["sh", "ls", "cat", "echo", "true", "sleep", "id", "ps", "mount", "env", "touch", "kill", "grep", "readlink", "tty", "stty", "mkdir", "pwd", "dd", "sysctl", "stat"]


class Runtime:
    """The program below a root of its own, and one bundle."""

    def __init__(self, base):
        self.base = pathlib.Path(base)
        self.root = self.base / "containers"
        self.bundle = self.base / "bundle"
        binaries = self.bundle / "rootfs/bin"
        binaries.mkdir(parents=True)
        for name in ("etc", "tmp", "mnt", "proc", "sys", "dev"):
            (self.bundle / "rootfs" / name).mkdir()
        shutil.copy("/bin/busybox" if os.path.exists("/bin/busybox") else "/usr/bin/busybox", binaries / "busybox")
        for tool in TOOLS:
            (binaries / tool).symlink_to("busybox")
        (self.bundle / "rootfs/etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nguest:x:7:7::/home/guest:/bin/sh\n")
        self.call("spec", "--bundle", str(self.bundle))
        self.template = json.loads((self.bundle / "config.json").read_text())
        self.cgroup = f"/kdash-oci-test-{os.getpid()}"
        self.ids = set()

    def call(self, *arguments, check=True, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        command = [str(clusters.PROGRAM), "oci", "--root", str(self.root), *arguments]
        # Files, not pipes: what goes on in the container holds them.
        with open(self.base / "stdout", "w+") as out, open(self.base / "stderr", "w+") as errors:
            result = subprocess.run(command, stdout=out, stderr=errors, text=True, timeout=30, **options)
            out.seek(0)
            errors.seek(0)
            result.stdout, result.stderr = out.read(), errors.read()
        assert not check or result.returncode == 0, f"{arguments}: {result.returncode}\n{result.stdout}{result.stderr}"
        return result

    def configure(self, *arguments, change=None):
        document = json.loads(json.dumps(self.template))
        document["process"].update(args=list(arguments), terminal=False)
        document["root"]["readonly"] = False
        document["linux"]["cgroupsPath"] = self.cgroup
        if change:
            change(document)
        (self.bundle / "config.json").write_text(json.dumps(document))

    def create(self, *options, **more):
        self.ids.add("c")
        return self.call("create", "--bundle", str(self.bundle), *options, "c", **more)

    def run(self, *arguments, change=None, options=(), check=True, **more):
        self.configure(*arguments, change=change)
        self.ids.add("c")
        return self.call("run", "--bundle", str(self.bundle), *options, "c", check=check, **more)

    def state(self):
        return json.loads(self.call("state", "c").stdout)

    def until(self, status):
        return clusters.eventually(lambda: self.state()["status"] == status, what=f"the container {status}")


@pytest.fixture
def runtime(base):
    before = machine.snapshot()
    runtime = Runtime(base)
    yield runtime
    for name in runtime.ids:
        runtime.call("delete", "--force", name)
    assert not runtime.root.exists() or not list(runtime.root.iterdir()), "containers were left"
    left = machine.difference(before, machine.snapshot())
    assert not left, "left on the machine:\n" + "\n".join(left)


def add_user_namespace(document, host=200000):
    document["linux"]["namespaces"].append({"type": "user"})
    document["linux"]["uidMappings"] = document["linux"]["gidMappings"] = [{"containerID": 0, "hostID": host, "size": 65536}]


def test_lifecycle(runtime, base):
    runtime.configure("sh", "-c", "trap 'exit 3' TERM; while :; do sleep 0.1; done", change=lambda document: document.update(annotations={"a": "b"}))
    runtime.create("--pid-file", str(base / "pid"))
    state = runtime.state()
    assert state["status"] == "created" and state["bundle"] == str(runtime.bundle) and state["annotations"] == {"a": "b"}
    assert int((base / "pid").read_text()) == state["pid"] and os.path.exists(f"/proc/{state['pid']}")
    assert "exists already" in runtime.create(check=False).stderr
    assert runtime.call("delete", "c", check=False).returncode == 1
    # What changes in the bundle now changes nothing.
    (runtime.bundle / "config.json").write_text("{}")
    runtime.call("start", "c")
    assert runtime.state()["status"] == "running"
    assert "only a created one can be started" in runtime.call("start", "c", check=False).stderr
    assert runtime.call("list", "--quiet").stdout == "c\n"
    assert json.loads(runtime.call("list", "--format", "json").stdout)[0]["id"] == "c"
    assert state["pid"] in json.loads(runtime.call("ps", "--format", "json", "c").stdout)
    runtime.call("kill", "c", "TERM")
    runtime.until("stopped")
    assert "not running" in runtime.call("kill", "c", check=False).stderr
    runtime.call("delete", "c")
    assert "does not exist" in runtime.call("state", "c", check=False).stderr


def test_run_passes_exit_codes_streams_and_signals(runtime):
    result = runtime.run("sh", "-c", "cat; echo to errors >&2; exit 42", check=False, stdin=None, input="from outside")
    assert (result.returncode, result.stdout, result.stderr) == (42, "from outside", "to errors\n")
    assert runtime.run("sh", "-c", "kill -TERM $$; sleep 1; exit 5", check=False).returncode == 5, "a first process has no default action"
    missing = runtime.run("nothing-here", check=False)
    assert missing.returncode == 1 and "executable file `nothing-here` not found in $PATH" in missing.stderr
    runtime.configure("sh", "-c", "trap 'exit 9' USR1; echo ready; while :; do sleep 0.05; done")
    command = [str(clusters.PROGRAM), "oci", "--root", str(runtime.root), "run", "--bundle", str(runtime.bundle), "c"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGUSR1)
    assert process.wait(10) == 9


def test_pause_update_and_kill_all(runtime):
    runtime.run("sh", "-c", "sleep 100 & sleep 100 & wait", options=["--detach"])
    clusters.eventually(lambda: len(json.loads(runtime.call("ps", "-f", "json", "c").stdout)) == 3, what="three processes")
    runtime.call("pause", "c")
    assert runtime.state()["status"] == "paused"
    assert "paused" in runtime.call("exec", "c", "true", check=False).stderr
    runtime.call("resume", "c")
    runtime.call("update", "--pids-limit", "17", "--memory", "64m", "c")
    found = [path for path in pathlib.Path("/sys/fs/cgroup").glob(f"**/{runtime.cgroup[1:]}/pids.max")]
    assert [path.read_text() for path in found] == ["17\n"]
    runtime.call("update", "--resources", "-", "c", stdin=None, input='{"pids": {"limit": 19}}')
    assert found[0].read_text() == "19\n"
    runtime.call("kill", "--all", "c", "KILL")
    runtime.until("stopped")


def test_exec(runtime, base):
    runtime.run("sleep", "100", options=["--detach"])
    assert runtime.call("exec", "c", "sh", "-c", "exit 7", check=False).returncode == 7
    said = runtime.call("exec", "--user", "7:8", "--cwd", "/tmp", "--env", "A=b", "c", "sh", "-c", "id -u; id -g; pwd; echo $A $HOME").stdout
    assert said == "7\n8\n/tmp\nb /home/guest\n"
    process = {"terminal": False, "args": ["sh", "-c", "echo $Q; exit 3"], "cwd": "/", "env": ["Q=1", "PATH=/bin"], "user": {"uid": 0, "gid": 0}}
    (base / "process.json").write_text(json.dumps(process))
    result = runtime.call("exec", "--process", str(base / "process.json"), "c", check=False)
    assert (result.returncode, result.stdout) == (3, "1\n")
    runtime.call("exec", "--detach", "--pid-file", str(base / "pid"), "c", "sleep", "50")
    assert int((base / "pid").read_text()) in json.loads(runtime.call("ps", "-f", "json", "c").stdout)
    assert "is not UID or UID:GID" in runtime.call("exec", "--user", "99999999999", "c", "true", check=False).stderr
    assert "not found in $PATH" in runtime.call("exec", "c", "nothing-here", check=False).stderr


def hook(text, **more):
    return [{"path": "/bin/sh", "args": ["sh", "-c", text], "env": ["PATH=/bin:/usr/bin"], **more}]


def test_hooks(runtime, base):
    note = base / "hooks"

    def change(document):
        document["hooks"] = {name: hook(f"echo {name} $(cat) >> {note}") for name in ("prestart", "createRuntime", "createContainer", "poststart", "poststop")}
        document["hooks"]["startContainer"] = hook("cat")

    result = runtime.run("echo", "main", change=change)
    lines = [line.split(" ", 1) for line in note.read_text().splitlines()]
    assert [line[0] for line in lines] == ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]
    assert [json.loads(line[1])["status"] for line in lines] == ["created", "creating", "created", "running", "stopped"]
    assert json.loads(result.stdout.removesuffix("main\n"))["status"] == "created"


@pytest.mark.parametrize("name", ["prestart", "createRuntime", "createContainer"])
def test_a_failing_hook_stops_creation_and_leaves_nothing(runtime, base, name):
    def change(document):
        document["hooks"] = {name: hook("echo no >&2; exit 3"), "poststop": hook(f"echo stopped > {base}/after")}

    runtime.configure("true", change=change)
    result = runtime.create(check=False)
    assert result.returncode == 1 and "failed with exit code 3" in result.stderr and "no" in result.stderr
    assert not list(runtime.root.iterdir()) and (base / "after").read_text() == "stopped\n"


def test_a_hook_that_takes_too_long_is_ended(runtime):
    began = time.monotonic()
    result = runtime.run("true", change=lambda document: document.update(hooks={"createRuntime": hook("sleep 20", timeout=1)}), check=False)
    assert "took longer than its timeout of 1 s" in result.stderr and time.monotonic() - began < 10


def test_console_socket(runtime, base):
    def change(document):
        document["process"].update(terminal=True, consoleSize={"width": 101, "height": 33})

    runtime.configure("sh", "-c", "tty; stty size; read answer; echo got $answer", change=change)
    assert "--console-socket" in runtime.create(check=False).stderr
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(base / "console"))
        listener.listen()
        runtime.create("--console-socket", str(base / "console"))
        connection = listener.accept()[0]
        _, ancillary, _, _ = connection.recvmsg(64, socket.CMSG_SPACE(4))
        connection.close()
    terminal = array.array("i", ancillary[0][2])[0]
    runtime.call("start", "c")
    os.write(terminal, b"me\n")
    runtime.until("stopped")
    said = os.read(terminal, 4096).decode()
    os.close(terminal)
    assert all(part in said for part in ("/dev/pts/0\r\n", "33 101\r\n", "got me")), said


def test_a_user_namespace_has_private_binds_and_devices(runtime, base):
    secret = base / "private/inner"
    secret.mkdir(parents=True)
    (secret / "file").write_text("seen\n")
    (base / "private").chmod(0o700)
    os.chmod(base, 0o755)

    def change(document):
        add_user_namespace(document)
        document["mounts"].append({"destination": "/mnt", "source": str(secret), "options": ["rbind", "rro"]})

    said = runtime.run("sh", "-c", "cat /mnt/file; id -u; cat /proc/self/uid_map; echo x > /dev/null && echo ok; touch /mnt/file || echo no", change=change).stdout
    assert said.split() == ["seen", "0", "0", "200000", "65536", "ok", "no"]


def test_namespaces_are_joined_by_path(runtime):
    with subprocess.Popen(["unshare", "--net", "--ipc", "sleep", "60"]) as other:
        try:
            clusters.eventually(lambda: os.readlink(f"/proc/{other.pid}/ns/net") != os.readlink("/proc/self/ns/net"), what="its own network")

            def change(document):
                for namespace in document["linux"]["namespaces"]:
                    if namespace["type"] in ("network", "ipc"):
                        namespace["path"] = f"/proc/{other.pid}/ns/{namespace['type'][:3]}"

            said = runtime.run("sh", "-c", "readlink /proc/self/ns/net; readlink /proc/self/ns/ipc", change=change).stdout.split()
            assert said == [os.readlink(f"/proc/{other.pid}/ns/{name}") for name in ("net", "ipc")]
        finally:
            other.kill()


def test_the_image_cannot_lead_mounts_and_the_working_directory_out(runtime, base):
    (runtime.bundle / "rootfs/evil").symlink_to(f"/../../../..{base}/outside")

    def change(document):
        document["mounts"].append({"destination": "/evil", "type": "tmpfs", "source": "tmpfs"})

    assert f" {base}/outside " in runtime.run("cat", "/proc/self/mountinfo", change=change).stdout
    assert not (base / "outside").exists() and (runtime.bundle / f"rootfs{base}/outside").is_dir()
    for directory in ("/proc/self/fd/3", "/proc/self/fd/7/../.."):
        result = runtime.run("pwd", change=lambda document: document["process"].update(cwd=directory), check=False)
        assert result.returncode == 1 and "working directory" in result.stderr, directory
    masked = runtime.run("true", change=lambda document: document["mounts"].append({"destination": "/proc/self", "type": "tmpfs", "source": "tmpfs"}), check=False)
    assert "nothing may be mounted inside of /proc" in masked.stderr


def test_descriptors_privileges_and_the_filter(runtime):
    def change(document):
        document["process"]["user"] = {"uid": 5, "gid": 6, "additionalGids": [10], "umask": 0o27}
        document["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}

    with open("/etc/hostname") as leak:
        os.set_inheritable(leak.fileno(), True)
        said = runtime.run("sh", "-c", "ls /proc/self/fd; mkdir /tmp/x; id; grep -E '^(NoNewPrivs|Seccomp|CapInh|CapEff)' /proc/self/status; umask", change=change, check=False, close_fds=False)
    words = said.stdout.split()
    assert words[:4] == ["0", "1", "2", "3"], "only the listing's own descriptor is more"
    assert "Operation not supported" in said.stderr
    assert "uid=5 gid=6 groups=10" in said.stdout and words[-1] == "0027"
    assert "NoNewPrivs:\t1\nSeccomp:\t2\n" in said.stdout and "CapInh:\t0000000000000000\nCapEff:\t0000000000000000\n" in said.stdout.replace("CapPrm", "")


def test_hooks_run_in_the_bundle_and_are_told_the_path_that_was_given(runtime, base):
    link, note = base / "link", base / "where"
    link.symlink_to(runtime.bundle)
    runtime.configure("true", change=lambda document: document.update(hooks={"createRuntime": hook(f"(pwd -P; cat) > {note}")}))
    runtime.ids.add("c")
    runtime.call("--log", "messages", "run", "--bundle", "link", "--pid-file", "pid", "c", cwd=base)
    where, state = note.read_text().split("\n", 1)
    assert where == os.path.realpath(runtime.bundle) and json.loads(state)["bundle"] == str(link)
    assert (base / "pid").exists(), "relative paths are those of the caller"
    refused = runtime.call("--log", "journal:kdash", "list", check=False)
    assert refused.returncode == 1 and "is no file" in refused.stderr


def test_no_descriptor_leads_a_program_s_path_to_the_machine(runtime):
    outside = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.set_inheritable(outside, True)
        for number in range(3, max(24, outside + 2)):
            path = f"/proc/self/fd/{number}/../../../../../../bin/true"
            result = runtime.run(path, check=False, close_fds=False)
            assert result.returncode != 0, f"{path} ran: {result.stdout}{result.stderr}"
    finally:
        os.close(outside)


def test_a_cgroup_of_others_is_left_alone(runtime):
    group = pathlib.Path("/sys/fs/cgroup/pids" if os.path.isdir("/sys/fs/cgroup/pids") else "/sys/fs/cgroup") / f"kdash-oci-others-{os.getpid()}"
    group.mkdir()
    sleeper = subprocess.Popen(["sleep", "1000"])
    try:
        (group / "cgroup.procs").write_text(str(sleeper.pid))
        result = runtime.run("true", change=lambda document: document["linux"].update(cgroupsPath=f"/{group.name}"), check=False)
        assert result.returncode == 1 and "has processes" in result.stderr
        assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()
        for path in pathlib.Path("/sys/fs/cgroup").glob(f"**/{group.name}"):
            path.rmdir()


def test_the_program_itself_cannot_be_written_from_a_container(runtime):
    # What the container's first process runs from is read-only, even for root with every capability.
    runtime.configure("sleep", "100")
    runtime.create()
    pid = runtime.state()["pid"]
    with pytest.raises(OSError) as error:
        os.close(os.open(f"/proc/{pid}/exe", os.O_WRONLY))
    # A running program is busy in any case: what must be read-only is the mount it comes from.
    assert os.fstatvfs(os.open(f"/proc/{pid}/exe", os.O_RDONLY)).f_flag & os.ST_RDONLY or error.value.errno == 1


def test_bad_input_names_itself(runtime):
    for change, words in [
        (lambda document: document["process"].update(cwd="tmp"), "process.cwd must be an absolute path, not `tmp`"),
        (lambda document: document["linux"].update(sysctl={"kernel.core_pattern": "x"}), "would change the machine"),
        (lambda document: document["root"].update(path="nowhere"), "root.path is `nowhere`"),
        (lambda document: document["linux"].update(cgroupsPath="../../x"), "linux.cgroupsPath `../../x`"),
    ]:
        result = runtime.run("true", change=change, check=False)
        assert result.returncode == 1 and words in result.stderr
    (runtime.bundle / "config.json").write_text("{")
    assert "is not JSON" in runtime.create(check=False).stderr
    assert "invalid character in the container ID" in runtime.call("state", "../x", check=False).stderr
    log = runtime.base / "log"
    runtime.call("--log", str(log), "--log-format", "json", "state", "nobody", check=False)
    assert json.loads(log.read_text())["msg"] == "container `nobody` does not exist"


def test_a_link_named_kdash_oci_is_the_runtime(base):
    (base / "kdash-oci").symlink_to(clusters.PROGRAM)
    said = subprocess.run([str(base / "kdash-oci"), "features"], capture_output=True, text=True, check=True).stdout
    assert json.loads(said)["ociVersionMax"] == "1.2.0"
    assert "spec: 1.2.0" in subprocess.run([str(base / "kdash-oci"), "--version"], capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(not shutil.which("podman"), reason="podman is not installed")
def test_podman(runtime, base):
    (base / "kdash-oci").symlink_to(clusters.PROGRAM)
    (base / "storage.conf").write_text(f'[storage]\ndriver = "vfs"\nrunroot = "{base}/run"\ngraphroot = "{base}/graph"\n')
    (base / "containers.conf").write_text('[containers]\ndefault_ulimits = ["nofile=1024:4096", "nproc=1000:1000"]\n[engine]\nevents_logger = "file"\n')
    environment = {**os.environ, "CONTAINERS_STORAGE_CONF": f"{base}/storage.conf", "CONTAINERS_CONF": f"{base}/containers.conf"}

    def podman(*arguments, check=True):
        command = ["podman", "--runtime", str(base / "kdash-oci"), "--cgroup-manager", "cgroupfs", "--tmpdir", f"{base}/tmp", *arguments]
        result = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
        assert not check or result.returncode == 0, f"{arguments}: {result.stdout}{result.stderr}"
        return result

    subprocess.run(["tar", "-C", str(runtime.bundle / "rootfs"), "-cf", str(base / "root.tar"), "."], check=True)
    podman("import", str(base / "root.tar"), "localhost/box:1")
    run = ["run", "--rm", "--network", "none"]
    assert podman(*run, "-m", "64m", "--user", "5:6", "--read-only", "localhost/box:1", "sh", "-c", "id -u; exit 9", check=False).stdout == "5\n"
    assert podman(*run, "localhost/box:1", "nothing-here", check=False).returncode == 127
    podman("run", "-d", "--name", "one", "--network", "none", "localhost/box:1", "sleep", "100")
    assert podman("exec", "one", "sh", "-c", "exit 4", check=False).returncode == 4
    podman("pause", "one")
    podman("unpause", "one")
    podman("kill", "one")
    assert podman("wait", "one").stdout == "137\n"
    podman("rm", "-f", "one")
    # Podman leaves the parents that it made; nothing is in them.
    for parent in pathlib.Path("/sys/fs/cgroup").glob("*/libpod_parent"):
        for directory in [*(path for path in parent.iterdir() if path.is_dir()), parent]:
            clusters.eventually(lambda: subprocess.run(["rmdir", str(directory)], capture_output=True).returncode == 0, what=f"{directory} empty")
