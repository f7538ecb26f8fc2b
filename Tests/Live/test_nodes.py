"""Several nodes on one machine: `kdash up --nodes 3`."""

import ipaddress
import json
import os
import pathlib
import re
import signal
import socket

import machine
from cluster import eventually, pod

NODES = ["kdash", "kdash-1", "kdash-2"]
SERVE = "mkdir -p /tmp/w && hostname > /tmp/w/name && exec httpd -f -p 8080 -h /tmp/w"


def items(cluster, kind, *arguments):
    return json.loads(cluster.kubectl("get", kind, "-o", "json", *arguments))["items"]


def workload(kind, name, image, script, **spec):
    template = {"metadata": {"labels": {"app": name}},
                "spec": {"terminationGracePeriodSeconds": 1,
                         "containers": [{"name": "main", "image": image, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", script],
                                         "resources": {"requests": {"cpu": "40m"}},
                                         "ports": [{"name": "http", "containerPort": 8080}],
                                         "readinessProbe": {"exec": {"command": ["true"]}, "periodSeconds": 1}}]}}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name},
            "spec": {"selector": {"matchLabels": {"app": name}}, "template": template, **spec}}


def running(cluster, app, count):
    """The pods of an app by node, once there are exactly so many, all ready."""
    def probe():
        found = [one for one in items(cluster, "pods", "-l", f"app={app}") if "deletionTimestamp" not in one["metadata"]]
        ready = [one for one in found if all(status["ready"] for status in one["status"].get("containerStatuses", [{"ready": False}]))]
        return found if len(found) == len(ready) == count else None
    return eventually(probe, within=120, what=f"{count} pods of {app}")


def nodes_of(pods):
    return {one["spec"]["nodeName"] for one in pods}


def restarts(pods):
    return {one["metadata"]["name"]: one["status"]["containerStatuses"][0]["restartCount"] for one in pods}


def page(cluster, client, address, port=8080):
    """What a web server says to a pod; empty when it does not."""
    ask = f"printf 'GET /name HTTP/1.0\\r\\n\\r\\n' | nc -w 5 {address} {port}; echo asked"
    said = cluster.kubectl("exec", client, "--", "sh", "-c", ask)
    assert "asked" in said, said
    return said.split("\n\n")[-1].split("\n")[0].strip() if "200 OK" in said else ""


def host_page(address, port=8080):
    """What a web server says to the machine."""
    with socket.create_connection((address, port), timeout=10) as connection:
        connection.sendall(b"GET /name HTTP/1.0\r\n\r\n")
        said = b""
        while part := connection.recv(4096):
            said += part
    return said.decode().split("\r\n\r\n")[-1].strip()


