import ClusterOperations

/// Whether a pod can reach something, as text.
enum ReachText {
    static func make(_ reach: NetworkReach, from source: String) -> DetailText {
        var text = DetailText()
        let allowed = reach.ways.filter(\.isAllowed).count
        let answer: TextSpan =
            reach.ways.isEmpty
            ? TextSpan("No", .error)
            : allowed == reach.ways.count
                ? TextSpan("Yes", .ok)
                : allowed > 0 ? TextSpan("To some pods only", .warning) : TextSpan("No", .error)
        text.line([answer, TextSpan(": from pod \(source) to \(reach.target)")], indent: 0)
        for note in reach.notes { text.line([TextSpan(note, .warning)]) }
        for way in reach.ways {
            text.heading(
                "\(way.pod) port \(way.port.number)/\(way.port.transport)", [TextSpan(way.isAllowed ? "  allowed" : "  denied", way.isAllowed ? .ok : .error)])
            text.fact("way out", sentence(way.egress, of: source), way.egress.isAllowed ? .normal : .error)
            text.fact("way in", sentence(way.ingress, of: way.pod), way.ingress.isAllowed ? .normal : .error)
            if !way.isDeclared { text.fact("port", "no container says that it has it; it may listen there all the same", .warning) }
        }
        text.heading("What enforces policies")
        text.line([
            reach.isEnforced
                ? TextSpan("The nodes of this cluster: this is what their tables do with a new connection at this moment.", .dim)
                : TextSpan("This cluster's network plugin, if it knows NetworkPolicies: that is not seen from here, and the objects are judged.", .dim)
        ])
        text.line([TextSpan("Whether a program listens, and rules of hosts and clouds, are not seen.", .dim)])
        return text
    }

    private static func sentence(_ verdict: PolicyVerdict, of pod: String) -> String {
        let side = verdict.direction.rawValue
        if verdict.isExempt { return "a pod and its node, or a pod and itself, are never kept apart" }
        guard !verdict.selecting.isEmpty else { return "no policy limits the \(side) of \(pod)" }
        if let allowing = verdict.allowing { return "policy \(allowing.policy) allows it with \(side) rule \(allowing.rule)" }
        let names = verdict.selecting.joined(separator: ", ")
        return verdict.selecting.count == 1
            ? "policy \(names) limits the \(side) of \(pod), and none of its rules allows it"
            : "policies \(names) limit the \(side) of \(pod), and none of their rules allows it"
    }
}
