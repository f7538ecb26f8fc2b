"""What Kubernetes' conformance suite asserts of an API server, where kdash was once found to do otherwise, and its strictest tests of documents."""

import json
import re
import subprocess
import uuid

import pytest

from cluster import eventually, pod

GROUP = "publish.example.com"
BARS = {
    "description": "List of Bars and their specs.", "type": "array", "items": {
        "type": "object", "required": ["name"], "properties": {
            "name": {"description": "Name of Bar.", "type": "string"}, "age": {"description": "Age of Bar.", "type": "string"},
            "feeling": {"description": "Whether Bar is feeling great.", "type": "string", "enum": ["Great", "Down"]},
            "bazs": {"description": "List of Bazs.", "type": "array", "items": {"type": "string"}}}}}
FOO = {
    "description": "Foo CRD for Testing", "type": "object", "properties": {
        "spec": {"description": "Specification of Foo", "type": "object", "properties": {"bars": BARS}},
        "status": {"description": "Status of Foo", "type": "object", "properties": {
            "quxType": {"description": "Indicates to external qux type.", "pattern": "in-tree|out-of-tree", "type": "string"}}}}}
OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


class Site:
    """A namespace and what is asked in it."""

    def __init__(self, cluster, namespace):
        self.cluster, self.namespace = cluster, namespace

    def kubectl(self, *arguments, **options):
        return self.cluster.kubectl("-n", self.namespace, *arguments, **options)

    def raw(self, path):
        return json.loads(self.kubectl("get", "--raw", path))

    def get(self, kind, name):
        return json.loads(self.kubectl("get", kind, name, "-o", "json"))

    def code(self, method, path, *arguments):
        """The status that curl is answered with."""
        keys = self.cluster.data / "pki"
        server = self.cluster.kubectl("config", "view", "-o", "jsonpath={.clusters[0].cluster.server}")
        command = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", keys / "ca.crt", "--cert", keys / "admin.crt",
                   "--key", keys / "admin.key", "-X", method, *arguments, server + path]
        return int(subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout)

    def define(self, schema, *versions):
        """A kind of its own as the suite makes them, established."""
        name = f"e2e-test-{uuid.uuid4().hex[:8]}-crd"
        served = [{"name": version, "served": True, "storage": index == 0, "schema": {"openAPIV3Schema": schema}}
                  for index, version in enumerate(versions)]
        definition = {
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"{name}s.{GROUP}"},
            "spec": {"group": GROUP, "scope": "Namespaced", "versions": served,
                     "names": {"plural": f"{name}s", "singular": name, "kind": name, "listKind": f"{name}List"}}}
        self.kubectl("create", "-f", "-", stdin=json.dumps(definition))
        self.kubectl("wait", "--for=condition=Established", f"crd/{name}s.{GROUP}")
        return name

    def published(self, name, version):
        """The definition in version 2 without what every kind has; None when there is none."""
        found = self.raw("/openapi/v2")["definitions"].get(f"com.example.publish.{version}.{name}")
        if found is None:
            return None
        del found["x-kubernetes-group-version-kind"]
        properties = {key: value for key, value in found.pop("properties", {}).items() if key not in ("apiVersion", "kind", "metadata")}
        return {**found, "properties": properties} if properties else found


@pytest.fixture
def site(shared, request):
    namespace = "conformance-" + uuid.uuid4().hex[:6]
    shared.kubectl("create", "namespace", namespace)
    return Site(shared, namespace)


def test_a_defined_kind_explains_itself_in_the_words_of_the_suite(site):
    name = site.define(FOO, "v1")
    plural = f"{name}s"
    for path, pattern in (
            (plural, "DESCRIPTION:.*Foo CRD for Testing.*FIELDS:.*apiVersion.*<string>.*APIVersion defines.*spec.*<Object>.*Specification of Foo"),
            (f"{plural}.metadata", "DESCRIPTION:.*Standard object's metadata.*FIELDS:.*creationTimestamp.*<string>.*CreationTimestamp is a timestamp"),
            (f"{plural}.spec", r"DESCRIPTION:.*Specification of Foo.*FIELDS:.*bars.*<\[\]Object>.*List of Bars and their specs"),
            (f"{plural}.spec.bars",
             r"FIELD:.*bars.*<\[\]Object>.*DESCRIPTION:.*List of Bars and their specs.*FIELDS:.*bazs.*<\[\]string>.*List of Bazs.*name.*<string>.*Name of Bar")):
        text = site.kubectl("explain", path)
        assert re.search(pattern, text, re.DOTALL), text
    missing = site.kubectl("explain", f"{plural}.spec.bars2", check=False)
    assert 'field "bars2" does not exist' in missing.stderr


