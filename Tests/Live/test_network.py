"""Service addresses and cluster DNS, asked from inside pods and from the host."""

import socket
import struct
import subprocess
import urllib.parse
import urllib.request

import pytest

from cluster import PROGRAM, eventually, pod
from datagrams import one_sender

WEB = "mkdir -p /tmp/w && hostname > /tmp/w/name && exec httpd -f -p 8080 -h /tmp/w"


@pytest.fixture(scope="module")
def image(shared):
    return shared.busybox()


def start_client(cluster, program):
    cluster.kdash("image", "import-host", program)
    cluster.apply(pod("client", "host/peer:latest", [program, "wait"]))
    cluster.phase("client", "Running")


@pytest.fixture(scope="module")
def client(shared, image, peer):
    """A pod to ask from; beside it `looker`, which has nslookup."""
    start_client(shared, peer)
    shared.apply(pod("looker", image, ["sleep", "100000"]))
    shared.phase("looker", "Running")
    return peer


def web(cluster, image, name, app, **spec):
    made = pod(name, image, ["sh", "-c", WEB], **spec)
    made["metadata"]["labels"] = {"app": app}
    made["spec"]["containers"][0]["ports"] = [{"name": "web", "containerPort": 8080}]
    cluster.apply(made)


def service(cluster, name, selector=None, **spec):
    spec.setdefault("ports", [{"name": "http", "port": 80, "targetPort": "web"}])
    whole = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}
    if selector:
        whole["spec"]["selector"] = {"app": selector}
    cluster.apply(whole)
    return cluster.get("service", name)["spec"]


def inside(cluster, client, *command, check=True):
    return cluster.kubectl("exec", client, "--", *command, check=check)


def fetch(cluster, program, url, check=True):
    parts = urllib.parse.urlsplit(url)
    return inside(cluster, "client", program, "get", parts.hostname, parts.port or 80, parts.path or "/", check=check)


def fetched(cluster, program, url):
    """What comes back, once something does: rules and names follow their objects a moment later."""
    return eventually(lambda: fetch(cluster, program, url).strip(), within=60, what=f"an answer of {url}")


def refused(cluster, program, url):
    """Whether a connection is refused, and not only without an answer."""
    done = fetch(cluster, program, url, check=False)
    return done.returncode == 1 and "refused" in done.stderr


def lookup(cluster, name, kind="a"):
    """The answer's text, whatever nslookup's exit code."""
    done = inside(cluster, "looker", "nslookup", f"-type={kind}", name, check=False)
    return done.stdout + done.stderr


def looked_up(cluster, name, wanted, kind="a"):
    return eventually(lambda: all(word in lookup(cluster, name, kind) for word in wanted), within=60, what=f"{wanted} for {name}")


class Question:
    """One DNS question sent from the host."""

    def __init__(self, server, name, kind=1):
        header = struct.pack(">6H", 4711, 0x0100, 1, 0, 0, 0)
        labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"
        self.server, self.bytes = server, header + labels + struct.pack(">2H", kind, 1)

    def udp(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.settimeout(5)
            one.sendto(self.bytes, (self.server, 53))
            return one.recv(4096)

    def tcp(self):
        with socket.create_connection((self.server, 53), timeout=5) as one:
            one.sendall(struct.pack(">H", len(self.bytes)) + self.bytes)
            size = struct.unpack(">H", one.recv(2, socket.MSG_WAITALL))[0]
            return one.recv(size, socket.MSG_WAITALL)


def code(answer):
    return struct.unpack(">H", answer[2:4])[0] & 15


def truncated(answer):
    return bool(struct.unpack(">H", answer[2:4])[0] & 0x0200)


def dns_address(cluster):
    return cluster.get("service", "kube-dns", "-n", "kube-system")["spec"]["clusterIP"]


def test_a_service_is_reached_by_every_name_and_by_address(shared, image, client):
    web(shared, image, "one-a", "one")
    address = service(shared, "one", "one")["clusterIP"]
    for url in ("http://one/name", "http://one.default/name", "http://one.default.svc/name", "http://one.default.svc.cluster.local/name",
                "http://one.default.svc.cluster.local./name", f"http://{address}/name"):
        assert fetched(shared, client, url) == "one-a", url
    # From the host, whose route leads to the node.
    with urllib.request.urlopen(f"http://{address}/name", timeout=10) as answer:
        assert answer.read().strip() == b"one-a"
    # A pod reaches itself.
    assert inside(shared, "one-a", "wget", "-q", "-O", "-", f"http://{address}/name").strip() == "one-a"


def test_endpoints_that_come_and_go_are_followed(shared, image, client):
    web(shared, image, "two-a", "two")
    web(shared, image, "two-b", "two")
    service(shared, "two", "two")
    seen = set()
    eventually(lambda: seen.add(fetch(shared, client, "http://two/name").strip()) or seen >= {"two-a", "two-b"}, within=60, what="both pods")
    shared.kubectl("delete", "pod", "two-a", "--wait")
    for _ in range(10):
        assert fetched(shared, client, "http://two/name") == "two-b"
    shared.kubectl("delete", "pod", "two-b", "--wait")
    eventually(lambda: refused(shared, client, "http://two/name"), within=60, what="a refusal without endpoints")
    web(shared, image, "two-c", "two")
    assert fetched(shared, client, "http://two/name") == "two-c"
    shared.kubectl("delete", "service", "two")
    eventually(lambda: "NXDOMAIN" in lookup(shared, "two.default.svc.cluster.local."), within=60, what="no such name")


def test_what_nobody_serves_is_refused_at_once(shared, client):
    address = service(shared, "idle", "nobody-has-this")["clusterIP"]
    eventually(lambda: refused(shared, client, "http://idle/"), within=60, what="a refusal")
    assert refused(shared, client, f"http://{address}:81/"), "another port of the address"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, 80), timeout=5)


