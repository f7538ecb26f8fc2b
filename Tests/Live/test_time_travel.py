"""What the cluster remembers of its objects, asked by kubectl and shown on the screen."""

import json

from cluster import eventually
from screen import open_screen  # noqa: F401 (open_screen is a fixture)

SETTINGS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: default}
data: {colour: red, size: small}
"""
PATH = "/api/v1/namespaces/default/configmaps"


def history(cluster, path, question):
    return json.loads(cluster.kubectl("get", "--raw", f"{path}?{question}"))


def settings(cluster):
    return json.loads(cluster.kubectl("get", "configmap", "settings", "-n", "default", "-o", "json"))["data"]


def test_history_survives_a_restart_and_tells_the_past(make_cluster):
    one = make_cluster()
    one.up()
    one.kubectl("apply", "-f", "-", stdin=SETTINGS)
    red = json.loads(one.kubectl("get", "configmap", "settings", "-n", "default", "-o", "json"))["metadata"]["resourceVersion"]
    one.kubectl("patch", "configmap", "settings", "-n", "default", "-p", '{"data":{"colour":"blue"}}')
    one.kubectl("delete", "configmap", "settings", "-n", "default")
    one.down()
    one.up()
    versions = history(one, f"{PATH}/settings", "kdashHistory=revisions")
    assert versions["kind"] == "ObjectHistory"
    assert [v["type"] for v in versions["items"]] == ["deleted", "changed", "created"]
    assert [v["object"]["data"]["colour"] for v in versions["items"]] == ["blue", "blue", "red"]
    assert all(v["user"] for v in versions["items"])
    past = history(one, PATH, f"kdashAt={red}")
    assert [i["data"]["colour"] for i in past["items"] if i["metadata"]["name"] == "settings"] == ["red"]
    now = history(one, PATH, f"kdashAt={versions['metadata']['resourceVersion']}")
    assert not [i for i in now["items"] if i["metadata"]["name"] == "settings"]
    gone = history(one, "/api/v1/configmaps", "kdashHistory=deletions&includeObject=None")
    assert [g["name"] for g in gone["items"]] == ["settings"]


def test_the_screen_goes_back_and_takes_back(make_cluster, open_screen):
    one = make_cluster()
    one.up()
    one.kubectl("apply", "-f", "-", stdin=SETTINGS)
    one.kubectl("patch", "configmap", "settings", "-n", "default", "-p", '{"data":{"colour":"blue"}}')
    screen = open_screen(one, "--no-merge", "--data-dir", one.data, "-n", "default")
    screen.expect("This cluster is empty")
    screen.press("n")
    screen.expect_gone("This cluster is empty")
    screen.press("g", "c")
    screen.expect("settings")
    screen.filter("settings")

    # What kubectl changed before the screen was opened is taken back.
    screen.press("H", "r")
    screen.expect("data.colour red → blue", "created", "kept: versions 7d")
    screen.press("u")
    screen.expect("Undo in context", "colour: red")
    screen.press("y")
    eventually(lambda: settings(one)["colour"] == "red", what="the colour is back")
    screen.press("Escape")

    # So is a deletion, found in the table of the past.
    one.kubectl("delete", "configmap", "settings", "-n", "default")
    screen.press("H", "t")
    screen.expect("THE PAST", "default/settings was deleted")
    screen.press("[")
    screen.expect("default/settings was changed")
    screen.press("Enter")
    screen.expect("versions of ConfigMap default/settings", "deleted")
    screen.press("u")
    screen.expect("does not come back", "colour: red")
    screen.press("y")
    eventually(lambda: "settings" in one.kubectl("get", "configmaps", "-n", "default", "-o", "name"), what="the object is back")
    assert settings(one) == {"colour": "red", "size": "small"}


WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: app, image: "kdash.dev/demo:1", args: [log], envFrom: [{configMapRef: {name: absent}}], resources: {requests: {cpu: "900"}}}
"""


