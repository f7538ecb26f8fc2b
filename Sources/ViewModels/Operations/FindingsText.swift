import ClusterOperations

/// What a look over a namespace found, as a text whose lines open the objects.
enum FindingsText {
    static func text(_ findings: Findings, scope: NamespaceScope, context: String) -> DetailText {
        var text = DetailText()
        text.context = context
        let items = findings.items.filter { $0.subject.namespace.map(scope.contains) ?? true }
        if items.isEmpty { text.heading("Nothing to improve in \(scope.text)") }
        for severity in Finding.Severity.allCases {
            let found = items.filter { $0.severity == severity }
            guard !found.isEmpty else { continue }
            text.heading(heading(severity), [TextSpan("  \(found.count)", .dim)])
            for finding in found { write(finding, &text) }
        }
        text.unread(findings.unread)
        return text
    }

    private static func heading(_ severity: Finding.Severity) -> String {
        switch severity {
        case .broken: "Broken"
        case .risk: "Will break one day"
        case .advice: "Could be better"
        }
    }

    private static func write(_ finding: Finding, _ text: inout DetailText) {
        text.line([
            TextSpan("\(finding.subject.kind) ", .dim), TextSpan("\(finding.subject.namespace.map { "\($0)/" } ?? "")\(finding.subject.name)  "),
            TextSpan(finding.text, tone(finding.severity)),
        ])
        text.link(DetailLink(binding: ObjectBinding(finding.subject, context: text.context)))
        text.line([TextSpan(finding.remedy, .dim)], indent: 6)
    }

    private static func tone(_ severity: Finding.Severity) -> Tone {
        switch severity {
        case .broken: .error
        case .risk: .warning
        case .advice: .normal
        }
    }
}
