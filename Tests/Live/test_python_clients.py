"""The Python client's own machinery against the cluster: dynamic kinds, watches that outlive history, streams, elections."""

import http.client
import json
import os
import pathlib
import select
import sqlite3
import subprocess
import sys
import time

import pytest
from kubernetes import client, config, dynamic, utils, watch
from kubernetes.client.rest import ApiException
from kubernetes.stream import portforward, stream

from cluster import eventually, pod

HERE = pathlib.Path(__file__).parent


def connect(cluster):
    return config.new_client_from_config(str(cluster.kubeconfig))


@pytest.fixture(scope="module")
def api(shared):
    made = connect(shared)
    yield made
    made.close()


@pytest.fixture(scope="module")
def core(api):
    return client.CoreV1Api(api)


@pytest.fixture(scope="module")
def worker(shared):
    """A pod that answers HTTP on 8080 and repeats what it is told."""
    script = "mkdir /www; echo page > /www/index.html; httpd -p 8080 -h /www; echo ready; while read line; do echo heard $line; done"
    shared.apply(pod("python-worker", shared.busybox(), ["sh", "-c", script], container={"stdin": True}))
    shared.phase("python-worker", "Running", within=60)
    return "python-worker"


# Objects

def test_the_dynamic_client_does_every_verb(api):
    maps = dynamic.DynamicClient(api).resources.get(api_version="v1", kind="ConfigMap")
    place = {"namespace": "default"}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dyn-0", "labels": {"dyn": "yes"}}, "data": {"a": "1"}}
    made = maps.create(body=body, **place)
    assert made.metadata.uid and maps.get(name="dyn-0", **place).to_dict() == made.to_dict()
    for number in (1, 2):
        maps.create(body={**body, "metadata": {"name": f"dyn-{number}", "labels": {"dyn": "yes"}}}, **place)
    assert [one.metadata.name for one in maps.get(label_selector="dyn=yes", **place).items] == ["dyn-0", "dyn-1", "dyn-2"]
    page = maps.get(label_selector="dyn=yes", limit=2, **place)
    rest = maps.get(label_selector="dyn=yes", limit=2, _continue=page.metadata["continue"], **place)
    assert [one.metadata.name for one in [*page.items, *rest.items]] == ["dyn-0", "dyn-1", "dyn-2"]

    def patched(change, kind):
        return maps.patch(name="dyn-0", body=change, content_type=f"application/{kind}", **place).to_dict()

    assert patched({"data": {"b": "2"}}, "strategic-merge-patch+json")["data"] == {"a": "1", "b": "2"}
    assert patched({"data": {"a": None}}, "merge-patch+json")["data"] == {"b": "2"}
    assert patched([{"op": "add", "path": "/data/c", "value": "3"}], "json-patch+json")["data"] == {"b": "2", "c": "3"}
    current = maps.get(name="dyn-0", **place).to_dict()
    assert maps.replace(body={**current, "data": {"z": "9"}}, **place).to_dict()["data"] == {"z": "9"}
    with pytest.raises(ApiException) as stale:
        maps.replace(body={**current, "data": {}}, **place)
    assert stale.value.status == 409 and json.loads(stale.value.body)["reason"] == "Conflict"
    applied = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dyn-0"}, "data": {"z": "10"}}
    with pytest.raises(ApiException) as taken:
        maps.server_side_apply(body=json.dumps(applied), field_manager="py", **place, name="dyn-0")
    assert taken.value.status == 409
    forced = maps.server_side_apply(body=json.dumps(applied), field_manager="py", force_conflicts=True, name="dyn-0", **place).to_dict()
    assert forced["data"] == {"z": "10"} and "py" in [one["manager"] for one in forced["metadata"]["managedFields"]]
    assert maps.delete(name="dyn-0", **place).status == "Success"
    maps.delete(label_selector="dyn=yes", **place)
    assert maps.get(label_selector="dyn=yes", **place).items == []
    with pytest.raises(dynamic.exceptions.NotFoundError):
        maps.get(name="dyn-0", **place)


