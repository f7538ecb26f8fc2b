"""Rows that run, change and look into workloads."""

import json
import re
import urllib.request

from verbs_table import eventually, pod, row


def template(k, name):
    return k.get("deployment", name)["spec"]["template"]


def idle(k, name):
    """A deployment without pods, for what only changes it."""
    made = k.deployment(name)
    made["spec"]["replicas"] = 0
    k.apply(made)


@row("run")
def run(k):
    k("run", "ran", f"--image={k.image}", "--port=80", "--expose", "--env=A=b", "--labels=ran=yes", "--command", "--", "sleep", "600")
    container = k.get("pod", "ran")["spec"]["containers"][0]
    assert container["env"] == [{"name": "A", "value": "b"}] and container["command"] == ["sleep", "600"]
    assert k.get("service", "ran")["spec"]["selector"] == {"ran": "yes"}
    done = k.run("run", "asks", f"--image={k.image}", "--rm", "-i", "--restart=Never", "--", "sh", "-c", "read line; echo got $line; exit 3", stdin="word\n")
    assert "got word" in done.stdout and done.returncode == 3, done
    eventually(lambda: not k.exists("pod", "asks"), what="the pod removed")
    k("delete", "pod", "ran", "--now", "--wait=false")


@row("expose")
def expose(k):
    k("expose", "deployment", "web", "--port=80", "--target-port=8080", "--name=exposed", "--type=NodePort")
    spec = k.get("service", "exposed")["spec"]
    assert spec["selector"] == {"app": "web"} and spec["type"] == "NodePort" and (spec["ports"][0]["port"], spec["ports"][0]["targetPort"]) == (80, 8080)
    k("expose", "service", "exposed", "--name=again", "--port=81")
    assert k.get("service", "again")["spec"]["selector"] == {"app": "web"}


# set

@row("set env", "set image", "set resources", "set serviceaccount")
def set_template(k):
    idle(k, "changed")
    k("set", "env", "deployment/changed", "A=1", "B=2")
    k("create", "configmap", "for-env", "--from-literal=c=3")
    k("set", "env", "deployment/changed", "B-", "--from=configmap/for-env", "--prefix=MAP_")
    assert "A=1" in k("set", "env", "deployment/changed", "--list")
    k("set", "image", "deployment/changed", "main=example.org/other:2")
    k("set", "resources", "deployment/changed", "--limits=cpu=200m,memory=64Mi", "--requests=cpu=100m")
    k("set", "serviceaccount", "deployment/changed", "robot-of-set")
    spec = template(k, "changed")["spec"]
    container = spec["containers"][0]
    assert container["env"] == [{"name": "A", "value": "1"}, {"name": "MAP_C", "valueFrom": {"configMapKeyRef": {"key": "c", "name": "for-env"}}}]
    assert container["image"] == "example.org/other:2" and spec["serviceAccountName"] == "robot-of-set"
    assert container["resources"] == {"limits": {"cpu": "200m", "memory": "64Mi"}, "requests": {"cpu": "100m"}}
    assert 'unable to find container named "none"' in k.refused("set", "image", "deployment/changed", "none=x")


@row("set selector", "set subject")
def set_others(k):
    k("create", "service", "clusterip", "selected", "--tcp=80")
    k("set", "selector", "service", "selected", "tier=front,app=x")
    assert k.get("service", "selected")["spec"]["selector"] == {"app": "x", "tier": "front"}
    k("create", "rolebinding", "set-subject", "--clusterrole=view", "--user=ann")
    k("set", "subject", "rolebinding", "set-subject", "--user=bob", "--group=crew")
    assert {one["name"] for one in k.get("rolebinding", "set-subject")["subjects"]} == {"ann", "bob", "crew"}


# rollout, scale

