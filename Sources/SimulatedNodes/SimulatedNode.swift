import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel

/// Name, place and description of a node that is only pretended.
package struct SimulatedNode: Sendable, Hashable {
    /// The most there can be: what Kubernetes itself is made for.
    package static let limit = 5000
    /// Label and taint of simulated nodes.
    package static let mark = "kdash.dev/simulated"
    /// How many pods each has room for.
    static let podCapacity = 110
    private static let prefix = "sim-"
    private static let zones = ["sim-a", "sim-b", "sim-c"]

    /// Counted from 1.
    package let number: Int

    /// The node of a number from 1 to ``limit``; nil for others.
    package init?(number: Int) {
        guard (1...Self.limit).contains(number) else { return nil }
        self.number = number
    }

    /// The node of a name, for example `sim-0001`; nil when no simulated node is called that.
    package init?(name: String) {
        guard name.utf8.count == 8, name.hasPrefix(Self.prefix), let number = Int(name.dropFirst(Self.prefix.count)) else { return nil }
        self.init(number: number)
        guard self.name == name else { return nil }
    }

    /// The node's name.
    package var name: String {
        let digits = String(number)
        return Self.prefix + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }

    /// Zones take turns, so that any number of nodes is spread over all of them.
    package var zone: String { Self.zones[(number - 1) % Self.zones.count] }

    /// The node's address. 240.0.0.0/4 is nobody's, and the network of real nodes refuses what is sent there (`NodeLink`).
    package var address: String { "240.0.\(number >> 8).\(number & 255)" }

    /// The range of its pods' addresses.
    package var podRange: String { "\(podPrefix)0/24" }

    /// The address of its pod of a number from 1 to 254.
    func podAddress(_ number: Int) -> String { "\(podPrefix)\(number)" }

    /// The number of a pod's address on this node; nil for any other address.
    func podNumber(of address: String) -> Int? {
        guard address.hasPrefix(podPrefix), let number = Int(address.dropFirst(podPrefix.count)), (1...254).contains(number) else { return nil }
        return number
    }

    private var podPrefix: String { "241.\(number >> 8).\(number & 255)." }

    /// The Node to create. Its size is that of a large server.
    func object(now: Timestamp) -> KubeObject {
        let labels: JSONValue = [
            "kubernetes.io/hostname": .string(name), "kubernetes.io/os": "linux", "kubernetes.io/arch": .string(SystemFacts.architecture),
            "topology.kubernetes.io/region": "sim", "topology.kubernetes.io/zone": .string(zone), Self.mark: "true",
        ]
        return KubeObject([
            "apiVersion": "v1", "kind": "Node", "metadata": ["name": .string(name), "labels": labels],
            "spec": [
                "podCIDR": .string(podRange), "podCIDRs": [.string(podRange)],
                "taints": [["key": .string(Self.mark), "value": "true", "effect": "NoSchedule"]],
            ],
            "status": status(now: now),
        ])
    }

    /// What it says of itself, once and for all: nothing about it ever changes.
    func status(now: Timestamp) -> JSONValue {
        let capacity: JSONValue = ["cpu": "32", "memory": "256Gi", "pods": .string("\(Self.podCapacity)"), "ephemeral-storage": "1Ti"]
        return [
            "capacity": capacity, "allocatable": capacity, "conditions": .array(Self.conditions(now)),
            "addresses": [["type": "InternalIP", "address": .string(address)], ["type": "Hostname", "address": .string(name)]],
            "nodeInfo": [
                "machineID": .string(name), "systemUUID": .string(name), "bootID": .string(name), "kernelVersion": .string(SystemFacts.kernelRelease),
                "osImage": "none (simulated)", "containerRuntimeVersion": "simulated://1", "kubeletVersion": .string(KubernetesVersion.text),
                "kubeProxyVersion": "", "operatingSystem": "linux", "architecture": .string(SystemFacts.architecture),
            ],
        ]
    }

    private static func conditions(_ now: Timestamp) -> [JSONValue] {
        [
            ("MemoryPressure", "False", "KubeletHasSufficientMemory"), ("DiskPressure", "False", "KubeletHasNoDiskPressure"),
            ("PIDPressure", "False", "KubeletHasSufficientPID"), ("Ready", "True", "Simulated"),
        ].map { type, status, reason -> JSONValue in
            [
                "type": .string(type), "status": .string(status), "reason": .string(reason),
                "message": type == "Ready" ? "the node is simulated: its pods are only pretended" : "",
                "lastHeartbeatTime": .string(now.rfc3339), "lastTransitionTime": .string(now.rfc3339),
            ]
        }
    }
}
