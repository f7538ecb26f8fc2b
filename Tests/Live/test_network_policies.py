"""NetworkPolicies hold for packets between real pods, through changes and through the daemon's death."""

import glob
import json
import os
import stat
import struct
import subprocess
import urllib.parse

from cluster import eventually, pod
from screen import open_screen  # noqa: F401 (open_screen is a fixture)

SERVE = ["sh", "-c", "mkdir -p /www; echo hello > /www/index.html; httpd -p 8080 -h /www; httpd -p 9090 -h /www; exec sleep 10000"]
SLEEP = ["sleep", "10000"]


def policy(name, spec, namespace="default"):
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def labelled(name, command, namespace="default", **labels):
    made = pod(name, "host/busybox:latest", command)
    made["metadata"]["namespace"] = namespace
    made["metadata"]["labels"] = {"app": name, **labels}
    made["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 8080}]
    return made


def address(one, name, namespace="default"):
    return eventually(lambda: one.get("pod", name, "-n", namespace)["status"].get("podIP"), within=90, what=f"the address of {name}")


def asks(target, port=8080):
    return f"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 {target} {port}; echo asked"


def answers(one, client, target, port=8080, namespace="default"):
    """Whether a pod gets the page of another."""
    said = one.kubectl("exec", "-n", namespace, client, "--", "sh", "-c", asks(target, port))
    assert "asked" in said, said
    return "hello" in said


def opens(one, client, target, port=8080, namespace="default"):
    eventually(lambda: answers(one, client, target, port, namespace), within=60, what=f"{client} reaches {target}:{port}")


def closes(one, client, target, port=8080, namespace="default"):
    eventually(lambda: not answers(one, client, target, port, namespace), within=60, what=f"{client} does not reach {target}:{port}")


def network(one, what, **query):
    return json.loads(one.kubectl("get", "--raw", f"/kdash/v1/network/{what}?{urllib.parse.urlencode(query)}"))


def start(one):
    one.up("--no-merge")
    one.busybox()
    one.kubectl("create", "namespace", "tools")
    one.kubectl("label", "namespace", "tools", "team=ops")
    one.apply(labelled("web", SERVE))
    one.apply(labelled("client", SLEEP, role="friend"))
    one.apply(labelled("stranger", SLEEP))
    one.apply(labelled("job", SLEEP, namespace="tools"))
    for name, namespace in [("web", "default"), ("client", "default"), ("stranger", "default"), ("job", "tools")]:
        eventually(lambda: one.get("pod", name, "-n", namespace)["status"].get("phase") == "Running", within=90, what=f"{name} runs")
    return address(one, "web")


def test_policies_open_and_close_pods(make_cluster):
    one = make_cluster()
    web = start(one)
    for client, namespace in [("client", "default"), ("stranger", "default"), ("job", "tools")]:
        opens(one, client, web, namespace=namespace)

    one.apply(policy("closed", {"podSelector": {}, "policyTypes": ["Ingress"]}))
    closes(one, "stranger", web)
    assert not answers(one, "client", web) and not answers(one, "job", web, namespace="tools")
    # The node always reaches its pods, and a pod itself.
    assert "hello" in one.kubectl("get", "--raw", "/api/v1/namespaces/default/pods/web:8080/proxy/")
    assert answers(one, "web", web)
    told = network(one, "verdict", source=address(one, "client"), destination=web, port=8080)
    assert told["ingress"] == {"outcome": "denied", "policies": ["default/closed"]} and told["egress"]["outcome"] == "open", told

    one.apply(policy("friends", {"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [
        {"from": [{"podSelector": {"matchLabels": {"role": "friend"}}}], "ports": [{"port": "http"}]}]}))
    opens(one, "client", web)
    assert not answers(one, "client", web, 9090) and not answers(one, "stranger", web) and not answers(one, "job", web, namespace="tools")
    # A pod that comes to a label, or is made with it, is let in.
    one.kubectl("label", "pod", "stranger", "role=friend")
    opens(one, "stranger", web)
    one.kubectl("label", "pod", "stranger", "role-")
    closes(one, "stranger", web)

    one.apply(policy("ops", {"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [
        {"from": [{"namespaceSelector": {"matchLabels": {"team": "ops"}}}]}]}))
    opens(one, "job", web, 9090, namespace="tools")
    assert not answers(one, "stranger", web)
    one.kubectl("label", "namespace", "tools", "team-")
    closes(one, "job", web, namespace="tools")

    stranger = address(one, "stranger")
    one.apply(policy("block", {"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [
        {"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": [address(one, "client") + "/32"]}}], "ports": [{"port": 9000, "endPort": 9100}]}]}))
    opens(one, "stranger", web, 9090)
    assert not answers(one, "client", web, 9090) and not answers(one, "stranger", web)

    # What was refused and what is let through is told with the policy.
    found = eventually(lambda: [c for c in network(one, "connections", namespace="default", pod="web")["connections"]
                                if c["state"] == "DENIED" and c["source"]["address"] == stranger and c["destination"]["port"] == 8080],
                       what="the refusal")[0]
    assert found["source"]["name"] == "default/stranger" and "default/closed" in found["ingress"]["policies"], found
    opens(one, "client", web)
    let = eventually(lambda: [c for c in network(one, "connections", namespace="default")["connections"]
                              if c["source"]["name"] == "default/client" and c["destination"]["port"] == 8080 and c["state"] != "DENIED"],
                     what="the connection")[0]
    assert let["ingress"] == {"outcome": "allowed", "policies": ["default/friends"], "rule": 1} and let["sent"]["bytes"] > 0, let

    one.kubectl("delete", "networkpolicy", "--all", "-n", "default")
    opens(one, "stranger", web)
    opens(one, "job", web, namespace="tools")


