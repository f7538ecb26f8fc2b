"""Where pods go because of other pods: affinity, anti-affinity and spreading on one node, with the reasons that a user reads."""

import json

import pytest

from cluster import eventually, pod


@pytest.fixture(scope="module")
def image(shared):
    return shared.busybox()


def term(app, key="kubernetes.io/hostname"):
    return {"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": key}


def required(kind, *terms):
    return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": list(terms)}}


def sleeper(name, image, **spec):
    return pod(name, image, ["sleep", "3600"], **spec)


def unschedulable(cluster, name, reason):
    """The pod waits, and both its condition and kubectl's events say why."""
    def condition():
        for one in cluster.get("pod", name)["status"].get("conditions", []):
            if one["type"] == "PodScheduled":
                return one
        return None

    found = eventually(condition, what=f"a condition of {name}")
    assert found["status"] == "False" and found["reason"] == "Unschedulable"
    assert found["message"].startswith(f"0/1 nodes are available: 1 {reason}."), found["message"]
    described = eventually(lambda: (lambda text: text if "FailedScheduling" in text else None)(cluster.kubectl("describe", "pod", name)),
                           what="FailedScheduling in kubectl describe")
    assert reason in described


def test_a_second_pod_of_a_kind_waits_until_the_first_is_gone(shared, image):
    apart = required("podAntiAffinity", term("one-each"))
    first, second = sleeper("apart-1", image, affinity=apart), sleeper("apart-2", image, affinity=apart)
    for one in (first, second):
        one["metadata"]["labels"] = {"app": "one-each"}
    shared.apply(first)
    shared.phase("apart-1", "Running")
    shared.apply(second)
    unschedulable(shared, "apart-2", "node(s) didn't match pod anti-affinity rules")
    shared.kubectl("delete", "pod", "apart-1")
    shared.phase("apart-2", "Running", within=60)


def test_a_pod_keeps_off_one_that_does_not_want_it_near(shared, image):
    shared.apply(sleeper("shy", image, affinity=required("podAntiAffinity", term("loud"))))
    shared.phase("shy", "Running")
    loud = sleeper("loud", image)
    shared.apply(loud)
    unschedulable(shared, "loud", "node(s) didn't satisfy existing pods anti-affinity rules")
    shared.kubectl("label", "pod", "loud", "app=quiet", "--overwrite")
    shared.phase("loud", "Running", within=60)


def test_a_pod_waits_for_the_one_it_wants_near(shared, image):
    shared.apply(sleeper("follower", image, affinity=required("podAffinity", term("leader"))))
    unschedulable(shared, "follower", "node(s) didn't match pod affinity rules")
    shared.apply(sleeper("leader", image))
    shared.phase("follower", "Running", within=60)


def test_spreading_needs_the_label_on_the_node(shared, image):
    spread = {"maxSkew": 1, "topologyKey": "example.com/rack", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"app": "racked"}}}
    shared.apply(sleeper("racked", image, topologySpreadConstraints=[spread]))
    unschedulable(shared, "racked", "node(s) didn't match pod topology spread constraints (missing required label)")
    shared.kubectl("label", "node", "kdash", "example.com/rack=r1")
    try:
        shared.phase("racked", "Running", within=60)
        # A single place is never uneven; three wanted ones are two short.
        more = sleeper("racked-2", image, topologySpreadConstraints=[{**spread, "minDomains": 3}])
        more["metadata"]["labels"] = {"app": "racked"}
        shared.apply(more)
        unschedulable(shared, "racked-2", "node(s) didn't match pod topology spread constraints")
    finally:
        shared.kubectl("label", "node", "kdash", "example.com/rack-")


def test_keys_of_labels_are_checked(shared, image):
    faulty = sleeper("faulty", image, affinity=required("podAffinity", {"topologyKey": "zone", "matchLabelKeys": ["a"]}))
    refused = shared.kubectl("apply", "-f", "-", stdin=json.dumps(faulty), check=False)
    assert refused.returncode != 0
    assert "matchLabelKeys: Forbidden: must not be specified when labelSelector is not set" in refused.stderr
