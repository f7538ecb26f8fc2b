"""What every pod may ask of its node: volumes, environments, probes, hooks, sidecars, ends and refusals."""

import base64
import json
import pathlib
import time

import pytest

from cluster import eventually, pod


@pytest.fixture(scope="module")
def image(shared):
    return shared.busybox()


def status(cluster, name, container="main"):
    found = cluster.get("pod", name)["status"]
    for field in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        for one in found.get(field, []):
            if one["name"] == container:
                return one
    raise KeyError(container)


def condition(cluster, name, kind):
    for one in cluster.get("pod", name)["status"].get("conditions", []):
        if one["type"] == kind:
            return one
    raise KeyError(kind)


def events(cluster, name):
    found = json.loads(cluster.kubectl("get", "events", "-o", "json", "--field-selector", f"involvedObject.name={name}"))
    return [(one["reason"], one["message"]) for one in found["items"]]


def event(cluster, name, reason, text):
    def probe():
        return [one for one in events(cluster, name) if one[0] == reason and text in one[1]]
    return eventually(probe, what=f"event {reason} with {text!r} about {name}")


def run(cluster, name, *command, container="main"):
    return cluster.kubectl("exec", name, "-c", container, "--", *command)


def config_map(name, data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


# Volumes and environments


def test_a_config_map_volume_follows_its_object(shared, image):
    shared.apply(config_map("settings", {"a": "one", "b": "two"}))
    volumes = [{"name": "v", "configMap": {"name": "settings", "defaultMode": 0o640}},
               {"name": "part", "configMap": {"name": "settings", "items": [{"key": "b", "path": "deep/b", "mode": 0o400}]}}]
    mounts = [{"name": "v", "mountPath": "/v"}, {"name": "part", "mountPath": "/part"}, {"name": "v", "mountPath": "/only", "subPath": "a"}]
    shared.apply(pod("config", image, ["sleep", "600"], volumes=volumes, container={"volumeMounts": mounts}))
    shared.phase("config", "Running")
    assert run(shared, "config", "sh", "-c", "cat /v/a /part/deep/b /only") == "onetwoone"
    assert run(shared, "config", "sh", "-c", "stat -Lc %a /v/a /part/deep/b").split() == ["640", "400"]
    assert "Read-only" in shared.kubectl("exec", "config", "--", "touch", "/v/x", check=False).stderr
    shared.apply(config_map("settings", {"a": "new", "b": "two", "c": "three"}))
    eventually(lambda: run(shared, "config", "cat", "/v/a") == "new", within=5, what="the new value")
    assert run(shared, "config", "ls", "/v").split() == ["a", "b", "c"]
    assert run(shared, "config", "cat", "/only") == "one", "a subPath keeps what it was mounted with"


def test_a_pod_waits_for_what_its_volumes_name(shared, image):
    volumes = [{"name": "v", "secret": {"secretName": "late"}}, {"name": "o", "configMap": {"name": "never", "optional": True}}]
    mounts = [{"name": "v", "mountPath": "/v"}, {"name": "o", "mountPath": "/o"}]
    shared.apply(pod("patient", image, ["sleep", "600"], volumes=volumes, container={"volumeMounts": mounts}))
    event(shared, "patient", "FailedMount", 'MountVolume.SetUp failed for volume "v" : secret "late" not found')
    assert status(shared, "patient")["state"]["waiting"]["reason"] == "ContainerCreating"
    shared.kubectl("create", "secret", "generic", "late", "--from-literal=k=secret")
    shared.phase("patient", "Running", within=5)
    assert run(shared, "patient", "cat", "/v/k") == "secret"
    assert run(shared, "patient", "ls", "/o") == ""


def test_an_environment_waits_for_what_it_names(shared, image):
    env = [{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "envs", "key": "x"}}},
           {"name": "Y", "valueFrom": {"secretKeyRef": {"name": "none", "key": "y", "optional": True}}}]
    shared.apply(pod("reader", image, ["sh", "-c", "echo $X-$P_z-${Y:-none}; sleep 600"],
                     container={"env": env, "envFrom": [{"prefix": "P_", "configMapRef": {"name": "envs"}}]}))
    waiting = eventually(lambda: status(shared, "reader")["state"]["waiting"], what="waiting")
    eventually(lambda: status(shared, "reader")["state"]["waiting"]["reason"] == "CreateContainerConfigError", what="CreateContainerConfigError")
    assert status(shared, "reader")["state"]["waiting"]["message"] == 'configmap "envs" not found'
    event(shared, "reader", "Failed", 'Error: configmap "envs" not found')
    shared.apply(config_map("envs", {"z": "zed"}))
    eventually(lambda: "couldn't find key x in ConfigMap default/envs" in status(shared, "reader")["state"]["waiting"]["message"], within=5, what="the missing key")
    shared.apply(config_map("envs", {"x": "ex", "z": "zed"}))
    shared.phase("reader", "Running", within=5)
    eventually(lambda: shared.kubectl("logs", "reader") == "ex-zed-none\n", what="the environment")


