"""What a process of `kdash oci` is given: filters, schedulers, memory, streams and groups."""

import os
import re

import pytest

from test_oci import pytestmark, runtime  # noqa: F401

# Calls that busybox needs, and none that is younger than ten years.
OLD_CALLS = """access arch_prctl brk capget capset chdir clone close dup dup2 execve exit exit_group faccessat fcntl fork fstat futex getcwd getdents64 getegid geteuid
    getgid getpid getppid getuid ioctl kill lseek lstat mmap mprotect munmap newfstatat open openat pipe poll prctl pread64 prlimit64 read readlink
    rt_sigaction rt_sigprocmask rt_sigreturn sendfile set_robust_list set_tid_address setgid setgroups setresgid setresuid setuid stat umask uname vfork
    wait4 write""".split()


def test_a_filter_judges_the_program_and_not_what_the_runtime_does_before(runtime):
    def change(document):
        document["process"]["noNewPrivileges"] = False
        document["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": OLD_CALLS, "action": "SCMP_ACT_ALLOW"}]}

    script = "grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/self/status; mkdir /tmp/x || echo refused"
    for user in (0, 7):
        def as_user(document):
            change(document)
            document["process"]["user"] = {"uid": user, "gid": user}

        said = runtime.run("sh", "-c", script, change=as_user).stdout
        assert "Seccomp:\t2\n" in said and "NoNewPrivs:\t0\n" in said and "refused" in said
        # What loads the filter does not stay: 1 << 21 is CAP_SYS_ADMIN.
        assert not any(int(value, 16) >> 21 & 1 for value in re.findall(r"Cap\w+:\t(\w+)", said)), said


def test_deadlines_that_the_kernel_would_not_take_are_explained(runtime):
    for scheduler, words in [
        ({"deadline": 20_000_000}, "requires `runtime`"),
        ({"runtime": 10_000_000}, "requires `deadline`"),
        ({"runtime": 30_000_000, "deadline": 20_000_000}, "runtime 30000000 must be <= the deadline 20000000"),
    ]:
        result = runtime.run("true", change=lambda document: document["process"].update(scheduler={"policy": "SCHED_DEADLINE", **scheduler}), check=False)
        assert result.returncode == 1 and f"process.scheduler is nothing for sched_setattr: `SCHED_DEADLINE` {words}" in result.stderr


def test_a_real_time_policy_has_time_in_its_cgroup(runtime):
    def change(document):
        document["process"]["scheduler"] = {"policy": "SCHED_FIFO", "priority": 10, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}

    # Field 41 of the process that execve made of the first one.
    said = runtime.run("cat", "/proc/self/stat", change=change).stdout
    assert said.rsplit(")", 1)[1].split()[38] == "1"


@pytest.mark.skipif(not os.path.exists("/proc/self/numa_maps"), reason="the kernel knows no memory policies")
def test_memory_policies(runtime):
    def run(check=True, **policy):
        return runtime.run("cat", "/proc/self/numa_maps", change=lambda document: document["linux"].update(memoryPolicy=policy), check=check)

    assert " bind:0 " in run(mode="MPOL_BIND", nodes="0").stdout.splitlines()[1]
    assert " prefer=static:0 " in run(mode="MPOL_PREFERRED", nodes="0", flags=["MPOL_F_STATIC_NODES"]).stdout.splitlines()[1]
    assert "linux.memoryPolicy.mode is required" in run(check=False).stderr
    assert "has `x`, which is no range of nodes" in run(check=False, mode="MPOL_BIND", nodes="x").stderr
    assert "cannot set linux.memoryPolicy: Invalid argument" in run(check=False, mode="MPOL_BIND").stderr
    runtime.configure("sleep", "100", change=lambda document: document["linux"].update(memoryPolicy={"mode": "MPOL_INTERLEAVE", "nodes": "0"}))
    runtime.create()
    runtime.call("start", "c")
    assert " interleave:0 " in runtime.call("exec", "c", "cat", "/proc/self/numa_maps").stdout


def test_pipes_belong_to_the_program_s_user_and_files_to_who_they_did(runtime, base):
    def change(document):
        document["process"]["user"] = {"uid": 7, "gid": 8}

    reading, writing = os.pipe()
    try:
        # Its own streams are the pipe and, as `call` has it, files.
        runtime.run("sh", "-c", "stat -L -c %u:%g /proc/self/fd/0", change=change, stdin=reading)
        assert (os.fstat(reading).st_uid, os.fstat(reading).st_gid) == (7, 8)
        assert os.stat(base / "stdout").st_uid == 0
    finally:
        os.close(reading)
        os.close(writing)


def test_groups_of_the_caller_are_kept_when_asked_for(runtime):
    def groups(**annotations):
        change = lambda document: document.update(annotations=annotations)
        return runtime.run("grep", "^Groups", "/proc/self/status", change=change, extra_groups=[11, 12]).stdout.split()[1:]

    assert groups() == []
    assert groups(**{"run.oci.keep_original_groups": "1"}) == ["11", "12"]
