"""Every verb of kubectl is tried for real, and a verb that kubectl has and the table has not is a failure."""

import concurrent.futures
import re
import subprocess

import pytest

pytest.register_assert_rewrite("verbs_cluster", "verbs_objects", "verbs_workloads")

import verbs_cluster  # noqa: E402
import verbs_objects  # noqa: E402, F401
import verbs_workloads  # noqa: E402, F401
from verbs_table import ROWS, Bench  # noqa: E402


@pytest.fixture(scope="module")
def bench(shared):
    return Bench(shared)


NAMES = {}
for name, function in ROWS.items():
    NAMES.setdefault(function, name)


@pytest.mark.parametrize("command", NAMES, ids=NAMES.values())
def test_a_verb_does_what_it_says(bench, command):
    command(bench)


def test_every_kind_is_described(bench):
    verbs_cluster.describe_every_kind(bench)


def commands(kubectl, *parents):
    """What `--help` lists below a command: at any depth, with the groups themselves."""
    text = subprocess.run([kubectl, *parents, "--help"], capture_output=True, text=True, timeout=30, check=True, env={"HOME": "/nonexistent", "PATH": "/usr/bin:/bin"}).stdout
    blocks = re.findall(r"^[A-Z][^\n]*[Cc]ommands[^\n]*:\n((?:  [a-z][^\n]*\n)+)", text, re.M)
    names = [" ".join((*parents, line.split()[0])) for block in blocks for line in block.splitlines()]
    if not names:
        return []
    with concurrent.futures.ThreadPoolExecutor(4) as several:
        return names + [inner for below in several.map(lambda name: commands(kubectl, *name.split()), names) for inner in below]


def test_no_verb_is_missing_in_the_table(kubectl):
    listed = set(commands(kubectl)) | {"options"}
    assert len(listed) > 90
    groups = {name for name in listed if any(other.startswith(name + " ") for other in listed)}
    untried = {name for name in listed - set(ROWS) if name not in groups}
    assert not untried, f"kubectl has verbs that no row tries: {sorted(untried)}"
    assert not set(ROWS) - listed, f"rows for verbs that this kubectl has not: {sorted(set(ROWS) - listed)}"
