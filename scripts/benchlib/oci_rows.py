"""One container from a bundle, by kdash, crun and runc in turns."""

import json
import os
import shutil
import subprocess
import time

from .figures import Figure

OTHERS = ("crun", "runc")


def containers(bench):
    """Row 9"""
    bundle = bench.base / "bundle"
    (bundle / "rootfs/bin").mkdir(parents=True)
    shutil.copy("/bin/busybox", bundle / "rootfs/bin/busybox")
    (bundle / "rootfs/bin/true").symlink_to("busybox")
    for name in ("proc", "sys", "dev"):
        (bundle / "rootfs" / name).mkdir()
    command = bench.base / "kdash-oci"
    command.symlink_to(bench.program)
    runtimes = {"kdash oci": [command], **{name: [shutil.which(name)] for name in OTHERS if shutil.which(name)}}
    subprocess.run([command, "spec", "--bundle", bundle], check=True)
    document = json.loads((bundle / "config.json").read_text())
    document["process"].update(args=["/bin/true"], terminal=False)
    document["linux"]["cgroupsPath"] = f"/kdash-bench-{os.getpid()}"
    (bundle / "config.json").write_text(json.dumps(document))
    whole = {name: [] for name in runtimes}
    for turn in range(bench.count(25) + 1):
        for name, runtime in runtimes.items():
            begun = time.monotonic()
            done = subprocess.run([*runtime, "--root", bench.base / f"state-{runtime[0].name if name == 'kdash oci' else name}", "run", "--bundle", bundle, f"b{turn}"],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
            took = (time.monotonic() - begun) * 1000
            if done.returncode != 0:
                raise RuntimeError(f"{name}: {done.stderr.strip()}")
            if turn > 0:  # The first round warms the page cache.
                whole[name].append(took)
    return [
        Figure.of(9, f"one container as a command, `{name} run`: create, start, exit, delete", "ms", 7 if name == "kdash oci" else None, samples,
                  note="For comparison." if name != "kdash oci" else "")
        for name, samples in whole.items()
    ]
