import Glibc

/// How good nodes are for a pod because of the pods around: 0 to 100 for affinity and for spreading, each with the weight 2.
/// Source: the scores of kube-scheduler's InterPodAffinity and PodTopologySpread.
struct NeighbourScore {
    private let demand: PodDemand
    private let index: PodIndex
    private let nodes: [String: NodeState]
    private let placed: [String: PlacedPod]

    /// Nil when other pods make no node better than another.
    init?(_ demand: PodDemand, _ index: PodIndex, nodes: [String: NodeState], placed: [String: PlacedPod]) {
        let hasRules = !demand.rules.preferences.isEmpty || !demand.rules.softSpread.isEmpty
        let isDrawn = index.terms.keys.contains { $0.effect != .forbids && index.contains(demand.member, [$0.term.group]) }
        guard hasRules || isDrawn || Self.siblings(demand, index, placed) != nil else { return nil }
        self.demand = demand
        self.index = index
        self.nodes = nodes
        self.placed = placed
    }

    /// The scores of nodes on which the pod fits, in their order.
    func scores(_ fitting: [NodeState]) -> [Int64] {
        zip(affinity(fitting), spread(fitting)).map { 2 * $0 + 2 * $1 }
    }

    // MARK: Affinity

    private func affinity(_ fitting: [NodeState]) -> [Int64] {
        var weights: [String: [String: Int64]] = [:]
        func add(_ weight: Int64, _ key: String, _ counts: [String: Int]) {
            for (name, count) in counts {
                guard let value = nodes[name]?.labels[key] else { continue }
                let (product, isTooLarge) = weight.multipliedReportingOverflow(by: Int64(count))
                guard !isTooLarge else { continue }
                weights[key, default: [:]][value, default: 0] &+= product
            }
        }
        for preference in demand.rules.preferences {
            add(preference.weight, preference.term.topologyKey, index.counts(of: [preference.term.group], among: placed.values).all)
        }
        for (term, counts) in index.terms {
            guard case .weighs(let weight) = term.effect, index.contains(demand.member, [term.term.group]) else { continue }
            add(weight, term.term.topologyKey, counts)
        }
        let raw = fitting.map { node in
            weights.reduce(Int64(0)) { sum, entry in sum &+ (node.labels[entry.key].flatMap { entry.value[$0] } ?? 0) }
        }
        guard let (least, most) = Self.bounds(raw), least < most else { return raw.map { _ in 0 } }
        return raw.map { Int64(100 * (Double($0) - Double(least)) / (Double(most) - Double(least))) }
    }

    // MARK: Spreading

    private struct Rule {
        let key: String
        let maxSkew: Int64
        let counts: [String: Int]
        /// Whether a node's pods count.
        let counted: (NodeState) -> Bool
    }

    private static let hostname = "kubernetes.io/hostname"

    /// The pods that one without spreading rules is spread with, by node: those of its controller, else those that its services lead to; nil
    /// for none. What a controller selects is what it owns, and services of its pods lead to all of them.
    private static func siblings(_ demand: PodDemand, _ index: PodIndex, _ placed: [String: PlacedPod]) -> [String: Int]? {
        guard demand.rules.softSpread.isEmpty, demand.rules.hardSpread.isEmpty else { return nil }
        if let owner = demand.owner { return index.owned[owner] }
        guard let group = demand.served else { return nil }
        let counts = index.counts(of: [group], among: placed.values).staying
        return counts.isEmpty ? nil : counts
    }

    /// The pod's own rules, or for a pod without any Kubernetes' own: over nodes and zones, with its siblings.
    /// Source: kube-scheduler `podtopologyspread` systemDefaultConstraints.
    private var rules: [Rule] {
        if let siblings = Self.siblings(demand, index, placed) {
            return [(Self.hostname, 3), ("topology.kubernetes.io/zone", 5)].map { key, skew in
                Rule(key: key, maxSkew: skew, counts: siblings) { NodeFit.matchesAffinity(demand, $0) }
            }
        }
        return demand.rules.softSpread.map { rule in
            Rule(key: rule.topologyKey, maxSkew: rule.maxSkew, counts: index.counts(of: [rule.group], among: placed.values).staying) {
                demand.counts($0, for: rule)
            }
        }
    }

    private func spread(_ fitting: [NodeState]) -> [Int64] {
        let rules = rules
        guard !rules.isEmpty else { return fitting.map { _ in 100 } }
        // A pod with rules of its own wants to be where all of them can be followed.
        let isStrict = !demand.rules.softSpread.isEmpty || !demand.rules.hardSpread.isEmpty
        let isMeant = fitting.map { node in !isStrict || rules.allSatisfy { node.labels[$0.key] != nil } }
        let meant = zip(fitting, isMeant).filter(\.1).map(\.0)
        var raw = [Double](repeating: 0, count: fitting.count)
        for rule in rules {
            let counts = perNode(rule, requiring: isStrict ? rules : [])
            let places = rule.key == Self.hostname ? meant.count : Set(meant.compactMap { $0.labels[rule.key] }).count
            let weight = log(Double(places + 2))
            for (number, node) in fitting.enumerated() where isMeant[number] {
                guard let value = node.labels[rule.key] else { continue }
                raw[number] += Double(counts[rule.key == Self.hostname ? node.name : value] ?? 0) * weight + Double(rule.maxSkew - 1)
            }
        }
        let scores = raw.map { Int64($0.rounded()) }
        guard let (least, most) = Self.bounds(zip(scores, isMeant).filter(\.1).map(\.0)) else { return scores.map { _ in 0 } }
        return zip(scores, isMeant).map { score, isMeant in
            guard isMeant else { return 0 }
            return most == 0 ? 100 : 100 * (most + least - score) / most
        }
    }

    /// Numbers by node for the rule over single nodes, else by the label's value.
    private func perNode(_ rule: Rule, requiring required: [Rule]) -> [String: Int] {
        if rule.key == Self.hostname { return rule.counts }
        var sums: [String: Int] = [:]
        for (name, count) in rule.counts {
            guard let node = nodes[name], let value = node.labels[rule.key], rule.counted(node) else { continue }
            guard required.allSatisfy({ node.labels[$0.key] != nil }) else { continue }
            sums.add(count, at: value)
        }
        return sums
    }

    private static func bounds(_ numbers: [Int64]) -> (Int64, Int64)? {
        guard let least = numbers.min(), let most = numbers.max() else { return nil }
        return (least, most)
    }
}