def test_downward_and_projected_files_follow_the_pod(shared, image):
    shared.apply(config_map("shared-data", {"k": "v"}))
    downward = {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
                          {"path": "cpu", "resourceFieldRef": {"containerName": "main", "resource": "limits.cpu", "divisor": "1m"}}]}
    volumes = [{"name": "all", "projected": {"sources": [{"downwardAPI": downward}, {"configMap": {"name": "shared-data"}}]}}]
    shared.apply(pod("mirror", image, ["sleep", "600"], limits={"cpu": "250m"}, volumes=volumes,
                     container={"volumeMounts": [{"name": "all", "mountPath": "/all"}]}))
    shared.phase("mirror", "Running")
    assert run(shared, "mirror", "cat", "/all/labels") == 'app="mirror"'
    assert run(shared, "mirror", "sh", "-c", "cat /all/cpu /all/k") == "250v"
    shared.kubectl("label", "pod", "mirror", "more=yes")
    eventually(lambda: "more=" in run(shared, "mirror", "cat", "/all/labels"), within=5, what="the new label")


def test_memory_is_shared_limited_and_survives_a_restart(shared, image):
    volumes = [{"name": "m", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}, {"name": "d", "emptyDir": {}}]
    mounts = [{"name": "m", "mountPath": "/m"}, {"name": "d", "mountPath": "/d"}]
    manifest = pod("memory", image, ["sh", "-c", "echo $$ >> /d/starts; until [ -e /m/stop ]; do sleep 0.1; done; rm /m/stop"], volumes=volumes, securityContext={"fsGroup": 4321},
                   container={"volumeMounts": mounts})
    manifest["spec"]["containers"].append({"name": "other", "image": image, "command": ["sleep", "600"], "volumeMounts": mounts[:1],
                                           "securityContext": {"runAsUser": 1000}})
    shared.apply(manifest)
    shared.phase("memory", "Running")
    assert run(shared, "memory", "sh", "-c", "grep ' /m ' /proc/mounts").startswith("tmpfs")
    run(shared, "memory", "sh", "-c", "echo kept > /m/file")
    assert run(shared, "memory", "cat", "/m/file", container="other") == "kept\n"
    assert run(shared, "memory", "sh", "-c", "echo mine > /m/own; stat -c %g /m/own", container="other") == "4321\n"
    full = shared.kubectl("exec", "memory", "-c", "main", "--", "dd", "if=/dev/zero", "of=/m/big", "bs=1M", "count=2", check=False)
    assert full.returncode != 0 and "No space left" in full.stderr
    run(shared, "memory", "sh", "-c", "rm /m/big; touch /m/stop")
    eventually(lambda: status(shared, "memory")["restartCount"] == 1 and "running" in status(shared, "memory")["state"], what="a restart")
    assert run(shared, "memory", "cat", "/m/file") == "kept\n"
    assert run(shared, "memory", "sh", "-c", "stat -c %a /d; wc -l < /d/starts").split() == ["2777", "2"]


