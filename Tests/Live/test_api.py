"""The API as real clients see it: every kubectl verb of the milestone, with the oldest and newest kubectl at hand, and the Python client."""

import json
import subprocess
import threading

import pytest

import cluster as clusters
from cluster import eventually


def usable():
    found = [(version, path) for version, path in clusters.kubectl_versions() if version >= "1.32"]
    return found or clusters.kubectl_versions()[:1]


@pytest.fixture(params=usable(), ids=lambda each: each[0], scope="module")
def client(request, shared):
    """kubectl of one version, with a namespace of its own."""
    version, path = request.param
    namespace = "api-" + version.replace(".", "-")

    def kubectl(*arguments, **options):
        return shared.kubectl("-n", namespace, *arguments, kubectl=path, **options)

    kubectl("create", "namespace", namespace)
    kubectl.namespace = namespace
    return kubectl


CONFIGMAP = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  labels: {app: web, tier: front}
data:
  mode: "0644"
  text: |
    two
    lines
"""


def test_version_names_the_server(client):
    answer = json.loads(client("version", "-o", "json"))
    assert answer["serverVersion"]["gitVersion"].startswith("v1.")


def test_create_get_and_every_output_form(client):
    client("create", "-f", "-", stdin=CONFIGMAP)
    assert "settings" in client("get", "configmaps")
    assert "settings" in client("get", "cm", "-o", "wide")
    assert json.loads(client("get", "cm", "settings", "-o", "json"))["data"]["mode"] == "0644"
    assert "two" in client("get", "cm", "settings", "-o", "yaml")
    assert client("get", "cm", "settings", "-o", "name").strip() == "configmap/settings"
    assert "settings" in client("get", "cm", "-l", "app=web,tier in (front,back)")
    assert "settings" not in client("get", "cm", "-l", "app!=web")
    assert client.namespace in client("get", "cm", "-A")
    assert "settings" in client("get", "cm", "--field-selector", "metadata.name=settings")


def test_create_again_says_that_it_exists(client):
    done = client("create", "-f", "-", stdin=CONFIGMAP, check=False)
    assert done.returncode == 1 and 'configmaps "settings" already exists' in done.stderr


def test_watch_delivers_changes(client, shared):
    seen = []
    command = [str(clusters.kubectl_versions()[0][1]), "--kubeconfig", str(shared.kubeconfig), "-n", client.namespace, "get", "cm", "-w", "-o", "name"]
    watcher = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=shared.env)
    reader = threading.Thread(target=lambda: [seen.append(line.strip()) for line in watcher.stdout], daemon=True)
    reader.start()
    try:
        eventually(lambda: "configmap/settings" in seen, what="the first object on the watch")
        client("create", "configmap", "later")
        eventually(lambda: "configmap/later" in seen, what="the new object on the watch")
    finally:
        watcher.kill()
        watcher.wait()


def test_apply_diff_and_prune_a_field(client):
    first = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}, "data": {"a": "1", "b": "2"}}
    assert "created" in client("apply", "-f", "-", stdin=json.dumps(first))
    assert "unchanged" in client("apply", "-f", "-", stdin=json.dumps(first))
    second = dict(first, data={"a": "1", "c": "3"})
    difference = client("diff", "-f", "-", stdin=json.dumps(second), check=False)
    assert difference.returncode == 1 and "-  b:" in difference.stdout and "+  c:" in difference.stdout, difference
    assert "configured" in client("apply", "-f", "-", stdin=json.dumps(second))
    assert json.loads(client("get", "cm", "applied", "-o", "json"))["data"] == {"a": "1", "c": "3"}


def test_edit_label_annotate_patch_replace(client, shared):
    client("label", "cm", "settings", "colour=blue")
    client("annotate", "cm", "settings", "note=seen by a person")
    found = json.loads(client("get", "cm", "settings", "-o", "json"))["metadata"]
    assert found["labels"]["colour"] == "blue" and found["annotations"]["note"] == "seen by a person"
    client("patch", "cm", "settings", "--type", "json", "-p", '[{"op":"add","path":"/data/x","value":"1"}]')
    client("patch", "cm", "settings", "--type", "merge", "-p", '{"data":{"mode":null}}')
    client("patch", "cm", "settings", "-p", '{"data":{"y":"2"}}')
    assert set(json.loads(client("get", "cm", "settings", "-o", "json"))["data"]) == {"text", "x", "y"}
    shared.env["KUBE_EDITOR"] = "sed -i s/two/three/"
    assert "edited" in client("edit", "cm", "settings")
    assert "three" in client("get", "cm", "settings", "-o", "yaml")
    whole = client("get", "cm", "settings", "-o", "json").replace("three", "four")
    assert "replaced" in client("replace", "-f", "-", stdin=whole)


def test_explain_reads_the_schema(client):
    text = client("explain", "pod.spec.containers.resources")
    assert "limits" in text and "requests" in text and "FIELDS" in text
    assert "replicas" in client("explain", "deployment.spec", "--recursive")
    done = client("explain", "pod.spec.nonsense", check=False)
    assert done.returncode == 1 and 'field "nonsense" does not exist' in done.stderr


def test_discovery(client):
    resources = client("api-resources")
    for line in ("pods", "po", "deployments", "deploy", "jobs", "leases", "roles"):
        assert line in resources
    assert "apps/v1" in client("api-versions")
    assert "is running at" in client("cluster-info")
    assert json.loads(client("get", "--raw", "/api/v1/namespaces/default"))["metadata"]["name"] == "default"


def test_unknown_fields_are_refused_strictly(client):
    bad = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "bad"},
           "spec": {"replicaz": 1, "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}}
    done = client("create", "--validate=strict", "-f", "-", stdin=json.dumps(bad), check=False)
    assert done.returncode == 1 and 'unknown field "spec.replicaz"' in done.stderr


def test_typed_creates_arrive_as_protobuf(client):
    client("create", "deployment", "typed", "--image=host/none", "--replicas=0")
    client("create", "job", "typed", "--image=host/none", "--dry-run=server", "-o", "name")
    client("create", "secret", "generic", "typed", "--from-literal=word=hidden")
    client("create", "serviceaccount", "typed")
    client("create", "role", "typed", "--verb=get,list", "--resource=pods")
    client("create", "rolebinding", "typed", "--role=typed", f"--serviceaccount={client.namespace}:typed")
    assert json.loads(client("get", "deployment", "typed", "-o", "json"))["spec"]["replicas"] == 0
    assert "typed" in client("get", "all")


def test_rbac_denies_by_default_and_grants_by_binding(client):
    user = f"system:serviceaccount:{client.namespace}:typed"
    assert client("auth", "can-i", "get", "pods", "--as", user).strip() == "yes"
    assert client("auth", "can-i", "delete", "pods", "--as", user, check=False).stdout.strip() == "no"
    assert client("auth", "can-i", "*", "*").strip() == "yes"


def test_scale_and_dry_run(client):
    assert "scaled" in client("scale", "deployment", "typed", "--replicas=0")
    client("label", "deployment", "typed", "ghost=yes", "--dry-run=server")
    assert "ghost" not in client("get", "deployment", "typed", "-o", "yaml")


def test_describe(client):
    assert "Replicas:" in client("describe", "deployment", "typed")
    assert "settings" in client("describe", "cm", "settings")
    assert "Capacity:" in client("describe", "nodes")
    assert "Status:" in client("describe", "namespace", client.namespace)


def test_chunked_list_is_consistent(client):
    for number in range(7):
        client("create", "cm", f"chunk-{number}")
    whole = [item["metadata"]["name"] for item in json.loads(client("get", "--raw", f"/api/v1/namespaces/{client.namespace}/configmaps"))["items"]]
    parts, token = [], ""
    while True:
        page = json.loads(client("get", "--raw", f"/api/v1/namespaces/{client.namespace}/configmaps?limit=3&continue={token}"))
        parts += [item["metadata"]["name"] for item in page["items"]]
        token = page["metadata"].get("continue", "")
        if not token:
            break
    assert parts == whole and len(parts) >= 7


def test_kubectl_proxy_and_curl(client, shared):
    command = [str(shared.kubectl_path), "--kubeconfig", str(shared.kubeconfig), "proxy", "--port=0"]
    proxy = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=shared.env)
    try:
        address = proxy.stdout.readline().strip().rsplit(" ", 1)[-1]
        answer = subprocess.run(["curl", "-sf", f"http://{address}/api/v1/namespaces/{client.namespace}/configmaps/settings"],
                                capture_output=True, text=True, check=True)
        assert json.loads(answer.stdout)["metadata"]["name"] == "settings"
    finally:
        proxy.kill()
        proxy.wait()


def test_delete_with_preconditions(client):
    client("create", "cm", "doomed")
    body = json.dumps({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}})
    done = client("delete", "--raw", f"/api/v1/namespaces/{client.namespace}/configmaps/doomed", "-f", "-", stdin=body, check=False)
    assert done.returncode == 1 and "precondition" in done.stderr.lower()
    assert "deleted" in client("delete", "cm", "doomed")


def test_namespace_deletion_empties_it(client, shared):
    client("create", "namespace", client.namespace + "-gone")
    shared.kubectl("-n", client.namespace + "-gone", "create", "cm", "inside")
    shared.kubectl("delete", "namespace", client.namespace + "-gone", "--timeout=20s")
    done = shared.kubectl("-n", client.namespace + "-gone", "get", "cm", "inside", check=False)
    assert done.returncode == 1


def test_built_in_objects(shared):
    names = {item["metadata"]["name"] for item in json.loads(shared.kubectl("get", "ns", "-o", "json"))["items"]}
    assert {"default", "kube-system", "kube-public", "kube-node-lease"} <= names
    service = shared.get("service", "kubernetes", "-n", "default")
    assert service["spec"]["clusterIP"] == "10.96.0.1" and service["spec"]["ports"][0]["port"] == 443
    eventually(lambda: shared.get("serviceaccount", "default", "-n", "default"), what="the default ServiceAccount")


def test_services_get_addresses_of_further_ranges(shared):
    own = shared.get("service", "kubernetes", "-n", "default")["spec"]["clusterIP"]
    assert shared.get("ipaddress", own)["spec"]["parentRef"] == {"resource": "services", "namespace": "default", "name": "kubernetes"}
    shared.apply({"apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": "further"}, "spec": {"cidrs": ["10.211.0.0/24"]}})
    shared.kubectl("wait", "--for=condition=Ready", "servicecidr/further", "--timeout=20s")
    shared.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "far"}, "spec": {"clusterIP": "10.211.0.9", "ports": [{"port": 80}]}})
    assert shared.get("ipaddress", "10.211.0.9")["metadata"]["labels"]["ipaddress.kubernetes.io/managed-by"] == "ipallocator.k8s.io"
    assert "services/default/far" in shared.kubectl("get", "ipaddresses")
    shared.kubectl("delete", "servicecidr", "further", "--wait=false")
    shared.kubectl("wait", "--for=jsonpath={.status.conditions[0].reason}=Terminating", "servicecidr/further", "--timeout=20s")
    shared.kubectl("delete", "service", "far")
    shared.kubectl("wait", "--for=delete", "servicecidr/further", "--timeout=20s")
    assert "NotFound" in shared.kubectl("get", "ipaddress", "10.211.0.9", check=False).stderr


def test_flow_schemas_say_whether_their_level_is_there(shared):
    shared.apply({"apiVersion": "flowcontrol.apiserver.k8s.io/v1", "kind": "FlowSchema", "metadata": {"name": "hanging"},
                  "spec": {"priorityLevelConfiguration": {"name": "nowhere"}, "matchingPrecedence": 9500}})
    shared.kubectl("wait", "--for=condition=Dangling", "flowschema/hanging", "--timeout=20s")
    shared.kubectl("patch", "flowschema", "hanging", "--type=merge", "-p", '{"spec":{"priorityLevelConfiguration":{"name":"system"}}}')
    shared.kubectl("wait", "--for=condition=Dangling=False", "flowschema/hanging", "--timeout=20s")
    shared.kubectl("delete", "flowschema", "hanging")


def test_python_client_lists_and_watches(shared):
    from kubernetes import client as kubernetes, config, watch

    api = kubernetes.CoreV1Api(config.new_client_from_config(str(shared.kubeconfig)))
    assert any(item.metadata.name == "kube-system" for item in api.list_namespace().items)
    start = api.list_namespaced_config_map("default").metadata.resource_version
    api.create_namespaced_config_map("default", {"metadata": {"name": "from-python"}, "data": {"a": "b"}})
    for event in watch.Watch().stream(api.list_namespaced_config_map, "default", resource_version=start, timeout_seconds=20):
        if event["object"].metadata.name == "from-python":
            assert event["type"] == "ADDED"
            break
    else:
        raise AssertionError("the watch ended without the new object")