def test_version_2_publishes_definitions_to_the_letter_as_they_change(site):
    name = site.define(FOO, "v2", "v3")
    eventually(lambda: site.published(name, "v2") == FOO and site.published(name, "v3") == FOO, what="both versions published")
    rename = [{"op": "test", "path": "/spec/versions/1/name", "value": "v3"}, {"op": "replace", "path": "/spec/versions/1/name", "value": "v4"}]
    site.kubectl("patch", "crd", f"{name}s.{GROUP}", "--type=json", "-p", json.dumps(rename))
    eventually(lambda: site.published(name, "v4") == FOO and site.published(name, "v3") is None, what="the renamed version published")
    assert site.published(name, "v2") == FOO
    site.kubectl("patch", "crd", f"{name}s.{GROUP}", "--type=json", "-p", '[{"op":"replace","path":"/spec/versions/1/served","value":false}]')
    eventually(lambda: site.published(name, "v4") is None, what="the version that is not served gone")
    site.kubectl("delete", "crd", f"{name}s.{GROUP}")
    eventually(lambda: site.published(name, "v2") is None, what="the deleted kind gone")


def test_a_kind_that_keeps_every_field_names_none_in_version_2(site):
    name = site.define(OPEN, "v1")
    eventually(lambda: site.published(name, "v1") is not None, what="the kind published")
    assert site.published(name, "v1") == {"type": "object"}
    thing = json.dumps({"kind": name, "apiVersion": f"{GROUP}/v1", "metadata": {"name": "any"}, "a": {"b": [{"c": "d"}]}})
    site.kubectl("create", "-f", "-", stdin=thing)
    assert site.get(name, "any")["a"] == {"b": [{"c": "d"}]}
    assert re.search("DESCRIPTION:.*<empty>", site.kubectl("explain", f"{name}s"), re.DOTALL)


def test_a_timeout_that_says_no_time_is_refused(site):
    for timeout in ("3m", "0s"):
        assert site.raw(f"/version?timeout={timeout}")["major"] == "1"
    refused = site.kubectl("get", "--raw", "/version?timeout=invalid", check=False)
    assert refused.returncode == 1 and "invalid timeout specified in the request URL" in refused.stderr, refused


def test_options_of_the_wrong_type_delete_nothing(site, base):
    site.kubectl("create", "configmap", "kept")
    options = base / "options.json"
    options.write_text('{"gracePeriodSeconds":"30"}')
    refused = site.kubectl("delete", "--raw", f"/api/v1/namespaces/{site.namespace}/configmaps/kept", "-f", options, check=False)
    assert refused.returncode == 1 and "cannot unmarshal string" in refused.stderr, refused
    assert site.get("configmap", "kept")["metadata"]["name"] == "kept"


def test_a_quota_follows_the_life_of_a_custom_resource(site):
    name = site.define(OPEN, "v1")
    count = f"count/{name}s.{GROUP}"
    site.kubectl("create", "quota", "few", f"--hard={count}=1")

    def used(amount):
        return eventually(lambda: site.get("quota", "few").get("status", {}).get("used", {}).get(count) == amount, what=f"{amount} used")

    used("0")
    things = [json.dumps({"kind": name, "apiVersion": f"{GROUP}/v1", "metadata": {"name": one}}) for one in ("a", "b")]
    site.kubectl("create", "-f", "-", stdin=things[0])
    used("1")
    refused = site.kubectl("create", "-f", "-", stdin=things[1], check=False)
    assert f"exceeded quota: few, requested: {count}=1, used: {count}=1, limited: {count}=1" in refused.stderr, refused
    site.kubectl("delete", name, "a")
    used("0")


def test_a_quota_counts_claims_by_their_attributes_class(site):
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "gold"}, "spec": {
        "hard": {"persistentvolumeclaims": "1"},
        "scopeSelector": {"matchExpressions": [{"scopeName": "VolumeAttributesClass", "operator": "In", "values": ["gold"]}]}}}
    site.kubectl("create", "-f", "-", stdin=json.dumps(quota))

    def claim(name, attributes):
        return json.dumps({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": {
            "accessModes": ["ReadWriteOnce"], "volumeAttributesClassName": attributes, "resources": {"requests": {"storage": "1Gi"}}}})

    site.kubectl("create", "-f", "-", stdin=claim("a", "gold"))
    eventually(lambda: site.get("quota", "gold")["status"]["used"] == {"persistentvolumeclaims": "1"}, what="the claim counted")
    assert "exceeded quota: gold" in site.kubectl("create", "-f", "-", stdin=claim("b", "gold"), check=False).stderr
    site.kubectl("create", "-f", "-", stdin=claim("c", "silver"))
    site.kubectl("delete", "pvc", "a")
    eventually(lambda: site.get("quota", "gold")["status"]["used"] == {"persistentvolumeclaims": "0"}, what="the claim no more counted")


