package import KubeSchemas

/// Nodes and what their pods take, kept up to date one change at a time. A value: decisions on it have no side effects.
package struct ClusterSnapshot: Sendable {
    /// Nodes by name.
    package private(set) var nodes: [String: NodeState] = [:]
    private var placed: [String: PlacedPod] = [:]
    private var assumed: Set<String> = []

    /// Without nodes.
    package init() {}

    /// Chooses a node for a pod, or says why there is none.
    package func decide(_ pod: Pod) -> SchedulingDecision {
        guard !nodes.isEmpty else { return .unschedulable("no nodes available to schedule pods") }
        let demand = PodDemand(pod)
        var reasons: [String: Int] = [:]
        var best: (score: Int64, name: String)?
        for node in nodes.values {
            let obstacles = NodeFit.obstacles(demand, on: node)
            for obstacle in obstacles { reasons[obstacle, default: 0] += 1 }
            guard obstacles.isEmpty else { continue }
            let score = NodeScore.score(demand, on: node)
            // Names break ties, so that the outcome does not depend on the order of a dictionary.
            if best.map({ score > $0.score || (score == $0.score && node.name < $0.name) }) ?? true { best = (score, node.name) }
        }
        if let best { return .bind(best.name) }
        let text = reasons.map { "\($0.value) \($0.key)" }.sorted().joined(separator: ", ")
        return .unschedulable("0/\(nodes.count) nodes are available: \(text).")
    }

    /// Adds or replaces a node. True when it offers something else than before, so that waiting pods deserve a new try.
    package mutating func put(_ node: Node) -> Bool {
        var state = NodeState(node)
        if let old = nodes[state.name], state.offersTheSame(as: old) { return false }
        for pod in placed.values where pod.node == state.name { state.take(pod) }
        nodes[state.name] = state
        return true
    }

    /// Forgets a node; its pods still count when it returns.
    package mutating func remove(nodeNamed name: String) { nodes[name] = nil }

    /// Takes in a pod's state from the cache. True when it freed something.
    package mutating func put(_ pod: Pod) -> Bool {
        let node = pod.spec.nodeName
        if pod.isTerminated { return remove(podWithUID: pod.uid) }
        guard !node.isEmpty else { return false }
        assumed.remove(pod.uid)
        guard placed[pod.uid]?.node != node else { return false }
        place(pod, on: node)
        return false
    }

    /// Forgets a pod. True when it freed something.
    package mutating func remove(podWithUID uid: String) -> Bool {
        assumed.remove(uid)
        guard let old = placed.removeValue(forKey: uid) else { return false }
        nodes[old.node]?.release(old)
        return true
    }

    /// Counts a binding that was decided but is not in the cache yet.
    package mutating func assume(_ pod: Pod, on node: String) {
        guard placed[pod.uid] == nil else { return }
        place(pod, on: node)
        assumed.insert(pod.uid)
    }

    /// Takes an assumed binding back, because it failed. Nothing happens when the cache has confirmed it meanwhile.
    package mutating func forget(podWithUID uid: String) {
        if assumed.contains(uid) { _ = remove(podWithUID: uid) }
    }

    /// Whether a binding of the pod was decided or is known.
    package func isPlaced(podWithUID uid: String) -> Bool { placed[uid] != nil }

    private mutating func place(_ pod: Pod, on node: String) {
        if let old = placed[pod.uid] { nodes[old.node]?.release(old) }
        let demand = PodDemand(pod)
        let new = PlacedPod(node: node, requests: demand.requests, hostPorts: demand.hostPorts)
        placed[pod.uid] = new
        nodes[node]?.take(new)
    }
}
