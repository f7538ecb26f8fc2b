"""What the conformance tests of sig-apps and sig-network ask of controllers, where kdash once did otherwise."""

import json

import pytest

from cluster import eventually


@pytest.fixture(scope="module")
def image(shared):
    return shared.busybox()


def template(image, app, **spec):
    container = {"name": "main", "image": image, "imagePullPolicy": "IfNotPresent", "command": ["sleep", "100000"], **spec.pop("container", {})}
    return {"metadata": {"labels": {"app": app}}, "spec": {"terminationGracePeriodSeconds": 0, "containers": [container], **spec}}


def workload(kind, name, image, api="apps/v1", **spec):
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name},
            "spec": {"selector": {"matchLabels": {"app": name}}, "template": template(image, name), **spec}}


def items(shared, kind, app):
    return json.loads(shared.kubectl("get", kind, "-l", f"app={app}", "-o", "json"))["items"]


def is_ready(pod):
    return any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))


def ready_pods(shared, app, count):
    def probe():
        pods = [one for one in items(shared, "pods", app) if "deletionTimestamp" not in one["metadata"]]
        return {one["metadata"]["name"]: one for one in pods} if len(pods) == count and all(map(is_ready, pods)) else None
    return eventually(probe, within=30, what=f"{count} ready pods of {app}")


def patch(shared, kind, name, body):
    shared.kubectl("patch", kind, name, "--type=merge", "-p", json.dumps(body))


def test_endpoints_without_a_selector_are_mirrored(shared):
    shared.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "by-hand"}, "spec": {"ports": [{"name": "example", "port": 80}]}})
    endpoints = {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "by-hand"},
                 "subsets": [{"addresses": [{"ip": "10.1.2.3"}], "ports": [{"name": "example", "port": 80}]}]}
    shared.apply(endpoints)

    def slices():
        found = json.loads(shared.kubectl("get", "endpointslices", "-l", "kubernetes.io/service-name=by-hand", "-o", "json"))["items"]
        return [(one["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"], one["endpoints"][0]["addresses"], one["ports"][0]["port"]) for one in found]

    manager = "endpointslicemirroring-controller.k8s.io"
    eventually(lambda: slices() == [(manager, ["10.1.2.3"], 80)], within=12, what="a slice")
    endpoints["subsets"][0]["addresses"] = [{"ip": "10.2.3.4"}]
    shared.apply(endpoints)
    eventually(lambda: slices() == [(manager, ["10.2.3.4"], 80)], within=12, what="the slice's new address")
    shared.kubectl("delete", "endpoints", "by-hand")
    eventually(lambda: [slices()] == [[]], within=12, what="no slice")


@pytest.mark.parametrize("kind, api", [("ReplicationController", "v1"), ("ReplicaSet", "apps/v1")])
def test_a_full_quota_shows_as_a_condition_and_goes(shared, image, kind, api):
    name = f"quota-{kind.lower()}"
    shared.kubectl("create", "namespace", name)
    shared.kubectl("create", "quota", "pods", "--hard=pods=2", "-n", name)
    made = workload(kind, name, image, api, replicas=3)
    made["metadata"]["namespace"] = name
    if kind == "ReplicationController":
        made["spec"]["selector"] = {"app": name}
    eventually(lambda: shared.get("quota", "pods", "-n", name)["status"].get("hard"), what="the quota's status")
    shared.apply(made)

    def failures():
        status = shared.get(kind, name, "-n", name)["status"]
        return [one for one in status.get("conditions", []) if one["type"] == "ReplicaFailure"], status.get("replicas")

    condition = eventually(lambda: failures()[0], what="the failure")[0]
    assert condition["reason"] == "FailedCreate" and "exceeded quota" in condition["message"]
    shared.kubectl("scale", f"--replicas=2", f"{kind.lower()}/{name}", "-n", name)
    eventually(lambda: failures() == ([], 2), what="no failure")
    shared.kubectl("delete", "namespace", name, "--wait=false")


