"""NetworkPolicies hold for packets between real pods, through changes and through the daemon's death."""

import json
import urllib.parse

from cluster import eventually, pod

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
