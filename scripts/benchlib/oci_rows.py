"""One container from a bundle, by kdash, crun and runc in turns."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

OTHERS = ("crun", "runc")


def containers(bench):
    """Row 9"""
    from .figures import Figure

    bundle = bench.base / "bundle"
    (bundle / "rootfs/bin").mkdir(parents=True)
    shutil.copy("/bin/busybox", bundle / "rootfs/bin/busybox")
    (bundle / "rootfs/bin/true").symlink_to("busybox")
    for name in ("proc", "sys", "dev"):
        (bundle / "rootfs" / name).mkdir()
    command = bench.base / "kdash-oci"
    command.symlink_to(bench.program)
    runtimes = {"kdash oci": str(command), **{name: shutil.which(name) for name in OTHERS if shutil.which(name)}}
    subprocess.run([command, "spec", "--bundle", bundle], check=True)
    document = json.loads((bundle / "config.json").read_text())
    document["process"].update(args=["/bin/true"], terminal=False)
    document["linux"]["cgroupsPath"] = f"/kdash-bench-{os.getpid()}"
    (bundle / "config.json").write_text(json.dumps(document))
    # crun refuses a machine that has v1 and v2 at once: none of them sees v2.
    done = subprocess.run(["unshare", "-m", sys.executable, __file__, bundle, bench.base, str(bench.count(25)), json.dumps(runtimes)],
                          capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    runs, execs = json.loads(done.stdout)
    return [
        Figure.of(9, f"one container as a command, `{name} run`: create, start, exit, delete", "ms", 7 if name == "kdash oci" else None, samples,
                  note="" if name == "kdash oci" else "For comparison.")
        for name, samples in runs.items()
    ] + [
        Figure.of(9, f"a program in a running container, `{name} exec` to its end", "ms", None, samples, note="" if name == "kdash oci" else "For comparison.")
        for name, samples in execs.items()
    ]


def measure(bundle, base, count, runtimes):
    subprocess.run(["umount", "/sys/fs/cgroup/unified"], capture_output=True)
    errors = open(pathlib.Path(base) / "errors", "a")
    states = {name: pathlib.Path(base) / f"state-{name.replace(' ', '-')}" for name in runtimes}

    def command(name, *arguments):
        begun = time.monotonic()
        # Into a file: a container that stays would hold a pipe.
        done = subprocess.run([runtimes[name], "--root", states[name], *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, timeout=30)
        took = (time.monotonic() - begun) * 1000
        if done.returncode != 0:
            sys.exit(f"{name} {arguments[0]}: {pathlib.Path(errors.name).read_text().strip()}")
        return took

    def in_turns(*arguments):
        found = {name: [] for name in runtimes}
        for turn in range(count + 1):
            for name in runtimes:
                took = command(name, *(str(each).format(turn=turn) for each in arguments))
                if turn > 0:  # The first round warms the page cache.
                    found[name].append(took)
        return found

    runs = in_turns("run", "--bundle", bundle, "b{turn}")
    config = pathlib.Path(bundle) / "config.json"
    document = json.loads(config.read_text())
    document["process"]["args"] = ["/bin/busybox", "sleep", "1000000"]
    config.write_text(json.dumps(document))
    started = []
    try:
        for index, name in enumerate(runtimes):
            document["linux"]["cgroupsPath"] = f"/kdash-bench-{os.getpid()}-{index}"
            config.write_text(json.dumps(document))
            started.append(name)
            command(name, "run", "--detach", "--bundle", bundle, "stays")
        execs = in_turns("exec", "stays", "/bin/true")
    finally:
        for name in started:
            subprocess.run([runtimes[name], "--root", states[name], "delete", "--force", "stays"], capture_output=True, timeout=30)
    print(json.dumps([runs, execs]))


if __name__ == "__main__":
    measure(sys.argv[1], sys.argv[2], int(sys.argv[3]), json.loads(sys.argv[4]))
