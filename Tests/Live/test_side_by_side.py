"""Clusters that share a machine, with each other and with other programs."""

import ipaddress
import itertools
import json
import socket
import subprocess

import cluster as clusters
from cluster import eventually, pod


def at_once(ones, *words):
    """One command for each of the clusters, all at the same moment; all that they say."""
    started = [subprocess.Popen([str(clusters.PROGRAM), *words, "--data-dir", str(one.data)], env=one.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True) for one in ones]
    told = [each.communicate(timeout=120)[0] for each in started]
    assert [each.returncode for each in started] == [0] * len(ones), told
    return told


def ranges(one):
    """A cluster's ranges of addresses."""
    instance = json.loads((one.data / "instance").read_text())
    return [ipaddress.ip_network(instance[key]) for key in ("podCIDR", "serviceCIDR")]


def ready(one):
    eventually(lambda: all(node["ready"] for node in one.status()["nodes"]), what=f"the node of {one.data}: {one.status()}")
    eventually(lambda: "True" in one.kubectl("get", "node", "kdash", "-o", "jsonpath={.status.conditions[?(@.type=='Ready')].status}"), what="Ready")


def test_two_clusters_live_side_by_side(make_cluster):
    first, second = make_cluster("first"), make_cluster("second")
    first.up("--no-merge")
    second.up("--no-merge")
    for one in (first, second):
        image = one.busybox()
        one.apply(pod("same-name", image, ["sleep", "600"]))
    ids = [one.phase("same-name", "Running") and one.get("pod", "same-name")["status"]["containerStatuses"][0]["containerID"] for one in (first, second)]
    first.down("--purge")
    status = second.get("pod", "same-name")["status"]["containerStatuses"][0]
    assert status["containerID"] == ids[1] and status["restartCount"] == 0 and "running" in status["state"]
    assert "hello" in second.kubectl("exec", "same-name", "--", "echo", "hello")


def test_clusters_that_start_at_the_same_moment_share_no_address(make_cluster):
    ones = [make_cluster(f"c{number}") for number in range(4)]
    at_once(ones, "up", "--no-merge")
    for one in ones:
        ready(one)
    chosen = [ranges(one) for one in ones]
    for left, right in itertools.combinations(itertools.chain(*chosen), 2):
        assert not left.overlaps(right), chosen
    assert len({one.status()["server"] for one in ones}) == 4
    # What they have is theirs, whoever is first the next time.
    at_once(ones, "down")
    at_once(ones, "up", "--no-merge")
    for one in ones:
        ready(one)
    assert [ranges(one) for one in ones] == chosen


def test_a_cluster_whose_addresses_another_took_says_which_and_comes_back(make_cluster):
    first, second = make_cluster("first"), make_cluster("second")
    first.up("--no-merge")
    first.down()
    second.up("--no-merge")
    assert ranges(first) == ranges(second)
    refused = first.kdash("up", "--no-merge", check=False)
    assert refused.returncode != 0 and str(second.data) in refused.stderr and "kdash down" in refused.stderr, refused.stderr
    ready(second)
    second.down()
    first.up("--no-merge")
    ready(first)
    # A cluster that is new looks elsewhere.
    third = make_cluster("third")
    third.up("--no-merge")
    ready(third)
    assert not any(left.overlaps(right) for left in ranges(first) for right in ranges(third))


def test_a_node_waits_while_another_program_has_the_place_of_the_api(make_cluster):
    one = make_cluster()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("0.0.0.0", 443))
        other.listen()
        one.up("--no-merge")
        (node,) = one.status()["nodes"]
        assert not node["ready"] and ":443" in node["reason"], node
        assert "False" in one.kubectl("get", "node", "kdash", "-o", "jsonpath={.status.conditions[?(@.type=='Ready')].status}")
    ready(one)
    one.apply(pod("web", one.busybox(), ["sleep", "1000"]))
    one.phase("web", "Running")