def test_a_replication_controller_adopts_scales_and_releases(shared, image):
    pod = {"apiVersion": "v1", "kind": "Pod", **template(image, "adopted")}
    pod["metadata"]["name"] = "orphan"
    shared.apply(pod)
    made = workload("ReplicationController", "adopted", image, "v1", replicas=1)
    made["spec"]["selector"] = {"app": "adopted"}
    shared.apply(made)
    eventually(lambda: shared.get("pod", "orphan")["metadata"]["ownerReferences"][0]["kind"] == "ReplicationController", what="adoption")
    shared.kubectl("scale", "--replicas=2", "rc/adopted")
    ready_pods(shared, "adopted", 2)
    eventually(lambda: shared.get("rc", "adopted")["status"].get("availableReplicas") == 2, what="the status")
    shared.kubectl("label", "pod", "orphan", "--overwrite", "app=other")
    eventually(lambda: "ownerReferences" not in shared.get("pod", "orphan")["metadata"], what="the release")
    ready_pods(shared, "adopted", 2)
    shared.kubectl("delete", "rc/adopted", "pod/orphan", "--wait=false")


def test_a_stuck_rollout_is_scaled_in_proportion(shared, image):
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}}
    shared.apply(workload("Deployment", "proportional", image, replicas=10, strategy=strategy))
    shared.kubectl("rollout", "status", "deployment/proportional", "--timeout=60s")
    shared.kubectl("patch", "deployment", "proportional", "-p", json.dumps(
        {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "example.org/none:404", "imagePullPolicy": "Never"}]}}}}))

    def sizes():
        return sorted(one["spec"]["replicas"] for one in items(shared, "replicasets", "proportional"))

    eventually(lambda: sizes() == [5, 8], what="the rollout stuck")
    shared.kubectl("scale", "--replicas=30", "deployment/proportional")
    eventually(lambda: sizes() == [13, 20], what="sizes in proportion")
    shared.kubectl("delete", "deployment/proportional", "--wait=false")


def test_a_stateful_set_rolls_in_order_and_back(shared, image):
    claims = [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "none",
                                                       "resources": {"requests": {"storage": "1Mi"}}}}]
    mounted = workload("StatefulSet", "claimed", image, serviceName="none", replicas=1, volumeClaimTemplates=claims,
                       persistentVolumeClaimRetentionPolicy={"whenDeleted": "Delete"})
    mounted["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    shared.apply(mounted)
    shared.apply(workload("StatefulSet", "ordered", image, serviceName="none", replicas=3))
    first = ready_pods(shared, "ordered", 3)
    assert sorted(first) == ["ordered-0", "ordered-1", "ordered-2"]
    assert first["ordered-2"]["metadata"]["labels"]["apps.kubernetes.io/pod-index"] == "2"
    made = [first[name]["metadata"]["creationTimestamp"] for name in sorted(first)]
    assert made == sorted(made)
    shared.kubectl("rollout", "restart", "statefulset/ordered")
    shared.kubectl("rollout", "status", "statefulset/ordered", "--timeout=60s")
    second = ready_pods(shared, "ordered", 3)
    status = shared.get("statefulset", "ordered")["status"]
    assert {one["metadata"]["labels"]["controller-revision-hash"] for one in second.values()} == {status["updateRevision"]}
    assert status["currentRevision"] == status["updateRevision"]
    assert len(shared.kubectl("rollout", "history", "statefulset/ordered").strip().splitlines()) == 4
    shared.kubectl("rollout", "undo", "statefulset/ordered")
    shared.kubectl("rollout", "status", "statefulset/ordered", "--timeout=60s")
    third = ready_pods(shared, "ordered", 3)
    assert {one["metadata"]["labels"]["controller-revision-hash"] for one in third.values()} == \
        {one["metadata"]["labels"]["controller-revision-hash"] for one in first.values()}
    patch(shared, "statefulset", "ordered", {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 2}}}})
    shared.kubectl("rollout", "restart", "statefulset/ordered")
    eventually(lambda: shared.get("statefulset", "ordered")["status"].get("updatedReplicas") == 1, what="one updated pod")
    assert shared.get("pod", "ordered-1")["metadata"]["uid"] == third["ordered-1"]["metadata"]["uid"]
    owners = eventually(lambda: shared.get("pvc", "data-claimed-0")["metadata"].get("ownerReferences"), what="the claim's owner")
    assert [one["kind"] for one in owners] == ["StatefulSet"]
    shared.kubectl("delete", "statefulset/ordered", "statefulset/claimed", "--wait=false")
    eventually(lambda: "NotFound" in shared.kubectl("get", "pvc", "data-claimed-0", check=False).stderr, what="the claim gone")


