"""Answers in Kubernetes' protobuf, decoded by hand: negotiation, objects, lists, statuses, watches and metadata, over the shipped program."""

import datetime
import http.client
import json
import ssl
import struct

import pytest

NAMESPACE = "binary"
PROTOBUF = "application/vnd.kubernetes.protobuf"
JSON = "application/json"
METADATA = "as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
TABLE = "as=Table;g=meta.k8s.io;v=v1"
MAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GEMS = f"/apis/example.org/v1/namespaces/{NAMESPACE}/gems"


# The wire format

def varint(data, place):
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7


def message(data):
    """The fields of a message: number -> values in order. Numbers must not fall, as Go's generated code writes them."""
    found, place, last = {}, 0, 0
    while place < len(data):
        tag, place = varint(data, place)
        number, wire = tag >> 3, tag & 7
        assert number >= last, f"field {number} after {last}"
        last = number
        if wire == 0:
            value, place = varint(data, place)
        elif wire == 1:
            value, place = struct.unpack_from("<d", data, place)[0], place + 8
        else:
            assert wire == 2, f"wire type {wire}"
            size, place = varint(data, place)
            assert place + size <= len(data), "a value ends outside its message"
            value, place = data[place:place + size], place + size
        found.setdefault(number, []).append(value)
    return found


def body(data):
    """The kind, version and fields of a whole body."""
    assert data[:4] == b"k8s\x00", data[:40]
    unknown = message(data[4:])
    meta = message(unknown[1][0])
    assert unknown.get(3, [b""]) == [b""] and unknown.get(4, [b""]) == [b""]
    return meta[2][0].decode(), meta[1][0].decode(), message(unknown[2][0])


def strings(entries):
    """A map of texts."""
    pairs = [message(entry) for entry in entries]
    return {pair[1][0].decode(): pair[2][0].decode() for pair in pairs}


def metadata(fields):
    """What ObjectMeta says, in JSON's words."""
    meta = message(fields[1][0])
    texts = {1: "name", 3: "namespace", 5: "uid", 6: "resourceVersion"}
    found = {name: meta[number][0].decode() for number, name in texts.items() if meta.get(number, [b""])[0]}
    if meta.get(11):
        found["labels"] = strings(meta[11])
    if meta.get(8, [b""])[0]:
        seconds = message(meta[8][0])[1][0]
        found["creationTimestamp"] = datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return found


def same(meta, other):
    """Whether hand-decoded metadata says what JSON says."""
    return meta == {name: other[name] for name in ("name", "namespace", "uid", "resourceVersion", "labels", "creationTimestamp") if name in other}


def frames(stream):
    """The events of a watch: type and the body of the object."""
    while True:
        head = stream.read(4)
        if len(head) < 4:
            return
        event = message(stream.read(int.from_bytes(head, "big")))
        yield event[1][0].decode(), body(message(event[2][0])[1][0])


# The server

class Api:
    """Raw requests as the administrator."""

    def __init__(self, cluster):
        server = json.loads(cluster.kubectl("config", "view", "--raw", "-o", "json"))["clusters"][0]["cluster"]["server"]
        self.host, self.port = server.removeprefix("https://").rsplit(":", 1)
        self.context = ssl.create_default_context(cafile=cluster.data / "pki/ca.crt")
        self.context.load_cert_chain(cluster.data / "pki/admin.crt", cluster.data / "pki/admin.key")

    def open(self, method, path, accept=None, data=None, content=JSON):
        connection = http.client.HTTPSConnection(self.host, int(self.port), context=self.context, timeout=30)
        headers = {"Accept": accept} if accept else {}
        if data is not None:
            headers["Content-Type"] = content
        connection.request(method, path, body=data if data is None or isinstance(data, bytes) else json.dumps(data), headers=headers)
        return connection.getresponse()

    def __call__(self, method, path, accept=None, data=None, content=JSON):
        answer = self.open(method, path, accept, data, content)
        with answer:
            return answer.status, answer.headers["Content-Type"], answer.read()

    def json(self, path):
        status, _, text = self("GET", path)
        assert status == 200, text
        return json.loads(text)

    def binary(self, method, path, accept=PROTOBUF, data=None, content=JSON, status=200):
        got, kind, answer = self(method, path, accept, data, content)
        assert (got, kind) == (status, PROTOBUF), (got, kind, answer[:300])
        return body(answer)


