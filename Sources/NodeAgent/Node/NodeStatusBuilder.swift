import APIMachinery
import ContainerRuntime
import JSONCore
import KubeSchemas
import LinuxKernel

/// Describes the node to the API server. Pure but for facts about the machine.
struct NodeStatusBuilder: Sendable {
    let name: String
    let address: String
    let podRange: String
    let version: String
    /// What the file system that pods write to can hold for this node; zero when it is not known.
    let storage: ByteCount
    /// Why the node cannot run pods, with the remedy; nil when it can.
    let notReadyReason: String?
    let now: Timestamp
    /// The images that are there: names and size.
    var images: [(names: [String], size: ByteCount)] = []
    var capacity = NodeCapacity.machine
    /// Whether pods may have users of their own.
    var givesUsers = false

    /// The Node object to create.
    var object: KubeObject {
        KubeObject([
            "apiVersion": "v1", "kind": "Node",
            "metadata": ["name": .string(name), "labels": .object(labels)],
            "spec": podRange.isEmpty ? .object([:]) : ["podCIDR": .string(podRange), "podCIDRs": [.string(podRange)]],
            "status": status,
        ])
    }

    var labels: JSONObject {
        [
            "kubernetes.io/hostname": .string(name), "kubernetes.io/os": "linux",
            "kubernetes.io/arch": .string(SystemFacts.architecture), "beta.kubernetes.io/os": "linux",
            "beta.kubernetes.io/arch": .string(SystemFacts.architecture),
        ]
    }

    var status: JSONValue {
        var capacity: JSONValue = [
            "cpu": .string("\(self.capacity.cpu)"), "memory": .string("\(self.capacity.memory.value / 1024)Ki"),
            "pods": .string("\(self.capacity.pods)"), "ephemeral-storage": .string("\(storage.value / 1024)Ki"),
        ]
        for pages in self.capacity.hugePages { capacity[HugePageResource.name(pages.pageSize)] = .string(HugePageResource.text(pages.total)) }
        let ordinary = self.capacity.hugePages.reduce(self.capacity.memory.value) { max(0, $0 - $1.total.value) }
        var allocatable = capacity
        // The rest is the kubelet's eviction threshold for its file system, 10 %.
        allocatable["ephemeral-storage"] = .string("\(storage.value / 10 * 9)")
        // And that for memory, 100 MiB.
        allocatable["memory"] = .string("\(max(ordinary / 1024 - 100 * 1024, 0))Ki")
        return [
            "capacity": capacity, "allocatable": allocatable, "conditions": .array(conditions), "images": imageList,
            // Where clients of nodes/proxy name the agent; the API server answers for it.
            "daemonEndpoints": ["kubeletEndpoint": ["Port": 10250]],
            "features": ["supplementalGroupsPolicy": true],
            "runtimeHandlers": [["name": "", "features": ["recursiveReadOnlyMounts": true, "userNamespaces": .bool(givesUsers)]]],
            "addresses": [
                ["type": "InternalIP", "address": .string(address)], ["type": "Hostname", "address": .string(name)],
            ],
            "nodeInfo": [
                "machineID": .string(SystemFacts.machineID), "systemUUID": "", "bootID": .string(SystemFacts.bootID),
                "kernelVersion": .string(SystemFacts.kernelRelease), "osImage": .string(SystemFacts.operatingSystem),
                "containerRuntimeVersion": .string("kdash://\(version)"), "kubeletVersion": .string(KubernetesVersion.text), "kubeProxyVersion": "",
                "operatingSystem": "linux", "architecture": .string(SystemFacts.architecture),
            ],
        ]
    }

    /// The status for a node that is there already: what has not changed keeps the time since when it is so.
    func status(after present: KubeObject) -> JSONValue {
        var status = status
        status["conditions"] = .array(
            conditions.map { condition in
                let before = present.array("status", "conditions").first { $0["type"] == condition["type"] && $0["status"] == condition["status"] }
                guard let since = before?["lastTransitionTime"], !since.isNull else { return condition }
                var kept = condition
                kept["lastTransitionTime"] = since
                return kept
            })
        return status
    }

    /// The largest images. Source: the kubelet's nodeStatusMaxImages, and the five names of each.
    var imageList: JSONValue {
        let largest = images.sorted { $0.size > $1.size }.prefix(50)
        return .array(
            largest.map { ["names": .array($0.names.prefix(5).map { .string($0) }), "sizeBytes": .integer($0.size.value)] })
    }

    private var conditions: [JSONValue] {
        let ready: JSONValue =
            if let notReadyReason {
                Self.condition("Ready", "False", "NodeCannotRunPods", notReadyReason, now)
            } else {
                Self.condition("Ready", "True", "KubeletReady", "the node runs pods", now)
            }
        return NodePressure.Resource.allCases.map { Self.condition(of: $0, holds: false, now: now) } + [ready]
    }

    /// Whether the node is short of something, as the kubelet words it.
    static func condition(of resource: NodePressure.Resource, holds: Bool, now: Timestamp) -> JSONValue {
        switch (resource, holds) {
        case (.memory, true):
            condition("MemoryPressure", "True", "KubeletHasInsufficientMemory", "kubelet has insufficient memory available", now)
        case (.memory, false):
            condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available", now)
        case (.disk, true): condition("DiskPressure", "True", "KubeletHasDiskPressure", "kubelet has disk pressure", now)
        case (.processes, true): condition("PIDPressure", "True", "KubeletHasInsufficientPID", "kubelet has insufficient PID available", now)
        case (.processes, false): condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available", now)
        case (.disk, false): condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", now)
        }
    }

    private static func condition(_ type: String, _ status: String, _ reason: String, _ message: String, _ now: Timestamp) -> JSONValue {
        [
            "type": .string(type), "status": .string(status), "reason": .string(reason), "message": .string(message),
            "lastHeartbeatTime": .string(now.rfc3339), "lastTransitionTime": .string(now.rfc3339),
        ]
    }
}