def test_a_daemon_set_follows_its_nodes_and_its_template(shared, image):
    node = json.loads(shared.kubectl("get", "nodes", "-o", "json"))["items"][0]["metadata"]["name"]
    surging = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    shared.apply(workload("DaemonSet", "daemon", image, updateStrategy=surging, minReadySeconds=1))
    (old,) = ready_pods(shared, "daemon", 1).values()
    revisions = items(shared, "controllerrevisions", "daemon")
    assert [one["revision"] for one in revisions] == [1]
    assert revisions[0]["metadata"]["labels"]["controller-revision-hash"] == old["metadata"]["labels"]["controller-revision-hash"]
    shared.kubectl("rollout", "restart", "daemonset/daemon")
    shared.kubectl("rollout", "status", "daemonset/daemon", "--timeout=60s")
    (new,) = ready_pods(shared, "daemon", 1).values()
    assert new["metadata"]["uid"] != old["metadata"]["uid"]
    shared.kubectl("rollout", "undo", "daemonset/daemon")
    shared.kubectl("rollout", "status", "daemonset/daemon", "--timeout=60s")
    (back,) = ready_pods(shared, "daemon", 1).values()
    assert back["metadata"]["labels"]["controller-revision-hash"] == old["metadata"]["labels"]["controller-revision-hash"]
    patch(shared, "daemonset", "daemon", {"spec": {"template": {"spec": {"nodeSelector": {"color": "blue"}}}}})
    eventually(lambda: shared.get("daemonset", "daemon")["status"]["desiredNumberScheduled"] == 0 and not items(shared, "pods", "daemon"), what="no pods")
    shared.kubectl("label", "node", node, "color=blue")
    ready_pods(shared, "daemon", 1)
    shared.kubectl("label", "node", node, "color-")
    eventually(lambda: not items(shared, "pods", "daemon"), what="no pods again")
    shared.kubectl("delete", "daemonset/daemon", "--wait=false")


def test_a_cron_job_makes_a_job(shared, image):
    spec = {"schedule": "@every 1s", "concurrencyPolicy": "Forbid", "jobTemplate": {"spec": {"template": template(image, "cron", restartPolicy="Never")}}}
    spec["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["command"] = ["true"]
    shared.apply({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "cron"}, "spec": spec})
    status = eventually(lambda: (lambda found: found if found.get("lastSuccessfulTime") else None)(shared.get("cronjob", "cron").get("status", {})),
                        within=30, what="a job that completed")
    assert status["lastScheduleTime"]
    patch(shared, "cronjob", "cron", {"spec": {"suspend": True}})
    jobs = json.loads(shared.kubectl("get", "jobs", "-o", "json"))["items"]
    mine = [one for one in jobs if one["metadata"].get("ownerReferences", [{}])[0].get("name") == "cron"]
    assert mine and all("batch.kubernetes.io/cronjob-scheduled-timestamp" in one["metadata"]["annotations"] for one in mine)
    shared.kubectl("set", "image", "cronjob/cron", "main=other:1")
    assert shared.get("cronjob", "cron")["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["image"] == "other:1"
    shared.kubectl("delete", "cronjob/cron", "--wait=false")
    eventually(lambda: not items(shared, "pods", "cron"), what="nothing left of it")


def job(shared, image, name, script, parallelism=2, completions=4, **spec):
    made = template(image, name, restartPolicy=spec.pop("restartPolicy", "Never"), container={"command": ["sh", "-c", script]})
    shared.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
                  "spec": {"parallelism": parallelism, "completions": completions, "template": made, **spec}})