def test_what_if_asks_the_real_scheduler_and_changes_nothing(make_cluster, open_screen, tmp_path):
    one = make_cluster()
    one.up()
    manifest = tmp_path / "web.yaml"
    manifest.write_text(WEB)
    screen = open_screen(one, "--no-merge", "--data-dir", one.data, "-n", "default")
    screen.expect("This cluster is empty")
    screen.press("n")
    screen.expect_gone("This cluster is empty")
    screen.press("g", "o")
    screen.type(str(manifest))
    screen.press("Enter")
    screen.expect("kind: Deployment")
    screen.press("W")
    screen.expect("would accept it", "1 pod is added", "Insufficient cpu", "ConfigMap absent is not there")
    assert not one.kubectl("get", "deployments", "-n", "default", "-o", "name").strip()


SHOP = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: till, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      serviceAccountName: till
      containers:
      - {name: app, image: "kdash.dev/demo:1", args: [log], env: [{name: ROUND, value: "1"}]}
"""


def sets(cluster):
    found = json.loads(cluster.kubectl("get", "replicasets", "-n", "shop", "-o", "json"))["items"]
    return {item["metadata"]["name"]: item["metadata"]["ownerReferences"][0]["uid"] for item in found}


def uid(cluster, kind, name, *where):
    return json.loads(cluster.kubectl("get", kind, name, *where, "-o", "json"))["metadata"]["uid"]


def ready(cluster):
    found = cluster.kubectl("get", "deployment", "web", "-n", "shop", "-o", "jsonpath={.status.readyReplicas}", check=False)
    return found.stdout.strip() == "1"


def test_a_deletion_is_taken_back_with_what_went_with_it(make_cluster, open_screen):
    one = make_cluster()
    one.up()
    one.kubectl("apply", "-f", "-", stdin=SHOP)
    eventually(lambda: ready(one), 120, what="the first round runs")
    one.kubectl("set", "env", "deployment/web", "-n", "shop", "ROUND=2")
    eventually(lambda: len(sets(one)) == 2 and ready(one), 120, what="the second round runs")
    before, old = sets(one), uid(one, "deployment", "web", "-n", "shop")
    one.kubectl("delete", "deployment", "web", "-n", "shop")
    eventually(lambda: not sets(one), 60, what="its ReplicaSets went with it")

    screen = open_screen(one, "--no-merge", "--data-dir", one.data, "-n", "shop")
    screen.expect("no pods in shop")
    screen.press("g", "d")
    screen.expect("no deployments in shop")
    screen.press("H", "a")
    screen.expect("deleted")
    screen.press("u")
    screen.expect("comes back: 1 Deployment, 2 ReplicaSets", "ReplicaSet shop/web-")
    screen.press("y")
    eventually(lambda: ready(one), 120, what="the Deployment runs again")
    new = uid(one, "deployment", "web", "-n", "shop")
    assert new != old and sets(one) == {name: new for name in before}
    screen.press("Escape")

    # A namespace comes back with everything that was in it.
    one.kubectl("delete", "namespace", "shop")
    gone = history(one, "/api/v1/namespaces", "kdashHistory=deletions&includeObject=None")["items"]
    root = next(item for item in gone if item["name"] == "shop")
    body = {"kind": "ObjectRestore", "apiVersion": "kdash.dev/v1", "name": "shop", "uid": root["uid"]}
    path = "/api/v1/namespaces?kdashRestore=true"
    outlook = json.loads(one.kubectl("create", "--raw", f"{path}&dryRun=All", "-f", "-", stdin=json.dumps(body)))
    kinds = [item["kind"] for item in outlook["items"]]
    assert kinds[0] == "Namespace" and sorted(kinds[1:]) == ["Deployment", "ReplicaSet", "ReplicaSet", "ServiceAccount", "ServiceAccount"], outlook
    body["uids"] = [item["uid"] for item in outlook["items"][1:]]
    one.kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(body))
    eventually(lambda: ready(one), 120, what="the namespace's Deployment runs again")
    assert set(sets(one)) == set(before)
