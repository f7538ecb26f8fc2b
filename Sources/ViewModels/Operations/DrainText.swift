import ClusterOperations

/// The draining of a node in words.
enum DrainText {
    /// What there is to know before a node is drained.
    static func summary(_ plan: DrainPlan) -> [[TextSpan]] {
        let going = plan.going
        var body: [[TextSpan]] = [[TextSpan("\(going.count) of its \(plan.pods.count) pods go; new ones stay away.")]]
        let lost = going.count { $0.fate == .lost }
        if lost > 0 { body.append([TextSpan("Without an owner and gone for good: \(lost).", .warning)]) }
        let local = going.count { !$0.localData.isEmpty }
        if local > 0 { body.append([TextSpan("Losing what is in emptyDir volumes: \(local).", .warning)]) }
        let refused = going.count { !$0.refusedBy.isEmpty }
        if refused > 0 { body.append([TextSpan("Refused by a disruption budget for now, and tried again: \(refused).", .warning)]) }
        for text in plan.unread { body.append([TextSpan(text, .warning)]) }
        return body
    }

    /// Every pod and what becomes of it.
    static func plan(_ plan: DrainPlan, context: String) -> DetailText {
        var text = DetailText()
        text.context = context
        text.heading("Plan", [TextSpan("  \(plan.going.count) pods go, \(plan.pods.count - plan.going.count) stay", .dim)])
        for pod in plan.pods { line(pod, TextSpan(word(pod.fate), pod.goes ? pod.fate == .lost ? .warning : .normal : .dim), &text) }
        return text
    }

    /// How far it is.
    static func progress(_ progress: Drain.Progress, _ plan: DrainPlan, context: String) -> DetailText {
        var text = DetailText()
        text.context = context
        text.heading(
            progress.isOver ? "Done" : "Draining",
            [TextSpan("  \(progress.goneCount) of \(progress.steps.count) pods are gone", progress.isOver ? .ok : .pending)])
        for (index, entry) in progress.steps.enumerated() where plan.going.indices.contains(index) {
            let span =
                switch entry.step {
                case .waiting: TextSpan("waits", .dim)
                case .refused(let why): TextSpan("refused for now: \(why)", .warning)
                case .ending: TextSpan("is ending", .pending)
                case .gone: TextSpan("is gone", .ok)
                case .failed(let why): TextSpan("stays: \(why)", .error)
                }
            line(plan.going[index], span, &text)
        }
        return text
    }

    private static func line(_ pod: DrainPlan.Pod, _ state: TextSpan, _ text: inout DetailText) {
        var spans = [TextSpan("\(pod.target.namespace ?? "")/", .dim), TextSpan(pod.target.name), TextSpan("  "), state]
        if !pod.localData.isEmpty, pod.goes { spans.append(TextSpan("  loses \(pod.localData.joined(separator: ", "))", .warning)) }
        if !pod.refusedBy.isEmpty { spans.append(TextSpan("  budget \(pod.refusedBy.joined(separator: ", "))", .warning)) }
        text.line(spans)
        text.link(DetailLink(binding: ObjectBinding(pod.target, context: text.context)))
    }

    private static func word(_ fate: DrainPlan.Fate) -> String {
        switch fate {
        case .evicted: "is evicted, and its owner makes another one"
        case .lost: "is evicted for good: nobody makes another one"
        case .removed: "has ended and is removed"
        case .stays(let why): "stays: \(why)"
        }
    }
}