def ended(shared, name, kind):
    """The job's status once it has the condition; what is counted is final then."""
    def probe():
        status = shared.get("job", name).get("status", {})
        return status if conditions(status).get(kind) else None
    status = eventually(probe, within=45, what=f"job {name} {kind}")
    assert "active" not in status and (status["ready"], status["terminating"]) == (0, 0)
    assert not any(status.get("uncountedTerminatedPods", {}).values())
    return status


def conditions(status):
    return {one["type"]: one.get("reason") for one in status.get("conditions", []) if one["status"] == "True"}


def test_an_indexed_job_numbers_its_pods(shared, image):
    job(shared, image, "indexed", 'test "$JOB_COMPLETION_INDEX" -ge 0 && test "$(hostname)" = "indexed-$JOB_COMPLETION_INDEX"', completionMode="Indexed")
    status = ended(shared, "indexed", "Complete")
    assert (status["succeeded"], status["completedIndexes"]) == (4, "0-3") and "failed" not in status
    assert conditions(status) == {"SuccessCriteriaMet": "CompletionsReached", "Complete": "CompletionsReached"}
    pods = items(shared, "pods", "indexed")
    key = "batch.kubernetes.io/job-completion-index"
    assert sorted(one["metadata"]["annotations"][key] for one in pods) == list("0123")
    assert all(one["spec"]["hostname"] == f"indexed-{one['metadata']['labels'][key]}" for one in pods)
    eventually(lambda: not any("finalizers" in one["metadata"] for one in items(shared, "pods", "indexed")), what="pods let go")
    shared.kubectl("delete", "job/indexed")
    eventually(lambda: not items(shared, "pods", "indexed"), what="no pods")


def test_a_job_adopts_and_releases_pods_and_lets_them_go(shared, image):
    job(shared, image, "adopting", "sleep 100000")
    first, second = ready_pods(shared, "adopting", 2)
    patch(shared, "pod", first, {"metadata": {"ownerReferences": None}})
    eventually(lambda: shared.get("pod", first)["metadata"].get("ownerReferences", [{}])[0].get("kind") == "Job", what="the adoption")
    shared.kubectl("patch", "pod", second, "--type=json", "-p", '[{"op": "remove", "path": "/metadata/labels"}]')
    eventually(lambda: not {"ownerReferences", "finalizers"} & set(shared.get("pod", second)["metadata"]), what="the release")
    shared.kubectl("delete", "job", "adopting", "--cascade=orphan")
    eventually(lambda: not {"ownerReferences", "finalizers"} & set(shared.get("pod", first)["metadata"]), what="an orphan that is not held")
    rest = [one["metadata"]["name"] for one in items(shared, "pods", "adopting")]
    shared.kubectl("delete", "pod", second, *rest, "--timeout=30s")


def test_numbers_of_a_job_fail_each_for_itself(shared, image):
    script = 'test "$JOB_COMPLETION_INDEX" != 1'
    job(shared, image, "by-number", script, completionMode="Indexed", backoffLimitPerIndex=0)
    status = ended(shared, "by-number", "Failed")
    assert (status["completedIndexes"], status["failedIndexes"], status["succeeded"], status["failed"]) == ("0,2-3", "1", 3, 1)
    assert conditions(status) == {"FailureTarget": "FailedIndexes", "Failed": "FailedIndexes"}
    job(shared, image, "few-numbers", "sleep $((JOB_COMPLETION_INDEX * 100000)); exit 1", completionMode="Indexed", backoffLimitPerIndex=0,
        maxFailedIndexes=0)
    assert conditions(ended(shared, "few-numbers", "Failed"))["Failed"] == "MaxFailedIndexesExceeded"
    shared.kubectl("delete", "job/by-number", "job/few-numbers", "--wait=false")


