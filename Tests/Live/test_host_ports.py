"""Ports of the node that lead to pods."""

import errno
import socket
import subprocess
import urllib.error
import urllib.request

import pytest

from cluster import eventually, pod
from datagrams import one_sender

WEB = "mkdir -p /tmp/w && hostname > /tmp/w/name && exec httpd -f -p 8080 -h /tmp/w"
LOG = "exec httpd -f -vv -p 8080 -h /etc"


@pytest.fixture(scope="module")
def image(shared):
    return shared.busybox()


def web(name, image, port, script=WEB, **spec):
    return pod(name, image, ["sh", "-c", script], container={"ports": [{"containerPort": 8080, "hostPort": port}]}, **spec)


def ask(address, port, path="/name"):
    """What a pod answers at the node's address; nothing while nobody does."""
    try:
        with urllib.request.urlopen(f"http://{address}:{port}{path}", timeout=10) as answer:
            return answer.read().decode().strip()
    except (urllib.error.URLError, ConnectionError):
        return None


def fetch(cluster, client, address, port):
    """What a pod gets, head and all; nothing when it does not get through."""
    script = f"printf 'GET /name HTTP/1.0\\r\\n\\r\\n' | nc -w 5 {address} {port}"
    done = cluster.kubectl("exec", client, "--", "sh", "-c", script, check=False)
    return done.stdout if done.returncode == 0 else ""


def gone(cluster, name, node, port):
    cluster.kubectl("delete", "pod", name, "--wait")
    eventually(lambda: ask(node, port) is None, what=f"nothing at port {port}")


def test_a_host_port_leads_to_the_pod_from_host_node_and_pods(shared, image):
    shared.apply(web("door", image, 8081))
    shared.apply(pod("guest", image, ["sleep", "100000"]))
    shared.apply(pod("local", image, ["sleep", "100000"], hostNetwork=True))
    node = shared.phase("door", "Running")["hostIP"]
    for name in ("guest", "local"):
        shared.phase(name, "Running")
    eventually(lambda: ask(node, 8081) == "door", what="an answer at the node's address")
    assert "door" in fetch(shared, "guest", node, 8081)
    assert "door" in fetch(shared, "door", node, 8081), "the pod itself"
    assert "door" in fetch(shared, "local", "127.0.0.1", 8081)
    assert fetch(shared, "guest", "127.0.0.1", 8081) == "", "not a pod's own loopback"
    gone(shared, "door", node, 8081)
    assert fetch(shared, "local", "127.0.0.1", 8081) == ""


@pytest.fixture(scope="module")
def asking(shared, peer):
    """Pods to ask from: `far` with an address of its own, and `near` on the node's network."""
    shared.kdash("image", "import-host", peer)
    for name, spec in (("far", {}), ("near", {"hostNetwork": True})):
        shared.apply(pod(name, "host/peer:latest", [peer, "wait"], **spec))
    for name in ("far", "near"):
        shared.phase(name, "Running")


def answering(peer, name, port, transport):
    made = pod(name, "host/peer:latest", [peer, "answer", "7000"] + ([] if transport == "udp" else [transport]))
    made["spec"]["containers"][0]["ports"] = [{"containerPort": 7000, "hostPort": port, "protocol": transport.upper()}]
    return made


@pytest.mark.parametrize("transport, port", [("udp", 8085), ("tcp", 8086), ("sctp", 8087)])
def test_a_host_port_carries_each_transport(shared, asking, peer, transport, port):
    if transport == "sctp":
        try:
            socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_SCTP).close()
        except OSError as error:
            if error.errno == errno.EPROTONOSUPPORT:
                pytest.skip("this kernel has no SCTP")
            raise
    name = f"door-{transport}"
    shared.apply(answering(peer, name, port, transport))
    node = shared.phase(name, "Running")["hostIP"]

    def answer(address, source=None):
        """What comes back to the host, or to a pod; nothing when nothing does."""
        question = [peer, "ask", address, str(port)] + ([] if transport == "udp" else [transport])
        if source:
            return shared.kubectl("exec", source, "--", *question, check=False).stdout.strip()
        return subprocess.run(question, capture_output=True, text=True).stdout.strip()

    eventually(lambda: answer(node) == name, within=60, what="an answer to the host")
    assert answer(node, "far") == name
    assert answer(node, name) == name, "the pod itself"
    assert answer(node, "near") == name
    assert answer("127.0.0.1", "near") == name
    assert answer("127.0.0.1", "far") == "", "not a pod's own loopback"
    shared.kubectl("delete", "pod", name, "--wait")
    eventually(lambda: answer(node) == "", within=60, what="no answer")


def test_datagrams_follow_a_host_port_to_its_next_pod(shared, asking, peer):
    shared.apply(answering(peer, "early", 8088, "udp"))
    node = shared.phase("early", "Running")["hostIP"]
    with one_sender(node, 8088) as await_answer:
        await_answer("early")
        shared.kubectl("delete", "pod", "early", "--wait")
        shared.apply(answering(peer, "late", 8088, "udp"))
        await_answer("late")


def test_a_pod_sees_who_asks_and_policies_apply(shared, image):
    shared.apply(web("seen", image, 8082, script=LOG))
    shared.apply(pod("asker", image, ["sleep", "100000"]))
    node = shared.phase("seen", "Running")["hostIP"]
    asker = shared.phase("asker", "Running")["podIP"]
    eventually(lambda: "404" in fetch(shared, "asker", node, 8082), what="an answer, though there is no such file")
    eventually(lambda: asker in shared.kubectl("logs", "seen"), what="the asking pod's own address in the log")
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "closed"},
              "spec": {"podSelector": {"matchLabels": {"app": "seen"}}, "policyTypes": ["Ingress"], "ingress": []}}
    shared.apply(policy)
    eventually(lambda: fetch(shared, "asker", node, 8082) == "", within=90, what="no answer for a pod that no rule lets in")
    shared.kubectl("delete", "networkpolicy", "closed")
    eventually(lambda: "404" in fetch(shared, "asker", node, 8082), within=60, what="an answer again")


def test_a_host_port_that_is_taken_is_refused(shared, image):
    shared.apply(web("first", image, 8083))
    node = shared.phase("first", "Running")["hostIP"]
    name = shared.kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")
    # Placed by name, past the scheduler: the node itself says no.
    shared.apply(web("second", image, 8083, nodeName=name))
    status = shared.phase("second", "Failed")
    assert status["reason"] == "NodePorts"
    assert "free ports" in status["message"]
    # Through the scheduler it waits.
    shared.apply(web("third", image, 8083))
    eventually(lambda: "free ports" in str(shared.get("pod", "third")["status"].get("conditions")), what="the scheduler's reason")
    assert ask(node, 8083) == "first"
    shared.kubectl("delete", "pod", "first", "--wait")
    shared.phase("third", "Running")
    eventually(lambda: ask(node, 8083) == "third", what="the pod that waited")


def test_host_ports_outlive_the_daemon(fresh):
    image = fresh.busybox()
    fresh.apply(web("kept", image, 8084))
    node = fresh.phase("kept", "Running")["hostIP"]
    eventually(lambda: ask(node, 8084) == "kept", what="an answer")
    fresh.kill_daemon()
    assert ask(node, 8084) == "kept", "without a daemon"
    fresh.up("--no-merge")
    assert ask(node, 8084) == "kept", "with the next one"
    gone(fresh, "kept", node, 8084)