def start(make_cluster, count=3):
    one = make_cluster()
    one.up("--no-merge", "--nodes", count)
    image = one.busybox()
    one.apply(workload("Deployment", "web", image, SERVE, replicas=3))
    one.apply(workload("DaemonSet", "client", image, "sleep 100000"))
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
               "spec": {"type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]}}
    one.apply(service)
    return one, image


def test_nodes_are_one_cluster(make_cluster):
    one, image = start(make_cluster)
    assert [node["name"] for node in one.status()["nodes"]] == NODES and all(node["ready"] for node in one.status()["nodes"])
    nodes = {node["metadata"]["name"]: node for node in items(one, "nodes")}
    assert sorted(nodes) == NODES and len(one.kubectl("get", "nodes", "-o", "wide").splitlines()) == 4
    addresses = {name: next(a["address"] for a in node["status"]["addresses"] if a["type"] == "InternalIP") for name, node in nodes.items()}
    assert len(set(addresses.values())) == 3 and len({node["spec"]["podCIDR"] for node in nodes.values()}) == 3
    memory = sum(int(node["status"]["capacity"]["memory"].removesuffix("Ki")) for node in nodes.values())
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1024
    assert abs(memory - whole) < 10, (memory, whole)
    assert sorted(lease["metadata"]["name"] for lease in items(one, "leases", "-n", "kube-node-lease")) == NODES

    web, clients = running(one, "web", 3), running(one, "client", 3)
    assert nodes_of(web) == nodes_of(clients) == set(NODES), "both spread"
    for each in web + clients:
        assert ipaddress.ip_address(each["status"]["podIP"]) in ipaddress.ip_network(nodes[each["spec"]["nodeName"]]["spec"]["podCIDR"])
        assert each["status"]["hostIP"] == addresses[each["spec"]["nodeName"]]
    names = {each["metadata"]["name"] for each in web}
    service = one.get("service", "web")["spec"]
    (address, node_port) = (service["clusterIP"], service["ports"][0]["nodePort"])
    for client in (each["metadata"]["name"] for each in clients):
        for each in web:
            assert page(one, client, each["status"]["podIP"]) == each["metadata"]["name"], "pod to pod"
        met = set()
        eventually(lambda: met.add(page(one, client, address, 80)) or names <= met, within=120, what=f"{client} meets {names} at the service, not only {met}")
        for node in addresses.values():
            assert page(one, client, node, node_port) in names, "pod to a node's port"
        eventually(lambda: address in one.kubectl("exec", client, "--", "nslookup", "-type=a", "web.default.svc.cluster.local"), within=60, what="the name")
        assert one.kubectl("exec", client, "--", "hostname").strip() == client
    # From the machine, too: pods, the service and every node's port, wherever the connection is led.
    for each in web:
        assert host_page(each["status"]["podIP"]) == each["metadata"]["name"]
    for place, port in [(address, 80)] + [(node, node_port) for node in addresses.values()]:
        met = set()
        eventually(lambda: met.add(host_page(place, port)) or names <= met, within=120, what=f"all of {names} behind {place}:{port}, not only {met}")

    # A pod of its node's own network has the node's address, and is reached there.
    host = pod("host", image, ["sh", "-c", SERVE], nodeName="kdash-1", hostNetwork=True)
    one.apply(host)
    assert one.phase("host", "Running", within=60)["podIP"] == addresses["kdash-1"]
    for client in (each["metadata"]["name"] for each in clients):
        eventually(lambda: page(one, client, addresses["kdash-1"]), within=60, what="the node's own server")
    eventually(lambda: page(one, "host", address, 80) in names, within=60, what="the service from the node's network")

    # What is on no node is on none: each has its own processes and files.
    one.apply(pod("marker", image, ["sh", "-c", "echo here > /n/marker; sleep 10000"], nodeName="kdash-1",
                  volumes=[{"name": "n", "hostPath": {"path": "/srv"}}], container={"volumeMounts": [{"name": "n", "mountPath": "/n"}]}))
    one.phase("marker", "Running", within=60)
    seen = {}
    for node in NODES:
        name = f"look-{node}"
        one.apply(pod(name, image, ["sh", "-c", "cat /n/marker || echo none"], nodeName=node, restartPolicy="Never",
                      volumes=[{"name": "n", "hostPath": {"path": "/srv", "type": "DirectoryOrCreate"}}],
                      container={"volumeMounts": [{"name": "n", "mountPath": "/n"}]}))
        one.phase(name, "Succeeded", within=60)
        seen[node] = one.kubectl("logs", name).splitlines()[-1]
    assert seen == {"kdash": "none", "kdash-1": "here", "kdash-2": "none"}

    # Volumes of claims belong to the node of their first pod.
    one.apply({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
               "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}})
    one.apply(pod("keeper", image, ["sh", "-c", "echo kept > /d/f; sleep 10000"], nodeSelector={"kubernetes.io/hostname": "kdash-2"},
                  volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}],
                  container={"volumeMounts": [{"name": "d", "mountPath": "/d"}]}))
    one.phase("keeper", "Running", within=60)
    one.kubectl("delete", "pod", "keeper", "--wait=true")
    one.apply(pod("reader", image, ["cat", "/d/f"], restartPolicy="Never", volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}],
                  container={"volumeMounts": [{"name": "d", "mountPath": "/d"}]}))
    one.phase("reader", "Succeeded", within=60)
    assert one.get("pod", "reader")["spec"]["nodeName"] == "kdash-2" and one.kubectl("logs", "reader").strip() == "kept"

    usage = eventually(lambda: one.kubectl("top", "nodes", "--no-headers").splitlines(), within=60, what="figures")
    assert sorted(line.split()[0] for line in usage) == NODES

    # Policies hold between nodes: only what they name passes, from whichever node.
    friend = clients[0]["metadata"]["name"]
    one.kubectl("label", "pod", friend, "role=friend")
    one.apply({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "closed"},
               "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"],
                        "ingress": [{"from": [{"podSelector": {"matchLabels": {"role": "friend"}}}]}]}})
    for each in web:
        for client in (c["metadata"]["name"] for c in clients):
            wanted = each["metadata"]["name"] if client == friend else ""
            eventually(lambda: page(one, client, each["status"]["podIP"]) == wanted, within=60, what=f"{client} at {each['metadata']['name']}: {wanted!r}")
    stranger = next(c for c in clients if c["metadata"]["name"] != friend)
    there = next(node for node in NODES if node != stranger["spec"]["nodeName"])
    assert page(one, stranger["metadata"]["name"], addresses[there], node_port) == "", "no way around a policy through another node"


