"""Rows that read and write objects."""

import json
import subprocess

from verbs_table import eventually, pod, row


# create

@row("create")
def create(k):
    assert k("create", "-f", "-", stdin=json.dumps(k.config_map("plain", a="1"))) == "configmap/plain created\n"
    assert "AlreadyExists" in k.refused("create", "-f", "-", stdin=json.dumps(k.config_map("plain")))
    assert "created (server dry run)" in k("create", "--dry-run=server", "-f", "-", stdin=json.dumps(k.config_map("dry")))
    assert not k.exists("configmap", "dry")
    assert json.loads(k("create", "--raw", "/api/v1/namespaces/default/configmaps", "-f", k.file("raw.json", k.config_map("raw", b="2"))))["data"] == {"b": "2"}


@row("create clusterrole")
def create_clusterrole(k):
    k("create", "clusterrole", "reader", "--verb=get,list", "--resource=pods,deployments.apps", "--resource-name=one")
    assert k.get("clusterrole", "reader")["rules"] == [
        {"apiGroups": [""], "resourceNames": ["one"], "resources": ["pods"], "verbs": ["get", "list"]},
        {"apiGroups": ["apps"], "resourceNames": ["one"], "resources": ["deployments"], "verbs": ["get", "list"]}]
    k("create", "clusterrole", "together", "--aggregation-rule=verbs.example.com/part=yes")
    k("create", "clusterrole", "urls", "--verb=get", "--non-resource-url=/logs/*")
    k("label", "clusterrole", "urls", "verbs.example.com/part=yes")
    eventually(lambda: k.get("clusterrole", "together")["rules"] == [{"nonResourceURLs": ["/logs/*"], "verbs": ["get"]}], what="the aggregated rules")


@row("create clusterrolebinding")
def create_clusterrolebinding(k):
    k("create", "clusterrolebinding", "all-view", "--clusterrole=view", "--user=ann", "--group=crew", "--serviceaccount=default:default")
    made = k.get("clusterrolebinding", "all-view")
    assert made["roleRef"]["name"] == "view" and [one["name"] for one in made["subjects"]] == ["ann", "crew", "default"]


@row("create configmap")
def create_configmap(k):
    k.file("settings/one.conf", "x=1\n")
    k.file("settings/two.conf", "y=2\n")
    variables = k.file("variables.env", "A=1\n# no\nB=two words\n")
    k("create", "configmap", "from-files", f"--from-file={k.cluster.home}/settings", f"--from-file=named={variables}", "--from-literal=c=3")
    assert k.get("configmap", "from-files")["data"] == {
        "one.conf": "x=1\n", "two.conf": "y=2\n", "named": "A=1\n# no\nB=two words\n", "c": "3"}
    k("create", "configmap", "from-env", f"--from-env-file={variables}")
    assert k.get("configmap", "from-env")["data"] == {"A": "1", "B": "two words"}


