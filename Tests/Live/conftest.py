import pathlib
import shutil
import subprocess

import pytest

import cluster as clusters
import machine


def pytest_report_header(config):
    versions = ", ".join(f"{version} ({path})" for version, path in clusters.kubectl_versions())
    return [f"kdash: {clusters.PROGRAM}", f"kubectl: {versions}"]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    setattr(item, f"report_{report.when}", report)


@pytest.fixture(scope="session")
def kubectl():
    return clusters.kubectl_versions()[0][1]


@pytest.fixture(scope="session")
def peer(tmp_path_factory):
    """What asks from inside pods, and answers there; busybox of Debian cannot look names up, and knows neither end of SCTP."""
    path = tmp_path_factory.mktemp("peer") / "peer"
    subprocess.run(["cc", "-O1", "-o", path, pathlib.Path(__file__).with_name("peer.c")], check=True)
    return str(path)


@pytest.fixture
def base():
    """A directory of this test's own, gone afterwards."""
    path = clusters.temporary()
    yield pathlib.Path(path)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def make_cluster(request, base, kubectl):
    """Makes clusters that are purged in reverse order; afterwards the machine must be as it was."""
    before = machine.snapshot()
    made = []

    def make(name="c"):
        made.append(clusters.Cluster(base, kubectl, name))
        return made[-1]

    yield make
    for one in reversed(made):
        failed = getattr(request.node, "report_call", None)
        if failed is not None and failed.failed:
            print(f"--- {one.data}/daemon.log\n{one.log_tail()}")
        one.close()
    left = clusters.eventually(lambda: [machine.difference(before, machine.snapshot())], what="a snapshot")[0]
    assert not left, "left on the machine:\n" + "\n".join(left)


@pytest.fixture
def fresh(make_cluster):
    """A running cluster for one test."""
    one = make_cluster()
    one.up("--no-merge")
    return one


@pytest.fixture(scope="module")
def shared(kubectl):
    """A running cluster for the tests of one file; each uses names of its own."""
    before = machine.snapshot()
    path = clusters.temporary()
    one = clusters.Cluster(path, kubectl)
    one.up("--no-merge")
    yield one
    one.close()
    shutil.rmtree(path, ignore_errors=True)
    left = machine.difference(before, machine.snapshot())
    assert not left, "left on the machine:\n" + "\n".join(left)