def test_a_quota_takes_back_a_status_that_others_wrote(site):
    site.kubectl("create", "quota", "q", "--hard=cpu=1,memory=1Gi")
    path = '{"status":{"hard":{"cpu":"2","memory":"2Gi"}}}'
    patched = json.loads(site.kubectl("patch", "quota", "q", "--subresource=status", "-p", path, "-o", "json"))
    assert patched["status"]["hard"] == {"cpu": "2", "memory": "2Gi"} and patched["spec"]["hard"] == {"cpu": "1", "memory": "1Gi"}
    eventually(lambda: site.get("quota", "q")["status"]["hard"] == {"cpu": "1", "memory": "1Gi"}, what="the status put right")


def test_a_form_of_metadata_that_the_answer_does_not_have_is_not_acceptable(site):
    site.kubectl("create", "configmap", "one")
    maps = f"/api/v1/namespaces/{site.namespace}/configmaps"
    for path, form, code in (
            (maps, "PartialObjectMetadataList", 200), (f"{maps}/one", "PartialObjectMetadata", 200),
            (maps, "PartialObjectMetadata", 406), (f"{maps}/one", "PartialObjectMetadataList", 406)):
        accept = f"Accept: application/json;as={form};g=meta.k8s.io;v=v1,application/json"
        assert site.code("GET", path, "-H", accept) == code, (path, form)


def test_the_objects_of_all_namespaces_are_only_read(site):
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert site.code(method, "/api/v1/pods", "-H", "Content-Type: application/json", "-d", "{}") == 405, method


def test_conditions_of_a_pod_say_which_generation_they_are_about(site):
    site.kubectl("create", "-f", "-", stdin=json.dumps(pod("late", "host/missing:none", ["sleep", "600"])))
    site.kubectl("create", "-f", "-", stdin=json.dumps(pod(
        "large", "host/missing:none", ["sleep"], container={"resources": {"requests": {"cpu": "1000000000000"}}})))
    site.kubectl("create", "-f", "-", stdin=json.dumps(pod("gated", "host/missing:none", ["sleep"], schedulingGates=[{"name": "g"}])))

    def generations(name):
        conditions = site.get("pod", name)["status"].get("conditions", [])
        return {condition["type"]: condition.get("observedGeneration") for condition in conditions}
    kinds = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    eventually(lambda: generations("late") == dict.fromkeys(kinds, 1), what="conditions of the first generation")
    site.kubectl("set", "image", "pod/late", f"main={site.cluster.busybox()}")
    eventually(lambda: generations("late") == dict.fromkeys(kinds, 2), what="conditions of the second generation")
    eventually(lambda: generations("large") == {"PodScheduled": 1}, what="a pod that fits nowhere")
    assert generations("gated") == {"PodScheduled": 1}
    assert "SchedulingGated" in site.kubectl("get", "pod", "gated")


def test_a_pod_of_an_unknown_runtime_handler_never_runs(site):
    for name, handler in (("strange", "e2e-handler"), ("plain", "runc")):
        name = f"{site.namespace}-{name}"
        site.kubectl("create", "-f", "-", stdin=json.dumps({
            "apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": name}, "handler": handler}))
        site.kubectl("create", "-f", "-", stdin=json.dumps(pod(
            name, site.cluster.busybox(), ["sleep", "600"], runtimeClassName=name)))
    eventually(lambda: "e2e-handler" in site.kubectl(
        "get", "events", "--field-selector", f"reason=FailedCreatePodSandBox,involvedObject.name={site.namespace}-strange",
        "-o", "jsonpath={.items[*].message}"), what="the event that names the handler")
    site.kubectl("wait", "--for=condition=Ready", f"pod/{site.namespace}-plain", "--timeout=30s")
    assert site.get("pod", f"{site.namespace}-strange")["status"]["phase"] == "Pending"


def test_a_slice_of_devices_says_its_generation(site):
    name = f"{site.namespace}-devices"
    site.kubectl("create", "-f", "-", stdin=json.dumps({
        "apiVersion": "resource.k8s.io/v1", "kind": "ResourceSlice", "metadata": {"name": name},
        "spec": {"driver": "dra.example.com", "nodeName": "a", "pool": {"name": "a", "resourceSliceCount": 1}}}))
    assert site.get("resourceslice", name)["spec"]["pool"]["generation"] == 0
    site.kubectl("delete", "resourceslice", name)


def test_a_pod_takes_the_place_of_one_that_is_deleted(site):
    capacity = site.get("node", "kdash")["status"]["allocatable"]["cpu"]
    most = {"resources": {"requests": {"cpu": f"{int(capacity) * 750}m"}}}
    image = site.cluster.busybox()
    for name in ("first", "second"):
        site.kubectl("create", "-f", "-", stdin=json.dumps(pod(name, image, ["sleep", "600"], container=most)))
    for name in ("first", "second"):
        site.kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=30s")
        site.kubectl("delete", "pod", name, "--grace-period=1")
