"""Everything that Kubernetes serves by default: discovery and OpenAPI documents, and each kind from create to delete."""

import base64
import copy
import json
import subprocess

import pytest

from cluster import eventually
from minimal_objects import OBJECTS, in_namespace

NAMESPACE = "kinds"
# Created by asking, not stored, or made by the server alone.
ASKED = {"bindings", "componentstatuses", "selfsubjectreviews", "tokenreviews", "localsubjectaccessreviews", "selfsubjectaccessreviews",
         "selfsubjectrulesreviews", "subjectaccessreviews"}
V2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@pytest.fixture(scope="module")
def cluster(shared):
    shared.kubectl("create", "namespace", NAMESPACE)
    return shared


@pytest.fixture(scope="module")
def curl(cluster):
    """Raw requests with the administrator's certificate: (status, headers, body)."""
    config = json.loads(cluster.kubectl("config", "view", "--raw", "-o", "json"))
    user = config["users"][0]["user"]
    server = config["clusters"][0]["cluster"]

    def file(holder, name):
        if holder.get(name):
            return holder[name]
        path = cluster.base / f"{name}.pem"
        path.write_bytes(base64.b64decode(holder[f"{name}-data"]))
        return str(path)

    identity = ["--cacert", file(server, "certificate-authority"), "--cert", file(user, "client-certificate"),
                "--key", file(user, "client-key")]

    def run(path, *headers):
        command = ["curl", "-sS", "-i", "--http1.1", *identity]
        for header in headers:
            command += ["-H", header]
        answer = subprocess.run([*command, server["server"] + path], capture_output=True, timeout=30, check=True).stdout
        head, _, body = answer.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        return int(lines[0].split()[1]), fields, body

    return run


def document(curl, path, *headers):
    status, fields, body = curl(path, *headers)
    assert status == 200, (path, status, body[:300])
    return json.loads(body), fields


def groups(curl):
    """Every group version but core."""
    listing, _ = document(curl, "/apis")
    return [version["groupVersion"] for group in listing["groups"] for version in group["versions"]]


def signing_request():
    """A PEM certificate request, made by openssl."""
    done = subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                           "/dev/null", "-subj", "/CN=somebody"], capture_output=True, check=True, timeout=30)
    return base64.b64encode(done.stdout).decode()


# Discovery

def test_both_forms_of_discovery_name_the_same_resources(curl):
    plain = set()
    for path, group_version in [("/api/v1", "v1")] + [(f"/apis/{each}", each) for each in groups(curl)]:
        listing, _ = document(curl, path)
        assert listing["groupVersion"] == group_version
        plain |= {(group_version, entry["name"]) for entry in listing["resources"]}
    aggregated = set()
    for path in ("/api", "/apis"):
        listing, fields = document(curl, path, f"Accept: {V2}")
        assert fields["content-type"].startswith("application/json") and "as=APIGroupDiscoveryList" in fields["content-type"]
        for group in listing["items"]:
            name = group["metadata"].get("name", "")
            for version in group["versions"]:
                group_version = f"{name}/{version['version']}" if name else version["version"]
                for resource in version["resources"]:
                    aggregated.add((group_version, resource["resource"]))
                    aggregated |= {(group_version, f"{resource['resource']}/{each['subresource']}")
                                   for each in resource.get("subresources", [])}
    assert plain == aggregated
    assert len({each for each in plain if "/" not in each[1]}) >= 68


def test_discovery_is_kept_by_its_tag(curl):
    for path, accept in (("/apis", V2), ("/api", V2), ("/apis", V2.replace("v=v2", "v=v2beta1")), ("/apis", "application/json"),
                         ("/apis/apps/v1", "application/json")):
        status, fields, _ = curl(path, f"Accept: {accept}")
        assert status == 200 and fields["etag"].startswith('"')
        status, again, body = curl(path, f"Accept: {accept}", f"If-None-Match: {fields['etag']}")
        assert (status, again["etag"], body) == (304, fields["etag"], b"")
        assert curl(path, f"Accept: {accept}", 'If-None-Match: "other"')[0] == 200
    _, fields, body = curl("/apis", f"Accept: {V2.replace('v=v2', 'v=v2beta1')}")
    assert json.loads(body)["apiVersion"] == "apidiscovery.k8s.io/v2beta1" and "v=v2beta1" in fields["content-type"]


