"""What the cluster adds to objects, and what it refuses, with real clients."""

import json

import pytest
from kubernetes import client as kube
from kubernetes import config
from kubernetes.client.rest import ApiException

import cluster as clusters
from cluster import eventually


@pytest.fixture(scope="module")
def python(shared):
    return config.new_client_from_config(str(shared.kubeconfig))


@pytest.fixture
def namespace(shared, request):
    name = request.node.name.replace("_", "-").removeprefix("test-")[:50]
    shared.kubectl("create", "namespace", name)
    yield name
    shared.kubectl("delete", "namespace", name, "--wait=false")


def pod(name, **container):
    return {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": name},
            "spec": {"containers": [{"name": "c", "image": "none.example.com/none", **container}]}}


def refused(shared, namespace, manifest):
    done = shared.kubectl("-n", namespace, "create", "-f", "-", stdin=json.dumps(manifest), check=False)
    assert done.returncode == 1, done.stdout
    return done.stderr


def test_quota_follows_what_is_there(shared, python, namespace):
    shared.kubectl("-n", namespace, "create", "quota", "q", "--hard=pods=2,configmaps=3,count/deployments.apps=1,services.nodeports=1")

    def used(name):
        return shared.get("quota", "q", "-n", namespace).get("status", {}).get("used", {}).get(name)
    eventually(lambda: used("pods") == "0", what="the first count")
    eventually(lambda: used("configmaps") == "1", what="the authority's ConfigMap counted")
    core = kube.CoreV1Api(python)
    core.create_namespaced_pod(namespace, pod("a"))
    core.create_namespaced_pod(namespace, pod("b"))
    with pytest.raises(ApiException) as error:
        core.create_namespaced_pod(namespace, pod("c"))
    assert error.value.status == 403
    assert json.loads(error.value.body)["message"] == 'pods "c" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2'
    eventually(lambda: used("pods") == "2", what="two pods counted")
    assert "pods" in shared.kubectl("-n", namespace, "describe", "quota", "q")
    shared.kubectl("-n", namespace, "delete", "pod", "a", "--grace-period=0", "--force")
    eventually(lambda: used("pods") == "1", what="a pod less")
    core.create_namespaced_pod(namespace, pod("c"))
    shared.kubectl("-n", namespace, "create", "deployment", "d", "--image=x", "--replicas=0")
    done = shared.kubectl("-n", namespace, "create", "deployment", "e", "--image=x", check=False)
    assert "exceeded quota: q, requested: count/deployments.apps=1" in done.stderr


def test_a_deployment_says_that_a_quota_stops_it(shared, namespace):
    shared.kubectl("-n", namespace, "create", "quota", "q", "--hard=pods=0")
    shared.kubectl("-n", namespace, "create", "deployment", "d", "--image=x")

    def events():
        items = json.loads(shared.kubectl("-n", namespace, "get", "events", "-o", "json"))["items"]
        return [item for item in items if item["reason"] == "FailedCreate" and "exceeded quota: q" in item["message"]]
    eventually(events, what="an event about the quota")


def test_limits(shared, namespace):
    shared.apply({"kind": "LimitRange", "apiVersion": "v1", "metadata": {"name": "l", "namespace": namespace},
                  "spec": {"limits": [{"type": "Container", "default": {"cpu": "500m"}, "defaultRequest": {"cpu": "100m"}, "max": {"memory": "1Gi"}}]}})
    shared.kubectl("-n", namespace, "create", "-f", "-", stdin=json.dumps(pod("a")))
    resources = shared.get("pod", "a", "-n", namespace)["spec"]["containers"][0]["resources"]
    assert resources == {"limits": {"cpu": "500m", "memory": "1Gi"}, "requests": {"cpu": "100m", "memory": "1Gi"}}
    text = refused(shared, namespace, pod("b", resources={"limits": {"memory": "2Gi"}}))
    assert "maximum memory usage per Container is 1Gi, but limit is 2Gi" in text