def test_sub_paths_stay_inside(shared, image):
    env = [{"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.annotations['where']"}}}]
    manifest = pod("within", image, ["sh", "-c", "touch /sub/made; sleep 600"], volumes=[{"name": "v", "emptyDir": {}}],
                   container={"env": env, "volumeMounts": [{"name": "v", "mountPath": "/sub", "subPathExpr": "$(NAME)/inner"}, {"name": "v", "mountPath": "/whole"}]})
    manifest["metadata"]["annotations"] = {"where": "../../etc"}
    shared.apply(manifest)
    eventually(lambda: status(shared, "within")["state"]["waiting"]["reason"] == "CreateContainerConfigError", what="the refusal")
    shared.kubectl("annotate", "pod", "within", "where=there", "--overwrite")
    shared.phase("within", "Running", within=5)
    eventually(lambda: "made" in run(shared, "within", "ls", "/whole/there/inner"), what="the file in the subPath")


def test_a_host_path_must_be_what_it_says(shared, image):
    volume = {"name": "v", "hostPath": {"path": "/var/lib/nothing-here", "type": "Directory"}}
    shared.apply(pod("hosted", image, ["sleep", "600"], volumes=[volume], container={"volumeMounts": [{"name": "v", "mountPath": "/v"}]}))
    event(shared, "hosted", "FailedMount", "hostPath type check failed: /var/lib/nothing-here is not a directory")
    volume["hostPath"]["type"] = "DirectoryOrCreate"
    volume["hostPath"]["path"] = "/var/lib/made-here"
    shared.apply(pod("hosted2", image, ["sh", "-c", "echo x > /v/file; sleep 600"], volumes=[volume], container={"volumeMounts": [{"name": "v", "mountPath": "/v"}]}))
    shared.phase("hosted2", "Running")


# Probes and hooks


def test_readiness_follows_its_probe(shared, image):
    probe = {"exec": {"command": ["cat", "/tmp/ready"]}, "periodSeconds": 1, "failureThreshold": 1}
    shared.apply(pod("probed", image, ["sleep", "600"], container={"readinessProbe": probe, "volumeMounts": [{"name": "t", "mountPath": "/tmp"}]},
                     volumes=[{"name": "t", "emptyDir": {}}]))
    shared.phase("probed", "Running")
    event(shared, "probed", "Unhealthy", "Readiness probe failed: cat: can't open '/tmp/ready'")
    assert condition(shared, "probed", "Ready")["reason"] == "ContainersNotReady"
    run(shared, "probed", "touch", "/tmp/ready")
    eventually(lambda: condition(shared, "probed", "Ready")["status"] == "True", within=5, what="ready")
    run(shared, "probed", "rm", "/tmp/ready")
    eventually(lambda: condition(shared, "probed", "Ready")["status"] == "False", within=5, what="unready again")
    assert status(shared, "probed")["restartCount"] == 0


def test_liveness_restarts_over_http(shared, image):
    serve = "mkdir /w; echo ok > /w/live; httpd -f -p 8080 -h /w"
    probe = {"httpGet": {"path": "/live", "port": "web", "httpHeaders": [{"name": "X-Probe", "value": "1"}]}, "periodSeconds": 1, "failureThreshold": 2,
             "terminationGracePeriodSeconds": 1}
    shared.apply(pod("served", image, ["sh", "-c", serve], container={"livenessProbe": probe, "startupProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1},
                                                                     "ports": [{"name": "web", "containerPort": 8080}]}))
    eventually(lambda: status(shared, "served")["started"], what="started")
    time.sleep(2.5)  # Long enough for a wrong probe to fail twice.
    assert status(shared, "served")["restartCount"] == 0
    run(shared, "served", "rm", "/w/live")
    eventually(lambda: status(shared, "served")["restartCount"] >= 1, what="the restart")
    event(shared, "served", "Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 404")
    event(shared, "served", "Killing", "Container main failed liveness probe, will be restarted")