@pytest.fixture(scope="module")
def api(shared):
    shared.kubectl("create", "namespace", NAMESPACE)
    shared.apply({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "gems.example.org"},
        "spec": {"group": "example.org", "scope": "Namespaced", "names": {"plural": "gems", "kind": "Gem"}, "versions": [{
            "name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                "type": "object", "x-kubernetes-preserve-unknown-fields": True,
                "properties": {"size": {"type": "number", "maximum": 3.5, "default": 2}}}}}]}})
    shared.kubectl("wait", "--for=condition=Established", "crd/gems.example.org", "--timeout=20s")
    shared.apply({"apiVersion": "example.org/v1", "kind": "Gem", "metadata": {"name": "ruby", "namespace": NAMESPACE, "labels": {"a": "b"}}})
    return Api(shared)


def config(name, **more):
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": name, "labels": {"app": "web", "odd": ""}}, **more}


@pytest.mark.parametrize("path,accept,status,kind", [
    (MAPS, PROTOBUF, 200, PROTOBUF),
    (MAPS, f"{PROTOBUF},{JSON}", 200, PROTOBUF),
    (MAPS, f"{JSON},{PROTOBUF}", 200, JSON),
    (MAPS, f"text/html, {PROTOBUF}, */*", 200, PROTOBUF),
    (MAPS, f"*/*, {PROTOBUF}", 200, PROTOBUF),
    (MAPS, f"{PROTOBUF};q=0.5, {JSON};q=0.9", 200, JSON),
    (MAPS, "*/*", 200, JSON),
    (MAPS, None, 200, JSON),
    (MAPS, f"{PROTOBUF};{TABLE}", 406, JSON),
    (MAPS, f"{PROTOBUF};{TABLE},{JSON};{TABLE}", 200, JSON),
    (MAPS, f"{PROTOBUF};{TABLE},{PROTOBUF}", 200, PROTOBUF),
    (MAPS, f"{PROTOBUF};{METADATA_LIST}", 200, PROTOBUF),
    (MAPS, f"{PROTOBUF};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1beta1,application/yaml", 200, "application/yaml"),
    (MAPS, "application/cbor", 406, JSON),
    (MAPS, f"{PROTOBUF};stream=other", 406, JSON),
    (GEMS, PROTOBUF, 406, PROTOBUF),
    (GEMS, f"{PROTOBUF},{JSON}", 200, JSON),
    (GEMS, f"{PROTOBUF},application/yaml", 200, "application/yaml"),
    (GEMS, f"{PROTOBUF};{METADATA_LIST},{JSON};{METADATA_LIST}", 200, PROTOBUF),
    ("/apis/metrics.k8s.io/v1beta1/pods", f"{PROTOBUF},{JSON}", 200, JSON),
    ("/api/v1/nope", PROTOBUF, 404, PROTOBUF),
])
def test_accept_is_taken_in_order(api, path, accept, status, kind):
    got, content, text = api("GET", path, accept)
    assert (got, content) == (status, kind), text[:300]
    if content == PROTOBUF and status != 200:
        name, version, fields = body(text)
        assert (name, version, fields[6], fields[2]) == ("Status", "v1", [status], [b"Failure"])


def test_an_object_is_written_answered_and_read_in_protobuf(api):
    data = {"plain": "x", "odd": "quote \" back \\ line \n grüße 🚀", "empty": ""}
    sent = config("whole", data=data, binaryData={"raw": "AAEC/w=="}, immutable=False)
    name, version, made = api.binary("POST", MAPS, data=sent, status=201)
    assert (name, version) == ("ConfigMap", "v1")
    path = f"{MAPS}/whole"
    name, version, read = api.binary("GET", path)
    assert (name, version) == ("ConfigMap", "v1") and read == made
    known = api.json(path)
    assert same(metadata(read), known["metadata"])
    assert strings(read[2]) == data
    assert message(read[3][0]) == {1: [b"raw"], 2: [b"\x00\x01\x02\xff"]}
    assert read[4] == [0]
    # What was answered can be sent back as it is.
    got, _, whole = api("GET", path, PROTOBUF)
    got, content, again = api("PUT", path, PROTOBUF, whole, PROTOBUF)
    assert (got, content) == (200, PROTOBUF)
    assert api.json(path)["data"] == data
    _, _, patched = api.binary("PATCH", path, data={"data": {"plain": "y"}}, content="application/merge-patch+json")
    assert strings(patched[2])["plain"] == "y"
    name, version, gone = api.binary("DELETE", path)
    assert (name, version, gone[2]) == ("Status", "v1", [b"Success"])
    name, _, missing = api.binary("GET", path, status=404)
    details = message(missing[5][0])
    assert (name, missing[4], missing[6], details[1], details[3]) == ("Status", [b"NotFound"], [404], [b"whole"], [b"configmaps"])


