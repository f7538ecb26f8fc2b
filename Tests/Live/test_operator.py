"""An operator written with kopf reconciles a kind of its own: children, status, updates, timers, deletions, restarts, peers."""

import pathlib
import subprocess
import sys

import pytest

import cluster as clusters
from cluster import eventually

HERE = pathlib.Path(__file__).parent
PACKAGES = clusters.ROOT / ".build/python"
SITES = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "sites.example.com"},
    "spec": {"group": "example.com", "scope": "Namespaced", "names": {"plural": "sites", "kind": "Site", "shortNames": ["si"]}, "versions": [{
        "name": "v1", "served": True, "storage": True, "subresources": {"status": {}},
        "additionalPrinterColumns": [{"name": "Phase", "type": "string", "jsonPath": ".status.phase"}],
        "schema": {"openAPIV3Schema": {"type": "object", "required": ["spec"], "properties": {
            "spec": {"type": "object", "required": ["text"], "properties": {
                "text": {"type": "string", "maxLength": 100}, "replicas": {"type": "integer", "minimum": 0, "default": 1}}},
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}}}]}}
PEERS = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "kopfpeerings.kopf.dev"},
    "spec": {"group": "kopf.dev", "scope": "Namespaced", "names": {"plural": "kopfpeerings", "kind": "KopfPeering"}, "versions": [{
        "name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object", "properties": {
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}}}]}}


class Operator:
    """One run of the operator, with what it logs."""

    def __init__(self, cluster, image, name, *arguments):
        self.path = cluster.home / f"operator-{name}.log"
        self.log = open(self.path, "w")
        environment = {**cluster.env, "KUBECONFIG": str(cluster.kubeconfig), "PYTHONPATH": str(PACKAGES), "SITE_IMAGE": image, "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kopf", "run", HERE / "operator_sites.py", "--namespace", "default", *(arguments or ["--standalone"])],
            env=environment, stdout=self.log, stderr=subprocess.STDOUT)

    def said(self):
        return self.path.read_text()

    def end(self, gently=False):
        if self.process.poll() is None:
            self.process.terminate() if gently else self.process.kill()
        try:
            return self.process.wait(timeout=30)
        finally:
            self.process.kill()
            self.log.close()


@pytest.fixture(scope="module")
def image(shared):
    done = subprocess.run([sys.executable, "-c", "import kopf, kubernetes"], env={**shared.env, "PYTHONPATH": str(PACKAGES)}, capture_output=True, text=True)
    assert done.returncode == 0, f"kopf is not installed; run scripts/packages test: {done.stderr}"
    for definition in (SITES, PEERS):
        shared.apply(definition)
        shared.kubectl("wait", "--for=condition=Established", f"crd/{definition['metadata']['name']}", "--timeout=20s")
    return shared.busybox()


@pytest.fixture
def operate(shared, image):
    """Starts operators, which end with the test; shows what they logged when it failed."""
    started = []

    def start(*arguments):
        started.append(Operator(shared, image, f"{len(list(shared.home.glob('operator-*')))}", *arguments))
        return started[-1]

    yield start
    for one in started:
        one.end()
        print(one.said()[-4000:])


def site(name, text, **spec):
    return {"apiVersion": "example.com/v1", "kind": "Site", "metadata": {"name": name}, "spec": {"text": text, **spec}}


def status(cluster, name):
    return cluster.get("site", name).get("status", {})


def wait_for(cluster, name, field, wanted, within=30):
    return eventually(lambda: status(cluster, name).get(field) == wanted, within=within, what=f"{field} of {name} is {wanted}")


def gone(cluster, kind, name):
    return cluster.kubectl("get", kind, name, check=False).returncode != 0


