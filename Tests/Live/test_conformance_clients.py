"""What the conformance tests of sig-cli do with kubectl: a proxy on a socket, an application of three tiers, and pods that are scaled and asked."""

import json
import subprocess

import pytest

from cluster import eventually


def web(path, port, body, before=""):
    """A script that serves what the lines of `body` write, below /cgi-bin."""
    return rf"""
mkdir -p /srv/cgi-bin && cd /srv
{before}
cat > cgi-bin/{path} <<'END'
#!/bin/sh
printf 'Content-Type: text/plain\r\n\r\n'
{body}
END
chmod +x cgi-bin/{path} && exec httpd -f -p {port} -h /srv
"""


# An entry is written to the leader alone; followers ask it, and the front asks a follower, each by its service's address.
LEADER = web("book", 6379, """case "$QUERY_STRING" in add=*) echo "${QUERY_STRING#add=}" >> /tmp/entries;; esac
cat /tmp/entries""", before="touch /tmp/entries")
FOLLOWER = web("book", 6379, 'wget -q -O - "http://$LEADER_SERVICE_HOST:$LEADER_SERVICE_PORT/cgi-bin/book"')
FRONT = web("guestbook", 80, """echo "from $HOSTNAME"
case "$QUERY_STRING" in
add=*) wget -q -O /dev/null "http://$LEADER_SERVICE_HOST:$LEADER_SERVICE_PORT/cgi-bin/book?$QUERY_STRING";;
esac
wget -q -O - "http://$FOLLOWER_SERVICE_HOST:$FOLLOWER_SERVICE_PORT/cgi-bin/book"
""")
DEMO = "mkdir -p /srv && echo '{\"image\": \"nautilus.jpg\"}' > /srv/data.json && exec httpd -f -p 80 -h /srv"


@pytest.fixture(scope="module")
def image(shared):
    return shared.busybox()


@pytest.fixture
def namespace(shared, request):
    name = request.node.name.removeprefix("test_").replace("_", "-")[:40].rstrip("-")
    shared.kubectl("create", "namespace", name)
    yield name
    shared.kubectl("delete", "namespace", name, "--wait=false")


def container(name, image, script, port):
    return {"name": name, "image": image, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", script], "ports": [{"containerPort": port}]}


def tier(name, image, script, port, replicas):
    labels = {"app": "guestbook", "tier": name}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": labels}, "spec": {"ports": [{"port": port}], "selector": labels}}
    spec = {"terminationGracePeriodSeconds": 0, "containers": [container(name, image, script, port)]}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {
        "replicas": replicas, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}}}
    return service, deployment


def test_a_proxy_on_a_socket(shared, base):
    socket = base / "proxy.sock"
    command = [str(shared.kubectl_path), "--kubeconfig", str(shared.kubeconfig), "proxy", f"--unix-socket={socket}"]
    proxy = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=shared.env)

    def ask(path):
        return subprocess.run(["curl", "-sf", "--unix-socket", socket, f"http://localhost{path}"], capture_output=True, text=True, check=True).stdout

    try:
        assert proxy.stdout.readline().startswith("Starting to serve on")
        assert json.loads(ask("/api/"))["versions"] == ["v1"]
        assert json.loads(ask("/api/v1/namespaces/default"))["metadata"]["name"] == "default"
        assert "APIGroupList" in ask("/apis")
    finally:
        proxy.kill()
        proxy.wait()