def test_a_pod_that_is_not_ready_gets_nothing(shared, image, client):
    web(shared, image, "late", "late", container={"readinessProbe": {"exec": {"command": ["test", "-e", "/tmp/ready"]}, "periodSeconds": 1}})
    service(shared, "late", "late")
    shared.phase("late", "Running")
    eventually(lambda: refused(shared, client, "http://late/name"), within=60, what="a refusal")
    inside(shared, "late", "touch", "/tmp/ready")
    assert fetched(shared, client, "http://late/name") == "late"


def test_slices_written_by_hand_count(shared, image, client):
    web(shared, image, "hand", "hand")
    target = shared.phase("hand", "Running")["podIP"]
    service(shared, "by-hand", ports=[{"name": "http", "port": 80}])
    shared.apply({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                  "metadata": {"name": "by-hand-1", "labels": {"kubernetes.io/service-name": "by-hand"}},
                  "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}], "endpoints": [{"addresses": [target]}]})
    assert fetched(shared, client, "http://by-hand/name") == "hand"
    shared.kubectl("delete", "endpointslice", "by-hand-1")
    eventually(lambda: refused(shared, client, "http://by-hand/name"), within=60, what="a refusal")


def test_a_headless_service_names_its_pods(shared, image, client):
    for name in ("db-0", "db-1"):
        web(shared, image, name, "db", hostname=name, subdomain="db")
    service(shared, "db", "db", clusterIP="None", ports=[{"name": "http", "port": 8080, "targetPort": "web"}])
    addresses = {name: shared.phase(name, "Running")["podIP"] for name in ("db-0", "db-1")}
    looked_up(shared, "db.default.svc.cluster.local.", addresses.values())
    for name, address in addresses.items():
        looked_up(shared, f"{name}.db.default.svc.cluster.local.", [address])
        assert fetched(shared, client, f"http://{name}.db:8080/name") == name
        reverse = ".".join(reversed(address.split("."))) + ".in-addr.arpa."
        looked_up(shared, reverse, [f"{name}.db.default.svc.cluster.local"], kind="ptr")
    looked_up(shared, "_http._tcp.db.default.svc.cluster.local.", ["8080", "db-0.db.default.svc.cluster.local"], kind="srv")
    dashed = addresses["db-0"].replace(".", "-")
    looked_up(shared, f"{dashed}.default.pod.cluster.local.", [addresses["db-0"]])


def test_names_that_are_not_there_are_told_from_types_that_are_not(shared, client):
    server = dns_address(shared)
    service(shared, "plain", "nobody-has-this")
    question = Question(server, "plain.default.svc.cluster.local", 28)
    eventually(lambda: code(question.udp()) == 0, within=60, what="the name")
    answer = question.udp()
    assert struct.unpack(">3H", answer[6:12])[:2] == (0, 1), "no answer, and the SOA record that says so"
    for transport in ("udp", "tcp"):
        assert code(getattr(Question(server, "nope.default.svc.cluster.local"), transport)()) == 3
    assert "NXDOMAIN" in lookup(shared, "nope.default.svc.cluster.local.")


def test_an_answer_too_long_for_a_datagram_comes_over_tcp(shared):
    service(shared, "many", clusterIP="None", ports=[{"name": "http", "port": 80}])
    shared.apply({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                  "metadata": {"name": "many-1", "labels": {"kubernetes.io/service-name": "many"}},
                  "ports": [{"name": "http", "port": 80, "protocol": "TCP"}],
                  "endpoints": [{"addresses": [f"192.0.2.{number}"]} for number in range(1, 91)]})
    question = Question(dns_address(shared), "many.default.svc.cluster.local")
    eventually(lambda: truncated(question.udp()), within=60, what="a truncated answer")
    assert len(question.udp()) <= 512
    answer = question.tcp()
    assert not truncated(answer) and struct.unpack(">H", answer[6:8])[0] == 90


def test_udp_and_tcp_share_a_port_number_and_packets_follow_the_endpoints(shared, image, client):
    def start(name):
        made = pod(name, image, ["sh", "-c", WEB])
        made["metadata"]["labels"] = {"app": "both"}
        made["spec"]["containers"].append({"name": "answer", "image": "host/peer:latest", "imagePullPolicy": "IfNotPresent", "command": [client, "answer", "5353"]})
        shared.apply(made)
        shared.phase(name, "Running")

    start("both-a")
    address = service(shared, "both", "both", ports=[{"name": "t", "port": 90, "targetPort": 8080, "protocol": "TCP"},
                                                     {"name": "u", "port": 90, "targetPort": 5353, "protocol": "UDP"}])["clusterIP"]
    assert fetched(shared, client, "http://both:90/name") == "both-a"
    with one_sender(address, 90) as await_answer:
        await_answer("both-a")
        assert inside(shared, "client", client, "ask", "both", 90).strip() == "both-a"
        start("both-b")
        shared.kubectl("delete", "pod", "both-a", "--wait")
        await_answer("both-b")


def test_another_name_is_followed(shared, image, client):
    web(shared, image, "real", "real")
    service(shared, "real", "real", ports=[{"name": "http", "port": 8080, "targetPort": "web"}])
    service(shared, "alias", type="ExternalName", externalName="real.default.svc.cluster.local", ports=[])
    assert fetched(shared, client, "http://alias:8080/name") == "real"
    looked_up(shared, "alias.default.svc.cluster.local.", ["real.default.svc.cluster.local"], kind="cname")
    address = service(shared, "real", "real", ports=[{"name": "http", "port": 8080, "targetPort": "web"}])["clusterIP"]
    looked_up(shared, "alias.default.svc.cluster.local.", [address])


def test_a_node_port_is_open_on_the_nodes_address(shared, image, client):
    web(shared, image, "door", "door")
    ports = [{"name": "http", "port": 80, "targetPort": "web", "nodePort": 30123}]
    service(shared, "door", "door", type="NodePort", ports=ports)
    node = shared.phase("door", "Running")["hostIP"]
    assert fetched(shared, client, f"http://{node}:30123/name") == "door"
    with urllib.request.urlopen(f"http://{node}:30123/name", timeout=10) as answer:
        assert answer.read().strip() == b"door"


def test_a_client_keeps_its_pod_when_the_service_says_so(shared, image, client):
    for name in ("sticky-a", "sticky-b"):
        web(shared, image, name, "sticky")
        shared.phase(name, "Running")
    service(shared, "sticky", "sticky", sessionAffinity="ClientIP")
    eventually(lambda: len(shared.kubectl("get", "endpoints", "sticky", "-o", "jsonpath={.subsets[*].addresses[*].ip}").split()) == 2, what="two endpoints")
    first = fetched(shared, client, "http://sticky/name")
    assert {fetch(shared, client, "http://sticky/name").strip() for _ in range(10)} == {first}


def test_pods_ask_the_clusters_server(shared, image, client):
    text = inside(shared, "looker", "cat", "/etc/resolv.conf")
    lines = text.splitlines()
    assert lines[0] == f"nameserver {dns_address(shared)}"
    assert lines[1].startswith("search default.svc.cluster.local svc.cluster.local cluster.local")
    assert "options ndots:5" in lines
    shared.apply(pod("own-dns", image, ["sleep", "1000"], dnsPolicy="None",
                     dnsConfig={"nameservers": [dns_address(shared)], "searches": ["svc.cluster.local"], "options": [{"name": "ndots", "value": "1"}]}))
    shared.phase("own-dns", "Running")
    assert inside(shared, "own-dns", "cat", "/etc/resolv.conf").splitlines() == [
        f"nameserver {dns_address(shared)}", "search svc.cluster.local", "options ndots:1"]
    address = shared.get("service", "kubernetes")["spec"]["clusterIP"]
    assert address in inside(shared, "own-dns", "nslookup", "-type=a", "kubernetes.default.svc.cluster.local")
    ports = shared.get("service", "kube-dns", "-n", "kube-system")["spec"]["ports"]
    assert [(port["name"], port["port"], port["protocol"]) for port in ports] == [("dns", 53, "UDP"), ("dns-tcp", 53, "TCP")]


def test_services_outlive_the_daemon(fresh, peer):
    start_client(fresh, peer)
    web(fresh, fresh.busybox(), "kept", "kept")
    fresh.phase("kept", "Running")
    address = service(fresh, "kept", "kept")["clusterIP"]
    url = f"http://{address}/name"
    assert fetched(fresh, peer, "http://kept/name") == "kept"

    def reached():
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read().strip() == b"kept"

    fresh.kill_daemon()
    assert reached(), "without a daemon"
    # Nothing is refused or lost while the next one starts.
    starting = subprocess.Popen([str(PROGRAM), "up", "--no-merge", "--data-dir", str(fresh.data)], env=fresh.env,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while starting.poll() is None:
            assert reached(), "while a daemon starts"
    finally:
        assert starting.wait(timeout=60) == 0
    assert fetched(fresh, peer, "http://kept/name") == "kept"
    fresh.kubectl("delete", "pod", "kept", "--wait")
    eventually(lambda: refused(fresh, peer, url), within=60, what="a refusal: changes are followed again")