def test_a_site_lives_through_its_operators(shared, operate):
    first = operate()
    shared.apply(site("home", "hello"))
    wait_for(shared, "home", "phase", "Made")
    made = shared.get("site", "home")
    assert made["metadata"]["finalizers"] == ["example.com/site"] and made["status"]["made"]["by"] == first.process.pid
    assert "kopf.zalando.org/last-handled-configuration" in made["metadata"]["annotations"]
    assert shared.kubectl("get", "si", "home", "--no-headers").split() == ["home", "Made"]
    for kind, name in (("deployment", "home"), ("configmap", "home-page")):
        owner = shared.get(kind, name)["metadata"]["ownerReferences"]
        assert [(one["kind"], one["name"], one["uid"], one["controller"]) for one in owner] == [("Site", "home", made["metadata"]["uid"], True)]
    shared.kubectl("rollout", "status", "deployment/home", "--timeout=60s")
    served = lambda: shared.kubectl("exec", "deployment/home", "--", "wget", "-qO-", "http://127.0.0.1:8080/")
    assert eventually(served, what="the page") == "hello\n"
    assert "daemon of home starts" in first.said()
    assert eventually(lambda: "serving hello" in shared.kubectl("events", "--for=site/home"), what="what the operator posts")

    ticks = status(shared, "home")["ticks"]
    shared.kubectl("patch", "site", "home", "--type=merge", "-p", '{"spec":{"text":"changed","replicas":2}}')
    wait_for(shared, "home", "told", "hello to changed")
    assert shared.get("configmap", "home-page")["data"] == {"index.html": "changed\n"}
    eventually(lambda: shared.get("deployment", "home")["status"].get("readyReplicas") == 2, within=30, what="two pods")
    eventually(lambda: status(shared, "home")["ticks"] > ticks, what="the timer")
    refused = shared.kubectl("patch", "site", "home", "--type=merge", "-p", '{"spec":{"replicas":-1}}', check=False)
    assert "should be greater than or equal to 0" in refused.stderr

    # Nobody is there for a while.
    shared.apply(site("other", "short life"))
    wait_for(shared, "other", "phase", "Made")
    first.end()
    shared.kubectl("patch", "site", "home", "--type=merge", "-p", '{"spec":{"text":"unseen"}}')
    shared.kubectl("delete", "site", "other", "--wait=false")
    shared.apply(site("late", "born alone"))
    assert shared.get("site", "other")["metadata"]["deletionTimestamp"] and "phase" not in status(shared, "late")

    second = operate()
    wait_for(shared, "home", "told", "changed to unseen")
    wait_for(shared, "late", "phase", "Made")
    wait_for(shared, "home", "resumed", 1)
    eventually(lambda: gone(shared, "site", "other") and gone(shared, "deployment", "other"), within=30, what="the other site gone")
    assert shared.get("configmap", "other-remembered")["data"] == {"text": "short life"}
    assert status(shared, "home")["made"]["by"] == first.process.pid, "it is made once"

    shared.kubectl("delete", "site", "home", "late", "--timeout=30s")
    assert shared.get("configmap", "home-remembered")["data"] == {"text": "unseen"}
    eventually(lambda: gone(shared, "deployment", "home") and gone(shared, "configmap", "home-page"), within=30, what="the children gone")
    eventually(lambda: not shared.kubectl("get", "pods", "-l", "site", "-o", "name"), within=30, what="their pods gone")
    eventually(lambda: "daemon of home ends" in second.said(), what="the daemon's end")
    assert second.end(gently=True) == 0
    for one in (first, second):
        assert "Traceback" not in one.said() and "ERROR" not in one.said(), one.said()


def test_of_two_operators_only_the_first_in_rank_works(shared, operate):
    shared.apply({"apiVersion": "kopf.dev/v1", "kind": "KopfPeering", "metadata": {"name": "sites"}})
    low = operate("--peering=sites", "--priority=1")
    eventually(lambda: len(shared.get("kopfpeering", "sites").get("status", {})) == 1, within=30, what="the first peer")
    high = operate("--peering=sites", "--priority=9")
    eventually(lambda: "Pausing" in low.said(), within=30, what="the lower one pauses")
    assert sorted(one["priority"] for one in shared.get("kopfpeering", "sites")["status"].values()) == [1, 9]
    shared.apply(site("ranked", "by the higher"))
    wait_for(shared, "ranked", "phase", "Made")
    assert status(shared, "ranked")["made"]["by"] == high.process.pid
    assert high.end(gently=True) == 0
    eventually(lambda: "Resuming" in low.said().partition("Pausing")[2], within=30, what="the lower one goes on")
    shared.apply(site("after", "by the lower"))
    wait_for(shared, "after", "phase", "Made")
    assert status(shared, "after")["made"]["by"] == low.process.pid
    shared.kubectl("delete", "site", "ranked", "after", "--timeout=30s")
