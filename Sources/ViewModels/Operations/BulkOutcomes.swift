import ClusterOperations

/// What became of each of many objects that one thing is done to.
struct BulkOutcomes: Sendable {
    /// What became of one.
    enum Outcome: Sendable, Hashable {
        /// Its turn has not come.
        case waiting
        /// It is being done.
        case going
        /// It is done; what was said.
        case done(String)
        /// It was refused; why.
        case refused(String)
        /// It was stopped before its turn.
        case left
    }

    /// The objects, in the order in which they are taken.
    let targets: [ObjectTarget]
    /// What became of each.
    private var outcomes: [Outcome]

    subscript(index: Int) -> Outcome {
        get { outcomes[index] }
        set { outcomes[index] = newValue }
    }

    /// What has not had its turn never has it.
    mutating func leaveRest() { outcomes = outcomes.map { $0 == .waiting ? .left : $0 } }

    /// Nothing is done yet.
    init(_ targets: [ObjectTarget]) {
        self.targets = targets
        outcomes = targets.map { _ in .waiting }
    }

    /// How many are done.
    var doneCount: Int { outcomes.count { if case .done = $0 { true } else { false } } }
    /// How many were refused.
    var refusedCount: Int { outcomes.count { if case .refused = $0 { true } else { false } } }
    /// Whether some are still to come.
    var isGoing: Bool { outcomes.contains { $0 == .waiting || $0 == .going } }

    /// `3 of 5 done, 1 refused, 1 not begun`.
    var summary: String {
        let left = outcomes.count { $0 == .left }
        return ["\(doneCount) of \(targets.count) done", refusedCount == 0 ? nil : "\(refusedCount) refused", left == 0 ? nil : "\(left) not begun"]
            .compactMap(\.self).joined(separator: ", ")
    }

    /// A line for each object; those that were refused come first once all have had their turn.
    func text(context: String) -> DetailText {
        var text = DetailText()
        text.context = context
        text.heading(summary, [TextSpan(isGoing ? "  S stops" : "  Enter opens the object", .dim)])
        let order = isGoing ? Array(targets.indices) : targets.indices.filter(isRefused) + targets.indices.filter { !isRefused($0) }
        var columns = TextColumns(["", "OBJECT", "WHAT"])
        for index in order {
            let (word, tone, what) = Self.words(outcomes[index])
            columns.add([TextSpan(word, tone), TextSpan(targets[index].text, .accent), TextSpan(short(what, index), tone == .error ? .error : .normal)])
        }
        text.lineUp(columns) { DetailLink(binding: ObjectBinding(targets[order[$0]], context: context)) }
        return text
    }

    private func isRefused(_ index: Int) -> Bool { if case .refused = outcomes[index] { true } else { false } }

    /// The object's name stands before it already.
    private func short(_ what: String, _ index: Int) -> String {
        let start = "\(targets[index].text): "
        return what.hasPrefix(start) ? String(what.dropFirst(start.count)) : what
    }

    private static func words(_ outcome: Outcome) -> (String, Tone, String) {
        switch outcome {
        case .waiting: ("waits", .dim, "")
        case .going: ("going on", .pending, "")
        case .done(let what): ("done", .ok, what)
        case .refused(let why): ("refused", .error, why)
        case .left: ("not begun", .warning, "stopped before its turn")
        }
    }
}