def test_pods_of_a_job_start_again_by_themselves_until_they_succeed_or_the_limit_is_reached(shared, image):
    # The volume outlives the container, so that each start knows of those before it.
    script = "n=$(cat /data/n 2>/dev/null || echo 0); echo $((n + 1)) > /data/n; test $n -ge 2"
    volume = {"volumes": [{"name": "data", "emptyDir": {}}]}
    made = template(image, "again", restartPolicy="OnFailure", container={"command": ["sh", "-c", script], "volumeMounts": [
        {"name": "data", "mountPath": "/data"}]}, **volume)
    shared.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "again"}, "spec": {"parallelism": 1, "completions": 1, "template": made}})
    status = ended(shared, "again", "Complete")
    assert status["succeeded"] == 1 and "failed" not in status
    (pod,) = items(shared, "pods", "again")
    assert (pod["status"]["phase"], pod["status"]["containerStatuses"][0]["restartCount"]) == ("Succeeded", 2)
    job(shared, image, "hopeless", "exit 3", 1, 1, restartPolicy="OnFailure", backoffLimit=1)
    assert conditions(ended(shared, "hopeless", "Failed"))["Failed"] == "BackoffLimitExceeded"
    eventually(lambda: not items(shared, "pods", "hopeless"), what="no pod that goes on starting")
    shared.kubectl("delete", "job/again", "job/hopeless", "--wait=false")


@pytest.mark.parametrize("action, spec, expected", [
    ("FailJob", {}, ("PodFailurePolicy", 1)),
    ("Count", {"backoffLimit": 0}, ("BackoffLimitExceeded", 1)),
    ("FailIndex", {"completionMode": "Indexed", "backoffLimitPerIndex": 3}, ("FailedIndexes", 1)),
])
def test_a_failure_policy_decides_what_a_failure_means(shared, image, action, spec, expected):
    name = f"policy-{action.lower()}"
    policy = {"rules": [{"action": action, "onExitCodes": {"operator": "In", "values": [42]}}]}
    job(shared, image, name, "exit 42", 1, 1, podFailurePolicy=policy, **spec)
    status = ended(shared, name, "Failed")
    assert (conditions(status)["Failed"], status["failed"]) == expected
    shared.kubectl("delete", "job", name, "--wait=false")


def test_a_success_policy_ends_a_job_early(shared, image):
    policy = {"rules": [{"succeededIndexes": "0", "succeededCount": 1}]}
    job(shared, image, "early", "sleep $((JOB_COMPLETION_INDEX * 100000))", 2, 5, completionMode="Indexed", successPolicy=policy)
    status = ended(shared, "early", "Complete")
    assert conditions(status) == {"SuccessCriteriaMet": "SuccessPolicy", "Complete": "SuccessPolicy"}
    assert (status["succeeded"], status["completedIndexes"], "failed" in status) == (1, "0", False)
    shared.kubectl("delete", "job/early", "--wait=false")


