"""What the conformance tests of sig-node, sig-auth and sig-scheduling ask of single pods: tokens in volumes, ends, rules by labels."""

import base64
import json

import pytest

from cluster import eventually, pod, steady


@pytest.fixture(scope="module")
def image(shared):
    return shared.busybox()


def run(cluster, name, *command):
    return cluster.kubectl("exec", name, "--", *command)


def review(cluster, token, *audiences):
    body = {"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "metadata": {}, "spec": {"token": token, "audiences": list(audiences)}}
    return json.loads(cluster.kubectl("create", "--raw", "/apis/authentication.k8s.io/v1/tokenreviews", "-f", "-", stdin=json.dumps(body)))["status"]


def bearer(name, image, source, **spec):
    volume = {"name": "t", "projected": {"sources": [{"serviceAccountToken": source}]}}
    return pod(name, image, ["sleep", "600"], volumes=[volume], container={"volumeMounts": [{"name": "t", "mountPath": "/var/run/t", "readOnly": True}]}, **spec)


def test_a_token_in_a_volume_is_for_whom_and_as_long_as_it_says(shared, image):
    shared.kubectl("create", "serviceaccount", "holder")
    source = {"path": "deep/token", "audience": "vault", "expirationSeconds": 7200}
    shared.apply(bearer("holder", image, source, serviceAccountName="holder"))
    shared.phase("holder", "Running")
    token = run(shared, "holder", "cat", "/var/run/t/deep/token")
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["aud"] == ["vault"] and claims["exp"] - claims["iat"] == 7200
    assert run(shared, "holder", "readlink", "/var/run/t/deep") == "..data/deep\n"
    known = review(shared, token, "vault", "other")
    assert known["authenticated"] and known["audiences"] == ["vault"]
    made, account = shared.get("pod", "holder"), shared.get("serviceaccount", "holder")
    assert known["user"]["username"] == "system:serviceaccount:default:holder" and known["user"]["uid"] == account["metadata"]["uid"]
    assert known["user"]["groups"] == ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"]
    extra = {key: value for key, value in known["user"]["extra"].items() if not key.endswith("credential-id")}
    assert extra == {
        "authentication.kubernetes.io/pod-name": ["holder"], "authentication.kubernetes.io/pod-uid": [made["metadata"]["uid"]],
        "authentication.kubernetes.io/node-name": [made["spec"]["nodeName"]],
        "authentication.kubernetes.io/node-uid": [shared.get("node", made["spec"]["nodeName"])["metadata"]["uid"]]}
    # For the API server's own audience it is none, nor for somebody else, nor once its pod is gone.
    assert not review(shared, token).get("authenticated") and not review(shared, token, "other").get("authenticated")
    shared.kubectl("delete", "pod", "holder", "--grace-period=0", "--force")
    assert not review(shared, token, "vault").get("authenticated")


@pytest.mark.parametrize("name, context, facts", [
    ("neither", {}, "644 0 0"), ("user", {"runAsUser": 1000}, "600 1000 0"), ("group", {"fsGroup": 10000}, "640 0 10000"),
    ("both", {"runAsUser": 1000, "fsGroup": 10000}, "640 1000 10000"), ("mode", {"mode": 0o400}, "400 0 0")])
def test_a_token_is_readable_by_whom_it_is_for(shared, image, name, context, facts):
    made = bearer(f"token-{name}", image, {"path": "token"}, securityContext={key: value for key, value in context.items() if key != "mode"})
    if "mode" in context:
        made["spec"]["volumes"][0]["projected"]["defaultMode"] = context["mode"]
    shared.apply(made)
    shared.phase(f"token-{name}", "Running")
    assert run(shared, f"token-{name}", "stat", "-Lc", "%a %u %g", "/var/run/t/token") == f"{facts}\n"
    assert review(shared, run(shared, f"token-{name}", "cat", "/var/run/t/token"))["authenticated"]
    shared.kubectl("delete", "pod", f"token-{name}", "--wait=false")


@pytest.mark.parametrize("name, script, phase, reason", [
    ("obedient", "trap 'exit 0' TERM; while :; do sleep 0.1; done", "Succeeded", "PodCompleted"),
    ("killed", "trap 'exit 3' TERM; while :; do sleep 0.1; done", "Failed", "PodFailed")])
def test_a_deleted_pod_that_is_held_has_ended(shared, image, name, script, phase, reason):
    made = pod(name, image, ["sh", "-c", script], terminationGracePeriodSeconds=5)
    made["metadata"]["finalizers"] = ["example.com/look"]
    shared.apply(made)
    shared.phase(name, "Running")
    shared.kubectl("delete", "pod", name, "--wait=false")
    status = shared.phase(name, phase)
    conditions = {one["type"]: one for one in status["conditions"]}
    for kind in ("Ready", "ContainersReady"):
        assert (conditions[kind]["status"], conditions[kind]["reason"]) == ("False", reason)
    (container,) = status["containerStatuses"]
    assert "terminated" in container["state"] and not container["ready"]

    def version():
        return shared.get("pod", name)["metadata"]["resourceVersion"]

    # The node is done with it: nothing changes any more until it is let go.
    before = steady(version, span=2, what="the pod's version")
    shared.kubectl("annotate", "pod", name, "example.com/look=1")
    rest = version()
    assert int(rest) > int(before)
    assert steady(version, span=2, what="the pod's version") == rest
    shared.kubectl("patch", "pod", name, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    eventually(lambda: "NotFound" in shared.kubectl("get", "pod", name, check=False).stderr, what="no pod")


def test_a_deleted_pod_that_never_ran_has_failed(shared):
    made = pod("imageless", "example.invalid/none:1", ["true"])
    made["metadata"]["finalizers"] = ["example.com/look"]
    shared.apply(made)
    eventually(lambda: shared.get("pod", "imageless")["status"]["containerStatuses"][0]["state"]["waiting"]["reason"].startswith(("ErrImage", "ImagePull")),
               what="no image")
    shared.kubectl("delete", "pod", "imageless", "--wait=false")
    status = shared.phase("imageless", "Failed")
    assert status["containerStatuses"][0]["state"]["terminated"]["reason"] == "ContainerStatusUnknown"
    shared.kubectl("patch", "pod", "imageless", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    eventually(lambda: "NotFound" in shared.kubectl("get", "pod", "imageless", check=False).stderr, what="no pod")


def test_label_keys_of_a_rule_are_in_its_selector_and_count_once(shared, image):
    node = json.loads(shared.kubectl("get", "nodes", "-o", "json"))["items"][0]["metadata"]["name"]
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "keyed"}}, "matchLabelKeys": ["version"]}

    def keyed(name, version):
        made = pod(name, image, ["sleep", "600"], affinity={"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}})
        made["metadata"]["labels"] = {"app": "keyed", "version": version}
        shared.apply(made)

    keyed("keyed-1", "1")
    shared.phase("keyed-1", "Running")
    stored = shared.get("pod", "keyed-1")["spec"]["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][0]
    assert stored["labelSelector"] == {"matchLabels": {"app": "keyed"}, "matchExpressions": [{"key": "version", "operator": "In", "values": ["1"]}]}
    # Another version may be beside it, the same may not.
    keyed("keyed-2", "2")
    shared.phase("keyed-2", "Running")
    keyed("keyed-3", "1")
    eventually(lambda: "anti-affinity" in json.dumps(shared.get("pod", "keyed-3")["status"]), what="why it waits")
    shared.kubectl("delete", "pod", "keyed-1", "keyed-2", "keyed-3", "--grace-period=0", "--force")
    trial = {"pod": {"metadata": {"name": "t"}, "spec": {"topologySpreadConstraints": [{"labelSelector": {"matchExpressions": [{"key": "a", "operator": "Near"}]}}]}}}
    refused = shared.kubectl("create", "--raw", "/kdash/v1/schedule", "-f", "-", stdin=json.dumps(trial), check=False)
    assert refused.returncode != 0 and 'labelSelector: "Near" is not a valid label selector operator' in refused.stderr
    trial["pod"]["spec"] = {"containers": [{"name": "c", "image": "i"}]}
    assert json.loads(shared.kubectl("create", "--raw", "/kdash/v1/schedule", "-f", "-", stdin=json.dumps(trial)))["placements"] == [{"node": node}]