@pytest.mark.parametrize("path", ["/api/", "/apis/", "/apis/apps/", "/api/v1/", "/apis/apps/v1/"])
def test_discovery_takes_a_trailing_slash(curl, path):
    assert document(curl, path)[0] == document(curl, path.rstrip("/"))[0]


def test_groups_name_their_preferred_version(curl):
    listing, _ = document(curl, "/apis")
    preferred = {group["name"]: group["preferredVersion"]["version"] for group in listing["groups"]}
    assert preferred["autoscaling"] == "v2" and preferred["apps"] == "v1"
    assert [group["name"] for group in listing["groups"]][:4] == [
        "apiregistration.k8s.io", "apps", "events.k8s.io", "authentication.k8s.io"]
    hashes = {each["name"]: each.get("storageVersionHash") for each in document(curl, "/api/v1")[0]["resources"]}
    assert hashes["pods"] == "xPOwRZ+Yhw8=" and hashes["configmaps"] == "qFsyl6wFWjQ=" and hashes["bindings"] is None


@pytest.mark.parametrize("path, wanted", [
    ("/apis/extensions/v1beta1/namespaces/default/ingresses", "networking.k8s.io/v1"),
    ("/apis/extensions/v1beta1/deployments", "apps/v1"),
    ("/apis/policy/v1beta1/poddisruptionbudgets", "policy/v1"),
    ("/apis/batch/v1beta1/cronjobs", "batch/v1"),
    ("/apis/autoscaling/v2beta2/horizontalpodautoscalers", "autoscaling/v2"),
    ("/apis/networking.k8s.io/v1beta1/ingresses", "networking.k8s.io/v1"),
    ("/apis/apiregistration.k8s.io/v1beta1/apiservices", "apiregistration.k8s.io/v1"),
    ("/apis/rbac.authorization.k8s.io/v1beta1/roles", "rbac.authorization.k8s.io/v1"),
    ("/apis/flowcontrol.apiserver.k8s.io/v1beta3", "flowcontrol.apiserver.k8s.io/v1"),
    ("/openapi/v3/apis/apps/v1beta1", "apps/v1"),
])
def test_versions_that_are_gone_name_the_one_to_use(curl, path, wanted):
    status, _, body = curl(path)
    answer = json.loads(body)
    assert (status, answer["reason"]) == (404, "NotFound")
    assert f"use {wanted}" in answer["message"]


# OpenAPI

def test_version_3_is_kept_for_ever_by_its_hash(curl):
    index, fields = document(curl, "/openapi/v3")
    assert curl("/openapi/v3", f"If-None-Match: {fields['etag']}")[0] == 304
    paths = index["paths"]
    versions = set(groups(curl))
    assert set(paths) == {"api", "api/v1", "apis", "version", ".well-known/openid-configuration", "openid/v1/jwks"} | {
        f"apis/{each}" for each in versions | {each.split("/")[0] for each in versions}}
    for entry in paths.values():
        address = entry["serverRelativeURL"]
        status, fields, body = curl(address)
        assert status == 200 and "immutable" in fields["cache-control"] and "expires" in fields
        assert fields["etag"].strip('"') == address.split("hash=")[1]
        assert json.loads(body)["openapi"].startswith("3.0")
        assert curl(address, f"If-None-Match: {fields['etag']}")[0] == 304
        status, fields, _ = curl(address.split("hash=")[0] + "hash=STALE")
        assert (status, fields["location"]) == (301, address)


def test_version_2_defines_every_kind(curl):
    swagger, fields = document(curl, "/openapi/v2")
    assert swagger["swagger"] == "2.0"
    assert curl("/openapi/v2", f"If-None-Match: {fields['etag']}")[0] == 304
    kinds = {(entry["group"], entry["version"], entry["kind"]) for definition in swagger["definitions"].values()
             for entry in definition.get("x-kubernetes-group-version-kind", [])}
    for path in ["/api/v1"] + [f"/apis/{each}" for each in groups(curl)]:
        listing, _ = document(curl, path)
        group, _, version = listing["groupVersion"].rpartition("/")
        for entry in listing["resources"]:
            assert (entry.get("group", group), entry.get("version", version), entry["kind"]) in kinds, entry
    names = {word for text in json.dumps(swagger).split('"') for word in [text] if word.startswith("#/definitions/")}
    assert {name.removeprefix("#/definitions/") for name in names} <= set(swagger["definitions"])
    assert curl("/openapi/v2", "Accept: text/plain")[0] == 406


