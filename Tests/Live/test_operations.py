"""What the screen does with objects, seen from outside by kubectl."""

import json

from cluster import eventually
from screen import open_screen  # noqa: F401 (open_screen is a fixture)

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
      containers: [{name: app, image: "kdash.dev/demo:1", args: [log]}]
"""


def pods(cluster):
    return [p for p in json.loads(cluster.kubectl("get", "pods", "-n", "default", "-o", "json"))["items"]
            if "deletionTimestamp" not in p["metadata"]]


def running(cluster):
    found = pods(cluster)
    return found[0] if len(found) == 1 and found[0]["status"].get("phase") == "Running" else None


def test_see_and_act(make_cluster, open_screen):
    one = make_cluster()
    one.up()
    one.kubectl("apply", "-f", "-", stdin=MANIFEST)
    first = eventually(lambda: running(one), within=60, what="the pod runs")
    screen = open_screen(one, "--no-merge", "--data-dir", one.data, "-n", "default")
    screen.expect("WRITABLE", first["metadata"]["name"])

    # When both are ready in the same second either may be the one to go: this one stays.
    one.kubectl("annotate", "pod", first["metadata"]["name"], "-n", "default", "controller.kubernetes.io/pod-deletion-cost=100")

    # The tree of a pod begins at its Deployment, which opens with Enter and can be left again.
    screen.press("x", "t")
    screen.expect("Owners first", "Deployment web", "1/1 ready")
    screen.press("Enter")
    screen.expect("strategy", "RollingUpdate", "ReplicaSets")
    one.kubectl("scale", "deployment/web", "-n", "default", "--replicas", "2")
    screen.expect("2/2 ready", within=60)
    one.kubectl("scale", "deployment/web", "-n", "default", "--replicas", "1")
    screen.press("Escape")
    screen.expect("Owners first")
    screen.press("Escape")
    screen.expect_gone("Owners first")

    pod = eventually(lambda: running(one), within=60, what="one pod runs")
    name = pod["metadata"]["name"]
    screen.expect_gone("Terminating", within=60)
    screen.press("a", "l")
    screen.expect("add a label")
    screen.press("Enter")
    screen.expect("label, as key=value")
    screen.type("team=blue")
    screen.press("Enter")
    eventually(lambda: one.kubectl("get", "pod", name, "-n", "default", "-o", "jsonpath={.metadata.labels.team}") == "blue", what="the label is set")

    screen.press("D", "e")
    screen.expect("Evict this pod?", pod["metadata"]["uid"])
    screen.press("y")
    eventually(lambda: running(one) and running(one)["metadata"]["uid"] != pod["metadata"]["uid"], within=60, what="another pod runs")
