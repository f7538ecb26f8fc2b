"""What goes with what: owners and dependents, tokens and accounts, namespaces and their contents."""

import json

import pytest

from cluster import eventually


@pytest.fixture
def namespace(shared, request):
    name = request.node.name.replace("_", "-").removeprefix("test-")[:50]
    shared.kubectl("create", "namespace", name)
    yield name
    shared.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


def config_map(name, owners=(), **metadata):
    references = [{"apiVersion": "v1", "kind": "ConfigMap", "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
                   "blockOwnerDeletion": blocks} for owner, blocks in owners]
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": name, "ownerReferences": references, **metadata}}


def create(shared, namespace, manifest):
    return json.loads(shared.kubectl("-n", namespace, "create", "-f", "-", "-o", "json", stdin=json.dumps(manifest)))


def exists(shared, namespace, kind, name):
    return shared.kubectl("-n", namespace, "get", kind, name, "-o", "name", "--ignore-not-found").strip() != ""


def test_a_circle_deleted_in_foreground_ends(shared, namespace):
    made = {name: create(shared, namespace, config_map(name)) for name in ("a", "b", "c")}
    for name, owner in (("a", "c"), ("b", "a"), ("c", "b")):
        references = config_map(name, [(made[owner], True)])["metadata"]["ownerReferences"]
        shared.kubectl("-n", namespace, "patch", "configmap", name, "--type=merge", "-p", json.dumps({"metadata": {"ownerReferences": references}}))
    shared.kubectl("-n", namespace, "delete", "configmap", "a", "--cascade=foreground", "--wait=false")
    for name in made:
        eventually(lambda: not exists(shared, namespace, "configmap", name), what=f"{name} gone")


def test_an_owner_goes_when_its_last_dependent_lets_go(shared, namespace):
    first, second = (create(shared, namespace, config_map(name)) for name in ("o1", "o2"))
    create(shared, namespace, config_map("dd", [(first, True), (second, False)]))
    shared.kubectl("-n", namespace, "delete", "configmap", "o1", "--cascade=foreground", "--wait=false")
    eventually(lambda: not exists(shared, namespace, "configmap", "o1"), what="the owner gone")
    left = shared.get("configmap", "dd", "-n", namespace)["metadata"]["ownerReferences"]
    assert [reference["name"] for reference in left] == ["o2"]


def test_tokens_go_with_their_accounts(shared, namespace):
    def token(name, account):
        return {"kind": "Secret", "apiVersion": "v1", "type": "kubernetes.io/service-account-token",
                "metadata": {"name": name, "annotations": {"kubernetes.io/service-account.name": account}}}
    shared.kubectl("-n", namespace, "create", "serviceaccount", "robot")
    create(shared, namespace, token("t", "robot"))
    create(shared, namespace, token("nobody", "never-there"))
    eventually(lambda: not exists(shared, namespace, "secret", "nobody"), what="the token of nobody gone")
    assert exists(shared, namespace, "secret", "t")
    shared.kubectl("-n", namespace, "delete", "serviceaccount", "robot")
    eventually(lambda: not exists(shared, namespace, "secret", "t"), what="the account's token gone")


def test_a_namespace_says_what_keeps_it(shared):
    name = "kept"
    shared.kubectl("create", "namespace", name)
    create(shared, name, config_map("held", finalizers=["example.com/hold"]))
    create(shared, name, {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "free"}})
    shared.kubectl("delete", "namespace", name, "--wait=false")

    def conditions():
        status = shared.get("namespace", name)["status"]
        return {one["type"]: one["message"] for one in status.get("conditions", []) if one["status"] == "True"}
    told = {"NamespaceContentRemaining": "Some resources are remaining: configmaps. has 1 resource instances",
            "NamespaceFinalizersRemaining": "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances"}
    eventually(lambda: conditions() == told, what="the conditions")
    eventually(lambda: not exists(shared, name, "secret", "free"), what="what nothing keeps gone")
    shared.kubectl("-n", name, "patch", "configmap", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    eventually(lambda: not exists(shared, "default", "namespace", name), what="the namespace gone")


def test_a_namespace_says_what_cannot_be_deleted(shared):
    """Objects of a kind whose only served version needs a webhook that nobody calls."""
    def version(name, served, storage):
        return {"name": name, "served": served, "storage": storage,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "anchors.stuck.example.com"},
        "spec": {"group": "stuck.example.com", "scope": "Namespaced", "names": {"plural": "anchors", "kind": "Anchor"},
                 "versions": [version("v1", True, True)]}}
    shared.apply(definition)
    shared.kubectl("wait", "--for=condition=Established", "crd/anchors.stuck.example.com", "--timeout=20s")
    shared.kubectl("create", "namespace", "stuck")
    create(shared, "stuck", {"apiVersion": "stuck.example.com/v1", "kind": "Anchor", "metadata": {"name": "a"}})
    create(shared, "stuck", config_map("free"))
    definition["spec"]["versions"] = [version("v1", False, True), version("v2", True, False)]
    definition["spec"]["conversion"] = {"strategy": "Webhook", "webhook": {
        "conversionReviewVersions": ["v1"], "clientConfig": {"url": "https://127.0.0.1:1/convert"}}}
    shared.apply(definition)
    shared.kubectl("delete", "namespace", "stuck", "--wait=false")

    def failure():
        conditions = shared.get("namespace", "stuck")["status"].get("conditions", [])
        return next((one for one in conditions if one["type"] == "NamespaceDeletionContentFailure" and one["status"] == "True"), None)
    told = eventually(failure, what="the failure told")
    assert told["reason"] == "ContentDeletionFailed"
    assert told["message"].startswith("Failed to delete all resource types, 1 remaining: ") and "conversion webhook" in told["message"]
    assert not exists(shared, "stuck", "configmap", "free")
    definition["spec"]["versions"] = [version("v1", True, True)]
    definition["spec"]["conversion"] = {"strategy": "None"}
    shared.apply(definition)
    eventually(lambda: not exists(shared, "default", "namespace", "stuck"), within=60, what="the namespace gone")
    shared.kubectl("delete", "crd", "anchors.stuck.example.com", "--timeout=20s")


def test_a_certificate_is_known_by_its_digest(shared):
    user = json.loads(shared.kubectl("auth", "whoami", "-o", "json"))["status"]["userInfo"]
    (credential,) = user["extra"]["authentication.kubernetes.io/credential-id"]
    assert credential.startswith("X509SHA256=") and len(credential) == len("X509SHA256=") + 64