@row("create cronjob", "create job")
def create_jobs(k):
    k("create", "cronjob", "yearly", f"--image={k.image}", "--schedule=0 0 1 1 *", "--restart=Never", "--", "sh", "-c", "echo made by hand")
    assert k.get("cronjob", "yearly")["spec"]["schedule"] == "0 0 1 1 *"
    k("create", "job", "by-hand", "--from=cronjob/yearly")
    k("create", "job", "once", f"--image={k.image}", "--", "sh", "-c", "echo done once")
    k("wait", "--for=condition=complete", "job/by-hand", "job/once", "--timeout=60s")
    assert k("logs", "job/by-hand") == "made by hand\n" and k("logs", "job/once") == "done once\n"
    owner = k.get("job", "by-hand")["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["name"]) == ("CronJob", "yearly")


@row("create deployment")
def create_deployment(k):
    k("create", "deployment", "made", f"--image={k.image}", "--replicas=2", "--port=80", "--", "sleep", "600")
    k("rollout", "status", "deployment/made", "--timeout=60s")
    spec = k.get("deployment", "made")["spec"]
    assert spec["template"]["spec"]["containers"][0]["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    k("delete", "deployment", "made", "--wait=false")


@row("create ingress")
def create_ingress(k):
    k("create", "ingress", "shop", "--class=nginx", "--rule=shop.example.com/cart*=cart:8080,tls=secret", "--default-backend=front:http")
    spec = k.get("ingress", "shop")["spec"]
    assert spec["ingressClassName"] == "nginx" and spec["defaultBackend"]["service"] == {"name": "front", "port": {"name": "http"}}
    assert spec["rules"][0]["http"]["paths"] == [
        {"path": "/cart", "pathType": "Prefix", "backend": {"service": {"name": "cart", "port": {"number": 8080}}}}]
    assert spec["tls"] == [{"hosts": ["shop.example.com"], "secretName": "secret"}]


@row("create namespace")
def create_namespace(k):
    assert k("create", "ns", "verbs-made") == "namespace/verbs-made created\n"
    eventually(lambda: k.exists("serviceaccount", "default", "-n", "verbs-made"), what="its service account")
    assert k.get("ns", "verbs-made")["status"]["phase"] == "Active"


@row("create poddisruptionbudget")
def create_budget(k):
    k("create", "pdb", "some", "--selector=app=guarded", "--min-available=50%")
    assert k.get("pdb", "some")["spec"] == {"minAvailable": "50%", "selector": {"matchLabels": {"app": "guarded"}}}


@row("create priorityclass")
def create_priorityclass(k):
    k("create", "priorityclass", "verbs-high", "--value=1000", "--description=first", "--preemption-policy=Never")
    made = k.get("priorityclass", "verbs-high")
    assert (made["value"], made["description"], made["preemptionPolicy"]) == (1000, "first", "Never")


@row("create quota")
def create_quota(k):
    k("create", "ns", "verbs-quota")
    k("create", "quota", "few", "--hard=configmaps=2", "-n", "verbs-quota")
    eventually(lambda: k.get("quota", "few", "-n", "verbs-quota")["status"]["hard"] == {"configmaps": "2"}, what="the quota's status")
    eventually(lambda: k.exists("configmap", "kube-root-ca.crt", "-n", "verbs-quota"), what="the namespace's own map")
    k("create", "configmap", "second", "-n", "verbs-quota")
    assert "exceeded quota: few, requested: configmaps=1, used: configmaps=2, limited: configmaps=2" in k.refused("create", "configmap", "third", "-n", "verbs-quota")


@row("create role", "create rolebinding")
def create_role(k):
    k("create", "role", "touch", "--verb=get", "--verb=patch", "--resource=configmaps,pods/log")
    assert k.get("role", "touch")["rules"] == [{"apiGroups": [""], "resources": ["configmaps", "pods/log"], "verbs": ["get", "patch"]}]
    k("create", "rolebinding", "touch", "--role=touch", "--user=bob")
    assert k("auth", "can-i", "patch", "configmaps", "--as=bob") == "yes\n"
    assert k("auth", "can-i", "get", "pods", "--subresource=log", "--as=bob") == "yes\n"


@row("create secret", "create secret generic", "create secret docker-registry", "create secret tls")
def create_secret(k):
    k("create", "secret", "generic", "word", "--from-literal=p=q", "--type=example.com/kind")
    made = k.get("secret", "word")
    assert made["data"] == {"p": "cQ=="} and made["type"] == "example.com/kind"
    k("create", "secret", "docker-registry", "pull", "--docker-server=r.example.com", "--docker-username=u", "--docker-password=p")
    assert k.get("secret", "pull")["type"] == "kubernetes.io/dockerconfigjson"
    key, certificate = k.cluster.home / "tls.key", k.cluster.home / "tls.crt"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate, "-subj", "/CN=x"],
                   check=True, capture_output=True)
    k("create", "secret", "tls", "site", f"--cert={certificate}", f"--key={key}")
    assert sorted(k.get("secret", "site")["data"]) == ["tls.crt", "tls.key"]


