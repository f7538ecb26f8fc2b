"""Local ports that lead to whatever pod is ready, over deletions of pods and restarts of the daemon."""

import json
import re
import socket
import urllib.request

from cluster import eventually
from screen import open_screen, own_state  # noqa: F401 (open_screen is a fixture)

MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: app
        image: host/busybox:latest
        command: [sh, -c, "mkdir -p /www; echo hello > /www/index.html; exec httpd -f -p 8080 -h /www"]
        ports: [{name: http, containerPort: 8080}]
        readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}
"""


def ready(cluster):
    found = json.loads(cluster.kubectl("get", "pods", "-n", "default", "-o", "json"))["items"]
    for pod in found:
        conditions = {c["type"]: c["status"] for c in pod["status"].get("conditions", [])}
        if "deletionTimestamp" not in pod["metadata"] and conditions.get("Ready") == "True":
            return pod["metadata"]["name"]
    return None


def fetch(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
        return answer.status, answer.read()


def fetch_half_closed(port):
    """Says that nothing more is sent before the answer comes."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer


def test_a_forward_survives_its_pod_and_the_daemon(make_cluster, open_screen):
    one = make_cluster()
    one.up()
    one.busybox()
    one.kubectl("apply", "-f", "-", stdin=MANIFEST)
    first = eventually(lambda: ready(one), within=60, what="a pod is ready")
    screen = open_screen(one, "--no-merge", "--data-dir", one.data, "-n", "default", env=own_state(one, one.base))
    screen.expect("WRITABLE", first)

    # On a pod the Deployment behind it is offered first, as it survives the pod.
    screen.press("F", "n")
    screen.expect("Forward to which port?", "deployment default/web:8080", "survives the pod")
    screen.press("Enter")
    screen.expect("local port for deployment default/web:8080")
    screen.press("C-u")
    screen.type("0")
    screen.press("Enter")
    screen.expect("leads to deployment default/web:8080")
    screen.press("F", "l")
    screen.expect("LOCAL", "deployment default/web:8080")
    port = int(re.search(r"127\.0\.0\.1:(\d+) ", screen.text()).group(1))
    status, body = fetch(port)
    assert status == 200 and body
    assert b"200 OK" in (answer := fetch_half_closed(port)) and body in answer
    screen.expect(first)

    # The pod goes: the next connection waits for its successor, if it has to.
    one.kubectl("delete", "pod", first, "-n", "default", "--wait=false")
    assert fetch(port)[0] == 200
    second = eventually(lambda: ready(one) not in (None, first) and ready(one), within=60, what="another pod is ready")
    assert fetch(port)[0] == 200
    screen.expect(second)

    # The daemon goes and comes.
    one.kill_daemon()
    one.up()
    eventually(lambda: fetch(port)[0] == 200, within=60, what="the forward works again")

    screen.press("S")
    screen.expect("No forward is open")

    def refused():
        try:
            fetch(port)
        except OSError:
            return True
        return False

    eventually(refused, what="the port is closed")