@row("rollout history", "rollout status", "rollout undo")
def rollout_undo(k):
    k.apply(k.deployment("rolled"))
    k("rollout", "status", "deployment/rolled", "--timeout=60s")
    k("annotate", "deployment/rolled", "kubernetes.io/change-cause=first")
    for number in (2, 3):
        k("set", "env", "deployment/rolled", f"NUMBER={number}")
        assert "successfully rolled out" in k("rollout", "status", "deployment/rolled", "--timeout=60s")
        k("annotate", "deployment/rolled", "--overwrite", f"kubernetes.io/change-cause=number {number}")
    eventually(lambda: re.findall(r"^(\d+)\s+(.*\S)", k("rollout", "history", "deployment/rolled"), re.M) == [
        ("1", "first"), ("2", "number 2"), ("3", "number 3")], what="three revisions with their causes")
    one = k("rollout", "history", "deployment/rolled", "--revision=2")
    assert "revision #2" in one and "NUMBER:\t2" in one
    k("rollout", "undo", "deployment/rolled")
    assert template(k, "rolled")["spec"]["containers"][0]["env"] == [{"name": "NUMBER", "value": "2"}]
    k("rollout", "status", "deployment/rolled", "--timeout=60s")
    k("rollout", "undo", "deployment/rolled", "--to-revision=1")
    assert "env" not in template(k, "rolled")["spec"]["containers"][0]
    k("rollout", "status", "deployment/rolled", "--timeout=60s")
    assert re.findall(r"^(\d+) ", k("rollout", "history", "deployment/rolled"), re.M) == ["3", "4", "5"]
    assert "unable to find specified revision 77" in k.refused("rollout", "undo", "deployment/rolled", "--to-revision=77")
    k("delete", "deployment", "rolled", "--wait=false")


@row("rollout pause", "rollout resume", "rollout restart")
def rollout_pause(k):
    k.apply(k.deployment("paused"))
    k("rollout", "status", "deployment/paused", "--timeout=60s")
    before = k.pods("app=paused")
    assert k("rollout", "pause", "deployment/paused") == "deployment.apps/paused paused\n"
    k("set", "env", "deployment/paused", "A=1")
    assert "can't restart paused deployment" in k.refused("rollout", "restart", "deployment/paused")
    eventually(lambda: k.get("deployment", "paused")["status"]["observedGeneration"] == k.get("deployment", "paused")["metadata"]["generation"], what="seen")
    assert k.pods("app=paused") == before
    assert k("rollout", "resume", "deployment/paused") == "deployment.apps/paused resumed\n"
    k("rollout", "status", "deployment/paused", "--timeout=60s")
    between = eventually(lambda: [one for one in [k.pods("app=paused")] if len(one) == 1 and one != before], what="another pod")[0]
    k("rollout", "restart", "deployment/paused")
    k("rollout", "status", "deployment/paused", "--timeout=60s")
    assert "kubectl.kubernetes.io/restartedAt" in template(k, "paused")["metadata"]["annotations"]
    eventually(lambda: k.pods("app=paused") not in ([], between), what="a restarted pod")
    k("delete", "deployment", "paused", "--wait=false")


@row("scale", "autoscale")
def scale(k):
    idle(k, "sized")
    assert k("scale", "deployment/sized", "--replicas=2", "--current-replicas=0") == "deployment.apps/sized scaled\n"
    assert "expected replicas to be 7" in k.refused("scale", "deployment/sized", "--replicas=1", "--current-replicas=7").lower()
    eventually(lambda: k.get("deployment", "sized")["status"].get("readyReplicas") == 2, what="two ready pods")
    k("scale", "--replicas=0", "deployment", "-l", "app=sized", "--timeout=30s")
    k("autoscale", "deployment", "sized", "--min=1", "--max=4", "--cpu-percent=70")
    spec = k.get("hpa", "sized")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (1, 4)
    assert spec["metrics"] == [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}]
    k("delete", "hpa", "sized")


# Streams

@row("logs")
def logs(k):
    script = "echo from $0; echo again"
    k.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "talks", "labels": {"talks": "yes"}}, "spec": {
        "restartPolicy": "Never", "initContainers": [{"name": "first", "image": k.image, "command": ["sh", "-c", script, "first"]}],
        "containers": [{"name": name, "image": k.image, "command": ["sh", "-c", script, name]} for name in ("one", "two")]}})
    k.cluster.phase("talks", "Succeeded", within=60)
    assert k("logs", "talks", "-c", "one") == "from one\nagain\n"
    assert 'Defaulted container "one" out of: one, two, first (init)' in k.run("logs", "talks").stderr
    everything = k("logs", "talks", "--all-containers", "--prefix")
    assert sorted(everything.splitlines()) == sorted(
        f"[pod/talks/{name}] {line}" for name in ("first", "one", "two") for line in (f"from {name}", "again"))
    assert k("logs", "-l", "talks=yes", "-c", "two", "--tail=1") == "again\n"
    assert k("logs", "talks", "-c", "two", "--limit-bytes=4") == "from" and k("logs", "talks", "-c", "two", "--since=1h") == "from two\nagain\n"
    assert re.match(r"\d{4}-\d\d-\d\dT\S+Z from two\n", k("logs", "talks", "-c", "two", "--timestamps"))
    assert "container none is not valid for pod talks" in k.refused("logs", "talks", "-c", "none")
    assert "not found" in k.refused("logs", "talks", "-c", "one", "--previous")
    with k.beside("logs", "-f", "worker") as follower:
        follower.until(lambda seen: seen.startswith("ready\n"))


