"""An ordinary user: the API and the screen start, the node runs in a user namespace where the kernel allows it, and purge leaves nothing."""

import json
import os
import shutil
import subprocess

import pytest

import cluster as clusters
from cluster import eventually

NOBODY = 65534


@pytest.fixture
def user(base, kubectl):
    """A cluster whose program runs as nobody."""
    base.chmod(0o755)
    program = base / "kdash"
    shutil.copy(clusters.PROGRAM, program)
    program.chmod(0o755)
    one = clusters.Cluster(base, kubectl)
    for path in (one.base, one.home, one.base / "run"):
        os.chown(path, NOBODY, NOBODY)

    def kdash(*arguments, check=True):
        command = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", str(program), *arguments, "--data-dir", str(one.data)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, env=one.env, cwd="/", check=check)

    one.user = kdash
    yield one
    kdash("down", "--purge", check=False)


def test_a_cluster_without_root(user):
    up = user.user("up", "--no-merge")
    assert "https://127.0.0.1:" in up.stdout
    assert "not enforced" in up.stderr and "sudo kdash up" in up.stderr
    assert json.loads(user.user("status", "-o", "json").stdout)["state"] == "running"
    condition = [each for each in user.get("node", "kdash")["status"]["conditions"] if each["type"] == "Ready"][0]
    if condition["status"] != "True":
        assert condition["message"], "a node that cannot run says why"
    else:
        user.user("image", "import-host", "/bin/busybox")
        user.apply(clusters.pod("rootless", "host/busybox:latest", ["sh", "-c", "echo from a user namespace"], restartPolicy="Never"))
        user.phase("rootless", "Succeeded")
        assert user.kubectl("logs", "rootless").strip() == "from a user namespace"
    user.user("down", "--purge")
    eventually(lambda: not user.data.exists(), what="the directory gone")