@row("create service", "create service clusterip", "create service externalname", "create service loadbalancer", "create service nodeport")
def create_service(k):
    k("create", "service", "clusterip", "inner", "--tcp=80:8080")
    k("create", "service", "clusterip", "headless", "--clusterip=None", "--tcp=1")
    k("create", "service", "externalname", "outer", "--external-name=example.com")
    k("create", "service", "loadbalancer", "spread", "--tcp=443")
    k("create", "service", "nodeport", "open", "--tcp=80", "--node-port=30123")
    assert k.get("service", "inner")["spec"]["ports"] == [{"name": "80-8080", "port": 80, "protocol": "TCP", "targetPort": 8080}]
    assert k.get("service", "headless")["spec"]["clusterIP"] == "None"
    assert k.get("service", "outer")["spec"]["externalName"] == "example.com"
    assert k.get("service", "spread")["spec"]["ports"][0]["nodePort"] >= 30000
    assert k.get("service", "open")["spec"]["ports"][0]["nodePort"] == 30123


@row("create serviceaccount", "create token")
def create_serviceaccount(k):
    k("create", "serviceaccount", "robot")
    token = k("create", "token", "robot", "--duration=1h", "--audience=one").strip()
    assert token.count(".") == 2
    bound = k("create", "token", "default", "--bound-object-kind=Pod", "--bound-object-name=worker").strip()
    assert bound.count(".") == 2


# Reading

@row("get")
def get(k):
    for number in (3, 1, 2):
        k.apply(k.config_map(f"got-{number}", labels={"got": "yes", "n": str(number)}, rank=str(9 - number)))
    selected = ["configmap", "-l", "got=yes"]
    assert k("get", *selected, "-o", "name") == "configmap/got-1\nconfigmap/got-2\nconfigmap/got-3\n"
    assert [one["data"]["rank"] for one in json.loads(k("get", *selected, "-o", "json"))["items"]] == ["8", "7", "6"]
    assert 'rank: "8"' in k("get", "configmap", "got-1", "-o", "yaml")
    assert k("get", *selected, "-o", "jsonpath={.items[*].data.rank}") == "8 7 6"
    assert k("get", *selected, "-o", "go-template={{range .items}}{{.metadata.name}};{{end}}") == "got-1;got-2;got-3;"
    template = k.file("template", "{.items[0].metadata.name}")
    assert k("get", *selected, "-o", f"jsonpath-file={template}") == "got-1"
    assert k("get", "configmap", "got-1", "-o", f"go-template-file={k.file('template.go', '{{.data.rank}}')}") == "8"
    assert json.loads(k("get", "configmap", "got-1", "-o", "jsonpath-as-json={.data.rank}")) == ["8"]
    columns = k.file("columns", "N R\nmetadata.name data.rank\n")
    assert k("get", "configmap", "got-1", "-o", f"custom-columns-file={columns}").split() == ["N", "R", "got-1", "8"]
    assert k("get", *selected, "-o", "custom-columns=N:.metadata.name,R:.data.rank").split() == ["N", "R", "got-1", "8", "got-2", "7", "got-3", "6"]
    assert k("get", *selected, "--sort-by=.data.rank", "-o", "name").split() == ["configmap/got-3", "configmap/got-2", "configmap/got-1"]
    assert [line.split()[0] for line in k("get", *selected, "--sort-by=.data.rank", "--no-headers").splitlines()] == ["got-3", "got-2", "got-1"]
    assert "got=yes,n=1" in k("get", "configmap", "got-1", "--show-labels") and k("get", *selected, "-L", "n").splitlines()[0].split()[-1] == "N"
    assert k("get", *selected, "--chunk-size=1", "--no-headers").count("\n") == 3
    assert k("get", "configmap", "--field-selector=metadata.name=got-2", "-o", "name") == "configmap/got-2\n"
    assert k("get", "configmap", "none", "--ignore-not-found") == ""
    assert 'configmaps "none" not found' in k.refused("get", "configmap", "none")
    assert "the server doesn't have a resource type" in k.refused("get", "nonsense")
    wide = k("get", "pods", "worker", "-o", "wide")
    assert k.node in wide and "NOMINATED NODE" in wide
    assert "kube-system" in k("get", "configmaps", "-A")
    assert "pod/worker" in k("get", "all") and "deployment.apps/web" in k("get", "all")
    assert k("get", "deployment", "web", "--subresource=scale", "-o", "jsonpath={.kind}{.spec.replicas}") == "Scale1"
    assert k("get", "pod", "worker", "--subresource=status", "-o", "jsonpath={.status.phase}") == "Running"
    assert json.loads(k("get", "--raw", "/api/v1/namespaces/default/configmaps/got-1"))["data"] == {"rank": "8"}
    assert k("get", "-f", "-", "-o", "jsonpath={.items[*].data.rank}", stdin=json.dumps(k.config_map("got-2"))) == "7"
    with k.beside("get", *selected, "-w", "--output-watch-events", "-o", "jsonpath={.type}/{.object.metadata.name} ") as watcher:
        watcher.until(lambda seen: seen.count(" ") == 3)
        k("delete", "configmap", "got-2")
        seen = watcher.until(lambda seen: seen.count(" ") == 4 and seen)
    assert seen.split() == ["ADDED/got-1", "ADDED/got-2", "ADDED/got-3", "DELETED/got-2"]