def test_the_dynamic_client_watches_and_reaches_subresources(api):
    kinds = dynamic.DynamicClient(api).resources
    sets = kinds.get(api_version="apps/v1", kind="Deployment")
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "dyn-sized"}, "spec": {
        "replicas": 0, "selector": {"matchLabels": {"a": "dyn"}},
        "template": {"metadata": {"labels": {"a": "dyn"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}}}}
    revision = sets.get(namespace="default").metadata.resourceVersion
    sets.create(body=body, namespace="default")
    scale = sets.scale.get(name="dyn-sized", namespace="default")
    assert scale.kind == "Scale" and scale.status.replicas == 0 and scale.status.selector == "a=dyn"
    sets.scale.patch(name="dyn-sized", namespace="default", body={"spec": {"replicas": 1}}, content_type="application/merge-patch+json")
    assert sets.get(name="dyn-sized", namespace="default").spec.replicas == 1
    sets.delete(name="dyn-sized", namespace="default")
    seen = []
    for event in sets.watch(namespace="default", resource_version=revision, field_selector="metadata.name=dyn-sized", timeout=20):
        seen.append(event["type"])
        if event["type"] == "DELETED":
            break
    assert seen[0] == "ADDED" and seen[-1] == "DELETED" and set(seen[1:-1]) <= {"MODIFIED"}


def test_objects_come_from_files(api, core, tmp_path):
    path = tmp_path / "several.yaml"
    path.write_text("""
apiVersion: v1
kind: Namespace
metadata: {name: from-yaml}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: one, namespace: from-yaml}}
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: two, namespace: from-yaml}}
""")
    utils.create_from_yaml(api, str(path))
    assert core.read_namespaced_config_map("one", "from-yaml").metadata.uid
    with pytest.raises(utils.FailToCreateError) as again:
        utils.create_from_yaml(api, str(path))
    assert "AlreadyExists" in str(again.value)
    core.delete_namespace("from-yaml")


# Watches

def follow(core, revision, done):
    """As controllers do it: watch from a list, and list again when the history that is needed is gone."""
    names, relisted = set(), 0
    deadline = time.monotonic() + 60
    while not done(names):
        assert time.monotonic() < deadline, names
        try:
            for event in watch.Watch().stream(core.list_namespaced_config_map, "default", resource_version=revision):
                revision = event["object"].metadata.resource_version
                (names.discard if event["type"] == "DELETED" else names.add)(event["object"].metadata.name)
                if done(names):
                    break
        except ApiException as error:
            assert error.status == 410 and "too old resource version" in error.reason, error
            listed = core.list_namespaced_config_map("default")
            names, revision, relisted = {one.metadata.name for one in listed.items}, listed.metadata.resource_version, relisted + 1
    return names, relisted


def test_a_watch_goes_on_after_its_history_is_gone(fresh):
    core = client.CoreV1Api(connect(fresh))
    make = lambda name: core.create_namespaced_config_map("default", {"metadata": {"name": name}})
    make("old")
    revision = core.list_namespaced_config_map("default").metadata.resource_version
    make("missed")
    core.delete_namespaced_config_map("old", "default")
    fresh.down()
    # The cluster slept for an hour: all that happened lies further back than a watch may begin.
    with sqlite3.connect(fresh.data / "store.db") as store:
        newest = store.execute("select max(time) from log").fetchone()[0]
        second = 10 ** (len(str(newest)) - len(str(int(time.time()))))
        store.execute("update log set time = time - ?", (3600 * second,))
    store.close()
    fresh.up("--no-merge")

    def compacted():
        core.patch_namespaced_config_map("missed", "default", {"data": {"t": str(time.monotonic())}})
        for event in json.loads(f"[{fresh.kubectl('get', '--raw', history).strip().replace(chr(10), ',')}]"):
            return event["type"] == "ERROR" and event["object"]["code"] == 410

    history = f"/api/v1/namespaces/default/configmaps?watch=true&resourceVersion={revision}&timeoutSeconds=1"
    core = client.CoreV1Api(connect(fresh))
    eventually(compacted, within=30, every=0.2, what="the history gone")
    made = []

    def done(names):
        if "missed" in names and not made:
            made.append(make("later"))
        return "later" in names

    names, relisted = follow(core, revision, done)
    assert relisted == 1 and "missed" in names and "old" not in names


