import KubeSchemas

/// How good a node is for a pod that fits; higher is better. Source: kube-scheduler's NodeResourcesFit (LeastAllocated),
/// NodeAffinity and TaintToleration scores with their default weights.
enum NodeScore {
    static func score(_ demand: PodDemand, on node: NodeState) -> Int64 {
        let preferred = demand.preferredTerms.reduce(Int64(0)) { sum, preference in
            preference.term.matches(name: node.name, labels: node.labels) ? sum + preference.weight : sum
        }
        let dislikes = node.taints.count { taint in !taint.isHard && !demand.tolerations.contains { $0.bears(taint) } }
        return leastAllocated(demand.requests, node) + 2 * min(preferred, 1000) - 300 * Int64(dislikes)
    }

    /// 0 ... 100: how much is left of CPU and memory. A pod without requests counts with what kube-scheduler assumes for it.
    private static func leastAllocated(_ wanted: ResourceAmounts, _ node: NodeState) -> Int64 {
        let cpu = free(node.used.milliCPU, max(wanted.milliCPU, 100), of: node.allocatable.milliCPU)
        let memory = free(node.used.memory, max(wanted.memory, 200 << 20), of: node.allocatable.memory)
        return (cpu + memory) / 2
    }

    private static func free(_ used: Int64, _ wanted: Int64, of allocatable: Int64) -> Int64 {
        guard allocatable > 0 else { return 0 }
        let left = Double(allocatable) - Double(used) - Double(wanted)
        return left <= 0 ? 0 : Int64(left * 100 / Double(allocatable))
    }
}
