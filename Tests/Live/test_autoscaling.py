"""Autoscalers change the size of what they name, and taints end pods that do not tolerate them."""

import json

from cluster import eventually, pod


def test_an_autoscaler_follows_what_pods_use(fresh):
    image = fresh.busybox()
    busy = {"name": "main", "image": image, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", "trap 'exit 0' TERM; while :; do :; done"],
            "resources": {"requests": {"cpu": "20m"}, "limits": {"cpu": "100m"}}}
    fresh.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "busy"}, "spec": {
        "selector": {"matchLabels": {"app": "busy"}}, "template": {"metadata": {"labels": {"app": "busy"}}, "spec": {"containers": [busy]}}}})
    fresh.kubectl("autoscale", "deployment", "busy", "--cpu-percent=50", "--min=1", "--max=3")
    eventually(lambda: fresh.get("deployment", "busy")["spec"]["replicas"] == 3, within=120, every=0.5, what="three replicas")
    status = eventually(lambda: (lambda found: found if found.get("currentMetrics") else None)(fresh.get("hpa", "busy")["status"]), within=60, every=0.5, what="its status")
    conditions = {one["type"]: (one["status"], one["reason"]) for one in status["conditions"]}
    assert conditions["ScalingActive"] == ("True", "ValidMetricFound"), conditions
    assert status["lastScaleTime"]
    events = json.loads(fresh.kubectl("get", "events", "-o", "json", "--field-selector=involvedObject.kind=HorizontalPodAutoscaler"))["items"]
    sizes = [event["message"] for event in events if event["reason"] == "SuccessfulRescale"]
    assert any(message == "New size: 3; reason: cpu resource utilization (percentage of request) above target" for message in sizes), sizes
    assert "cpu: " in fresh.kubectl("get", "hpa", "busy") and "/50%" in fresh.kubectl("get", "hpa", "busy")
    # Below what it asks for: the number goes down to its bound at once when that is lowered.
    fresh.kubectl("patch", "hpa", "busy", "--type=merge", "-p", json.dumps({"spec": {"maxReplicas": 2}}))
    eventually(lambda: fresh.get("deployment", "busy")["spec"]["replicas"] == 2, within=60, every=0.5, what="two replicas")
    # What it cannot reach, it says.
    fresh.apply({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "lost"}, "spec": {
        "maxReplicas": 2, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "nothing"}}})
    eventually(lambda: any(one["reason"] == "FailedGetScale" for one in fresh.get("hpa", "lost")["status"]["conditions"]), within=60, every=0.5, what="the reason")


def test_a_noexecute_taint_ends_pods_when_they_tolerate_it_no_longer(fresh):
    image = fresh.busybox()
    node = json.loads(fresh.kubectl("get", "nodes", "-o", "json"))["items"][0]["metadata"]["name"]
    bears = {"key": "evil", "operator": "Exists", "effect": "NoExecute"}
    fresh.apply(pod("none", image, ["sleep", "600"]))
    fresh.apply(pod("always", image, ["sleep", "600"], tolerations=[bears]))
    fresh.apply(pod("patient", image, ["sleep", "600"], tolerations=[bears | {"tolerationSeconds": 6}]))
    fresh.apply(pod("spared", image, ["sleep", "600"], tolerations=[bears | {"tolerationSeconds": 3600}]))
    for name in ("none", "always", "patient", "spared"):
        fresh.phase(name, "Running")
    fresh.kubectl("taint", "node", node, "evil=now:NoExecute")
    taint = next(one for one in fresh.get("node", node)["spec"]["taints"] if one["key"] == "evil")
    assert taint["timeAdded"].endswith("Z"), taint

    def names():
        return {item["metadata"]["name"] for item in json.loads(fresh.kubectl("get", "pods", "-o", "json"))["items"]}

    eventually(lambda: "none" not in names(), within=60, what="the pod without a toleration gone")
    eventually(lambda: "patient" not in names(), within=90, what="the pod whose patience is over gone")
    fresh.kubectl("taint", "node", node, "evil:NoExecute-")
    assert names() == {"always", "spared"}
    events = json.loads(fresh.kubectl("get", "events", "-o", "json", "--field-selector=reason=TaintManagerEviction"))["items"]
    assert {event["message"] for event in events} == {"Marking for deletion Pod default/none", "Marking for deletion Pod default/patient"}