def test_a_refused_connection_is_told(shared, image):
    probe = {"tcpSocket": {"port": 9}, "periodSeconds": 1}
    grpc = {"grpc": {"port": 9}, "periodSeconds": 1}
    shared.apply(pod("refused", image, ["sleep", "600"], container={"readinessProbe": probe}))
    event(shared, "refused", "Unhealthy", "connect: connection refused")
    shared.apply(pod("refused-grpc", image, ["sleep", "600"], container={"readinessProbe": grpc}))
    event(shared, "refused-grpc", "Unhealthy", "connect: connection refused")


def test_a_probe_that_hangs_times_out(shared, image):
    probe = {"exec": {"command": ["sleep", "30"]}, "periodSeconds": 1, "timeoutSeconds": 1, "failureThreshold": 1}
    shared.apply(pod("hangs", image, ["sleep", "600"], container={"readinessProbe": probe}))
    event(shared, "hangs", "Unhealthy", 'command timed out: "sleep 30" timed out after 1s')


def test_hooks_run_at_both_ends(shared, image):
    lifecycle = {"postStart": {"exec": {"command": ["sh", "-c", "sleep 1; echo hook > /tmp/started"]}},
                 "preStop": {"exec": {"command": ["sh", "-c", "echo stopping > /proc/1/fd/1; sleep 1"]}}}
    command = ["sh", "-c", "trap 'echo signalled; exit 0' TERM; while :; do sleep 0.1; done"]
    shared.apply(pod("hooked", image, command, terminationGracePeriodSeconds=20, container={"lifecycle": lifecycle, "volumeMounts": [{"name": "t", "mountPath": "/tmp"}]},
                     volumes=[{"name": "t", "emptyDir": {}}]))
    shared.phase("hooked", "Running")
    assert run(shared, "hooked", "cat", "/tmp/started") == "hook\n"
    follow = shared.kubectl("delete", "pod", "hooked", "--wait=false")
    assert "hooked" in follow
    eventually(lambda: "stopping" in shared.kubectl("logs", "hooked"), within=5, what="the preStop hook")
    started = time.monotonic()
    eventually(lambda: shared.kubectl("get", "pod", "hooked", check=False).returncode != 0, within=10, what="the pod gone")
    assert time.monotonic() - started < 8


def test_a_failed_post_start_hook_restarts(shared, image):
    shared.apply(pod("unhooked", image, ["sleep", "600"], container={"lifecycle": {"postStart": {"exec": {"command": ["false"]}}}}))
    event(shared, "unhooked", "FailedPostStartHook", "PostStartHook failed")
    eventually(lambda: status(shared, "unhooked")["restartCount"] >= 1, what="the restart")


def test_the_stop_signal_and_the_last_words(shared, image):
    command = ["sh", "-c", "trap 'echo got usr1; exit 5' USR1; trap 'exit 6' TERM; while :; do sleep 0.1; done"]
    manifest = pod("worded", image, command, restartPolicy="Never", terminationGracePeriodSeconds=10, activeDeadlineSeconds=2,
                   container={"terminationMessagePolicy": "FallbackToLogsOnError", "lifecycle": {"stopSignal": "SIGUSR1"}})
    manifest["spec"]["os"] = {"name": "linux"}
    shared.apply(manifest)
    failed = shared.phase("worded", "Failed")
    assert failed["reason"] == "DeadlineExceeded"
    ended = failed["containerStatuses"][0]["state"]["terminated"]
    assert (ended["exitCode"], ended["message"]) == (5, "got usr1\n")


# Sidecars, init containers, ends