def test_numbers_and_their_kinds_keep_their_values(api):
    pod = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "values"}, "spec": {
        "nodeName": "nowhere", "terminationGracePeriodSeconds": 0, "hostNetwork": False, "activeDeadlineSeconds": 300,
        "containers": [{"name": "c", "image": "x", "resources": {"requests": {"cpu": "0.5", "memory": "1Gi"}},
                        "livenessProbe": {"httpGet": {"port": "http", "path": "/x"}, "periodSeconds": 7},
                        "readinessProbe": {"tcpSocket": {"port": 8080}}}],
        "tolerations": [{"key": "k", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 0}]}}
    path = f"/api/v1/namespaces/{NAMESPACE}/pods"
    _, _, fields = api.binary("POST", path, data=pod, status=201)
    spec = message(fields[2][0])
    assert (spec[4], spec[5], spec[10]) == ([0], [300], [b"nowhere"])
    container = message(spec[2][0])
    requests = {message(entry)[1][0]: message(message(entry)[2][0])[1][0] for entry in message(container[8][0])[2]}
    assert requests == {b"cpu": b"500m", b"memory": b"1Gi"}
    live, ready = message(container[10][0]), message(container[11][0])
    # The handler is one inlined message; a port is {type, number, text}.
    http = message(message(live[1][0])[2][0])
    assert (http[1], message(http[2][0])) == ([b"/x"], {1: [1], 2: [0], 3: [b"http"]})
    assert live[4] == [7]
    assert message(message(message(ready[1][0])[3][0])[1][0]) == {1: [0], 2: [8080], 3: [b""]}
    assert any(message(each).get(5) == [0] for each in spec[22])
    api("DELETE", f"{path}/values?gracePeriodSeconds=0")


def test_definitions_keep_their_schemas(api):
    _, _, fields = api.binary("GET", f"{CRDS}/gems.example.org")
    version = message(message(fields[2][0])[7][0])
    assert version[1] == [b"v1"] and version[2] == [1]
    schema = message(message(version[4][0])[1][0])
    assert schema[5] == [b"object"] and schema[38] == [1]
    entry = message(schema[29][0])
    size = message(entry[2][0])
    assert (entry[1], size[5], size[9], message(size[8][0])) == ([b"size"], [b"number"], [3.5], {1: [b"2"]})


def test_lists_have_what_json_lists_have(api):
    for index in range(5):
        api.binary("POST", MAPS, data=config(f"listed-{index}", data={"n": str(index)}), status=201)
    selected = f"{MAPS}?labelSelector=app%3Dweb&limit=3"
    known = api.json(selected)
    name, version, fields = api.binary("GET", selected)
    assert (name, version) == ("ConfigMapList", "v1")
    assert [metadata(message(item)) for item in fields[2]] == [
        {key: item["metadata"][key] for key in ("name", "namespace", "uid", "resourceVersion", "labels", "creationTimestamp")}
        for item in known["items"]]
    listed = message(fields[1][0])
    assert listed[2][0].decode() == known["metadata"]["resourceVersion"]
    rest = api.binary("GET", f"{selected}&continue={listed[3][0].decode()}")[2]
    assert [metadata(message(item))["name"] for item in rest[2]] == ["listed-3", "listed-4"]
    name, _, gone = api.binary("DELETE", f"{MAPS}?labelSelector=app%3Dweb")
    assert name == "ConfigMapList" and len(gone[2]) == 5