def test_a_job_is_suspended_and_resumed(shared, image):
    job(shared, image, "paused", "sleep 100000", suspend=True)
    eventually(lambda: conditions(shared.get("job", "paused").get("status", {})) == {"Suspended": "JobSuspended"}, what="the pause")
    assert not items(shared, "pods", "paused") and "startTime" not in shared.get("job", "paused")["status"]
    patch(shared, "job", "paused", {"spec": {"template": {"spec": {"nodeSelector": {"kubernetes.io/os": "linux"}}}}})
    patch(shared, "job", "paused", {"spec": {"suspend": False}})
    ready_pods(shared, "paused", 2)
    assert shared.get("job", "paused")["status"]["startTime"]
    patch(shared, "job", "paused", {"spec": {"suspend": True}})
    eventually(lambda: not items(shared, "pods", "paused"), what="no pods")
    status = shared.get("job", "paused")["status"]
    assert conditions(status) == {"Suspended": "JobSuspended"} and not {"failed", "startTime"} & set(status)
    patch(shared, "job", "paused", {"spec": {"suspend": False, "activeDeadlineSeconds": 1}})
    assert conditions(ended(shared, "paused", "Failed"))["Failed"] == "DeadlineExceeded"
    shared.kubectl("delete", "job/paused", "--wait=false")


def test_slices_of_devices_need_not_say_their_generation(shared):
    shared.apply({"apiVersion": "resource.k8s.io/v1", "kind": "ResourceSlice", "metadata": {"name": "slice"}, "spec": {
        "driver": "example.com", "nodeName": "none", "pool": {"name": "p", "resourceSliceCount": 1}, "devices": [{"name": "d"}]}})
    assert shared.get("resourceslice", "slice")["spec"]["pool"]["resourceSliceCount"] == 1
    shared.kubectl("delete", "resourceslice", "slice")


def test_a_pod_that_matters_more_takes_the_place_of_one_that_matters_less(shared, image):
    node = json.loads(shared.kubectl("get", "nodes", "-o", "json"))["items"][0]["metadata"]["name"]
    slot = {"status": {"capacity": {"example.com/slot": "1"}, "allocatable": {"example.com/slot": "1"}}}
    shared.kubectl("patch", "node", node, "--subresource=status", "--type=merge", "-p", json.dumps(slot))
    shared.apply({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "important"}, "value": 1000})
    shared.apply({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "reserved"}, "value": 1000, "preemptionPolicy": "Never"})
    wants = {"resources": {"limits": {"example.com/slot": "1"}}}

    def pod(name, finalizers, **spec):
        made = template(image, name, container=dict(wants), **spec)
        shared.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}, "finalizers": finalizers}, "spec": made["spec"]})

    pod("lesser", ["example.com/look"])
    ready_pods(shared, "lesser", 1)
    # Neither a pod of the same importance nor one that never pushes takes its place.
    pod("equal", [])
    pod("polite", [], priorityClassName="reserved")
    pod("greater", [], priorityClassName="important")
    lesser = eventually(lambda: (lambda found: found if "deletionTimestamp" in found["metadata"] else None)(shared.get("pod", "lesser")), what="a pod that goes")
    assert shared.get("pod", "greater")["status"]["nominatedNodeName"] == node
    (target,) = [one for one in lesser["status"]["conditions"] if one["type"] == "DisruptionTarget"]
    assert (target["status"], target["reason"]) == ("True", "PreemptionByScheduler")
    patch(shared, "pod", "lesser", {"metadata": {"finalizers": None}})
    ready_pods(shared, "greater", 1)
    assert "nominatedNodeName" not in shared.get("pod", "greater")["status"]
    events = json.loads(shared.kubectl("get", "events", "--field-selector=involvedObject.name=lesser,reason=Preempted", "-o", "json"))["items"]
    assert len(events) == 1
    for name in ["equal", "polite"]:
        (waiting,) = [one for one in shared.get("pod", name)["status"]["conditions"] if one["type"] == "PodScheduled"]
        assert waiting["status"] == "False"
    shared.kubectl("delete", "pod", "greater", "equal", "polite", "--wait=false")
    shared.kubectl("delete", "priorityclass", "important", "reserved")
    shared.kubectl("patch", "node", node, "--subresource=status", "--type=merge", "-p", json.dumps({"status": {
        "capacity": {"example.com/slot": None}, "allocatable": {"example.com/slot": None}}}))
