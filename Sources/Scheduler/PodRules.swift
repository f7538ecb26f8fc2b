import APIMachinery
import JSONCore
import KubeSchemas

/// What a pod asks of the pods around it, read from its spec once. Source: PodSpec.affinity and PodSpec.topologySpreadConstraints.
struct PodRules: Sendable, Hashable {
    /// Pods, and the node label whose value says what is near them.
    struct Term: Sendable, Hashable {
        let group: PodGroup
        let topologyKey: String
    }

    /// Pods that are better near (above zero) or far (below zero).
    struct Preference: Sendable, Hashable {
        let term: Term
        let weight: Int64
    }

    /// How evenly a group of pods is spread.
    struct Spread: Sendable, Hashable {
        let topologyKey: String
        let maxSkew: Int64
        let minDomains: Int64
        let group: PodGroup
        /// Whether the pod itself counts once it is placed.
        let countsSelf: Bool
        let honorsNodeAffinity: Bool
        let honorsNodeTaints: Bool
    }

    /// Pods that must be near.
    private(set) var near: [Term] = []
    /// Pods that must not be near.
    private(set) var apart: [Term] = []
    private(set) var preferences: [Preference] = []
    private(set) var hardSpread: [Spread] = []
    private(set) var softSpread: [Spread] = []

    /// Reads a pod.
    init(_ pod: Pod) {
        let spec = pod.spec
        let isPlain = spec.value["affinity"] == nil && spec.value["topologySpreadConstraints"] == nil
        guard !isPlain else { return }
        let member = GroupMember(pod)
        func term(_ term: PodAffinityTerm) -> Term { Term(group: PodGroup(term, of: member), topologyKey: term.topologyKey) }
        let affinity = spec.affinity
        near = affinity.requiredPodAffinity.map(term)
        apart = affinity.requiredPodAntiAffinity.map(term)
        preferences = affinity.preferredPodAffinity.map { Preference(term: term($0.term), weight: Self.bounded($0.weight)) }
        preferences += affinity.preferredPodAntiAffinity.map { Preference(term: term($0.term), weight: -Self.bounded($0.weight)) }
        for constraint in spec.topologySpreadConstraints {
            let rule = Spread(constraint, of: member)
            if constraint.isRequired { hardSpread.append(rule) } else { softSpread.append(rule) }
        }
    }

    /// A weight as the API allows it; a pod that is only tried may say anything.
    static func bounded(_ weight: Int64) -> Int64 { min(max(weight, 0), 100) }

    /// Whether other pods decide where the pod can be.
    var isBinding: Bool { !near.isEmpty || !apart.isEmpty || !hardSpread.isEmpty }

    /// Whether labels of namespaces say which pods it means.
    var mindsNamespaceLabels: Bool { (near + apart).contains { $0.group.namespaceSelector != nil } }

    /// Whether a pod that gets a node may open one for this pod: it is one to be near to, or fills the emptiest place.
    func mayBeHelped(byArrivalOf other: GroupMember, _ namespaces: [String: JSONObject]) -> Bool {
        near.contains { $0.group.contains(other, namespaces) } || hardSpread.contains { $0.group.contains(other, namespaces) }
    }
}

extension PodRules.Spread {
    init(_ constraint: TopologySpreadConstraint, of pod: GroupMember) {
        let selector = LabelSelector(stored: constraint.labelSelector)
        topologyKey = constraint.topologyKey
        maxSkew = min(max(constraint.maxSkew, 1), Int64(Int32.max))
        minDomains = constraint.minDomains
        // As in Kubernetes a selector of all pods counts none but the pod itself.
        group = PodGroup(namespace: pod.namespace, selector.isEmpty ? .nothing : selector)
        countsSelf = selector.matches(labels: pod.labels)
        honorsNodeAffinity = constraint.honorsNodeAffinity
        honorsNodeTaints = constraint.honorsNodeTaints
    }
}

/// What a pod on a node means for others.
struct PlacedTerm: Sendable, Hashable {
    enum Effect: Sendable, Hashable {
        /// Those of the group must not be near.
        case forbids
        /// They are better near (above zero) or far.
        case weighs(Int64)
    }

    let term: PodRules.Term
    let effect: Effect

    /// The terms of a pod. What it had to be near to is drawn to it with the weight 1.
    /// Source: InterPodAffinityArgs.hardPodAffinityWeight.
    static func all(of rules: PodRules) -> [PlacedTerm] {
        rules.apart.map { PlacedTerm(term: $0, effect: .forbids) } + rules.near.map { PlacedTerm(term: $0, effect: .weighs(1)) }
            + rules.preferences.map { PlacedTerm(term: $0.term, effect: .weighs($0.weight)) }
    }
}