def test_a_guestbook_of_three_tiers(shared, image, namespace):
    tiers = [tier("leader", image, LEADER, 6379, 1), tier("follower", image, FOLLOWER, 6379, 2), tier("front", image, FRONT, 80, 3)]
    # The pods learn addresses of services that are there when they begin.
    for place in (0, 1):
        for one in tiers:
            shared.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(one[place]))
    for name in ("leader", "follower", "front"):
        shared.kubectl("-n", namespace, "rollout", "status", f"deployment/{name}", "--timeout=60s")

    def ask(query=""):
        path = f"/api/v1/namespaces/{namespace}/services/front/proxy/cgi-bin/guestbook{query}"
        first, *entries = shared.kubectl("get", "--raw", path).splitlines()
        return first.removeprefix("from "), entries

    eventually(lambda: ask("?add=TestEntry")[1], within=30, what="the first entry")
    assert "TestEntry" in ask()[1]
    fronts = {one["metadata"]["name"] for one in pods(shared, namespace, "tier=front")}
    assert len(fronts) == 3
    seen = set()
    eventually(lambda: seen.add(ask()[0]) or seen == fronts, within=30, what=f"each of {fronts} answering")
    shared.kubectl("-n", namespace, "scale", "deployment/front", "--replicas=1")
    shared.kubectl("-n", namespace, "scale", "deployment/follower", "--replicas=3")
    (left,) = eventually(lambda: (lambda found: found if len(found) == 1 else None)(pods(shared, namespace, "tier=front")), within=30, what="one front")
    shared.kubectl("-n", namespace, "rollout", "status", "deployment/follower", "--timeout=60s")
    eventually(lambda: {ask()[0] for _ in range(6)} == {left["metadata"]["name"]}, within=30, what="the front that is left answering alone")
    assert "Second" in ask("?add=Second")[1] and "TestEntry" in ask()[1]
    shared.kubectl("delete", "-n", namespace, "--grace-period=0", "--force", "-f", "-", stdin="\n---\n".join(json.dumps(part) for one in tiers for part in one))
    eventually(lambda: [pods(shared, namespace, "app=guestbook")] == [[]], within=30, what="no pods")


def pods(shared, namespace, selector):
    found = json.loads(shared.kubectl("get", "pods", "-n", namespace, "-l", selector, "-o", "json"))["items"]
    return [one for one in found if "deletionTimestamp" not in one["metadata"]]


NAMES = "{{range.items}}{{.metadata.name}} {{end}}"
RUNS = ('{{if (exists . "status" "containerStatuses")}}{{range .status.containerStatuses}}'
        '{{if (and (eq .name "update-demo") (exists . "state" "running"))}}true{{end}}{{end}}{{end}}')
IMAGE = ('{{if (exists . "spec" "containers")}}{{range .spec.containers}}{{if eq .name "update-demo"}}{{.image}}{{end}}{{end}}{{end}}')


def test_a_replication_controller_is_scaled_and_each_pod_asked(shared, image, namespace):
    labels = {"name": "update-demo", "version": "nautilus"}
    spec = {"terminationGracePeriodSeconds": 0, "containers": [container("update-demo", image, DEMO, 80)]}
    controller = {"apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": "update-demo-nautilus"}, "spec": {
        "replicas": 2, "selector": labels, "template": {"metadata": {"labels": labels}, "spec": spec}}}
    shared.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(controller))

    def template(text, *arguments):
        return shared.kubectl("get", "pods", *arguments, "-o", "template", f"--template={text}", "-n", namespace)

    def answers(count):
        names = template(NAMES, "-l", "name=update-demo").split()
        if len(names) != count:
            return None
        for name in names:
            if template(RUNS, name) != "true" or template(IMAGE, name) != image:
                return None
            body = shared.kubectl("get", "--raw", f"/api/v1/namespaces/{namespace}/pods/{name}/proxy/data.json", check=False)
            if body.returncode != 0 or json.loads(body.stdout) != {"image": "nautilus.jpg"}:
                return None
        return names

    first = eventually(lambda: answers(2), within=60, what="two pods that answer")
    assert "scaled" in shared.kubectl("scale", "rc", "update-demo-nautilus", "--replicas=1", "--timeout=5m", "-n", namespace)
    (kept,) = eventually(lambda: answers(1), within=60, what="one pod that answers")
    assert kept in first
    shared.kubectl("scale", "rc", "update-demo-nautilus", "--current-replicas=1", "--replicas=2", "--timeout=5m", "-n", namespace)
    assert kept in eventually(lambda: answers(2), within=60, what="two pods that answer again")
    shared.kubectl("delete", "-n", namespace, "--grace-period=0", "--force", "-f", "-", stdin=json.dumps(controller))
    left = shared.kubectl("get", "rc,svc", "-l", "name=update-demo", "--no-headers", "-n", namespace)
    assert left == ""
