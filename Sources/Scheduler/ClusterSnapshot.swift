import APIMachinery
package import KubeSchemas

/// Nodes and what their pods take, kept up to date one change at a time. A value: decisions on it have no side effects.
package struct ClusterSnapshot: Sendable {
    /// Nodes by name.
    package private(set) var nodes: [String: NodeState] = [:]
    /// Pods on nodes, by uid.
    private(set) var placed: [String: PlacedPod] = [:]
    /// Pods for which a node is kept free, by uid.
    private(set) var nominated: [String: PlacedPod] = [:]
    /// What is known of claims and volumes; without it pods are placed as if they had no claims.
    package var storage: (any StorageFacts)?
    /// Volumes on their way to a claim, by name, with the claim's uid.
    var promisedVolumes: [String: String] = [:]
    private var assumed: Set<String> = []
    /// How many pods on nodes have each priority.
    private var priorities: [Int64: Int] = [:]

    /// Without nodes.
    package init() {}

    /// Chooses a node for a pod, or says why there is none.
    package func decide(_ pod: Pod) -> SchedulingDecision {
        guard !nodes.isEmpty else { return .unschedulable("no nodes available to schedule pods") }
        let demand: PodDemand
        do throws(VolumeDemand.Obstacle) { demand = try self.demand(pod) } catch {
            return .unschedulable("0/\(nodes.count) nodes are available: \(error.message).")
        }
        var reasons: [String: Int] = [:]
        var best: (score: Int64, name: String)?
        for node in nodes.values {
            let node = keepingPromises(node, beside: pod)
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
        guard placed[pod.uid]?.node != node else {
            placed[pod.uid]?.isEnding = pod.object.isBeingDeleted
            return false
        }
        place(pod, on: node)
        return false
    }

    /// Forgets a pod. True when it freed something.
    package mutating func remove(podWithUID uid: String) -> Bool {
        assumed.remove(uid)
        let promise = nominated.removeValue(forKey: uid)
        guard let old = placed[uid] else { return promise != nil }
        take(away: old)
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

    /// Keeps a node free for a pod that waits for others to leave it, against all that matter less.
    package mutating func nominate(_ pod: Pod, to node: String) {
        nominated[pod.uid] = PlacedPod(pod, on: node, PodDemand(pod))
    }

    /// Keeps no node free for a pod any more.
    package mutating func withdraw(podWithUID uid: String) { nominated[uid] = nil }

    /// Whether some pod on a node matters less.
    func hasPods(below priority: Int64) -> Bool { priorities.keys.contains { $0 < priority } }

    /// A node with the pods on it that it is kept free for, as far as they matter as much as this one.
    func keepingPromises(_ node: NodeState, beside pod: Pod) -> NodeState {
        guard !nominated.isEmpty else { return node }
        var node = node
        let priority = pod.spec.priority
        for other in nominated.values where other.node == node.name && other.uid != pod.uid && other.priority >= priority { node.take(other) }
        return node
    }

    private mutating func place(_ pod: Pod, on node: String) {
        if let old = placed[pod.uid] { take(away: old) }
        nominated[pod.uid] = nil
        let new = PlacedPod(pod, on: node, PodDemand(pod))
        placed[new.uid] = new
        priorities[new.priority, default: 0] += 1
        nodes[node]?.take(new)
    }

    private mutating func take(away old: PlacedPod) {
        placed[old.uid] = nil
        nodes[old.node]?.release(old)
        let left = (priorities[old.priority] ?? 1) - 1
        priorities[old.priority] = left > 0 ? left : nil
    }
}
