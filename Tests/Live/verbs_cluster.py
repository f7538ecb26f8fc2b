"""Rows about the cluster, its access and kubectl's own settings."""

import base64
import concurrent.futures
import json
import re
import subprocess

from minimal_objects import OBJECTS, in_namespace
from verbs_table import eventually, row


@row("api-resources", "api-versions")
def api_resources(k):
    lines = k("api-resources", "-o", "wide", "--no-headers")
    assert re.search(r"^pods\s+po\s+v1\s+true\s+Pod\s+create,delete,deletecollection,get,list,patch,update,watch\s+all$", lines, re.M), lines
    assert re.search(r"^pods\s+metrics.k8s.io/v1beta1\s+true\s+PodMetrics\s+get,list\s*$", lines, re.M) and "deployments.apps" in k("api-resources", "--api-group=apps", "-o", "name")
    assert "bindings" not in k("api-resources", "--verbs=list", "-o", "name").split() and "nodes\n" in k("api-resources", "--namespaced=false", "-o", "name")
    assert {"v1", "apps/v1", "batch/v1", "events.k8s.io/v1", "metrics.k8s.io/v1beta1"} <= set(k("api-versions").split())


@row("cluster-info", "cluster-info dump")
def cluster_info(k):
    assert re.search(r"Kubernetes control plane.* is running at.*https://", k("cluster-info"))
    directory = k.cluster.home / "dump"
    k("cluster-info", "dump", "--output-directory", directory, "--namespaces=default")
    assert "ready" in (directory / "default/worker/logs.txt").read_text()
    assert any(one["metadata"]["name"] == "worker" for one in json.loads((directory / "default/pods.json").read_text())["items"])


@row("version", "options", "completion", "plugin", "plugin list")
def own(k):
    assert json.loads(k("version", "-o", "json"))["serverVersion"]["major"] == "1"
    assert "--server" in k("options") and "complete -o default" in k("completion", "bash")
    plugin = k.file("plugins/kubectl-bench", "#!/bin/sh\necho from a plugin\n")
    plugin.chmod(0o755)
    found = k.run("plugin", "list", PATH=str(plugin.parent))
    assert found.returncode == 0 and str(plugin) in found.stdout.splitlines(), found
    none = k.run("plugin", "list", PATH=str(plugin.parent / "empty"))
    assert none.returncode == 1 and "unable to find any kubectl plugins in your PATH" in none.stderr, none
    assert "plugin" in k("plugin", "--help")
    words = subprocess.run([k.cluster.kubectl_path, "__complete", "--kubeconfig", k.cluster.kubeconfig, "get", "configmap", "kube-"], capture_output=True,
                           text=True, env=k.cluster.env, timeout=30)
    assert "kube-root-ca.crt" in words.stdout, words


@row("config", "config view", "config current-context", "config get-contexts", "config get-clusters", "config get-users", "config set", "config unset",
     "config set-cluster", "config set-context", "config set-credentials", "config use-context", "config rename-context", "config delete-context",
     "config delete-cluster", "config delete-user")
def config(k):
    path = k.file("config-copy", k.cluster.kubeconfig.read_text())
    own = lambda *arguments: k.run("config", *arguments, f"--kubeconfig={path}")
    here = own("current-context").stdout.strip()
    assert here in own("get-contexts", "-o", "name").stdout.split() and "server: https://127.0.0.1:" in own("view").stdout
    own("set-cluster", "c2", "--server=https://127.0.0.1:1")
    own("set-credentials", "u2", "--token=t")
    own("set-context", "x2", "--cluster=c2", "--user=u2", "--namespace=n2")
    assert "c2" in own("get-clusters").stdout and "u2" in own("get-users").stdout
    assert "renamed" in own("rename-context", "x2", "x3").stdout and own("use-context", "x3").returncode == 0
    own("set", "contexts.x3.namespace", "n3")
    assert json.loads(own("view", "--minify", "-o", "json").stdout)["contexts"][0]["context"]["namespace"] == "n3"
    own("unset", "contexts.x3.namespace")
    for what, name in (("context", "x3"), ("cluster", "c2"), ("user", "u2")):
        assert own(f"delete-{what}", name).returncode == 0
    own("use-context", here)
    left = json.loads(own("view", "-o", "json").stdout)
    assert [len(left[field]) for field in ("clusters", "contexts", "users")] == [1, 1, 1]
    done = subprocess.run([k.cluster.kubectl_path, "--kubeconfig", path, "get", "ns", "default", "-o", "name"], capture_output=True, text=True, env=k.cluster.env)
    assert done.stdout == "namespace/default\n", done.stderr