def test_version_2_is_read_in_its_binary_form(cluster, curl):
    binary = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
    status, fields, body = curl("/openapi/v2", f"Accept: {binary}")
    assert status == 200 and fields["content-type"] == "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
    assert body.startswith(b"\x0a\x032.0")
    assert curl("/openapi/v2", f"Accept: {binary}", f"If-None-Match: {fields['etag']}")[0] == 304
    text = cluster.kubectl("explain", "deployments.spec", "--output=plaintext-openapiv2")
    assert "replicas\t<integer>" in text and "How many pods are wanted." in text
    assert "selector\t<Object> -required-" in text


def test_documents_follow_definitions_as_they_come_and_go(cluster, curl):
    manifest = copy.deepcopy(OBJECTS["customresourcedefinitions.apiextensions.k8s.io"])
    manifest["metadata"]["name"] = "clocks.time.example.com"
    manifest["spec"].update(group="time.example.com", names={"plural": "clocks", "kind": "Clock", "shortNames": ["clk"]})
    schema = manifest["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"] = {"type": "object", "description": "What time it is.", "properties": {
        "hour": {"type": "integer", "description": "The hour.", "default": 7}, "free": {"type": "string", "nullable": True}}}

    def tags():
        index, fields = document(curl, "/openapi/v3")
        _, swagger = document(curl, "/openapi/v2")
        _, groups = document(curl, "/apis", f"Accept: {V2}")
        return index["paths"], (fields["etag"], swagger["etag"], groups["etag"])

    before = tags()
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(manifest))
    try:
        cluster.kubectl("wait", "--for=condition=Established", "crd/clocks.time.example.com", "--timeout=20s")
        during = tags()
        assert not set(before[1]) & set(during[1])
        assert set(during[0]) - set(before[0]) == {"apis/time.example.com/v1"}
        assert {path: entry for path, entry in during[0].items() if path in before[0]} == before[0]
        definition = document(curl, "/openapi/v2")[0]["definitions"]["com.example.time.v1.Clock"]
        assert definition["properties"]["spec"]["properties"] == {
            "hour": {"type": "integer", "description": "The hour."}, "free": {}}
        assert definition["x-kubernetes-group-version-kind"] == [{"group": "time.example.com", "kind": "Clock", "version": "v1"}]
        assert "hour\t<integer>" in cluster.kubectl("explain", "clocks.spec", "--recursive")
        assert "clk" in cluster.kubectl("api-resources", "--api-group=time.example.com")
        bad = {"apiVersion": "time.example.com/v1", "kind": "Clock", "metadata": {"name": "a"}, "spec": {"hours": 1}}
        refused = cluster.kubectl("create", "--validate=strict", "-f", "-", stdin=json.dumps(bad), check=False)
        assert refused.returncode != 0 and 'unknown field "spec.hours"' in refused.stderr
    finally:
        cluster.kubectl("delete", "crd", "clocks.time.example.com")
    assert eventually(lambda: tags() == before, what="documents as before")


def test_python_reads_the_documents(cluster):
    kubernetes = pytest.importorskip("kubernetes", reason="needs the Python package kubernetes")
    from kubernetes import config, dynamic
    client = dynamic.DynamicClient(config.new_client_from_config(config_file=str(cluster.kubeconfig)))
    assert client.resources.get(api_version="apps/v1", kind="StatefulSet").name == "statefulsets"
    assert kubernetes is not None


# Every kind

def test_every_resource_has_an_object_here(cluster):
    listed = cluster.kubectl("api-resources", "-o", "wide", "--no-headers").splitlines()
    assert len(listed) >= 67
    names = {line.strip() for line in cluster.kubectl("api-resources", "-o", "name").splitlines()}
    missing = {name for name in names if name.split(".")[0] not in ASKED and not name.endswith(".metrics.k8s.io")} - set(OBJECTS)
    assert not missing, missing


