/// How many pods of a group each place has, with the emptiest always at hand.
struct SpreadCounts: Sendable {
    let rule: PodRules.Spread
    private var places: [String: Int] = [:]
    /// How many places have which number of pods: a few entries, however many places there are.
    private var sizes: [Int: Int] = [:]

    init(_ rule: PodRules.Spread) { self.rule = rule }

    /// Makes a node's place count, with so many pods more.
    mutating func add(_ amount: Int, at place: String) {
        let old = places[place]
        if let old { sizes.add(-1, at: old) }
        places[place] = (old ?? 0) + amount
        sizes.add(1, at: (old ?? 0) + amount)
    }

    /// Whether one pod more is too many at a place. Source: kube-scheduler `podtopologyspread.Filter`.
    func isTooMuch(at place: String) -> Bool {
        let emptiest = places.count < rule.minDomains ? 0 : sizes.keys.min() ?? 0
        let skew = (places[place] ?? 0) + (rule.countsSelf ? 1 : 0) - emptiest
        return Int64(skew) > rule.maxSkew
    }
}

extension [Int: Int] {
    fileprivate mutating func add(_ amount: Int, at key: Int) {
        let sum = (self[key] ?? 0) + amount
        self[key] = sum == 0 ? nil : sum
    }
}
