"""A virtual machine with a packaged Debian kernel and cgroup v2: the same kdash binary, on limits this machine's kernel does not offer, and power cuts."""

import functools
import pathlib
import re
import shutil
import subprocess
import threading
import warnings

import cluster as clusters
from cluster import eventually

MODULES = ["overlay", "veth", "virtio_blk", "virtio_pci", "nf_tables", "nft_ct", "nft_masq", "nft_nat", "nft_chain_nat", "nft_fib_ipv4", "nf_nat", "nf_conntrack",
           "nft_reject_ipv4", "nft_numgen", "nft_limit", "nf_conntrack_netlink"]

INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin HOME=/root KUBECONFIG=/root/.kube/config
mkdir -p /proc /sys /dev /tmp /run /root /data
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo +cpu +memory +pids > /sys/fs/cgroup/cgroup.subtree_control
for module in MODULES; do modprobe $module 2>/dev/null; done
mount -t ext4 /dev/vda /data || echo GUEST no disk
ip link set lo up
hostname guest
echo GUEST booted
sh /test.sh
echo GUEST ended
sync
poweroff -f
"""


def kernel():
    """The newest packaged kernel and its version."""
    images = sorted(pathlib.Path("/boot").glob("vmlinuz-*-amd64"))
    if not images:
        raise RuntimeError("no packaged kernel in /boot; scripts/packages test installs linux-image-cloud-amd64")
    return images[-1], images[-1].name.removeprefix("vmlinuz-")


def module_files(version):
    """The files of the modules above and of all they depend on."""
    root = pathlib.Path("/lib/modules") / version
    depends = {}
    for line in (root / "modules.dep").read_text().splitlines():
        name, _, rest = line.partition(":")
        depends[name] = rest.split()
    by_name = {pathlib.Path(path).name.split(".")[0].replace("-", "_"): path for path in depends}
    wanted = set()
    for module in MODULES:
        path = by_name.get(module)
        if path:
            wanted |= {path, *depends[path]}
    return root, wanted


def build_initramfs(directory, script, kubectl, programs=()):
    tree = directory / "root"
    for folder in ("bin", "lib", "etc"):
        (tree / folder).mkdir(parents=True)
    shutil.copy("/bin/busybox", tree / "bin/busybox")
    shutil.copy(clusters.PROGRAM, tree / "bin/kdash")
    for program in programs:
        (tree / program[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(program, tree / program[1:])
    # The program that is shipped needs none; one that is built for looking for mistakes does.
    for program in (clusters.PROGRAM, *programs):
        for library in re.findall(r"/\S+", subprocess.run(["ldd", program], capture_output=True, text=True).stdout):
            (tree / library[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, tree / library[1:])
    shutil.copy(kubectl, tree / "bin/kubectl")
    (tree / "init").write_text(INIT.replace("MODULES", " ".join(MODULES)))
    (tree / "init").chmod(0o755)
    (tree / "test.sh").write_text(script)
    (tree / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    version = kernel()[1]
    root, files = module_files(version)
    target = tree / "lib/modules" / version
    for file in files:
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / file, target / file)
    for index in root.glob("modules.*"):
        shutil.copy(index, target / index.name)
    archive = directory / "initramfs.cpio"
    listing = subprocess.run(["find", "."], cwd=tree, capture_output=True, check=True).stdout
    with open(archive, "wb") as output:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=tree, input=listing, stdout=output, check=True)
    shutil.rmtree(tree)
    return archive


class KernelStuck(Exception):
    """The guest's kernel says that a processor of it made no progress: the emulator's fault, as no program can do that."""


class Boots:
    """The boots of one test, on one disk."""

    def __init__(self, directory, kubectl):
        self.directory, self.kubectl, self.guests = directory, kubectl, []

    def __call__(self, script, programs=()):
        self.guests.append(Guest(self.directory, script, self.kubectl, programs))
        return self.guests[-1]

    def close(self):
        for guest in self.guests:
            guest.close()

    def forget(self):
        """As if nothing had been booted yet."""
        self.close()
        self.guests = []
        (self.directory / "disk.ext4").unlink()


def on_a_sound_kernel(test):
    """Runs a test of a `boot` once more, from an empty disk, when its kernel got stuck. The warning keeps what it said."""
    @functools.wraps(test)
    def run(boot):
        try:
            test(boot)
        except KernelStuck as stuck:
            warnings.warn(f"booted once more: {stuck}", stacklevel=1)
            boot.forget()
            test(boot)
    return run


class Guest:
    """One boot of the machine; what it prints is in `lines`. `programs` are there at the places that they have on this machine."""

    def __init__(self, directory, script, kubectl, programs=()):
        self.directory = pathlib.Path(directory)
        self.disk = self.directory / "disk.ext4"
        if not self.disk.exists():
            subprocess.run(["truncate", "-s", "1G", self.disk], check=True)
            subprocess.run(["mkfs.ext4", "-q", "-F", self.disk], check=True)
        archive = build_initramfs(self.directory, script, kubectl, programs)
        # One thread for both processors: with one each, they have once waited for each other for ever, in the kernel.
        command = ["qemu-system-x86_64", "-accel", "tcg,thread=single", "-cpu", "max", "-m", "3072", "-smp", "2", "-nographic", "-no-reboot", "-nic", "none",
                   "-kernel", str(kernel()[0]), "-initrd", str(archive), "-append", "console=ttyS0 quiet panic=-1 softlockup_panic=1 softlockup_all_cpu_backtrace=1 cgroup_no_v1=all",
                   "-drive", f"file={self.disk},format=raw,if=virtio,cache=none"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.lines = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for raw in self.process.stdout:
            self.lines.append(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", raw.decode(errors="replace")).strip())

    def has(self, text):
        return [line for line in self.lines if text in line]

    def expect(self, text, within=120, times=1):
        """The first line with `text`, once there are so many."""
        def has_said():
            found = self.has(text)
            if len(found) >= times:
                return found
            if self.process.poll() is None:
                return None
            self.reader.join(timeout=10)
            return self.has(text) if len(self.has(text)) >= times else ["it has ended"]
        try:
            found = eventually(has_said, within=within, every=0.1, what=f"guest printing {text!r}")[0]
        except AssertionError as error:
            raise AssertionError(f"{error}\nguest's last lines:\n" + "\n".join(self.lines[-60:])) from None
        if text in found:
            return found
        if self.has("soft lockup"):
            raise KernelStuck("\n".join(self.lines[-120:]))
        raise AssertionError(f"the guest ended and did not print {text!r}; its last lines:\n" + "\n".join(self.lines[-60:]))

    def cut_power(self):
        """As pulling the plug: what the disk has not been told to keep is gone."""
        self.process.kill()
        self.process.wait()
        self.reader.join(timeout=10)

    def finish(self, within=240):
        self.expect("GUEST ended", within)
        self.process.wait(timeout=60)
        self.reader.join(timeout=10)

    def close(self):
        if self.process.poll() is None:
            self.cut_power()
