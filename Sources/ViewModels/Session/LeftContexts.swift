/// What is kept of contexts that were left, for whoever comes back; of more than a few those that were left last.
struct LeftContexts {
    /// What is kept of one.
    struct Left {
        /// The last hour of usage; what was not sampled meanwhile stays empty.
        var usage: UsageHistory
        /// The places to go back to.
        var visited: PlaceHistory
    }

    /// The most contexts.
    static let limit = 3
    private var contexts: [(name: String, left: Left)] = []

    /// Keeps what is left of a context.
    mutating func keep(_ left: Left, of name: String) {
        contexts.removeAll { $0.name == name }
        contexts.append((name, left))
        if contexts.count > Self.limit { contexts.removeFirst() }
    }

    /// Takes what was kept of a context; nil when nothing is.
    mutating func take(_ name: String) -> Left? {
        guard let index = contexts.firstIndex(where: { $0.name == name }) else { return nil }
        return contexts.remove(at: index).left
    }
}