@row("explain")
def explain(k):
    assert "VERSION:    v1" in k("explain", "pod") and "FIELD: nodeName <string>" in k("explain", "pods.spec.nodeName")
    recursive = k("explain", "deployment", "--recursive")
    assert "terminationMessagePolicy\t<string>" in recursive and "enum: Recreate, RollingUpdate" in recursive
    assert "GROUP:      autoscaling\n" in k("explain", "hpa", "--api-version=autoscaling/v1")
    assert "Job" in k("explain", "job.spec", "--output=plaintext-openapiv2")
    assert 'field "nonsense" does not exist' in k.refused("explain", "pod.nonsense")


@row("describe")
def describe(k):
    text = k("describe", "pod", "worker")
    for expected in (f"Node:             {k.node}/", "Container ID:", "State:          Running", "QoS Class:", "Normal  Scheduled"):
        assert expected in text, text
    assert "StrategyType:           RollingUpdate" in k("describe", "deployment/web")
    node = k("describe", "node", k.node)
    assert "Allocated resources:" in node and "worker" in node
    assert k("describe", "pods", "-l", "app=web").startswith("Name:             web-")


# Writing

@row("apply")
def apply(k):
    text = json.dumps(k.config_map("applied", a="1"))
    assert k("apply", "-f", "-", stdin=text) == "configmap/applied created\n"
    assert k("apply", "-f", "-", stdin=text) == "configmap/applied unchanged\n"
    assert k("apply", "-f", "-", stdin=json.dumps(k.config_map("applied", b="2"))) == "configmap/applied configured\n"
    assert k.get("configmap", "applied")["data"] == {"b": "2"}
    assert k("apply", "--server-side", "-f", "-", stdin=json.dumps(k.config_map("applied-ss", a="1"))) == "configmap/applied-ss serverside-applied\n"
    both = [k.config_map(f"pruned-{n}", labels={"prune": "me"}) for n in (1, 2)]
    k("apply", "-f", "-", "--prune", "-l", "prune=me", "--prune-allowlist=core/v1/ConfigMap", stdin="\n---\n".join(map(json.dumps, both)))
    said = k("apply", "-f", "-", "--prune", "-l", "prune=me", "--prune-allowlist=core/v1/ConfigMap", stdin=json.dumps(both[0]))
    assert "configmap/pruned-2 pruned" in said and not k.exists("configmap", "pruned-2")
    k("create", "ns", "verbs-set")
    set_of = lambda *names: k.run("apply", "-n", "verbs-set", "--prune", "--applyset=secrets/mine", "--server-side", "-f", "-", KUBECTL_APPLYSET="true",
                                  stdin="\n---\n".join(json.dumps(k.config_map(name)) for name in names))
    first, second = set_of("one", "two"), set_of("one")
    assert first.returncode == 0 and second.returncode == 0, first.stderr + second.stderr
    assert "configmap/two pruned" in second.stdout


