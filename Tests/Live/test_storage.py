"""What pods may take of the node's disk."""

import json
import os
import subprocess

import pytest

from cluster import eventually, pod


@pytest.fixture(scope="module")
def image(shared):
    return shared.busybox()


def limited(name, image, script, limit, **spec):
    resources = {"limits": {"ephemeral-storage": limit}, "requests": {"ephemeral-storage": limit}}
    container = {"resources": resources, "volumeMounts": [{"name": one["name"], "mountPath": f"/{one['name']}"} for one in spec.get("volumes", [])]}
    return pod(name, image, ["sh", "-c", f"{script}; sleep 100000"], container=container, **spec)


def evicted(cluster, name):
    failed = cluster.phase(name, "Failed", within=90)
    assert failed["reason"] == "Evicted"
    assert any(one["type"] == "DisruptionTarget" and one["status"] == "True" for one in failed["conditions"])
    found = json.loads(cluster.kubectl("get", "events", "-o", "json", "--field-selector", f"involvedObject.name={name},reason=Evicted"))["items"]
    assert [one["message"] for one in found] == [failed["message"]]
    return failed["message"]


def test_a_container_that_writes_more_than_it_may_is_evicted(shared, image):
    shared.apply(limited("writer", image, "dd if=/dev/zero of=/big bs=1M count=12", "8Mi"))
    shared.apply(limited("talker", image, "dd if=/dev/zero bs=1M count=6 | tr '\\000' x | fold -w 99", "4Mi"))
    modest = limited("modest", image, "dd if=/dev/zero of=/some bs=1M count=5", "8Mi")
    shared.apply(modest)
    # The pod's limit is the sum of its containers', which here is the same.
    assert evicted(shared, "writer") == "Pod ephemeral local storage usage exceeds the total limit of containers 8Mi. "
    assert evicted(shared, "talker") == "Pod ephemeral local storage usage exceeds the total limit of containers 4Mi. "
    assert shared.get("pod", "modest")["status"]["phase"] == "Running"


def test_one_container_of_several_is_named(shared, image):
    made = limited("pair", image, "dd if=/dev/zero of=/big bs=1M count=6", "4Mi")
    made["spec"]["containers"].append({**made["spec"]["containers"][0], "name": "roomy", "command": ["sleep", "100000"],
                                       "resources": {"limits": {"ephemeral-storage": "1Gi"}}})
    shared.apply(made)
    assert evicted(shared, "pair") == 'Container main exceeded its local ephemeral storage limit "4Mi". '


def test_volumes_count_for_the_pod(shared, image):
    volumes = [{"name": "scratch", "emptyDir": {}}]
    shared.apply(limited("scratcher", image, "dd if=/dev/zero of=/scratch/big bs=1M count=6", "4Mi", volumes=volumes))
    assert evicted(shared, "scratcher") == "Pod ephemeral local storage usage exceeds the total limit of containers 4Mi. "


def test_the_summary_tells_what_a_pod_takes(shared, image):
    volumes = [{"name": "scratch", "emptyDir": {}}]
    script = "dd if=/dev/zero of=/own bs=1M count=3; dd if=/dev/zero of=/scratch/more bs=1M count=2; echo written"
    made = pod("told", image, ["sh", "-c", f"{script}; sleep 100000"], volumes=volumes, container={"volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}]})
    shared.apply(made)
    shared.phase("told", "Running")
    eventually(lambda: "written" in shared.kubectl("logs", "told"), what="the files")
    node = shared.kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")
    summary = json.loads(shared.kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/stats/summary"))
    own = next(one for one in summary["pods"] if one["podRef"]["name"] == "told")
    main = own["containers"][0]
    mebibyte = 1 << 20
    assert 3 * mebibyte <= main["rootfs"]["usedBytes"] < 4 * mebibyte
    assert 0 < main["logs"]["usedBytes"] < mebibyte
    assert main["rootfs"]["capacityBytes"] > main["rootfs"]["availableBytes"] > 0 and main["rootfs"]["inodesUsed"] >= 1
    volume = next(one for one in own["volume"] if one["name"] == "scratch")
    assert 2 * mebibyte <= volume["usedBytes"] < 3 * mebibyte
    assert 5 * mebibyte <= own["ephemeral-storage"]["usedBytes"] < 7 * mebibyte


def test_a_nearly_full_disk_is_told_and_young_images_stay(make_cluster):
    one = make_cluster()
    one.data.mkdir()
    # Any disk is as full as this.
    (one.data / "config.yaml").write_text("imageGCHighPercent: 1\nimageGCLowPercent: 0\n")
    one.up("--no-merge")
    one.busybox()

    def told():
        found = json.loads(one.kubectl("get", "events", "-A", "-o", "json", "--field-selector", "reason=FreeDiskSpaceFailed"))["items"]
        return [event for event in found if event["involvedObject"]["kind"] == "Node" and "Failed to garbage collect required amount of images" in event["message"]]

    eventually(told, within=60, what="the event about the node")
    assert "host/busybox" in one.kdash("image", "list").stdout
    types = {one["type"]: one["status"] for one in one.get("nodes", one.kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}"))["status"]["conditions"]}
    assert types == {"MemoryPressure": "False", "DiskPressure": "False", "PIDPressure": "False", "Ready": "True"}


@pytest.fixture
def small_disk(make_cluster, base):
    """A cluster whose directory is a disk of its own, which may be filled."""
    disk = base / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "kdash-test", disk], check=True)
    one = make_cluster()
    one.data = disk / "data"
    yield one
    one.close()
    subprocess.run(["umount", disk], check=True)


def test_a_node_short_of_disk_ends_who_takes_most_and_takes_no_more(small_disk):
    small_disk.up("--no-merge")
    image = small_disk.busybox()

    def start(name, script):
        volumes = [{"name": "scratch", "emptyDir": {}}]
        small_disk.apply(pod(name, image, ["sh", "-c", f"{script}; sleep 100000"], volumes=volumes,
                             container={"volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}]}))
        small_disk.phase(name, "Running")

    def node():
        found = small_disk.get("node", "kdash")
        held = {one["type"]: one["status"] for one in found["status"]["conditions"]}
        return held["DiskPressure"] == "True" and "node.kubernetes.io/disk-pressure" in [one["key"] for one in found["spec"].get("taints", [])]

    start("modest", "dd if=/dev/zero of=/scratch/some bs=1M count=2")
    # A tenth has to be left, since that is less than the bound of a large disk.
    space = os.statvfs(small_disk.data)
    start("greedy", f"dd if=/dev/zero of=/scratch/much bs=1M count={(space.f_bavail * space.f_frsize >> 20) - 16}")
    eventually(node, within=60, what="the condition and its taint")
    assert evicted(small_disk, "greedy").startswith("The node was low on resource: ephemeral-storage. Threshold quantity: ")
    small_disk.apply(pod("late", image, ["sleep", "600"]))
    eventually(lambda: "disk-pressure" in json.dumps(small_disk.get("pod", "late")["status"]), within=60, what="why the pod is not scheduled")
    # What the pod took is there again, and nobody else had to go.
    eventually(lambda: os.statvfs(small_disk.data).f_bavail > space.f_bavail * 9 // 10, within=60, what="room on the disk")
    assert small_disk.get("pod", "modest")["status"]["phase"] == "Running"
    assert "host/busybox" in small_disk.kdash("image", "list").stdout
