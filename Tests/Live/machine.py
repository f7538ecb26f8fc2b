"""What a cluster may leave on the machine: taken before and after, the two must be equal."""

import fcntl
import os
import pathlib
import subprocess

from cluster import eventually


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def mounts():
    lines = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    return sorted(" ".join(line.split()[3:6] + line.split()[-3:]) for line in lines)


def addresses():
    # A link that has just come up tries out its own address first; its route follows then.
    eventually(lambda: "tentative" not in run("ip", "-o", "addr"), what="no address being tried out")
    lines = run("ip", "-o", "addr").splitlines()
    return sorted(line.split("valid_lft")[0].rstrip("\\ ") for line in lines)


def cgroups():
    found = []
    for path in pathlib.Path("/sys/fs/cgroup").glob("**/kdash-*"):
        found.append(str(path))
    return sorted(found)


def processes():
    """Every live kdash process, by pid and name: daemons, supervisors, screens, and what leads an ordinary user's nodes out."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if state != "Z" and command and os.path.basename(command[0]) in (b"kdash", b"kdash-t", b"kdash-node", b"kdash-demo", b"slirp4netns", b"pasta"):
            found.append((int(entry.name), b" ".join(command).decode(errors="replace")))
    return found


NOBODYS = " (of a daemon that is dead)"


def shared():
    """The files that clusters share. The claims of the dead are marked: any cluster may clear them away."""
    found = []
    for path in pathlib.Path("/run").glob("kdash/*"):
        name = str(path)
        if path.suffix == ".ranges":
            try:
                with open(path) as file:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                name += NOBODYS
            except BlockingIOError:
                pass
            except FileNotFoundError:
                continue
        found.append(name)
    return sorted(found)


def snapshot():
    """Everything outside the cluster's own directory that kdash could have changed."""
    return {
        "mounts": mounts(),
        "addresses": addresses(),
        "links": sorted(line.split(":")[1].strip() for line in run("ip", "-o", "link").splitlines()),
        "routes": sorted(run("ip", "route", "show", "table", "all").splitlines()),
        "rules": sorted(run("ip", "rule").splitlines()),
        "nftables": run("nft", "--stateless", "list", "ruleset"),
        "forwarding": pathlib.Path("/proc/sys/net/ipv4/ip_forward").read_text(),
        "cgroups": cgroups(),
        "run": shared(),
        "processes": processes(),
    }


def difference(before, after):
    """One line per thing that differs, empty when the machine is as it was."""
    lines = []
    for key in before:
        if before[key] == after[key]:
            continue
        if isinstance(before[key], list):
            lines += [f"{key}: gone {item}" for item in before[key] if item not in after[key] and not str(item).endswith(NOBODYS)]
            lines += [f"{key}: left {item}" for item in after[key] if item not in before[key]]
        else:
            lines.append(f"{key}: was {before[key]!r}, is {after[key]!r}")
    return lines
