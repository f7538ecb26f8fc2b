import APIMachinery
import JSONCore
import KubeSchemas
import Scheduler

func node(
    _ name: String, cpu: String = "4", memory: String = "8Gi", pods: Int64 = 110, labels: [String: String] = [:], taints: [JSONValue] = [],
    isCordoned: Bool = false, isReady: Bool = true
) -> Node {
    var node = Node(name: name)
    node.object.labels = labels
    node.object["spec", "taints"] = .array(taints)
    if isCordoned { node.object["spec", "unschedulable"] = true }
    node.object["status", "allocatable"] = .object(["cpu": .string(cpu), "memory": .string(memory), "pods": .integer(pods)])
    node.object["status", "conditions"] = [["type": "Ready", "status": .string(isReady ? "True" : "False")]]
    return node
}

func pod(
    _ name: String, cpu: String? = nil, memory: String? = nil, hostPort: Int64? = nil, namespace: String = "default",
    labels: [String: String] = [:], owner: String? = nil, spec: JSONObject = [:]
) -> Pod {
    var pod = Pod(name: name, namespace: namespace)
    if !labels.isEmpty { pod.object.labels = labels }
    if let owner {
        pod.object["metadata", "ownerReferences"] = [
            ["apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": .string(owner), "controller": true]
        ]
    }
    pod.object.uid = "uid-\(name)"
    var requests = JSONObject()
    if let cpu { requests["cpu"] = .string(cpu) }
    if let memory { requests["memory"] = .string(memory) }
    var container: JSONObject = ["name": "a", "image": "i", "resources": .object(["requests": .object(requests)])]
    if let hostPort { container["ports"] = .array([.object(["containerPort": 80, "hostPort": .integer(hostPort)])]) }
    var whole = spec
    whole["containers"] = .array([.object(container)])
    pod.object["spec"] = .object(whole)
    return pod
}

/// A pod as the API server stores it: keys of labels are in the selectors.
func stored(_ pod: Pod) -> Pod {
    var pod = pod
    LabelKeyMerge.apply(to: &pod.object)
    return pod
}

func snapshot(_ nodes: [Node], placed: [(Pod, String)] = []) -> ClusterSnapshot {
    var result = ClusterSnapshot()
    for node in nodes { _ = result.put(node) }
    for (pod, name) in placed {
        var bound = pod
        bound.object["spec", "nodeName"] = .string(name)
        _ = result.put(bound)
    }
    return result
}
