import JSONCore

/// How many pods of groups are on which node, kept up to date pod by pod, so that a decision walks nodes and not pods.
struct PodIndex: Sendable {
    /// Numbers by the node's name; no entry means none.
    struct Counts: Sendable {
        private(set) var all: [String: Int] = [:]
        /// Without the pods that are on their way out.
        private(set) var staying: [String: Int] = [:]

        mutating func add(_ amount: Int, _ pod: PlacedPod) {
            all.add(amount, at: pod.node)
            if !pod.isEnding { staying.add(amount, at: pod.node) }
        }
    }

    private struct Followed {
        var counts: Counts
        var lastUse: UInt64
    }

    /// Labels of namespaces by name.
    private(set) var namespaces: [String: JSONObject] = [:]
    /// What pods on nodes mean for others, with their number by node.
    private(set) var terms: [PlacedTerm: [String: Int]] = [:]
    /// Pods that stay, by the uid of their controller and by node.
    private(set) var owned: [String: [String: Int]] = [:]
    private var followed: [[PodGroup]: Followed] = [:]
    private var uses: UInt64 = 0
    /// Each costs a comparison for every pod that comes or goes.
    private static let mostFollowed = 128

    mutating func add(_ pod: PlacedPod) { count(pod, 1) }

    mutating func remove(_ pod: PlacedPod) { count(pod, -1) }

    private mutating func count(_ pod: PlacedPod, _ amount: Int) {
        for term in pod.terms { terms.add(amount, term, at: pod.node) }
        if let owner = pod.owner, !pod.isEnding { owned.add(amount, owner, at: pod.node) }
        // By index: a walk over the keys would hold the dictionary and make every change copy it.
        var place = followed.startIndex
        while place != followed.endIndex {
            if contains(pod.member, followed[place].key) { followed.values[place].counts.add(amount, pod) }
            followed.formIndex(after: &place)
        }
    }

    /// Takes in a namespace's labels; nil forgets it. True when they were others before.
    mutating func put(namespace: String, labels: JSONObject?) -> Bool {
        guard namespaces[namespace] != labels else { return false }
        namespaces[namespace] = labels
        for groups in followed.keys where groups.contains(where: { $0.namespaceSelector != nil }) { followed[groups] = nil }
        return true
    }

    /// Whether pods on nodes keep others off by the labels of their namespaces.
    var forbidsByNamespaceLabels: Bool {
        terms.keys.contains { $0.effect == .forbids && $0.term.group.namespaceSelector != nil }
    }

    /// Whether a pod is in each of some groups.
    func contains(_ pod: GroupMember, _ groups: [PodGroup]) -> Bool { groups.allSatisfy { $0.contains(pod, namespaces) } }

    /// The pods that are in each of some groups.
    func counts(of groups: [PodGroup], among pods: some Sequence<PlacedPod>) -> Counts {
        if let known = followed[groups] { return known.counts }
        var counts = Counts()
        for pod in pods where contains(pod.member, groups) { counts.add(1, pod) }
        return counts
    }

    /// Counts some groups from now on; the ones that were longest not asked for make room.
    mutating func follow(_ groups: [PodGroup], among pods: some Sequence<PlacedPod>) {
        uses += 1
        guard followed[groups] == nil else {
            followed[groups]?.lastUse = uses
            return
        }
        if followed.count >= Self.mostFollowed, let oldest = followed.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            followed[oldest.key] = nil
        }
        followed[groups] = Followed(counts: counts(of: groups, among: pods), lastUse: uses)
    }
}

extension [String: Int] {
    /// Changes a number; what becomes zero is left out.
    mutating func add(_ amount: Int, at key: String) {
        let sum = (self[key] ?? 0) + amount
        self[key] = sum == 0 ? nil : sum
    }
}

extension Dictionary where Value == [String: Int] {
    /// Changes one of the numbers of a key; a key without numbers is left out.
    fileprivate mutating func add(_ amount: Int, _ key: Key, at node: String) {
        self[key, default: [:]].add(amount, at: node)
        if self[key]?.isEmpty == true { self[key] = nil }
    }
}