@row("attach")
def attach(k):
    with k.beside("attach", "-i", "worker") as joined:
        joined.type("hello\n")
        joined.until(lambda seen: "heard hello" in seen)


@row("exec")
def execute(k):
    assert k("exec", "worker", "--", "echo", "x") == "x\n"
    assert k("exec", "-i", "deployment/web", "-c", "main", "--", "cat", stdin="through") == "through"
    assert k.run("exec", "worker", "--", "sh", "-c", "exit 9").returncode == 9
    assert "container none is not valid for pod worker" in k.refused("exec", "worker", "-c", "none", "--", "true")


@row("cp")
def copy(k):
    directory = k.cluster.home / "copied"
    (directory / "deep").mkdir(parents=True)
    (directory / "deep/file").write_bytes(bytes(range(256)) * 100)
    k("cp", directory, "worker:/tmp/there")
    k("cp", "worker:/tmp/there/deep/file", k.cluster.home / "back")
    assert (k.cluster.home / "back").read_bytes() == bytes(range(256)) * 100


@row("port-forward")
def port_forward(k):
    k.apply(pod("serves", k.image, ["sh", "-c", "mkdir /www; echo hello > /www/index.html; exec httpd -f -p 8080 -h /www"]))
    k.cluster.phase("serves", "Running", within=60)
    with k.beside("port-forward", "pod/serves", ":8080") as forward:
        port = int(forward.until(lambda seen: re.search(r"127\.0\.0\.1:(\d+)", seen)).group(1))
        assert eventually(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).read(), what="the page") == b"hello\n"
    k("delete", "pod", "serves", "--wait=false")


@row("proxy")
def proxy(k):
    with k.beside("proxy", "--port=0") as through:
        port = int(through.until(lambda seen: re.search(r"127\.0\.0\.1:(\d+)", seen)).group(1))
        read = lambda path: json.loads(urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10).read())
        assert read("/api/v1/namespaces/default/pods/worker")["metadata"]["name"] == "worker"
        assert "apps" in {group["name"] for group in read("/apis")["groups"]}


@row("debug")
def debug(k):
    # Beside the container, in its processes.
    script = "read line; echo heard $line; cat /proc/1/comm"
    joined = k.run("debug", "worker", f"--image={k.image}", "-c", "look", "--target=main", "-i", "--quiet", "--", "sh", "-c", script, stdin="word\n")
    assert joined.returncode == 0 and "heard word\nsh\n" in joined.stdout, joined
    status = eventually(lambda: k.get("pod", "worker")["status"]["ephemeralContainerStatuses"][0]["state"]["terminated"], what="its end")
    assert status["exitCode"] == 0
    log = k("logs", "worker", "-c", "look")
    assert log == "heard word\nsh\n", log
    k("debug", "worker", f"--image={k.image}", "-c", "stay", "--target=main", "--quiet", "--", "sleep", "600")
    eventually(lambda: "running" in k.get("pod", "worker")["status"]["ephemeralContainerStatuses"][1]["state"], within=30, what="the second one")
    assert "while read line" in k("exec", "worker", "-c", "stay", "--", "cat", "/proc/1/cmdline").replace("\0", " ")
    assert "sleep" in k("exec", "worker", "-c", "stay", "--", "ps") and "worker" in k("exec", "worker", "-c", "stay", "--", "hostname")
    # A copy with another command.
    k("debug", "worker", "--copy-to=worker-copy", "--container=main", "--set-image=*=" + k.image, "--share-processes", "--", "sleep", "600")
    k.cluster.phase("worker-copy", "Running", within=60)
    copied = k.get("pod", "worker-copy")["spec"]
    assert copied["shareProcessNamespace"] is True and copied["containers"][0]["command"] == ["sleep", "600"]
    # The node.
    done = k.run("debug", f"node/{k.node}", f"--image={k.image}", "--profile=sysadmin", "-i", "--quiet", "--", "sh", "-c", "ls -d /host/etc; hostname", timeout=90)
    assert done.returncode == 0 and done.stdout.startswith("/host/etc\n"), done
    made = [name for name in k("get", "pods", "-o", "name").split() if name.startswith("pod/node-debugger-")]
    assert len(made) == 1
    k("delete", "pod/worker-copy", *made, "--wait=false")
