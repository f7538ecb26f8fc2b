import APIMachinery
import JSONCore
package import KubeSchemas

/// A node with what is taken of it.
package struct NodeState: Sendable {
    /// The node's name.
    package let name: String
    /// Its labels.
    package let labels: [String: String]
    /// Its taints; a node that is not ready has one more, which Kubernetes' node controller would put there.
    let taints: [NodeTaint]
    /// Whether it is cordoned.
    package let isUnschedulable: Bool
    /// What pods may use.
    package let allocatable: ResourceAmounts
    /// How many pods it may have.
    package let podLimit: Int64
    /// What is taken.
    package internal(set) var used = ResourceAmounts()
    /// How many pods it has.
    package internal(set) var podCount: Int64 = 0
    /// Host ports that are taken.
    package internal(set) var hostPorts: [HostPort] = []

    /// How many pods use each claim.
    private(set) var claims: [String: Int] = [:]

    /// Reads a node; nothing is taken yet.
    package init(_ node: Node) {
        let (spec, status) = (node.spec, node.status)
        let amounts = status.allocatable
        name = node.name
        labels = node.labels
        isUnschedulable = spec.unschedulable
        allocatable = ResourceAmounts(amounts)
        podLimit = amounts["pods"]?.value ?? 110
        let notReady = Taint(["key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"])
        let isMarked = spec.taints.contains { $0.key == notReady.key }
        taints = (node.isReady || isMarked ? spec.taints : spec.taints + [notReady]).map { NodeTaint($0) }
    }

    /// Whether another state would decide the same, so that waiting pods need no new try.
    func offersTheSame(as other: NodeState) -> Bool {
        labels == other.labels && taints == other.taints && isUnschedulable == other.isUnschedulable && allocatable == other.allocatable
            && podLimit == other.podLimit
    }

    mutating func take(_ placed: PlacedPod) {
        used += placed.requests
        podCount += 1
        hostPorts += placed.hostPorts
        for claim in placed.claims { claims[claim, default: 0] += 1 }
    }

    mutating func release(_ placed: PlacedPod) {
        used -= placed.requests
        podCount -= 1
        for claim in placed.claims {
            let left = (claims[claim] ?? 1) - 1
            claims[claim] = left > 0 ? left : nil
        }
        for port in placed.hostPorts {
            if let index = hostPorts.firstIndex(of: port) { hostPorts.remove(at: index) }
        }
    }
}
