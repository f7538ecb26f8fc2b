"""Kinds that users add, as kubectl, the Python client and operators use them."""

import json
import subprocess

import pytest

from cluster import eventually
from custom_definitions import certificate, crontab, tab


def define(one, definition):
    one.apply(definition)
    name = definition["metadata"]["name"]
    one.kubectl("wait", "--for=condition=Established", f"crd/{name}", "--timeout=20s")
    return name


@pytest.fixture(scope="module")
def cron(shared):
    """The small kind, for the tests of this file; each has a namespace of its own."""
    define(shared, crontab())
    return shared


@pytest.fixture
def namespace(cron, request):
    name = request.node.name.replace("_", "-")[:60].strip("-")
    cron.kubectl("create", "namespace", name)

    def kubectl(*arguments, **options):
        return cron.kubectl("-n", name, *arguments, **options)

    kubectl.name = name
    return kubectl


def applied(kubectl, *objects):
    return kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))


def test_kubectl_reads_and_writes_objects_of_a_new_kind(namespace):
    applied(namespace, tab("one"), tab("two", image="nginx", replicas=3))
    lines = namespace("get", "ct").splitlines()
    assert lines[0].split() == ["NAME", "SPEC", "READY", "AGE"]
    assert lines[1].split()[:2] == ["one", "*"]
    assert "REPLICAS" in namespace("get", "crontabs", "-o", "wide").splitlines()[0]
    assert "crontab.stable.example.com/one" in namespace("get", "all", "-o", "name")
    assert json.loads(namespace("get", "crontab", "one", "-o", "json"))["spec"]["image"] == "busybox"
    assert namespace("get", "ct", "--field-selector", "spec.image=nginx", "-o", "name").split() == ["crontab.stable.example.com/two"]
    described = namespace("describe", "ct", "two")
    assert "Cron Spec:" in described and "nginx" in described
    applied(namespace, tab("one", replicas=2))
    assert namespace("get", "ct", "one", "-o", "jsonpath={.spec.replicas} {.metadata.generation}") == "2 2"
    namespace("patch", "ct", "one", "--type=merge", "-p", '{"spec":{"feeling":"Great"}}')
    namespace("label", "ct", "one", "tier=front")
    assert namespace("get", "ct", "-l", "tier=front", "-o", "name").split() == ["crontab.stable.example.com/one"]
    namespace("delete", "ct", "one", "--timeout=20s")
    namespace("delete", "ct", "--all", "--timeout=20s")
    assert "No resources found" in namespace("get", "ct", check=False).stderr


def test_scale_status_wait_and_edit(namespace, cron, tmp_path):
    applied(namespace, tab("one"))
    namespace("scale", "ct/one", "--replicas=4")
    assert namespace("get", "ct", "one", "-o", "jsonpath={.spec.replicas}") == "4"
    namespace("patch", "ct", "one", "--subresource=status", "--type=merge", "-p",
              '{"status":{"replicas":4,"conditions":[{"type":"Ready","status":"True","reason":"Fine"}]}}')
    namespace("wait", "--for=condition=Ready", "ct/one", "--timeout=20s")
    namespace("wait", "--for=jsonpath={.status.replicas}=4", "ct/one", "--timeout=20s")
    assert namespace("get", "ct", "one", "--no-headers").split()[6] == "True"
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/busybox/edited/' \"$1\"\n")
    editor.chmod(0o755)
    done = subprocess.run([str(cron.kubectl_path), "--kubeconfig", str(cron.kubeconfig), "-n", namespace.name, "edit", "ct", "one"],
                          env={**cron.env, "KUBE_EDITOR": str(editor)}, capture_output=True, text=True, timeout=60)
    assert "edited" in done.stdout, done.stderr
    assert namespace("get", "ct", "one", "-o", "jsonpath={.spec.image}") == "edited"


def test_explain_knows_the_fields(cron):
    text = cron.kubectl("explain", "crontabs.spec.bars")
    assert "Bars to visit." in text and "Its name." in text and "-required-" in text
    assert "GROUP:      stable.example.com" in text and "FIELD: bars" in text
    assert "cronSpec" in cron.kubectl("explain", "crontabs", "--recursive")
    missing = cron.kubectl("explain", "crontabs.spec.bars2", check=False)
    assert missing.returncode != 0 and 'field "bars2" does not exist' in missing.stderr