def test_drain_and_cordon_move_pods(make_cluster):
    one, _ = start(make_cluster)
    running(one, "web", 3)
    one.kubectl("drain", "kdash-2", "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=60s")
    assert nodes_of(running(one, "web", 3)) <= {"kdash", "kdash-1"}
    one.kubectl("cordon", "kdash-1")
    one.kubectl("scale", "deployment", "web", "--replicas=5")
    assert nodes_of(running(one, "web", 5)) <= {"kdash", "kdash-1"}
    one.kubectl("uncordon", "kdash-1")
    one.kubectl("uncordon", "kdash-2")
    one.kubectl("drain", "kdash", "kdash-1", "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=60s")
    web = running(one, "web", 5)
    assert nodes_of(web) == {"kdash-2"}
    # The first node leads the machine's connections on, drained or not.
    address = one.get("service", "web")["spec"]["clusterIP"]
    eventually(lambda: host_page(address, 80) in {each["metadata"]["name"] for each in web}, within=60, what="the service")


def supervisors(cluster):
    """The pid of each node's supervisor, by node."""
    identity = json.loads((cluster.data / "instance").read_text())["id"]
    found = {}
    for pid, command in machine.processes():
        try:
            cgroup = pathlib.Path(f"/proc/{pid}/cgroup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # One that was killed before has gone.
        place = re.search(f"/kdash-{identity}/([^/]+)/supervisor", cgroup)
        if command.startswith("kdash-node") and place:
            found[place.group(1)] = pid
    return found


def test_nodes_outlive_the_daemon_and_each_other(make_cluster, base):
    one, image = start(make_cluster)
    web, clients = running(one, "web", 3), running(one, "client", 3)
    before = supervisors(one)
    assert sorted(before) == NODES
    address = one.get("service", "web")["spec"]["clusterIP"]
    names = {each["metadata"]["name"] for each in web}
    one.kill_daemon()
    for each in web:
        assert host_page(each["status"]["podIP"]) == each["metadata"]["name"], "pods go on"
    assert host_page(address, 80) in names, "services go on"
    one.up("--no-merge")
    assert [node["name"] for node in one.status()["nodes"]] == NODES
    assert supervisors(one) == before
    assert restarts(running(one, "web", 3)) == dict.fromkeys(names, 0)
    assert page(one, clients[0]["metadata"]["name"], address, 80) in names

    # Another number is told how, and changes nothing.
    refused = one.kdash("up", "--no-merge", "--nodes", "2", check=False)
    assert refused.returncode == 1 and "runs with 3 nodes" in refused.stderr and "kdash down" in refused.stderr
    one.kill_daemon()
    refused = one.kdash("up", "--no-merge", "--nodes", "2", check=False)
    assert refused.returncode == 1 and "stop it first: kdash down" in refused.stderr
    one.up("--no-merge", "--nodes", "3")

    # A shared folder is in every node, and comes back in one that begins anew.
    folder = base / "shared"
    folder.mkdir()
    (folder / "word").write_text("shared")
    one.kdash("share", "add", folder)

    def word(node, number):
        name = f"word-{node}-{number}"
        one.apply(pod(name, image, ["cat", "/s/word"], nodeName=node, restartPolicy="Never",
                      volumes=[{"name": "s", "hostPath": {"path": str(folder), "type": "Directory"}}],
                      container={"volumeMounts": [{"name": "s", "mountPath": "/s"}]}))
        one.phase(name, "Succeeded", within=60)
        return one.kubectl("logs", name)

    assert [word(node, 1) for node in NODES] == ["shared"] * 3

    # One node dies, as a machine that is reset: the others do not notice.
    server = one.daemon_pid
    os.kill(before["kdash-1"], signal.SIGKILL)
    gone = {each["metadata"]["name"] for each in web if each["spec"]["nodeName"] == "kdash-1"}
    eventually(lambda: restarts(running(one, "web", 3)) == {name: int(name in gone) for name in names}, within=120, what=f"only {gone} began anew")
    assert one.daemon_pid == server
    after = supervisors(one)
    assert after["kdash"] == before["kdash"] and after["kdash-2"] == before["kdash-2"] and after["kdash-1"] != before["kdash-1"]
    client = next(each["metadata"]["name"] for each in running(one, "client", 3) if each["spec"]["nodeName"] == "kdash-1")
    for each in running(one, "web", 3):
        eventually(lambda: page(one, client, each["status"]["podIP"]) == each["metadata"]["name"], within=60, what="pod to pod after the reset")
    assert word("kdash-1", 2) == "shared"
    one.kdash("share", "rm", folder)


def test_nodes_that_die_together_come_back_together(make_cluster):
    one, _ = start(make_cluster)
    running(one, "web", 3), running(one, "client", 3)
    identity = json.loads((one.data / "instance").read_text())["id"]
    for victims in (["kdash"], NODES[1:], NODES):
        before = supervisors(one)
        for node in victims:
            os.kill(before[node], signal.SIGKILL)

        def is_new():
            now = supervisors(one)
            return sorted(now) == NODES and all((now[node] != before[node]) == (node in victims) for node in NODES)
        eventually(is_new, within=60, what=f"{victims} anew")
        eventually(lambda: all(node["ready"] for node in one.status()["nodes"]), within=60, what="all ready")

    def everybody():
        web, clients = running(one, "web", 3), running(one, "client", 3)
        return all(page(one, client["metadata"]["name"], each["status"]["podIP"]) == each["metadata"]["name"] for client in clients for each in web)

    eventually(everybody, within=120, what="everybody reaches everybody")
    client = running(one, "client", 3)[0]["metadata"]["name"]
    assert "open" in one.kubectl("exec", client, "--", "sh", "-c", "nc -w 5 10.96.0.1 443 </dev/null && echo open"), "the API"
    address = one.get("service", "web")["spec"]["clusterIP"]
    eventually(lambda: host_page(address, 80), within=60, what="the service from the machine")
    # Daemon and a node dead, the others alive: nothing of any is left.
    one.kill_daemon()
    os.kill(supervisors(one)["kdash-2"], signal.SIGKILL)
    one.down("--purge")
    assert identity not in json.dumps(machine.snapshot())


def test_nodes_come_and_go_between_starts(make_cluster):
    one = make_cluster()
    one.up("--no-merge")
    image = one.busybox()
    one.apply(workload("Deployment", "web", image, SERVE, replicas=1))
    running(one, "web", 1)
    assert [node["name"] for node in one.status()["nodes"]] == ["kdash"]
    one.down()
    one.up("--no-merge", "--nodes", "3")
    one.kubectl("drain", "kdash", "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=60s")
    [web] = running(one, "web", 1)
    node = web["spec"]["nodeName"]
    assert node in NODES[1:]
    one.down()
    refused = one.kdash("up", "--no-merge", "--nodes", "1", check=False)
    assert refused.returncode == 1 and f"node {node} still has pod default/{web['metadata']['name']}" in refused.stderr
    assert f"kubectl drain {node}" in refused.stderr
    one.up("--no-merge")
    assert [node["name"] for node in one.status()["nodes"]] == NODES, "a refusal changes nothing"
    one.apply({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
               "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}})
    one.apply(pod("keeper", image, ["true"], nodeSelector={"kubernetes.io/hostname": "kdash-2"}, restartPolicy="Never",
                  volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}],
                  container={"volumeMounts": [{"name": "d", "mountPath": "/d"}]}))
    one.phase("keeper", "Succeeded", within=60)
    one.kubectl("uncordon", "kdash")
    one.kubectl("drain", *NODES[1:], "--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=60s")
    assert nodes_of(running(one, "web", 1)) == {"kdash"}
    one.down()
    refused = one.kdash("up", "--no-merge", "--nodes", "1", check=False)
    assert refused.returncode == 1 and "node kdash-2 alone has volume pvc-" in refused.stderr, refused.stderr
    one.up("--no-merge")
    one.kubectl("delete", "pod", "keeper", "--ignore-not-found")
    one.kubectl("delete", "pvc", "data")
    eventually(lambda: not items(one, "pv"), within=60, what="no volume")
    one.down()
    manifests = one.data / "manifests/kdash-1"
    (manifests / "mine.yaml").write_text("# nothing yet\n")
    one.up("--no-merge", "--nodes", "1")
    assert (manifests / "mine.yaml").exists(), "the user's files stay"
    (manifests / "mine.yaml").unlink()
    assert [node["metadata"]["name"] for node in items(one, "nodes")] == ["kdash"]
    assert nodes_of(running(one, "web", 1)) == {"kdash"}
    assert [path.name for path in (one.data / "nodes").iterdir()] == ["kdash"]
    one.down("--purge")
    assert not one.data.exists() or not list(one.data.iterdir())


def test_numbers_that_cannot_be_say_why(make_cluster):
    one = make_cluster()
    for number in ("0", "33", "-1", "two"):
        refused = one.kdash("up", "--no-merge", f"--nodes={number}", check=False)
        assert refused.returncode != 0 and number in refused.stderr, refused.stderr
    one.data.mkdir(parents=True)
    (one.data / "config.yaml").write_text("podCIDR: 10.77.0.0/24\n")
    refused = one.kdash("up", "--no-merge", "--nodes=2", check=False)
    assert refused.returncode == 1 and "10.77.0.0/24" in refused.stderr and "config.yaml" in refused.stderr
    one.up("--no-merge")
    assert [node["name"] for node in one.status()["nodes"]] == ["kdash"]