@row("apply view-last-applied", "apply set-last-applied", "apply edit-last-applied")
def last_applied(k):
    k.apply(k.config_map("last", a="1"))
    assert 'a: "1"' in k("apply", "view-last-applied", "configmap/last")
    k("apply", "set-last-applied", "-f", k.file("last.json", k.config_map("last", a="1", z="9")))
    assert json.loads(k("apply", "view-last-applied", "configmap/last", "-o", "json"))["data"] == {"a": "1", "z": "9"}
    done = k.run("apply", "edit-last-applied", "configmap/last", KUBE_EDITOR=k.editor("last.sh", 's/z: "9"/z: "8"/'))
    assert done.returncode == 0, done.stderr
    assert 'z: "8"' in k("apply", "view-last-applied", "configmap/last")


@row("edit")
def edit(k):
    k.apply(k.config_map("edited", a="1"))
    done = k.run("edit", "configmap", "edited", KUBE_EDITOR=k.editor("edit.sh", 's/a: "1"/a: "2"/'))
    assert done.stdout == "configmap/edited edited\n", done.stderr
    assert k.get("configmap", "edited")["data"] == {"a": "2"}
    assert "no changes made" in k.run("edit", "configmap", "edited", KUBE_EDITOR="true").stderr
    done = k.run("edit", "pod", "worker", "--subresource=status", KUBE_EDITOR=k.editor("status.sh", "s/^  phase: Running/  phase: Running\\n  reason: Edited/"))
    assert done.returncode == 0, done.stderr
    done = k.run("edit", "configmap", "edited", KUBE_EDITOR=k.editor("bad.sh", "s/^data:/daten:/"))
    assert "error" in done.stderr.lower() and k.get("configmap", "edited")["data"] == {"a": "2"}


@row("patch")
def patch(k):
    k.apply({**k.deployment("patched"), "spec": {**k.deployment("patched")["spec"], "replicas": 0}})
    k("patch", "deployment", "patched", "-p", '{"spec":{"template":{"spec":{"containers":[{"name":"main","env":[{"name":"A","value":"1"}]}]}}}}')
    k("patch", "deployment", "patched", "--type=merge", "-p", '{"metadata":{"labels":{"merged":"yes"}}}')
    k("patch", "deployment", "patched", "--type=json", "-p", '[{"op":"add","path":"/spec/template/spec/containers/0/env/-","value":{"name":"B","value":"2"}}]')
    k("patch", "deployment", "patched", "--subresource=scale", "--type=merge", "-p", '{"spec":{"replicas":0}}')
    k("patch", "deployment", "patched", "--subresource=status", "--type=merge", "--patch-file", k.file("p.json", {"status": {"collisionCount": 3}}))
    made = k.get("deployment", "patched")
    container = made["spec"]["template"]["spec"]["containers"][0]
    assert [one["name"] for one in container["env"]] == ["A", "B"] and container["image"] == k.image
    assert made["metadata"]["labels"]["merged"] == "yes" and made["status"]["collisionCount"] == 3
    assert "no change" in k("patch", "deployment", "patched", "--type=merge", "-p", '{"metadata":{"labels":{"merged":"yes"}}}')
    assert k("patch", "-f", k.file("l.json", k.config_map("local")), "--local", "-p", '{"data":{"x":"y"}}', "-o", "jsonpath={.data.x}") == "y"


@row("replace")
def replace(k):
    k("create", "configmap", "replaced", "--from-literal=a=1")
    before = k.get("configmap", "replaced")
    k("replace", "-f", "-", stdin=json.dumps({**before, "data": {"b": "2"}}))
    assert k.get("configmap", "replaced")["data"] == {"b": "2"}
    assert "Conflict" in k.refused("replace", "-f", "-", stdin=json.dumps({**before, "data": {"c": "3"}}))
    assert "replaced" in k("replace", "--force", "--grace-period=0", "-f", k.file("r.json", k.config_map("replaced", d="4")))
    after = k.get("configmap", "replaced")
    assert after["data"] == {"d": "4"} and after["metadata"]["uid"] != before["metadata"]["uid"]