def test_sidecars_start_in_order_and_stop_last(shared, image):
    def container(name, script, **more):
        return {"name": name, "image": image, "command": ["sh", "-c", script], "volumeMounts": [{"name": "v", "mountPath": "/v"}], **more}
    note = "trap 'echo {0}-stop >> /v/order; exit 0' TERM; echo {0}-start >> /v/order; while :; do sleep 0.05; done"
    inits = [container("one", note.format("one"), restartPolicy="Always"), container("setup", "echo setup >> /v/order"),
             container("two", note.format("two"), restartPolicy="Always")]
    host = {"name": "v", "hostPath": {"path": "/var/lib/order", "type": "DirectoryOrCreate"}}
    manifest = pod("sided", image, ["sh", "-c", "echo main >> /v/order"], restartPolicy="Never", initContainers=inits, volumes=[host],
                   terminationGracePeriodSeconds=10, container={"volumeMounts": [{"name": "v", "mountPath": "/v"}]})
    shared.apply(manifest)
    shared.phase("sided", "Succeeded")
    shared.apply(pod("order", image, ["cat", "/v/order"], restartPolicy="Never", volumes=[host], container={"volumeMounts": [{"name": "v", "mountPath": "/v"}]}))
    shared.phase("order", "Succeeded")
    assert shared.kubectl("logs", "order").split() == ["one-start", "setup", "two-start", "main", "two-stop", "one-stop"]
    assert {one["name"]: one["state"]["terminated"]["exitCode"] for one in shared.get("pod", "sided")["status"]["initContainerStatuses"]} == {"one": 0, "setup": 0, "two": 0}


def test_readiness_gates_belong_to_others(shared, image):
    shared.apply(pod("gated", image, ["sleep", "600"], readinessGates=[{"conditionType": "example.com/gate"}]))
    eventually(lambda: condition(shared, "gated", "ContainersReady")["status"] == "True", what="containers ready")
    assert condition(shared, "gated", "Ready")["reason"] == "ReadinessGatesNotReady"
    patch = {"status": {"conditions": [{"type": "example.com/gate", "status": "True"}]}}
    shared.kubectl("patch", "pod", "gated", "--subresource=status", "--type=strategic", "-p", json.dumps(patch))
    eventually(lambda: condition(shared, "gated", "Ready")["status"] == "True", within=5, what="ready")
    assert condition(shared, "gated", "example.com/gate")["status"] == "True"


def test_a_pod_that_does_not_fit_is_rejected(shared, image):
    node = json.loads(shared.kubectl("get", "nodes", "-o", "json"))["items"][0]["metadata"]["name"]
    shared.apply(pod("huge", image, ["sleep", "600"], nodeName=node, limits={"cpu": "1000"}))
    failed = shared.phase("huge", "Failed")
    assert failed["reason"] == "OutOfcpu" and failed["message"].startswith("Pod was rejected: Node didn't have enough resource: cpu, requested: 1000000")
    shared.apply(pod("misplaced", image, ["sleep", "600"], nodeName=node, nodeSelector={"no": "such"}))
    assert shared.phase("misplaced", "Failed")["reason"] == "NodeAffinity"


def test_names_and_resolvers(shared, image):
    spec = {"hostname": "web", "subdomain": "sub", "setHostnameAsFQDN": True, "hostAliases": [{"ip": "1.2.3.4", "hostnames": ["a", "b"]}],
            "dnsPolicy": "None", "dnsConfig": {"nameservers": ["9.9.9.9"], "searches": ["x.org"], "options": [{"name": "ndots", "value": "3"}]}}
    shared.apply(pod("named", image, ["sleep", "600"], **spec))
    shared.phase("named", "Running")
    assert run(shared, "named", "hostname") == "web.sub.default.svc.cluster.local\n"
    assert "\n1.2.3.4\ta\tb\n" in run(shared, "named", "cat", "/etc/hosts")
    assert run(shared, "named", "cat", "/etc/resolv.conf") == "nameserver 9.9.9.9\nsearch x.org\noptions ndots:3\n"