@pytest.mark.parametrize("change, expected", [
    ({"cronSpec": "never"}, "spec.cronSpec in body should match"),
    ({"replicas": 11}, "spec.replicas in body should be less than or equal to 10"),
    ({"replicas": "many"}, 'spec.replicas in body must be of type integer: "string"'),
    ({"feeling": "NonExistentValue"}, 'Unsupported value: "NonExistentValue": supported values: "Great", "Down"'),
    ({"bars": [{"age": "3"}]}, "spec.bars[0].name: Required value"),
    ({"cronSpec": None}, "spec.cronSpec: Required value"),
])
def test_faulty_objects_are_refused_by_name_of_the_field(cron, change, expected):
    done = cron.kubectl("create", "-f", "-", stdin=json.dumps(tab("faulty", **change)), check=False)
    assert done.returncode != 0
    assert expected in done.stderr


def test_strict_validation_names_unknown_fields(namespace):
    done = namespace("create", "--validate=strict", "-f", "-", stdin=json.dumps(tab("odd", unknown=1)), check=False)
    assert done.returncode != 0 and 'unknown field "spec.unknown"' in done.stderr
    done = namespace("create", "--validate=warn", "-f", "-", stdin=json.dumps(tab("odd", unknown=1)), check=False)
    assert done.returncode == 0 and 'Warning: unknown field "spec.unknown"' in done.stderr
    assert "unknown" not in json.loads(namespace("get", "ct", "odd", "-o", "json"))["spec"]