@row("delete")
def delete(k):
    for name in ("a", "b", "c", "d", "e"):
        k.apply(k.config_map(f"gone-{name}", labels={"gone": name}))
    assert k("delete", "configmap", "gone-a") == 'configmap "gone-a" deleted\n'
    assert k("delete", "configmap", "gone-a", "--ignore-not-found") == ""
    assert "not found" in k.refused("delete", "configmap", "gone-a")
    k("delete", "-f", "-", stdin=json.dumps(k.config_map("gone-b")))
    assert "(server dry run)" in k("delete", "configmap", "gone-c", "--dry-run=server") and k.exists("configmap", "gone-c")
    k("delete", "configmap", "-l", "gone=c")
    k("delete", "--raw", "/api/v1/namespaces/default/configmaps/gone-d")
    assert k.run("delete", "configmap", "gone-e", "-i", stdin="n\n").returncode == 0 and k.exists("configmap", "gone-e")
    k("delete", "configmap/gone-e", "--wait=false", "--cascade=foreground")
    eventually(lambda: not k.exists("configmap", "gone-e"), what="the last one gone")
    k.apply(pod("gone-pod", k.image, ["sleep", "600"]))
    assert "force deleted" in k("delete", "pod", "gone-pod", "--force", "--grace-period=0")
    k("create", "ns", "verbs-gone")
    k("create", "configmap", "x", "-n", "verbs-gone")
    k("delete", "configmap", "--all", "-n", "verbs-gone")
    k("delete", "ns", "verbs-gone", "--timeout=30s")
    assert not k.exists("ns", "verbs-gone")


@row("label", "annotate")
def label(k):
    k.apply(k.config_map("marked", labels={"was": "here"}))
    for verb, field in (("label", "labels"), ("annotate", "annotations")):
        k(verb, "configmap", "marked", "one=1", "two=2")
        assert "already has a value" in k.refused(verb, "configmap", "marked", "one=3")
        k(verb, "configmap", "marked", "one=3", "two-", "--overwrite")
        found = k.get("configmap", "marked")["metadata"][field]
        assert found["one"] == "3" and "two" not in found
    assert sorted(k("label", "configmap", "marked", "--list").split()) == ["one=3", "was=here"]
    k("annotate", "configmaps", "-l", "was=here", "selected=yes")
    assert k.get("configmap", "marked")["metadata"]["annotations"]["selected"] == "yes"


@row("diff")
def diff(k):
    k.apply(k.config_map("differs", a="1"))
    assert k.run("diff", "-f", "-", stdin=json.dumps(k.config_map("differs", a="1"))).returncode == 0
    for extra in ([], ["--server-side", "--force-conflicts"]):
        done = k.run("diff", *extra, "-f", "-", stdin=json.dumps(k.config_map("differs", a="2")))
        assert done.returncode == 1 and '-  a: "1"\n+  a: "2"' in done.stdout, done
    assert k.get("configmap", "differs")["data"] == {"a": "1"}


@row("kustomize")
def kustomize(k):
    k.file("kustom/kustomization.yaml", "namePrefix: k-\ncommonLabels: {made: by}\nresources: [map.json]\n"
           "configMapGenerator:\n- name: generated\n  literals: [a=1]\n")
    k.file("kustom/map.json", k.config_map("based", x="y"))
    where = k.cluster.home / "kustom"
    assert "name: k-based" in k("kustomize", where)
    assert "configmap/k-based created" in k("apply", "-k", where)
    assert len(k("get", "configmap", "-l", "made=by", "-o", "name").split()) == 2
    k("delete", "-k", where)
    assert k("get", "configmap", "-l", "made=by", "-o", "name") == ""


@row("wait")
def wait(k):
    assert k("wait", "--for=condition=Ready", "pod/worker", "--timeout=20s") == "pod/worker condition met\n"
    assert k("wait", "--for=condition=Available", "deployment", "-l", "app=web", "--timeout=20s") == "deployment.apps/web condition met\n"
    assert "condition met" in k("wait", "--for=jsonpath={.status.phase}=Running", "pod/worker", "--timeout=20s")
    assert "timed out waiting" in k.refused("wait", "--for=condition=Nonsense", "pod/worker", "--timeout=1s")
    k("create", "configmap", "awaited")
    for verb, waits in (("delete", "watch=true"), ("create", "404 Not Found")):
        with k.beside("wait", f"--for={verb}", "configmap/awaited", "--timeout=20s", "-v=6") as waiting:
            waiting.until(lambda seen: waits in seen)
            k(verb, "configmap", "awaited")
            code, said = waiting.end()
            assert code == 0, said
