import JSONCore
import KubeSchemas

/// Whether a pod can run on a node. Source: the filter plugins of kube-scheduler, in their order.
enum NodeFit {
    /// Why it cannot, in kube-scheduler's words; empty when it can. Only the first failing check reports.
    static func obstacles(_ demand: PodDemand, on node: NodeState, _ around: Neighbourhood) -> [String] {
        if let obstacle = standingObstacle(demand, on: node) { return [obstacle] }
        if demand.hostPorts.contains(where: { wanted in node.hostPorts.contains { wanted.conflicts(with: $0) } }) {
            return ["node(s) didn't have free ports for the requested pod ports"]
        }
        let shortages = shortages(demand.requests, node)
        if !shortages.isEmpty { return shortages }
        if let volumes = demand.volumes, volumes.exclusive.contains(where: { node.claims[$0] != nil }) { return [VolumeDemand.exclusiveConflict] }
        if let obstacle = standingVolumeObstacle(demand, on: node) { return [obstacle] }
        return around.isEmpty ? [] : around.obstacle(on: node).map { [$0] } ?? []
    }

    /// What its volumes put in the way however many pods leave the node; nil when nothing does.
    static func standingVolumeObstacle(_ demand: PodDemand, on node: NodeState) -> String? {
        guard let volumes = demand.volumes else { return nil }
        if demand.exclusiveUsers.contains(where: { $0 != node.name }) { return VolumeDemand.exclusiveConflict }
        return volumes.obstacle(on: node)
    }

    /// What stands in the way however many pods leave the node; nil when nothing does.
    static func standingObstacle(_ demand: PodDemand, on node: NodeState) -> String? {
        if node.isUnschedulable, !isTolerated(.cordon, by: demand) {
            return "node(s) were unschedulable"
        }
        if let taint = node.taints.first(where: { $0.isHard && !isTolerated($0, by: demand) }) {
            return "node(s) had untolerated taint {\(taint.key): \(taint.value)}"
        }
        return matchesAffinity(demand, node) ? nil : "node(s) didn't match Pod's node affinity/selector"
    }

    private static func isTolerated(_ taint: NodeTaint, by demand: PodDemand) -> Bool {
        demand.tolerations.contains { $0.bears(taint) }
    }

    /// Whether the node bears nothing that keeps the pod off which it does not bear, a cordon included.
    static func toleratesTaints(_ demand: PodDemand, _ node: NodeState) -> Bool {
        if node.isUnschedulable, !isTolerated(.cordon, by: demand) { return false }
        return node.taints.allSatisfy { !$0.isHard || isTolerated($0, by: demand) }
    }

    /// Whether the pod's node selector and required node affinity allow the node.
    static func matchesAffinity(_ demand: PodDemand, _ node: NodeState) -> Bool {
        for (key, value) in demand.nodeSelector where node.labels[key] != value { return false }
        guard let terms = demand.requiredTerms else { return true }
        return terms.contains { $0.matches(name: node.name, labels: node.labels) }
    }

    private static func shortages(_ wanted: ResourceAmounts, _ node: NodeState) -> [String] {
        var reasons: [String] = []
        if node.podCount + 1 > node.podLimit { reasons.append("Too many pods") }
        func check(_ name: String, _ amount: Int64, _ used: Int64, _ allocatable: Int64) {
            // The subtraction cannot overflow: both are zero or above.
            if amount > 0, amount > allocatable - used { reasons.append("Insufficient \(name)") }
        }
        check("cpu", wanted.milliCPU, node.used.milliCPU, node.allocatable.milliCPU)
        check("memory", wanted.memory, node.used.memory, node.allocatable.memory)
        for (name, amount) in wanted.others.sorted(by: { $0.key < $1.key }) {
            check(name, amount, node.used.others[name] ?? 0, node.allocatable.others[name] ?? 0)
        }
        return reasons
    }
}