# Access

@row("auth", "auth can-i", "auth whoami", "auth reconcile")
def auth(k):
    assert k("auth", "can-i", "create", "pods") == "yes\n"
    refused = k.run("auth", "can-i", "create", "pods", "--as=nobody")
    assert refused.stdout == "no\n" and refused.returncode == 1
    assert "*.*" in k("auth", "can-i", "--list") and "selfsubjectreviews" in k("auth", "can-i", "--list", "--as=nobody", "--as-group=system:authenticated")
    assert k("auth", "can-i", "get", "/healthz", "--as=nobody", "--as-group=system:authenticated") == "yes\n"
    who = json.loads(k("auth", "whoami", "-o", "json", "--as=ann", "--as-group=crew", "--as-uid=7"))["status"]["userInfo"]
    assert (who["username"], who["groups"], who["uid"]) == ("ann", ["crew", "system:authenticated"], "7")
    rule = lambda verb: {"apiGroups": [""], "resources": ["pods"], "verbs": [verb]}
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "reconciled", "namespace": "default"}}
    for verb in ("get", "list"):
        k("auth", "reconcile", "-f", k.file("role.json", {**role, "rules": [rule(verb)]}))
    assert {verb for one in k.get("role", "reconciled")["rules"] for verb in one["verbs"]} == {"get", "list"}


def request(k, name):
    key = k.cluster.home / f"{name}.key"
    subprocess.run(["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", key], check=True, capture_output=True)
    text = subprocess.run(["openssl", "req", "-new", "-key", key, "-subj", f"/CN={name}"], check=True, capture_output=True).stdout
    k("create", "-f", "-", stdin=json.dumps({
        "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": name},
        "spec": {"request": base64.b64encode(text).decode(), "signerName": "kubernetes.io/kube-apiserver-client", "usages": ["client auth"]}}))


@row("certificate", "certificate approve", "certificate deny")
def certificate(k):
    request(k, "wanted")
    request(k, "unwanted")
    assert "approved" in k("certificate", "approve", "wanted")
    assert "denied" in k("certificate", "deny", "unwanted")
    signed = eventually(lambda: k.get("csr", "wanted")["status"].get("certificate"), what="the certificate")
    text = subprocess.run(["openssl", "x509", "-noout", "-subject"], input=base64.b64decode(signed), check=True, capture_output=True).stdout
    assert b"wanted" in text
    denied = k.get("csr", "unwanted")["status"]
    assert denied["conditions"][0]["type"] == "Denied" and "certificate" not in denied
    assert "Approved,Issued" in k("get", "csr", "wanted")


# Nodes

@row("cordon", "uncordon", "drain", "taint")
def nodes(k):
    node = k.node
    assert k("cordon", node) == f"node/{node} cordoned\n"
    try:
        assert "SchedulingDisabled" in k("get", "node", node) and "already cordoned" in k("cordon", node)
        k.apply(k.deployment("drained"))
        assert eventually(lambda: "node(s) were unschedulable" in k("get", "events", "--field-selector=reason=FailedScheduling"), within=30, what="a refusal")
        k("uncordon", node)
        k("rollout", "status", "deployment/drained", "--timeout=60s")
        before = k.pods("app=drained")
        said = k("drain", node, "--pod-selector=app=drained", "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=60s")
        assert f"pod/{before[0]} evicted" in said and f"node/{node} drained" in said
        assert eventually(lambda: k.pods("app=drained") not in ([], before), what="another pod, waiting")
    finally:
        k("uncordon", node)
    k("delete", "deployment", "drained", "--wait=false")
    assert k("taint", "node", node, "verbs=1:NoSchedule") == f"node/{node} tainted\n"
    assert "Taints:             verbs=1:NoSchedule" in k("describe", "node", node)
    assert "already has verbs taint(s)" in k.refused("taint", "node", node, "verbs=2:NoSchedule")
    assert k("taint", "node", node, "verbs:NoSchedule-") == f"node/{node} untainted\n"
    assert k.get("node", node)["spec"].get("taints") in (None, [])