@pytest.mark.parametrize("resource", sorted(OBJECTS))
def test_a_kind_lives_from_create_to_delete(cluster, resource):
    manifest = in_namespace(resource, NAMESPACE)
    if manifest["kind"] == "CertificateSigningRequest":
        manifest["spec"]["request"] = signing_request()
    name = manifest["metadata"]["name"]
    text = json.dumps(manifest)

    def kubectl(*arguments, **options):
        return cluster.kubectl("-n", NAMESPACE, *arguments, **options)

    dry = json.loads(kubectl("create", "--validate=strict", "--dry-run=server", "-o", "json", "-f", "-", stdin=text))
    assert dry["metadata"]["uid"]
    assert kubectl("get", resource, name, check=False).returncode != 0, "a dry run stores nothing"
    broken = kubectl("create", "--validate=strict", "-f", "-", stdin=json.dumps({**manifest, "noSuchField": 1}), check=False)
    assert broken.returncode != 0 and 'unknown field "noSuchField"' in broken.stderr

    try:
        kubectl("create", "--validate=strict", "-f", "-", stdin=text)
        found = json.loads(kubectl("get", resource, name, "-o", "json"))
        assert (found["apiVersion"], found["kind"]) == (manifest["apiVersion"], manifest["kind"])
        assert found["metadata"]["creationTimestamp"] and found["metadata"]["resourceVersion"]
        assert f"name: {name}" in kubectl("get", resource, name, "-o", "yaml")
        # Events show their names only in the wide table.
        assert manifest["kind"] == "Event" or name in kubectl("get", resource, name)
        assert name in kubectl("get", resource, "-o", "wide")
        assert kubectl("get", resource, name, "-o", "name").strip().endswith(f"/{name}")
        kubectl("label", resource, name, "touched=yes")
        assert json.loads(kubectl("get", resource, name, "-o", "json"))["metadata"]["labels"]["touched"] == "yes"
    finally:
        kubectl("delete", resource, name, "--wait=false", "--ignore-not-found")


@pytest.mark.parametrize("resource", sorted(OBJECTS))
def test_a_kind_explains_itself(cluster, resource):
    version = OBJECTS[resource]["apiVersion"]
    plural = resource.split(".")[0]
    text = cluster.kubectl("explain", plural, f"--api-version={version}", "--recursive")
    assert f"KIND:       {OBJECTS[resource]['kind']}" in text
    assert "metadata\t<ObjectMeta>" in text and "DESCRIPTION:\n    <empty>" not in text


def test_both_versions_of_an_autoscaler_show_the_same_object(cluster):
    def kubectl(*arguments, **options):
        return cluster.kubectl("-n", NAMESPACE, *arguments, **options)

    manifest = copy.deepcopy(OBJECTS["horizontalpodautoscalers.v1.autoscaling"])
    manifest["metadata"]["name"] = "both"
    kubectl("create", "-f", "-", stdin=json.dumps(manifest))
    new = json.loads(kubectl("get", "horizontalpodautoscalers.v2.autoscaling", "both", "-o", "json"))
    assert new["spec"]["metrics"] == [
        {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}]
    assert "targetCPUUtilizationPercentage" not in new["spec"]
    new["spec"]["metrics"].append({"type": "Pods", "pods": {"metric": {"name": "q"}, "target": {"type": "AverageValue", "averageValue": "5"}}})
    kubectl("replace", "-f", "-", stdin=json.dumps(new))
    old = json.loads(kubectl("get", "horizontalpodautoscalers.v1.autoscaling", "both", "-o", "json"))
    assert old["apiVersion"] == "autoscaling/v1" and old["spec"]["targetCPUUtilizationPercentage"] == 70
    assert "metrics" not in old["spec"] and "autoscaling.alpha.kubernetes.io/metrics" in old["metadata"]["annotations"]
    old["spec"]["maxReplicas"] = 9
    kubectl("replace", "-f", "-", stdin=json.dumps(old))
    last = json.loads(kubectl("get", "hpa", "both", "-o", "json"))
    assert last["spec"]["maxReplicas"] == 9 and last["spec"]["metrics"] == new["spec"]["metrics"]
    kubectl("delete", "hpa", "both")
