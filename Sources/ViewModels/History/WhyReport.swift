import APIMachinery
import KubeSchemas
import LinuxKernel

/// The answer to "why?": the cause in one sentence with what to do next, other causes, then everything that happened, newest first.
enum WhyReport {
    /// The text about an object.
    static func lines(_ facts: WhyFacts) -> [[TextSpan]] {
        var text = DetailText()
        let causes = WhyCauses.of(facts)
        if causes.isEmpty { text.heading("Nothing is wrong", [TextSpan(summary(facts), .dim)]) }
        for (index, cause) in causes.enumerated() {
            if index == 0 { text.heading("Why", status(facts)) }
            if index == 1 { text.heading("Also") }
            text.line([TextSpan(cause.text, cause.tone)])
            for detail in cause.details { text.line([TextSpan(detail, detail.hasPrefix("next: ") ? .normal : .dim)], indent: 4) }
        }
        if facts.subject.kind == "Pod" { PodDiagnosis(Pod(facts.subject), events: [], now: facts.now).writeEvidence(&text) }
        for gap in facts.gaps { text.line([TextSpan("not known: \(gap)", .warning)]) }
        writeTimeline(&text, facts)
        return text.lines
    }

    private static func status(_ facts: WhyFacts) -> [TextSpan] {
        guard facts.subject.kind == "Pod" else { return [] }
        let row = PodRow(Pod(facts.subject))
        return [TextSpan("  \(row.status)", row.tone)]
    }

    private static func summary(_ facts: WhyFacts) -> String {
        switch facts.subject.kind {
        case "Pod":
            let row = PodRow(Pod(facts.subject))
            return "  \(row.status), \(row.readyCount)/\(row.containerCount) ready"
        case "Service":
            let count = facts.related("EndpointSlice").reduce(0) { $0 + $1.array("endpoints").count }
            return "  \(count == 1 ? "one endpoint" : "\(count) endpoints")"
        default: return facts.owned("Pod").isEmpty ? "" : "  \(facts.owned("Pod").count) pods"
        }
    }

    private static func writeTimeline(_ text: inout DetailText, _ facts: WhyFacts) {
        let entries = WhyTimeline.entries(facts)
        text.heading("What happened, newest first", entries.isEmpty ? [TextSpan("  nothing that tells its time", .dim)] : [])
        let width = min(24, entries.reduce(6) { max($0, $1.source.count) })
        for entry in entries {
            let age = ContainerText.age(entry.at, facts.now)
            var spans = [
                TextSpan("\(HistoryText.right(age, 6))  ", .dim), TextSpan("\(HistoryText.left(String(entry.source.prefix(24)), width))  ", .dim),
            ]
            if !entry.object.isEmpty { spans.append(TextSpan("\(entry.object)  ", .dim)) }
            text.line(spans + [TextSpan(entry.text, entry.tone)])
        }
    }
}