# Streams

def test_exec_in_every_form(core, worker):
    session = stream(core.connect_get_namespaced_pod_exec, worker, "default", command=["sh"], stdin=True, stdout=True, stderr=True, tty=False,
                     _preload_content=False)
    session.write_stdin("echo one; echo two >&2\n")
    assert session.readline_stdout(timeout=20) == "one" and session.readline_stderr(timeout=20) == "two"
    session.write_stdin("exit 42\n")
    session.run_forever(timeout=20)
    assert session.returncode == 42 and not session.is_open()
    terminal = stream(core.connect_get_namespaced_pod_exec, worker, "default", command=["sh", "-c", "stty size; tty"], stdin=True, stdout=True, stderr=False,
                      tty=True, _preload_content=False)
    terminal.run_forever(timeout=20)
    assert "/dev/pts/" in terminal.read_stdout() and terminal.returncode == 0
    with pytest.raises(ApiException) as refused:
        stream(core.connect_get_namespaced_pod_exec, "nobody", "default", command=["true"], stdout=True, stdin=False, stderr=False, tty=False)
    assert "404" in str(refused.value)


def test_attach_and_logs_of_the_same_container(core, worker):
    session = stream(core.connect_get_namespaced_pod_attach, worker, "default", stdin=True, stdout=True, stderr=True, tty=False, _preload_content=False)
    session.write_stdin("from python\n")
    assert session.readline_stdout(timeout=20) == "heard from python"
    session.close()
    lines = []
    follower = watch.Watch()
    for line in follower.stream(core.read_namespaced_pod_log, worker, "default"):
        lines.append(line)
        if len(lines) == 2:
            follower.stop()
            break
    assert lines == ["ready", "heard from python"]


def test_http_through_a_forwarded_port(core, worker):
    forward = portforward(core.connect_get_namespaced_pod_portforward, worker, "default", ports="8080")
    connection = http.client.HTTPConnection("python-worker")
    connection.sock = forward.socket(8080)
    connection.sock.settimeout(20)
    connection.request("GET", "/index.html", headers={"Connection": "close"})
    assert connection.getresponse().read() == b"page\n" and forward.error(8080) is None
    connection.close()


# Elections

class Candidate:
    def __init__(self, cluster, identity):
        self.process = subprocess.Popen([sys.executable, HERE / "candidate.py", identity, "throne"], env={**cluster.env, "KUBECONFIG": str(cluster.kubeconfig)},
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def says(self, within):
        """Its next word; empty when it says nothing in time."""
        ready, _, _ = select.select([self.process.stdout], [], [], within)
        return os.read(self.process.stdout.fileno(), 100).decode().strip() if ready else ""

    def end(self):
        self.process.kill()
        self.process.communicate(timeout=20)


def test_another_candidate_takes_over_when_the_leader_dies(shared, core):
    holder = lambda: json.loads(core.read_namespaced_config_map("throne", "default").metadata.annotations["control-plane.alpha.kubernetes.io/leader"])
    first = Candidate(shared, "first")
    second = None
    try:
        assert first.says(within=30) == "leads" and holder()["holderIdentity"] == "first"
        second = Candidate(shared, "second")
        renewed = holder()["renewTime"]
        assert eventually(lambda: holder()["renewTime"] != renewed, what="a renewal")
        assert second.says(within=4) == "", "there is one leader"
        first.end()
        assert second.says(within=30) == "leads" and holder()["holderIdentity"] == "second"
    finally:
        first.end()
        if second:
            second.end()