def test_large_lists_arrive_whole(api):
    """Lists that are written beside the event loop."""
    for index in range(3):
        api.binary("POST", MAPS, data=config(f"large-{index}", data={"text": str(index) * 300_000}), status=201)
    _, _, fields = api.binary("GET", f"{MAPS}?labelSelector=app%3Dweb")
    assert [(metadata(message(item))["name"], len(strings(message(item)[2])["text"])) for item in fields[2]] == [
        (f"large-{index}", 300_000) for index in range(3)]
    kind, _, fields = api.binary("GET", f"{MAPS}?labelSelector=app%3Dweb", f"{PROTOBUF};{METADATA_LIST}")
    assert kind == "PartialObjectMetadataList" and [set(message(item)) for item in fields[2]] == [{1}] * 3
    api("DELETE", f"{MAPS}?labelSelector=app%3Dweb")


def test_every_resource_lists_as_many_in_protobuf(api):
    versions = ["/api/v1"] + [
        f"/apis/{each['groupVersion']}" for group in api.json("/apis")["groups"] for each in group["versions"]
        if group["name"] not in ("example.org", "metrics.k8s.io")]
    counted = 0
    for version in versions:
        for resource in api.json(version)["resources"]:
            if "list" not in resource["verbs"] or resource["name"] == "componentstatuses":
                continue
            path = f"{version}/{resource['name']}"
            known = api.json(path)
            name, group, fields = api.binary("GET", path)
            assert version.endswith(f"/{group}"), (path, group)
            assert name == known["kind"], path
            assert [metadata(message(each)).get("uid") for each in fields.get(2, [])] == [
                each["metadata"].get("uid") for each in known["items"]], path
            counted += 1
    assert counted > 50


@pytest.mark.parametrize("path,name", [(MAPS, "watched"), (GEMS, "opal")])
def test_metadata_is_listed_and_watched_as_informers_do(api, path, name):
    accept = f"{PROTOBUF};{METADATA_LIST},{JSON};{METADATA_LIST},{JSON}"
    sent = config(name, data={"big": "x" * 1000}) if path == MAPS else {
        "kind": "Gem", "apiVersion": "example.org/v1", "metadata": {"name": name}, "size": 3}
    assert api("POST", path, None, sent)[0] == 201
    known = api.json(f"{path}/{name}")["metadata"]
    kind, version, fields = api.binary("GET", path, accept)
    assert (kind, version) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
    items = [message(item) for item in fields[2]]
    assert all(set(item) == {1} for item in items)
    assert any(same(metadata(item), known) for item in items)
    kind, version, one = api.binary("GET", f"{path}/{name}", f"{PROTOBUF};{METADATA}")
    assert (kind, version, set(one)) == ("PartialObjectMetadata", "meta.k8s.io/v1", {1}) and same(metadata(one), known)
    watch = api.open("GET", f"{path}?watch=1&resourceVersion=0&fieldSelector=metadata.name%3D{name}", accept)
    with watch:
        assert watch.headers["Content-Type"] == f"{PROTOBUF};stream=watch"
        event, (kind, version, fields) = next(frames(watch))
        assert (event, kind, version, set(fields)) == ("ADDED", "PartialObjectMetadata", "meta.k8s.io/v1", {1})
        assert same(metadata(fields), known)
    api("DELETE", f"{path}/{name}")


def test_a_watch_is_frames_of_events(api):
    start = api.json(MAPS)["metadata"]["resourceVersion"]
    watch = api.open("GET", f"{MAPS}?watch=1&resourceVersion={start}&timeoutSeconds=2&allowWatchBookmarks=true&labelSelector=app%3Dweb", f"{PROTOBUF},{JSON}")
    with watch:
        assert (watch.status, watch.headers["Content-Type"]) == (200, f"{PROTOBUF};stream=watch")
        api("POST", MAPS, None, config("seen", data={"n": "1"}))
        api("PATCH", f"{MAPS}/seen", None, {"data": {"n": "2" * 300}}, "application/merge-patch+json")
        api("PATCH", f"{MAPS}/seen", None, {"metadata": {"labels": {"app": None}}}, "application/merge-patch+json")
        api("DELETE", f"{MAPS}/seen")
        events = list(frames(watch))
    names = [event for event, _ in events]
    assert names[:3] == ["ADDED", "MODIFIED", "DELETED"] and set(names[3:]) == {"BOOKMARK"}, names
    assert {kind for _, (kind, _, _) in events} == {"ConfigMap"}
    assert [strings(fields[2])["n"] for _, (_, _, fields) in events[:3]] == ["1", "2" * 300, "2" * 300]
    marks = [int(metadata(fields)["resourceVersion"]) for _, (_, _, fields) in events]
    assert marks == sorted(marks) and marks[0] > int(start)
    assert set(message(events[-1][1][2][1][0])) <= {6, 12}


