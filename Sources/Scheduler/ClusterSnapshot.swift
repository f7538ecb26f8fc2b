import APIMachinery
package import JSONCore
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
    /// What is known of services; without it only pods of one controller are spread by default.
    package var services: (any ServiceFacts)?
    /// Volumes on their way to a claim, by name, with the claim's uid.
    var promisedVolumes: [String: String] = [:]
    /// Which pods are where, by the groups that placement rules ask for.
    private(set) var index = PodIndex()
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
        var around = neighbourhood(of: demand)
        var fitting: [NodeState] = []
        for node in nodes.values {
            let (node, obstacles) = obstacles(demand, on: node, &around, beside: pod)
            for obstacle in obstacles { reasons[obstacle, default: 0] += 1 }
            if obstacles.isEmpty { fitting.append(node) }
        }
        if let best = best(of: fitting, for: demand) { return .bind(best) }
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

    /// Takes in a pod's state from the cache.
    package mutating func put(_ pod: Pod) -> PodNews {
        let node = pod.spec.nodeName
        if pod.isTerminated { return remove(podWithUID: pod.uid) ? .freed : .nothing }
        guard !node.isEmpty else { return .nothing }
        assumed.remove(pod.uid)
        guard let old = placed[pod.uid], old.node == node else {
            place(pod, on: node)
            return .placed
        }
        guard old.isEnding != pod.object.isBeingDeleted || old.member != GroupMember(pod) else { return .nothing }
        place(pod, on: node)
        return .altered
    }

    /// Takes in a namespace's labels; nil forgets it. True when they were others before, so that waiting pods deserve a new try.
    package mutating func put(namespace: String, labels: JSONObject?) -> Bool { index.put(namespace: namespace, labels: labels) }

    /// Keeps count of the pods that this one asks about, as it and others like it are about to be decided on.
    package mutating func follow(_ pod: Pod) {
        let rules = PodRules(pod)
        if !rules.near.isEmpty { index.follow(rules.near.map(\.group), among: placed.values) }
        for term in rules.apart { index.follow([term.group], among: placed.values) }
        for preference in rules.preferences { index.follow([preference.term.group], among: placed.values) }
        for spread in rules.hardSpread + rules.softSpread { index.follow([spread.group], among: placed.values) }
        if let group = served(with: PodDemand(pod)) { index.follow([group], among: placed.values) }
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

    /// The pods that a node is kept free for, as far as they matter as much as this one.
    func promises(on node: NodeState, beside pod: Pod) -> [PlacedPod] {
        guard !nominated.isEmpty else { return [] }
        let priority = pod.spec.priority
        return nominated.values.filter { $0.node == node.name && $0.uid != pod.uid && $0.priority >= priority }
    }

    private mutating func place(_ pod: Pod, on node: String) {
        if let old = placed[pod.uid] { take(away: old) }
        nominated[pod.uid] = nil
        let new = PlacedPod(pod, on: node, PodDemand(pod))
        placed[new.uid] = new
        index.add(new)
        priorities[new.priority, default: 0] += 1
        nodes[node]?.take(new)
    }

    private mutating func take(away old: PlacedPod) {
        placed[old.uid] = nil
        index.remove(old)
        nodes[old.node]?.release(old)
        let left = (priorities[old.priority] ?? 1) - 1
        priorities[old.priority] = left > 0 ? left : nil
    }
}