def test_egress_is_closed_and_opened_and_survives_the_daemon(make_cluster):
    one = make_cluster()
    web = start(one)
    one.apply(policy("quiet", {"podSelector": {"matchLabels": {"app": "client"}}, "policyTypes": ["Egress"]}))
    closes(one, "client", web)
    assert answers(one, "stranger", web)
    one.apply(policy("to-web", {"podSelector": {"matchLabels": {"app": "client"}}, "policyTypes": ["Egress"], "egress": [
        {"to": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": "http"}]}]}))
    opens(one, "client", web)
    assert not answers(one, "client", web, 9090)
    one.kubectl("delete", "networkpolicy", "to-web")
    closes(one, "client", web)

    # The kernel enforces while nobody is there; what is new afterwards holds before a container starts.
    one.kill_daemon()
    one.up("--no-merge")
    assert not answers(one, "client", web)
    one.apply(labelled("late", ["sh", "-c", asks(web) + "; exec sleep 10000"]))
    eventually(lambda: "hello" in one.kubectl("logs", "late"), within=90, what="a pod without a policy gets the page")
    one.apply(policy("web-closed", {"podSelector": {"matchLabels": {"app": "web"}}}))
    closes(one, "late", web)
    later = labelled("later", ["sh", "-c", asks(web) + "; exec sleep 10000"])
    later["metadata"]["labels"]["app"] = "client"
    one.kubectl("delete", "networkpolicy", "web-closed")
    opens(one, "late", web)
    one.apply(later)
    said = eventually(lambda: [text for text in [one.kubectl("logs", "later")] if "asked" in text], within=90, what="the new pod has tried")[0]
    assert "hello" not in said, said
    one.kubectl("delete", "networkpolicy", "--all")
    opens(one, "client", web)
    opens(one, "later", web)


def test_names_that_pods_ask_for_are_told_and_limited(make_cluster):
    one = make_cluster()
    start(one)
    name = "web.default.svc.cluster.local"
    server = one.get("service", "kube-dns", "-n", "kube-system")["spec"]["clusterIP"]

    def asks_for(client):
        return one.kubectl("exec", client, "--", "sh", "-c", f"timeout 4 nslookup {name} {server}; echo asked")

    def asked(pod):
        found = network(one, "names", namespace="default", pod=pod)["questions"]
        return [question for question in found if question["name"] == name and question["client"] == "default/" + pod]

    eventually(lambda: "asked" in asks_for("client") and asked("client"), within=60, what="the question")
    question = asked("client")[0]
    assert question["code"] == "NXDOMAIN" and question["source"] == "cluster" and question["microseconds"] >= 0, question
    # What is closed does not even reach DNS, until a rule names it.
    one.apply(policy("quiet", {"podSelector": {"matchLabels": {"app": "stranger"}}, "policyTypes": ["Egress"]}))
    stranger = address(one, "stranger")
    eventually(lambda: network(one, "verdict", source=stranger, destination=server, port=53, transport="UDP")["egress"]["outcome"] == "denied",
               what="the policy is in force")
    assert "asked" in asks_for("stranger") and not asked("stranger")
    one.apply(policy("names", {"podSelector": {}, "policyTypes": ["Egress"], "egress": [
        {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}],
         "ports": [{"protocol": "UDP", "port": 53}]}]}))
    eventually(lambda: "asked" in asks_for("stranger") and asked("stranger"), within=60, what="the question of the pod that was closed")


def packets(data):
    """The packets of a pcap file, as (seconds, bytes); a last one that is not whole is left out."""
    magic, major, minor, _, _, snap, link = struct.unpack("<IHHiIII", data[:24])
    assert (magic, major, minor, link) == (0xA1B2C3D4, 2, 4, 1) and snap >= 1500, data[:24]
    found, place = [], 24
    while place + 16 <= len(data):
        seconds, micro, kept, length = struct.unpack("<IIII", data[place:place + 16])
        assert kept <= snap and kept <= length and micro < 1_000_000, (place, kept, length)
        if place + 16 + kept > len(data):
            break
        found.append((seconds, data[place + 16:place + 16 + kept]))
        place += 16 + kept
    return found


def ends(packet):
    """The addresses and ports of a TCP packet; None for others."""
    if len(packet) < 54 or packet[12:14] != b"\x08\x00" or packet[23] != 6:
        return None
    start = 14 + (packet[14] & 15) * 4
    ports = struct.unpack(">HH", packet[start:start + 4])
    return ".".join(map(str, packet[26:30])), ports[0], ".".join(map(str, packet[30:34])), ports[1]


def test_packets_are_captured_through_the_api(make_cluster, base):
    one = make_cluster()
    web = start(one)
    client = address(one, "client")
    path = base / "capture.pcap"
    with open(path, "wb") as out:
        command = [str(one.kubectl_path), "--kubeconfig", str(one.kubeconfig), "get", "--raw", "/kdash/v1/network/capture?namespace=default&pod=web&port=8080"]
        capture = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env=one.env)
        try:
            eventually(lambda: path.stat().st_size >= 24, what="the capture has begun")
            assert answers(one, "client", web) and answers(one, "client", web, 9090)
            eventually(lambda: any(b"hello" in packet for _, packet in packets(path.read_bytes())), what="the answer is captured")
        finally:
            capture.kill()
            capture.wait()
    seen = {ends(packet)[0::2] + (min(ends(packet)[1::2]),) for _, packet in packets(path.read_bytes())}
    assert (client, web, 8080) in seen and (web, client, 8080) in seen and not any(9090 in each for each in seen), seen
    refused = one.kubectl("get", "--raw", "/kdash/v1/network/capture?namespace=default&pod=nobody", check=False)
    assert "has no network of its own here" in refused.stderr, refused.stderr

    def begins():
        begun = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=one.env)
        start_of_file = begun.stdout.read(4)
        begun.kill()
        begun.wait()
        begun.stdout.close()
        return start_of_file == b"\xd4\xc3\xb2\xa1"

    # What nobody reads any more is not captured any more: more follow each other than may run at once.
    for _ in range(12):
        eventually(begins, what="another capture begins")


def test_connections_and_packets_on_the_screen(make_cluster, open_screen):  # noqa: F811
    one = make_cluster()
    web = start(one)
    one.apply(policy("closed", {"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [
        {"from": [{"podSelector": {"matchLabels": {"role": "friend"}}}]}]}))
    closes(one, "stranger", web)
    opens(one, "client", web)
    screen = open_screen(one, "--data-dir", one.data, "--no-merge", "-n", "default")
    screen.expect("WRITABLE", "stranger")
    screen.filter("web")
    screen.expect_gone("stranger")
    screen.press("x", "o")
    screen.expect("Connections of default/web", "default/stranger", "DENIED", "closed in: default/closed", "in: default/closed rule 1")
    screen.press("&")
    screen.expect("only lines with")
    screen.type("stranger")
    screen.press("Enter")
    screen.expect("with \"stranger\"")
    screen.expect_gone("rule 1")
    screen.press("K")
    screen.expect("Packets of default/web", "capturing")
    opens(one, "client", web)
    screen.expect(":8080", "SYN")
    screen.press("S")
    screen.expect("stopped")
    files = glob.glob(one.env["XDG_STATE_HOME"] + "/kdash/captures/*.pcap")
    assert len(files) == 1 and stat.S_IMODE(os.stat(files[0]).st_mode) == 0o600, files
    assert any(b"hello" in packet for _, packet in packets(open(files[0], "rb").read()))