def test_watches_share_what_they_are_told(api):
    """Watches in both encodings, started before the same change, are told the same."""
    start = api.json(MAPS)["metadata"]["resourceVersion"]
    path = f"{MAPS}?watch=1&resourceVersion={start}"
    streams = [api.open("GET", path, accept) for accept in (PROTOBUF, JSON, PROTOBUF, JSON)]
    api("POST", MAPS, None, config("shared", data={"n": "1"}))
    first, second = (next(frames(stream)) for stream in streams[::2])
    assert first == second and first[0] == "ADDED"
    lines = [json.loads(stream.readline()) for stream in streams[1::2]]
    assert lines[0] == lines[1]
    assert same(metadata(first[1][2]), lines[0]["object"]["metadata"])
    for stream in streams:
        stream.close()
    api("DELETE", f"{MAPS}/shared")


@pytest.mark.parametrize("body,group,kind", [
    ({"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}, "authorization.k8s.io/v1", "SelfSubjectAccessReview"),
    ({}, "authentication.k8s.io/v1", "SelfSubjectReview"),
])
def test_reviews_are_answered_in_protobuf(api, body, group, kind):
    path = f"/apis/{group}/{kind.lower()}s"
    name, version, fields = api.binary("POST", path, data={"kind": kind, "apiVersion": group, **body}, status=201)
    assert (name, version) == (kind, group)
    status = message(fields[3 if "spec" in body else 2][0])
    assert status[1] == [1] if "spec" in body else message(status[1][0])[1]


def test_scales_and_tokens_are_answered_in_protobuf(api):
    deployments = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
    assert api("POST", deployments, None, {
        "kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "web"}, "spec": {
            "replicas": 0, "selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}}}})[0] == 201
    name, version, fields = api.binary("GET", f"{deployments}/web/scale")
    assert (name, version, message(fields[3][0])[2]) == ("Scale", "autoscaling/v1", [b"a=b"])
    accounts = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts"
    name, _, fields = api.binary("POST", f"{accounts}/default/token", data={"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "spec": {}}, status=201)
    assert name == "TokenRequest" and message(fields[3][0])[1][0].count(b".") == 2
    api("DELETE", f"{deployments}/web")


def test_kubectl_reads_what_it_asks_for_in_protobuf(api, shared):
    """Commands whose clients decode protobuf wherever the server sends it."""
    kubectl = lambda *arguments, **options: shared.kubectl("-n", NAMESPACE, *arguments, **options)
    kubectl("create", "deployment", "site", "--image=x", "--replicas=0")
    kubectl("create", "configmap", "settings", "--from-literal=mode=0644")
    kubectl("create", "quota", "some", "--hard=pods=10,requests.cpu=500m")
    kubectl("scale", "deployment/site", "--replicas=0")
    kubectl("autoscale", "deployment/site", "--min=1", "--max=3")
    described = kubectl("describe", "deployment/site")
    assert "site" in described and "RollingUpdateStrategy:  25% max unavailable, 25% max surge" in described, described
    assert "0644" in kubectl("describe", "configmap/settings")
    assert "500m" in kubectl("describe", "quota/some")
    assert "gems.example.org" in kubectl("describe", "crd/gems.example.org")
    assert "Min replicas:  1" in " ".join(kubectl("describe", "hpa/site").split()).replace("Min replicas: 1", "Min replicas:  1")
    assert kubectl("create", "token", "default").count(".") == 2
    assert kubectl("auth", "can-i", "list", "pods").strip() == "yes"
    assert "Name:" in kubectl("describe", "nodes")
    assert "settings" in kubectl("get", "configmaps")
    missing = kubectl("describe", "configmap/none", check=False)
    assert 'configmaps "none" not found' in missing.stderr
    assert json.loads(kubectl("get", "--raw", f"{MAPS}/settings"))["data"] == {"mode": "0644"}
    assert json.loads(kubectl("get", "--raw", MAPS))["kind"] == "ConfigMapList"
