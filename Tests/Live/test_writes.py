"""Writes as real clients make them: server-side apply, owners of fields, patches, deletions."""

import json
import subprocess

import pytest

import cluster as clusters

MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  labels: {{app: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
      - name: c
        image: {image}
        ports: [{{containerPort: 80}}]
"""


def manifest(name, replicas=0, image="example.org/none:1"):
    return MANIFEST.format(name=name, replicas=replicas, image=image)


def owners(thing):
    return {(one["manager"], one["operation"], one.get("subresource", "")): one["fieldsV1"] for one in thing["metadata"].get("managedFields", [])}


def get(shared, kind, name):
    return json.loads(shared.kubectl("get", kind, name, "-o", "json", "--show-managed-fields"))


@pytest.fixture
def kube(shared):
    config = pytest.importorskip("kubernetes.config")
    client = pytest.importorskip("kubernetes.client")
    api = config.new_client_from_config(str(shared.kubeconfig))
    yield client, api
    api.close()


def test_server_side_apply_with_conflicts_and_force(shared):
    shared.kubectl("apply", "--server-side", "-f", "-", stdin=manifest("ssa"))
    first = get(shared, "deployment", "ssa")
    fields = owners(first)[("kubectl", "Apply", "")]
    assert fields["f:spec"]["f:replicas"] == {}
    assert fields["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"c"}']["f:image"] == {}
    assert "f:strategy" not in fields["f:spec"]
    shared.kubectl("apply", "--server-side", "-f", "-", stdin=manifest("ssa"))
    assert owners(get(shared, "deployment", "ssa"))[("kubectl", "Apply", "")] == fields

    refused = shared.kubectl("apply", "--server-side", "--field-manager=other", "-f", "-", stdin=manifest("ssa", image="example.org/none:2"), check=False)
    assert refused.returncode != 0
    assert 'Apply failed with 1 conflict: conflict with "kubectl": .spec.template.spec.containers[name="c"].image' in refused.stderr
    shared.kubectl("apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "-", stdin=manifest("ssa", image="example.org/none:2"))
    after = owners(get(shared, "deployment", "ssa"))
    assert "f:image" not in after[("kubectl", "Apply", "")]["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"c"}']
    assert "f:image" in after[("other", "Apply", "")]["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"c"}']


def test_a_no_op_apply_changes_nothing(shared):
    body = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: noop}\ndata: {a: '1'}\n"
    shared.kubectl("apply", "--server-side", "-f", "-", stdin=body)
    first = get(shared, "configmap", "noop")
    shared.kubectl("apply", "--server-side", "-f", "-", stdin=body)
    assert get(shared, "configmap", "noop") == first


def test_client_side_apply_moves_to_the_server(shared):
    shared.apply(manifest("moving"))
    shared.kubectl("apply", "--server-side", "-f", "-", stdin=manifest("moving", image="example.org/none:2"))
    thing = get(shared, "deployment", "moving")
    assert thing["spec"]["template"]["spec"]["containers"][0]["image"] == "example.org/none:2"
    assert ("kubectl-client-side-apply", "Update", "") not in owners(thing)


def test_diff_on_the_server(shared):
    shared.kubectl("apply", "--server-side", "-f", "-", stdin=manifest("diffed"))
    same = shared.kubectl("diff", "--server-side", "-f", "-", stdin=manifest("diffed"), check=False)
    assert same.returncode == 0, same.stdout + same.stderr
    other = shared.kubectl("diff", "--server-side", "-f", "-", stdin=manifest("diffed", replicas=3), check=False)
    assert other.returncode == 1, other.stderr
    assert "+  replicas: 3" in other.stdout
    assert shared.get("deployment", "diffed")["spec"]["replicas"] == 0


@pytest.mark.parametrize("kind,patch,path", [
    ("json", '[{"op":"replace","path":"/spec/replicas","value":0},{"op":"add","path":"/metadata/labels/x","value":"json"}]', "json"),
    ("merge", '{"metadata":{"labels":{"x":"merge"}}}', "merge"),
    ("strategic", '{"metadata":{"labels":{"x":"strategic"}},"spec":{"template":{"spec":{"containers":[{"name":"c","image":"example.org/none:9"}]}}}}', "strategic"),
])
def test_patches(shared, kind, patch, path):
    name = f"patched-{kind}"
    shared.kubectl("apply", "-f", "-", stdin=manifest(name))
    shared.kubectl("patch", "deployment", name, f"--type={kind}", "-p", patch)
    thing = get(shared, "deployment", name)
    assert thing["metadata"]["labels"]["x"] == path
    assert owners(thing)[("kubectl-patch", "Update", "")]["f:metadata"]["f:labels"]["f:x"] == {}


def test_edit(shared, tmp_path):
    shared.kubectl("create", "configmap", "edited", "--from-literal=a=1")
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nsed -i \'s/a: "1"/a: "2"/\' "$1"\n')
    editor.chmod(0o755)
    command = [str(shared.kubectl_path), "--kubeconfig", str(shared.kubeconfig), "edit", "configmap", "edited"]
    done = subprocess.run(command, env={**shared.env, "KUBE_EDITOR": str(editor)}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    thing = get(shared, "configmap", "edited")
    assert thing["data"] == {"a": "2"}
    assert ("kubectl-edit", "Update", "") in owners(thing)


def test_unknown_fields_by_level(shared):
    body = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: strictly}\ndada: {}\n"
    refused = shared.kubectl("create", "--validate=strict", "-f", "-", stdin=body, check=False)
    assert refused.returncode != 0
    assert 'strict decoding error: unknown field "dada"' in refused.stderr
    warned = shared.kubectl("create", "--validate=warn", "-f", "-", stdin=body, check=False)
    assert warned.returncode == 0
    assert 'Warning: unknown field "dada"' in warned.stderr


def test_scale_is_owned_by_the_subresource(shared):
    shared.kubectl("apply", "--server-side", "-f", "-", stdin=manifest("scaled"))
    shared.kubectl("scale", "deployment", "scaled", "--replicas=1")
    thing = get(shared, "deployment", "scaled")
    # The program's own name, which kubectl makes its user agent of.
    scaler = str(shared.kubectl_path).split("/")[-1]
    assert owners(thing).get((scaler, "Update", "scale")) == {"f:spec": {"f:replicas": {}}}, owners(thing)
    refused = shared.kubectl("apply", "--server-side", "-f", "-", stdin=manifest("scaled", replicas=0), check=False)
    assert 'conflict with "' + scaler + '" with subresource "scale" using apps/v1: .spec.replicas' in refused.stderr
    shared.kubectl("scale", "deployment", "scaled", "--replicas=0")


@pytest.mark.parametrize("how,left", [("background", False), ("foreground", False), ("orphan", True)])
def test_deletions_cascade_as_asked(shared, how, left):
    name = f"owner-{how}"
    shared.kubectl("create", "configmap", name)
    uid = shared.get("configmap", name)["metadata"]["uid"]
    child = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"{name}-child", "ownerReferences": [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": uid, "blockOwnerDeletion": True}]}}
    shared.kubectl("create", "-f", "-", stdin=json.dumps(child))
    shared.kubectl("delete", "configmap", name, f"--cascade={how}")
    assert shared.kubectl("get", "configmap", name, check=False).returncode != 0
    gone = lambda: shared.kubectl("get", "configmap", f"{name}-child", check=False).returncode != 0
    if left:
        assert "ownerReferences" not in shared.get("configmap", f"{name}-child")["metadata"]
    else:
        clusters.eventually(gone, what="the dependent gone")


def test_the_python_client_applies_and_watches(shared, kube):
    from kubernetes import dynamic, watch
    client, api = kube
    maps = dynamic.DynamicClient(api).resources.get(api_version="v1", kind="ConfigMap")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dynamic"}, "data": {"a": "1"}}
    core = client.CoreV1Api(api)
    revision = core.list_namespaced_config_map("default").metadata.resource_version

    def apply(manager):
        # This client sends a configuration only as text.
        return maps.server_side_apply(name="dynamic", namespace="default", body=json.dumps(body), field_manager=manager)

    made = apply("python")
    assert made.data["a"] == "1"
    body["data"] = {"b": "2"}
    changed = apply("python")
    assert dict(changed.data) == {"b": "2"}
    seen = []
    watcher = watch.Watch()
    for event in watcher.stream(core.list_namespaced_config_map, "default", resource_version=revision, field_selector="metadata.name=dynamic", timeout_seconds=20):
        seen.append((event["type"], event["object"].data))
        if len(seen) == 2:
            watcher.stop()
    assert seen == [("ADDED", {"a": "1"}), ("MODIFIED", {"b": "2"})]
    body["data"] = {"b": "3"}
    with pytest.raises(client.ApiException) as refused:
        apply("someone")
    status = json.loads(refused.value.body)
    assert refused.value.status == 409
    assert status["details"]["causes"] == [{"reason": "FieldManagerConflict", "message": 'conflict with "python"', "field": ".data.b"}]