@row("top", "top node", "top pod")
def top(k):
    cores = eventually(lambda: re.search(rf"^{k.node}\s+(\d+)m\s+(\d+)%\s+(\d+)Mi\s+(\d+)%\s*$", k("top", "node"), re.M), within=60, what="the node's use")
    assert int(cores.group(3)) > 0
    assert eventually(lambda: re.search(r"^worker\s+\d+m\s+\d+Mi\s*$", k("top", "pod"), re.M), within=60, what="the pods' use")
    assert re.search(r"^worker\s+main\s+\d+m\s+\d+Mi\s*$", k("top", "pod", "worker", "--containers"), re.M)
    assert re.search(r"^default\s+worker ", k("top", "pod", "-A", "--sort-by=memory"), re.M) and "web-" in k("top", "pod", "-l", "app=web", "--no-headers")
    assert "not found" in k.refused("top", "pod", "nobody")
    k("create", "rolebinding", "top-viewer", "--clusterrole=view", "--user=tess")
    assert "worker" in eventually(lambda: k("top", "pod", "--as=tess"), what="a viewer's look") and "orbidden" in k.refused("top", "node", "--as=tess")
    item = json.loads(k("get", "--raw", "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/worker"))
    assert item["kind"] == "PodMetrics" and item["containers"][0]["usage"].keys() == {"cpu", "memory"} and float(item["window"].rstrip("s")) > 0


@row("events")
def events(k):
    found = k("events", "--for=pod/worker")
    assert "Started" in found and "Pod/worker" in found
    assert all(" Normal " in line for line in k("events", "--types=Normal", "--no-headers").splitlines())
    assert json.loads(k("events", "-A", "-o", "json"))["items"]
    with k.beside("events", "-w", "--for=configmap/shouted") as watcher:
        for number in (1, 2):
            k.apply({"apiVersion": "v1", "kind": "Event", "metadata": {"name": f"shout-{number}"}, "reason": "Shouting", "message": f"loud {number}",
                     "type": "Normal", "involvedObject": {"kind": "ConfigMap", "name": "shouted", "namespace": "default", "apiVersion": "v1"}})
            watcher.until(lambda seen: f"loud {number}" in seen)


def describe_every_kind(k):
    """`describe` has code of its own for most kinds: every one must find what it reads."""
    kinds = k("api-resources", "--verbs=list,create,get", "-o", "name").split()
    assert len(kinds) > 50
    k("create", "ns", "verbs-described")
    manifests, wanted = [], []
    for kind in sorted(set(kinds) & set(OBJECTS)):
        manifest = in_namespace(kind, "verbs-described")
        # A request that needs a key, and what this kubectl describes in a beta version only.
        if kind.startswith(("certificatesigningrequests", "volumeattributesclasses")):
            continue
        manifests.append(manifest)
        wanted.append((kind, manifest["metadata"]["name"]))
    k("apply", "-n", "verbs-described", "-f", "-", stdin="\n---\n".join(map(json.dumps, manifests)))
    try:
        with concurrent.futures.ThreadPoolExecutor(4) as several:
            answers = several.map(lambda one: (one, k.run("describe", *one, "-n", "verbs-described")), wanted)
        wrong = [(one, done) for one, done in answers if done.returncode != 0 or not re.search(rf"^Name:\s+{re.escape(one[1])}$", done.stdout, re.M)]
        assert not wrong, wrong
    finally:
        k("delete", "-n", "verbs-described", "-f", "-", "--wait=false", "--ignore-not-found", stdin="\n---\n".join(map(json.dumps, manifests)))
