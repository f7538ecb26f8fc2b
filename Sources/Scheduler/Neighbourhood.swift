import JSONCore

/// What the pods around mean for one pod that wants a place. Source: kube-scheduler's plugins InterPodAffinity and PodTopologySpread.
struct Neighbourhood: Sendable {
    private let demand: PodDemand
    private let index: PodIndex
    /// Pods to be near to, those not to be near to, and those that do not want it near, each by topology value.
    private var near: [TopologyCounts]
    private var apart: [TopologyCounts]
    private var repelling: [String: TopologyCounts] = [:]
    private var spread: [SpreadCounts]

    /// Whether other pods have no say.
    var isEmpty: Bool { near.isEmpty && apart.isEmpty && repelling.isEmpty && spread.isEmpty }

    init(_ demand: PodDemand, _ index: PodIndex, nodes: [String: NodeState], placed: some Sequence<PlacedPod>) {
        self.demand = demand
        self.index = index
        let rules = demand.rules
        let wanted = rules.near.isEmpty ? [:] : index.counts(of: rules.near.map(\.group), among: placed).all
        near = rules.near.map { TopologyCounts($0.topologyKey, wanted, nodes) }
        apart = rules.apart.map { TopologyCounts($0.topologyKey, index.counts(of: [$0.group], among: placed).all, nodes) }
        spread = rules.hardSpread.map { SpreadCounts($0) }
        for (term, counts) in index.terms where term.effect == .forbids && index.contains(demand.member, [term.term.group]) {
            for (name, count) in counts {
                guard let node = nodes[name] else { continue }
                repelling[term.term.topologyKey, default: TopologyCounts(term.term.topologyKey)].add(count, on: node)
            }
        }
        guard !spread.isEmpty else { return }
        let counts = rules.hardSpread.map { index.counts(of: [$0.group], among: placed).staying }
        for node in nodes.values where hasAllPlaces(node) {
            for number in spread.indices where demand.counts(node, for: spread[number].rule) {
                add(counts[number][node.name] ?? 0, on: node, toSpread: number)
            }
        }
    }

    // MARK: Obstacles

    /// What keeps the pod off a node; nil when nothing does.
    func obstacle(on node: NodeState) -> String? {
        for counts in spread {
            guard let place = node.labels[counts.rule.topologyKey] else { return Self.noPlace }
            if counts.isTooMuch(at: place) { return "node(s) didn't match pod topology spread constraints" }
        }
        if !hasNear(node) { return Self.notNear }
        if apart.contains(where: { $0.count(near: node) ?? 0 > 0 }) { return "node(s) didn't match pod anti-affinity rules" }
        if repelling.values.contains(where: { $0.count(near: node) ?? 0 > 0 }) {
            return "node(s) didn't satisfy existing pods anti-affinity rules"
        }
        return nil
    }

    /// What keeps the pod off a node however many pods leave it; nil when nothing does.
    func standingObstacle(on node: NodeState) -> String? {
        if !hasAllPlaces(node) { return Self.noPlace }
        return hasNear(node) ? nil : Self.notNear
    }

    private static let noPlace = "node(s) didn't match pod topology spread constraints (missing required label)"
    private static let notNear = "node(s) didn't match pod affinity rules"

    private func hasAllPlaces(_ node: NodeState) -> Bool { spread.allSatisfy { node.labels[$0.rule.topologyKey] != nil } }

    /// Whether the pods it must be near to are there. The first pod of a group that wants to be near itself finds none, and needs none.
    private func hasNear(_ node: NodeState) -> Bool {
        var isMissing = false
        for counts in near {
            guard let count = counts.count(near: node) else { return false }
            if count <= 0 { isMissing = true }
        }
        guard isMissing else { return true }
        return near.allSatisfy(\.isEmpty) && index.contains(demand.member, demand.rules.near.map(\.group))
    }

    // MARK: Pods that come and go

    /// Counts a pod on a node that is not in the cluster's index.
    mutating func take(_ pod: PlacedPod, on node: NodeState) { count(pod, 1, on: node) }

    /// Leaves a pod on a node out.
    mutating func release(_ pod: PlacedPod, on node: NodeState) { count(pod, -1, on: node) }

    private mutating func count(_ pod: PlacedPod, _ amount: Int, on node: NodeState) {
        let rules = demand.rules
        if !near.isEmpty, index.contains(pod.member, rules.near.map(\.group)) {
            for number in near.indices { near[number].add(amount, on: node) }
        }
        for (number, term) in rules.apart.enumerated() where index.contains(pod.member, [term.group]) { apart[number].add(amount, on: node) }
        for term in pod.terms where term.effect == .forbids && index.contains(demand.member, [term.term.group]) {
            repelling[term.term.topologyKey, default: TopologyCounts(term.term.topologyKey)].add(amount, on: node)
        }
        guard !pod.isEnding, !spread.isEmpty, hasAllPlaces(node) else { return }
        for number in spread.indices where index.contains(pod.member, [spread[number].rule.group]) {
            if demand.counts(node, for: spread[number].rule) { add(amount, on: node, toSpread: number) }
        }
    }

    private mutating func add(_ amount: Int, on node: NodeState, toSpread number: Int) {
        if let place = node.labels[spread[number].rule.topologyKey] { spread[number].add(amount, at: place) }
    }
}

extension PodDemand {
    /// Whether a node is one of the places over which pods are spread.
    func counts(_ node: NodeState, for rule: PodRules.Spread) -> Bool {
        (!rule.honorsNodeAffinity || NodeFit.matchesAffinity(self, node)) && (!rule.honorsNodeTaints || NodeFit.toleratesTaints(self, node))
    }
}