def test_server_side_apply_and_diff(namespace):
    manifest = json.dumps(tab("one", replicas=2))
    namespace("apply", "--server-side", "-f", "-", stdin=manifest)
    other = json.dumps({**tab("one"), "spec": {"replicas": 3}})
    conflict = namespace("apply", "--server-side", "--field-manager=other", "-f", "-", stdin=other, check=False)
    assert conflict.returncode != 0 and 'conflict with "kubectl": .spec.replicas' in conflict.stderr
    namespace("apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "-", stdin=other)
    assert namespace("get", "ct", "one", "-o", "jsonpath={.spec.replicas}") == "3"
    difference = namespace("diff", "-f", "-", stdin=json.dumps(tab("one", replicas=7)), check=False)
    assert difference.returncode == 1 and "replicas: 7" in difference.stdout


def test_faulty_definitions_are_refused_with_their_path(shared):
    broken = crontab(names={"plural": "broken", "kind": "Broken"})
    broken["metadata"]["name"] = "broken.stable.example.com"
    broken["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["image"]["pattern"] = "("
    broken["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["bars"] = {"type": "array"}
    done = shared.kubectl("create", "-f", "-", stdin=json.dumps(broken), check=False)
    path = "spec.versions[0].schema.openAPIV3Schema.properties[spec].properties"
    assert f"{path}[bars].items: Required value: must be specified" in done.stderr
    assert f"{path}[image].pattern: Invalid value: \"(\": must be a valid regular expression" in done.stderr


def test_dependents_go_with_their_owner_and_owners_of_any_kind_count(namespace):
    applied(namespace, tab("owner"))
    owner = json.loads(namespace("get", "ct", "owner", "-o", "json"))
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": "owner", "uid": owner["metadata"]["uid"]}
    dependent = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dependent", "ownerReferences": [reference]}}
    child = tab("child")
    child["metadata"]["ownerReferences"] = [reference]
    applied(namespace, dependent, child)
    namespace("delete", "ct", "owner", "--timeout=20s")
    eventually(lambda: namespace("get", "cm", "dependent", check=False).returncode != 0, what="the config map gone")
    eventually(lambda: namespace("get", "ct", "child", check=False).returncode != 0, what="the child gone")


def test_foreground_deletion_waits_for_dependents(namespace):
    applied(namespace, tab("owner"))
    owner = json.loads(namespace("get", "ct", "owner", "-o", "json"))
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": "owner", "uid": owner["metadata"]["uid"],
                 "blockOwnerDeletion": True}
    held = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
        "name": "held", "ownerReferences": [reference], "finalizers": ["example.com/hold"]}}
    applied(namespace, held)
    namespace("delete", "ct", "owner", "--cascade=foreground", "--wait=false")
    eventually(lambda: json.loads(namespace("get", "cm", "held", "-o", "json"))["metadata"].get("deletionTimestamp"), what="the dependent asked to go")
    assert json.loads(namespace("get", "ct", "owner", "-o", "json"))["metadata"]["finalizers"] == ["foregroundDeletion"]
    namespace("patch", "cm", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    eventually(lambda: namespace("get", "ct", "owner", check=False).returncode != 0, what="the owner gone")


def test_a_namespace_takes_its_custom_resources_along(namespace, cron):
    applied(namespace, tab("one"), tab("two"))
    cron.kubectl("delete", "namespace", namespace.name, "--timeout=40s")
    assert namespace.name not in cron.kubectl("get", "ct", "-A")


def test_versions_and_their_conversion(shared):
    spec = {"type": "object", "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}
    versions = [
        {"name": "v1alpha1", "served": True, "storage": False, "deprecated": True, "schema": {"openAPIV3Schema": spec}},
        {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": spec}},
        {"name": "v2", "served": False, "storage": False, "schema": {"openAPIV3Schema": spec}}]
    define(shared, crontab(group="many.example.com", scope="Cluster", versions=versions,
                           names={"plural": "things", "singular": "thing", "kind": "Thing"}))
    thing = {"apiVersion": "many.example.com/v1", "kind": "Thing", "metadata": {"name": "t"}, "spec": {"a": {"b": 1}}}
    shared.apply(thing)
    done = shared.kubectl("get", "things.v1alpha1.many.example.com", "t", "-o", "json", check=False)
    assert json.loads(done.stdout)["apiVersion"] == "many.example.com/v1alpha1"
    assert "many.example.com/v1alpha1 Thing is deprecated" in done.stderr
    assert shared.kubectl("get", "--raw", "/apis/many.example.com/v2/things", check=False).returncode != 0
    group = json.loads(shared.kubectl("get", "--raw", "/apis/many.example.com"))
    assert [version["version"] for version in group["versions"]] == ["v1", "v1alpha1"]


def test_a_definition_of_an_operator_is_served(shared):
    name = define(shared, certificate())
    wanted = {"apiVersion": "certs.example.com/v1", "kind": "Certificate", "metadata": {"name": "web"}, "spec": {
        "secretName": "web-tls", "dnsNames": ["example.com"], "issuerRef": {"name": "ca"},
        "solvers": [{"dns": {"provider": {"any": ["thing"]}}, "selector": {"matchLabels": {"a": "b"}}}],
        "extraObjects": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "odd": 1}, "data": {"a": "b"}}]}}
    shared.kubectl("apply", "--validate=ignore", "-f", "-", stdin=json.dumps(wanted))
    spec = shared.get("cert", "web")["spec"]
    assert spec["duration"] == "2160h" and spec["privateKey"] == {"algorithm": "RSA", "encoding": "PKCS1"}
    assert spec["usages"] == ["digital signature", "key encipherment"] and spec["issuerRef"]["kind"] == "Issuer"
    assert spec["solvers"] == wanted["spec"]["solvers"]
    assert spec["extraObjects"][0]["metadata"] == {"name": "x"} and spec["extraObjects"][0]["data"] == {"a": "b"}
    faulty = json.loads(json.dumps(wanted))
    faulty["metadata"]["name"] = "faulty"
    del faulty["spec"]["dnsNames"]
    faulty["spec"]["privateKey"] = {"size": 1000, "algorithm": "DSA"}
    faulty["spec"]["solvers"] = [{"dns": {}, "http": {}}]
    text = shared.kubectl("create", "--validate=ignore", "-f", "-", stdin=json.dumps(faulty), check=False).stderr
    for part in ['"spec" must validate at least one schema (anyOf)', "spec.privateKey.size in body should be a multiple of 128",
                 'Unsupported value: "DSA": supported values: "RSA", "ECDSA", "Ed25519"',
                 '"spec.solvers[0]" must validate one and only one schema (oneOf). Found 2 valid alternatives']:
        assert part in text
    assert "How ownership is proved." in shared.kubectl("explain", "certificates.spec.solvers")
    shared.kubectl("apply", "-f", "-", stdin=json.dumps(certificate()))
    shared.kubectl("delete", "crd", name, "--timeout=20s")
    assert shared.kubectl("get", "certificates", check=False).returncode != 0
    assert "certs.example.com" not in shared.kubectl("api-versions")


def test_the_python_client_uses_the_kind(cron, namespace):
    from kubernetes import client as kubernetes, config, dynamic, watch

    api = config.new_client_from_config(str(cron.kubeconfig))
    custom = kubernetes.CustomObjectsApi(api)
    place = {"group": "stable.example.com", "version": "v1", "namespace": namespace.name, "plural": "crontabs"}
    custom.create_namespaced_custom_object(body=tab("one"), **place)
    custom.patch_namespaced_custom_object(name="one", body={"spec": {"image": "nginx"}}, **place)
    custom.patch_namespaced_custom_object_status(name="one", body={"status": {"replicas": 1}}, **place)
    scale = custom.get_namespaced_custom_object_scale(name="one", **place)
    assert scale["spec"]["replicas"] == 1 and scale["status"]["replicas"] == 1
    listed = custom.list_namespaced_custom_object(**place)
    assert [item["spec"]["image"] for item in listed["items"]] == ["nginx"]
    seen = []
    for event in watch.Watch().stream(custom.list_namespaced_custom_object, resource_version="0", timeout_seconds=20, **place):
        seen.append((event["type"], event["object"]["metadata"]["name"]))
        if len(seen) == 1:
            custom.delete_namespaced_custom_object(name="one", **place)
        if event["type"] == "DELETED":
            break
    assert seen[0] == ("ADDED", "one") and seen[-1] == ("DELETED", "one")
    tabs = dynamic.DynamicClient(api).resources.get(api_version="stable.example.com/v1", kind="CronTab")
    tabs.create(body=tab("two"), namespace=namespace.name)
    tabs.patch(body={"spec": {"replicas": 5}}, namespace=namespace.name, name="two", content_type="application/merge-patch+json")
    assert tabs.get(name="two", namespace=namespace.name).spec.replicas == 5


def test_kinds_and_objects_survive_a_killed_daemon_and_a_restart(fresh):
    define(fresh, crontab())
    fresh.apply(tab("kept", replicas=3))
    fresh.kubectl("patch", "ct", "kept", "--type=merge", "-p", '{"metadata":{"finalizers":["example.com/hold"]}}')
    fresh.kill_daemon()
    fresh.up("--no-merge")
    assert fresh.get("ct", "kept")["spec"]["replicas"] == 3
    fresh.kubectl("delete", "crd", "crontabs.stable.example.com", "--wait=false")
    eventually(lambda: fresh.get("ct", "kept")["metadata"].get("deletionTimestamp"), what="the object asked to go")
    fresh.kill_daemon()
    fresh.up("--no-merge")
    refused = fresh.kubectl("create", "-f", "-", stdin=json.dumps(tab("late")), check=False)
    assert "not allowed while custom resource definition is terminating" in refused.stderr
    fresh.kubectl("patch", "ct", "kept", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    eventually(lambda: fresh.kubectl("get", "crd", "crontabs.stable.example.com", check=False).returncode != 0, what="the definition gone")
    define(fresh, crontab())
    assert json.loads(fresh.kubectl("get", "ct", "-A", "-o", "json"))["items"] == []


def test_a_disruption_budget_counts_what_a_custom_resource_wants(namespace):
    applied(namespace, tab("fleet", replicas=4))
    owner = json.loads(namespace("get", "ct", "fleet", "-o", "json"))
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": "fleet", "uid": owner["metadata"]["uid"], "controller": True}
    applied(namespace, {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "ship", "labels": {"app": "fleet"}, "ownerReferences": [reference]},
        "spec": {"nodeName": "nowhere", "containers": [{"name": "c", "image": "none"}]}}, {
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "fleet"},
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "fleet"}}}})

    def expected():
        return json.loads(namespace("get", "pdb", "fleet", "-o", "json")).get("status", {}).get("expectedPods")
    eventually(lambda: expected() == 4, what="the pods that the scale asks for")
    namespace("scale", "ct", "fleet", "--replicas=7")
    eventually(lambda: expected() == 7, what="the pods that the new scale asks for")