def test_everything_goes_on_after_the_daemon_died(fresh):
    image = fresh.busybox()
    fresh.apply(config_map("settings", {"a": "one"}))
    probe = {"exec": {"command": ["test", "-e", "/m/ready"]}, "periodSeconds": 1, "failureThreshold": 1}
    volumes = [{"name": "v", "configMap": {"name": "settings"}}, {"name": "m", "emptyDir": {"medium": "Memory"}}]
    fresh.apply(pod("lasting", image, ["sh", "-c", "touch /m/ready; sleep 600"], volumes=volumes, container={
        "readinessProbe": probe, "volumeMounts": [{"name": "v", "mountPath": "/v"}, {"name": "m", "mountPath": "/m"}]}))
    eventually(lambda: condition(fresh, "lasting", "Ready")["status"] == "True", what="ready")
    fresh.kill_daemon()
    fresh.up("--no-merge")
    assert status(fresh, "lasting")["restartCount"] == 0
    fresh.apply(config_map("settings", {"a": "two"}))
    eventually(lambda: run(fresh, "lasting", "cat", "/v/a") == "two", within=10, what="the update after the restart")
    run(fresh, "lasting", "rm", "/m/ready")
    eventually(lambda: condition(fresh, "lasting", "Ready")["status"] == "False", within=10, what="the probe after the restart")
    run(fresh, "lasting", "touch", "/m/ready")
    eventually(lambda: condition(fresh, "lasting", "Ready")["status"] == "True", within=10, what="ready again")


def test_init_containers_run_again_in_a_new_sandbox(fresh):
    image = fresh.busybox()
    mount = {"volumeMounts": [{"name": "m", "mountPath": "/m"}]}
    first = {"name": "first", "image": image, "command": ["sh", "-c", "echo prepared >> /m/file"], **mount}
    fresh.apply(pod("prepared", image, ["sh", "-c", "cat /m/file && sleep 600"], initContainers=[first],
                    volumes=[{"name": "m", "emptyDir": {"medium": "Memory"}}], container=mount))
    fresh.phase("prepared", "Running")
    fresh.down()
    fresh.up("--no-merge")
    eventually(lambda: status(fresh, "prepared")["state"].get("running") and status(fresh, "prepared")["restartCount"] == 1, within=60, what="the pod runs again")
    assert run(fresh, "prepared", "cat", "/m/file") == "prepared\n"
    assert status(fresh, "prepared", "first")["restartCount"] == 1


# Tokens, ephemeral containers, resizes


def test_a_token_of_the_service_account_is_there(shared, image):
    source = {"serviceAccountToken": {"path": "token", "audience": "somebody", "expirationSeconds": 600}}
    shared.apply(pod("bearer", image, ["sleep", "600"], volumes=[{"name": "t", "projected": {"sources": [source]}}],
                     securityContext={"runAsUser": 1000}, container={"volumeMounts": [{"name": "t", "mountPath": "/t"}]}))
    shared.phase("bearer", "Running")
    token = run(shared, "bearer", "cat", "/t/token")
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    uid = shared.get("pod", "bearer")["metadata"]["uid"]
    assert claims["aud"] == ["somebody"] and claims["sub"] == "system:serviceaccount:default:default"
    assert claims["kubernetes.io"]["pod"] == {"name": "bearer", "uid": uid}
    assert run(shared, "bearer", "sh", "-c", "stat -Lc '%a %u' /t/token") == "600 1000\n"