def test_pod_security(shared, namespace):
    shared.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=baseline", "pod-security.kubernetes.io/warn=restricted")
    text = refused(shared, namespace, pod("a", securityContext={"privileged": True}))
    assert 'violates PodSecurity "baseline:latest": privileged (container "c" must not set securityContext.privileged=true)' in text
    done = shared.kubectl("-n", namespace, "create", "-f", "-", stdin=json.dumps(pod("b")), check=False)
    assert done.returncode == 0 and 'Warning: would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false' in done.stderr
    done = shared.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=none", "--overwrite", check=False)
    assert done.returncode == 1 and "must be one of privileged, baseline, restricted" in done.stderr


def test_priorities(shared, namespace):
    assert "system-node-critical" in shared.kubectl("get", "priorityclasses")
    shared.kubectl("create", "priorityclass", "important", "--value=1000")
    manifest = pod("a")
    manifest["spec"]["priorityClassName"] = "important"
    shared.kubectl("-n", namespace, "create", "-f", "-", stdin=json.dumps(manifest))
    assert shared.get("pod", "a", "-n", namespace)["spec"]["priority"] == 1000
    manifest["metadata"]["name"], manifest["spec"]["priorityClassName"] = "b", "unknown"
    assert "no PriorityClass with name unknown was found" in refused(shared, namespace, manifest)
    done = shared.kubectl("create", "priorityclass", "system-x", "--value=1", check=False)
    assert "reserved for system use only" in done.stderr


def test_runtime_class(shared, namespace):
    manifest = pod("a")
    manifest["spec"]["runtimeClassName"] = "unknown"
    assert 'pod rejected: RuntimeClass "unknown" not found' in refused(shared, namespace, manifest)


def test_a_terminating_namespace_takes_nothing_new(shared, namespace):
    shared.apply({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "held", "namespace": namespace, "finalizers": ["example.com/held"]}})
    shared.kubectl("delete", "namespace", namespace, "--wait=false")
    text = refused(shared, namespace, pod("a"))
    assert f"unable to create new content in namespace {namespace} because it is being terminated" in text
    shared.kubectl("-n", namespace, "patch", "cm", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    eventually(lambda: shared.kubectl("get", "namespace", namespace, check=False).returncode == 1, what="the namespace gone")
    shared.kubectl("create", "namespace", namespace)
    done = shared.kubectl("delete", "namespace", "kube-system", check=False)
    assert "this namespace may not be deleted" in done.stderr


def test_claim_in_use_stays(shared, namespace):
    claim = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "metadata": {"name": "c"},
             "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
    shared.kubectl("-n", namespace, "create", "-f", "-", stdin=json.dumps(claim))
    manifest = pod("a")
    manifest["spec"]["volumes"] = [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]
    shared.kubectl("-n", namespace, "create", "-f", "-", stdin=json.dumps(manifest))
    shared.kubectl("-n", namespace, "delete", "pvc", "c", "--wait=false")
    assert shared.get("pvc", "c", "-n", namespace)["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    shared.kubectl("-n", namespace, "delete", "pod", "a", "--grace-period=0", "--force")
    eventually(lambda: shared.kubectl("-n", namespace, "get", "pvc", "c", check=False).returncode == 1, what="the claim gone")


@pytest.mark.parametrize("kind,manifest,text", [
    ("cronjob", {"kind": "CronJob", "apiVersion": "batch/v1", "metadata": {"name": "x"}, "spec": {"schedule": "nonsense", "jobTemplate": {"spec": {
        "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "x"}]}}}}}}, "expected exactly 5 fields, found 1: [nonsense]"),
    ("service", {"kind": "Service", "apiVersion": "v1", "metadata": {"name": "x"}, "spec": {"type": "NodePort", "ports": [{"port": 80, "nodePort": 1}]}},
     "The range of valid ports is 30000-32767"),
    ("ingress", {"kind": "Ingress", "apiVersion": "networking.k8s.io/v1", "metadata": {"name": "x"}, "spec": {}},
     "either `defaultBackend` or `rules` must be specified"),
])
def test_kinds_check_themselves(shared, kind, manifest, text):
    assert text in refused(shared, "default", manifest)
