"""Nodes that are only pretended: scheduling at a size that the machine does not have."""

import collections
import json
import subprocess

import pytest

from cluster import eventually, pod
from screen import open_screen  # noqa: F401 (open_screen is a fixture)

MARK = "kdash.dev/simulated"
COUNT = 20


@pytest.fixture(scope="module")
def simulated(shared):
    shared.up("--no-merge", "--simulated-nodes", COUNT)
    return shared


def nodes(cluster):
    return {node["metadata"]["name"]: node for node in json.loads(cluster.kubectl("get", "nodes", "-o", "json"))["items"]}


def pods(cluster, app):
    return json.loads(cluster.kubectl("get", "pods", "-l", f"app={app}", "-o", "json"))["items"]


def template(app, **spec):
    return {"metadata": {"labels": {"app": app}},
            "spec": {"nodeSelector": {MARK: "true"}, "tolerations": [{"key": MARK, "operator": "Exists"}],
                     "containers": [{"name": "main", "image": "registry.example/none:1", "resources": {"requests": {"cpu": "1"}}}], **spec}}


def deployment(app, replicas, **spec):
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": app},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": app}}, "template": template(app, **spec)}}


def test_nodes_are_there_at_once_and_told_of(simulated):
    found = nodes(simulated)
    assert len(found) == COUNT + 1
    node = found["sim-0020"]
    assert [one["status"] for one in node["status"]["conditions"] if one["type"] == "Ready"] == ["True"]
    assert node["spec"]["taints"] == [{"key": MARK, "value": "true", "effect": "NoSchedule"}]
    assert node["metadata"]["labels"]["kubernetes.io/hostname"] == "sim-0020"
    assert {one["metadata"]["labels"]["topology.kubernetes.io/zone"] for name, one in found.items() if name != "kdash"} == {"sim-a", "sim-b", "sim-c"}
    assert simulated.status()["simulatedNodes"]["nodes"] == COUNT
    assert f"simulated nodes: {COUNT}" in simulated.kdash("status").stdout
    eventually(lambda: len(simulated.kubectl("get", "leases", "-n", "kube-node-lease", "-o", "name").split()) == COUNT + 1,
               what="a lease of each node, which comes after the node")


def test_a_deployment_spreads_over_zones_survives_a_drain_and_goes(simulated):
    spread = [{"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule",
               "labelSelector": {"matchLabels": {"app": "wide"}}}]
    simulated.apply(deployment("wide", 12, topologySpreadConstraints=spread))
    simulated.kubectl("rollout", "status", "deployment/wide", "--timeout=60s")
    zones = {name: node["metadata"]["labels"].get("topology.kubernetes.io/zone") for name, node in nodes(simulated).items()}
    found = pods(simulated, "wide")
    assert collections.Counter(zones[one["spec"]["nodeName"]] for one in found) == {"sim-a": 4, "sim-b": 4, "sim-c": 4}
    addresses = {one["status"]["podIP"] for one in found}
    assert len(addresses) == 12 and all(address.startswith("241.") for address in addresses)

    drained = found[0]["spec"]["nodeName"]
    simulated.kubectl("drain", drained, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=60s")

    def moved():
        now = [one for one in pods(simulated, "wide") if one["status"]["phase"] == "Running"]
        return len(now) == 12 and drained not in {one["spec"]["nodeName"] for one in now}

    eventually(moved, within=60, what=f"twelve pods without {drained}")
    simulated.kubectl("uncordon", drained)
    simulated.kubectl("delete", "deployment", "wide")
    eventually(lambda: not pods(simulated, "wide"), within=60, what="no pod of the deployment")


def test_an_ordinary_pod_is_never_pretended(simulated):
    simulated.apply(pod("ordinary", simulated.busybox(), ["sleep", "3600"]))
    simulated.phase("ordinary", "Running", within=60)
    assert simulated.get("pod", "ordinary")["spec"]["nodeName"] == "kdash"


def test_a_job_succeeds(simulated):
    work = template("work")
    work["spec"]["restartPolicy"] = "Never"
    simulated.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "work"},
                     "spec": {"completions": 5, "parallelism": 2, "template": work}})
    simulated.kubectl("wait", "job/work", "--for=condition=Complete", "--timeout=60s")
    simulated.kubectl("delete", "job", "work")
    eventually(lambda: not pods(simulated, "work"), within=60, what="no pod of the job")