def test_an_ephemeral_container_looks_into_a_running_pod(shared, image):
    shared.apply(pod("looked-at", image, ["sleep", "600"]))
    shared.phase("looked-at", "Running")
    patch = {"spec": {"ephemeralContainers": [{"name": "look", "image": image, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", "hostname; exit 3"]}]}}
    shared.kubectl("patch", "pod", "looked-at", "--subresource=ephemeralcontainers", "--type=strategic", "-p", json.dumps(patch))
    ended = eventually(lambda: status(shared, "looked-at", "look")["state"]["terminated"], what="its end")
    assert ended["exitCode"] == 3
    assert shared.kubectl("logs", "looked-at", "-c", "look") == "looked-at\n"
    assert condition(shared, "looked-at", "Ready")["status"] == "True"


def test_resources_change_without_a_restart(shared, image):
    shared.apply(pod("stretched", image, ["sleep", "600"], limits={"cpu": "100m", "memory": "64Mi"}))
    shared.phase("stretched", "Running")
    wanted = {"cpu": "200m", "memory": "128Mi"}
    resize = {"spec": {"containers": [{"name": "main", "resources": {"limits": wanted, "requests": wanted}}]}}
    shared.kubectl("patch", "pod", "stretched", "--subresource=resize", "--type=strategic", "-p", json.dumps(resize))
    eventually(lambda: status(shared, "stretched")["resources"]["limits"] == wanted, what="the new limits in the status")
    assert status(shared, "stretched")["restartCount"] == 0 and status(shared, "stretched")["allocatedResources"] == wanted
    quota = "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || cut -d' ' -f1 /sys/fs/cgroup/cpu.max"
    assert run(shared, "stretched", "sh", "-c", quota) == "20000\n"
    huge = {"spec": {"containers": [{"name": "main", "resources": {"limits": {"cpu": "1000"}, "requests": {"cpu": "1000"}}}]}}
    shared.kubectl("patch", "pod", "stretched", "--subresource=resize", "--type=strategic", "-p", json.dumps(huge))
    eventually(lambda: condition(shared, "stretched", "PodResizePending")["reason"] == "Infeasible", what="the refusal")


def cgroup_values(cluster, name, *files):
    uid = cluster.get("pod", name)["metadata"]["uid"]
    return [path.read_text().split()[0] for file in files for path in pathlib.Path("/sys/fs/cgroup").glob(f"**/pod{uid}/{file}")]


def test_a_pods_own_resources_change_without_a_restart(shared, image):
    def own(cpu, memory):
        return {"limits": {"cpu": cpu, "memory": memory}, "requests": {"cpu": "50m", "memory": "32Mi"}}

    shared.apply(pod("whole", image, ["sleep", "600"], resources=own("100m", "64Mi")))
    shared.phase("whole", "Running")
    told = shared.get("pod", "whole")["status"]
    assert told["resources"] == own("100m", "64Mi") and told["allocatedResources"] == {"cpu": "50m", "memory": "32Mi"}
    for cpu, memory, quota, limit in [("200m", "128Mi", "20000", 128 << 20), ("100m", "64Mi", "10000", 64 << 20)]:
        patch = {"spec": {"resources": own(cpu, memory)}}
        shared.kubectl("patch", "pod", "whole", "--subresource=resize", "--type=merge", "-p", json.dumps(patch))
        eventually(lambda: shared.get("pod", "whole")["status"]["resources"] == own(cpu, memory), what="the new limits in the status")
        assert cgroup_values(shared, "whole", "cpu.cfs_quota_us", "cpu.max") == [quota]
        assert cgroup_values(shared, "whole", "memory.limit_in_bytes", "memory.max") == [str(limit)]
    assert status(shared, "whole")["restartCount"] == 0
    huge = {"spec": {"resources": {"limits": {"cpu": "1000"}, "requests": {"cpu": "1000"}}}}
    shared.kubectl("patch", "pod", "whole", "--subresource=resize", "--type=merge", "-p", json.dumps(huge))
    eventually(lambda: condition(shared, "whole", "PodResizePending")["reason"] == "Infeasible", what="the refusal")
    assert shared.get("pod", "whole")["status"]["resources"] == own("100m", "64Mi")
    # What has been filled cannot be taken away; what was asked for comes about once there is room.
    run(shared, "whole", "sh", "-c", "mkdir -p /dev/shm; dd if=/dev/zero of=/dev/shm/x bs=1M count=40 2>/dev/null")
    small = {"spec": {"resources": own("100m", "33Mi")}}
    shared.kubectl("patch", "pod", "whole", "--subresource=resize", "--type=merge", "-p", json.dumps(small))
    eventually(lambda: "below current usage" in condition(shared, "whole", "PodResizeInProgress")["message"], what="why not yet")
    run(shared, "whole", "rm", "/dev/shm/x")
    eventually(lambda: shared.get("pod", "whole")["status"]["resources"] == own("100m", "33Mi"), within=40, what="the smaller limit")
    assert cgroup_values(shared, "whole", "memory.limit_in_bytes", "memory.max") == [str(33 << 20)]
    shared.kubectl("delete", "pod", "whole", "--wait=false")


def test_a_refused_resize_does_not_come_with_a_restart(shared, image):
    shared.apply(pod("wisher", image, ["sh", "-c", "until [ -e /tmp/stop ]; do sleep 0.2; done"], limits={"cpu": "100m", "memory": "64Mi"}))
    shared.phase("wisher", "Running")
    huge = {"spec": {"containers": [{"name": "main", "resources": {"limits": {"cpu": "1000"}, "requests": {"cpu": "1000"}}}]}}
    shared.kubectl("patch", "pod", "wisher", "--subresource=resize", "--type=strategic", "-p", json.dumps(huge))
    eventually(lambda: condition(shared, "wisher", "PodResizePending")["reason"] == "Infeasible", what="the refusal")
    run(shared, "wisher", "sh", "-c", "mkdir -p /tmp; touch /tmp/stop")
    eventually(lambda: status(shared, "wisher")["restartCount"] == 1 and "running" in status(shared, "wisher")["state"], within=60, what="the restart")
    quota = "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || cut -d' ' -f1 /sys/fs/cgroup/cpu.max"
    assert run(shared, "wisher", "sh", "-c", quota) == "10000\n"
    assert status(shared, "wisher")["resources"]["limits"]["cpu"] == "100m"
    assert condition(shared, "wisher", "PodResizePending")["reason"] == "Infeasible"


def test_a_deferred_resize_is_carried_out_when_there_is_room(shared, image):
    def milli(text):
        return int(text[:-1]) if text.endswith("m") else int(float(text) * 1000)

    node = json.loads(shared.kubectl("get", "nodes", "-o", "json"))["items"][0]
    taken = 0
    for one in json.loads(shared.kubectl("get", "pods", "-A", "--field-selector", "status.phase=Running", "-o", "json"))["items"]:
        for container in one["spec"]["containers"]:
            resources = container.get("resources", {})
            taken += milli((one["status"].get("containerStatuses") or [{}])[0].get("allocatedResources", resources.get("requests", {})).get("cpu", "0"))
    free = milli(node["status"]["allocatable"]["cpu"]) - taken
    half, most = f"{free * 2 // 5}m", f"{free * 4 // 5}m"
    for name in ("grower", "other"):
        shared.apply(pod(name, image, ["sleep", "600"], container={"resources": {"requests": {"cpu": half}}}))
        shared.phase(name, "Running")
    more = {"spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": most}}}]}}
    shared.kubectl("patch", "pod", "grower", "--subresource=resize", "--type=strategic", "-p", json.dumps(more))
    eventually(lambda: condition(shared, "grower", "PodResizePending")["reason"] == "Deferred", what="the deferral")
    assert status(shared, "grower")["allocatedResources"]["cpu"] == half
    shared.kubectl("delete", "pod", "other", "--grace-period=0", "--force")
    eventually(lambda: status(shared, "grower")["allocatedResources"]["cpu"] == most, what="the resize once there is room")
    shared.kubectl("delete", "pod", "grower", "--wait=false")


def test_a_volume_beyond_its_limit_ends_the_pod(shared, image):
    volume = {"name": "v", "emptyDir": {"sizeLimit": "1Mi"}}
    shared.apply(pod("greedy", image, ["sh", "-c", "dd if=/dev/zero of=/v/big bs=1M count=3; sleep 600"], volumes=[volume],
                     container={"volumeMounts": [{"name": "v", "mountPath": "/v"}]}))
    failed = shared.phase("greedy", "Failed", within=40)
    assert (failed["reason"], failed["message"]) == ("Evicted", 'Usage of EmptyDir volume "v" exceeds the limit "1Mi". ')
    assert condition(shared, "greedy", "DisruptionTarget")["reason"] == "TerminationByKubelet"