def test_what_a_pretended_pod_does_not_have_is_refused_with_the_reason(simulated):
    simulated.apply(deployment("mute", 1))
    simulated.kubectl("rollout", "status", "deployment/mute", "--timeout=60s")
    name = pods(simulated, "mute")[0]["metadata"]["name"]
    for arguments in (["logs", name], ["exec", name, "--", "true"]):
        refused = simulated.kubectl(*arguments, check=False)
        assert refused.returncode != 0
        assert "is simulated: its pods are only pretended" in refused.stderr, refused.stderr
    inside = simulated.kubectl("get", "--raw", f"/kdash/v1/containers/default/{name}/main/processes", check=False)
    assert inside.returncode != 0 and "is simulated" in inside.stderr, inside.stderr
    simulated.kubectl("delete", "deployment", "mute")


@pytest.mark.parametrize("number", ["-1", "5001", "many"])
def test_a_number_that_cannot_be_is_refused(simulated, number):
    refused = simulated.kdash("up", "--no-merge", f"--simulated-nodes={number}", check=False)
    assert refused.returncode != 0 and "simulated-nodes" in refused.stderr


def test_a_node_that_is_removed_comes_back_and_a_stranger_of_that_name_is_told_of(simulated):
    simulated.kubectl("delete", "node", "sim-0001")
    eventually(lambda: MARK in nodes(simulated).get("sim-0001", {}).get("metadata", {}).get("labels", {}), what="the node again")
    stranger = f"sim-{COUNT + 1:04}"
    simulated.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": stranger}})
    refused = simulated.kdash("up", "--no-merge", "--simulated-nodes", COUNT + 1, check=False)
    assert refused.returncode != 0 and f"kubectl delete node {stranger}" in refused.stderr, refused.stderr
    assert MARK not in nodes(simulated)[stranger]["metadata"].get("labels", {})
    simulated.up("--no-merge", "--simulated-nodes", COUNT)
    assert stranger in nodes(simulated)
    simulated.kubectl("delete", "node", stranger)


def test_the_screen_says_the_number_once_to_a_cluster_that_runs(simulated, open_screen):
    screen = open_screen(simulated, "--data-dir", simulated.data, "--no-merge", "--simulated-nodes", COUNT + 2)
    screen.expect("WRITABLE")
    eventually(lambda: simulated.status()["simulatedNodes"]["nodes"] == COUNT + 2, what="as many nodes as the screen was started with")
    simulated.up("--no-merge", "--simulated-nodes", COUNT)
    simulated.kill_daemon()
    eventually(lambda: simulated.kdash("status", check=False).returncode == 0, within=60, what="the daemon that the screen starts again")
    assert simulated.status()["simulatedNodes"]["wanted"] == COUNT
    assert len(nodes(simulated)) == COUNT + 1


def test_a_read_only_screen_wants_no_other_number_of_them(simulated):
    before = simulated.status()["simulatedNodes"]["nodes"]
    refused = simulated.kdash("--readonly", "--plain", "--simulated-nodes", before + 1, "--data-dir", simulated.data, check=False, stdin=subprocess.DEVNULL)
    assert refused.returncode != 0
    assert f"--simulated-nodes {before + 1} changes the cluster, which --readonly forbids" in refused.stderr
    assert simulated.status()["simulatedNodes"]["nodes"] == before


def test_they_outlive_the_daemon_and_go_with_their_pods_when_none_are_wanted(simulated):
    simulated.apply(deployment("stays", 6))
    simulated.kubectl("rollout", "status", "deployment/stays", "--timeout=60s")
    before = {one["metadata"]["uid"]: one["status"]["podIP"] for one in pods(simulated, "stays")}
    simulated.kill_daemon()
    simulated.up("--no-merge")
    assert len(nodes(simulated)) == COUNT + 1
    assert {one["metadata"]["uid"]: one["status"]["podIP"] for one in pods(simulated, "stays")} == before
    simulated.kubectl("scale", "deployment", "stays", "--replicas=8")
    simulated.kubectl("rollout", "status", "deployment/stays", "--timeout=60s")
    assert len({one["status"]["podIP"] for one in pods(simulated, "stays")}) == 8

    simulated.up("--no-merge", "--simulated-nodes", 5)
    assert len(nodes(simulated)) == 6
    simulated.kubectl("rollout", "status", "deployment/stays", "--timeout=60s")

    def on_the_rest():
        found = pods(simulated, "stays")
        return len(found) == 8 and {one["spec"].get("nodeName") for one in found} <= set(nodes(simulated))

    eventually(on_the_rest, within=60, what="eight pods on the nodes that are left")
    simulated.kubectl("delete", "deployment", "stays")
    simulated.up("--no-merge", "--simulated-nodes", 0)
    assert set(nodes(simulated)) == {"kdash"}
    assert "simulated" not in simulated.kdash("status").stdout
    eventually(lambda: simulated.kubectl("get", "leases", "-n", "kube-node-lease", "-o", "name").split() == ["lease.coordination.k8s.io/kdash"],
               what="only the lease of the node that is left")
