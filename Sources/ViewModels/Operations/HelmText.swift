import ClusterOperations
import JSONCore
import Synchronization

/// Helm releases in words.
enum HelmText {
    /// The newest revision of every release.
    static func list(_ headers: [HelmRelease.Header]) -> DetailText {
        var text = DetailText()
        var seen: Set<String> = []
        let newest = headers.filter { seen.insert("\($0.namespace)/\($0.name)").inserted }
        text.heading("Releases", [TextSpan(newest.isEmpty ? "  none" : "  \(newest.count)", .dim)])
        for header in newest {
            text.line([
                TextSpan("\(header.namespace)/", .dim), TextSpan(header.name), TextSpan("  \(header.status)", tone(header.status)),
                TextSpan("  revision \(header.version)", .dim),
            ])
            text.link(DetailLink(value: HelmShelf.key(header)))
        }
        return text
    }

    /// Everything that goes with a release, and what stays.
    static func uninstall(_ plan: HelmUninstall, context: String) -> DetailText {
        var text = DetailText()
        text.context = context
        text.heading("Uninstall \(plan.release.name)", [TextSpan("  \(plan.going.count) objects and \(plan.revisions.count) revisions go", .dim)])
        var columns = TextColumns(["", "OBJECT", "NOTE"])
        for item in plan.items {
            let (word, tone, note): (String, Tone, String) =
                switch item.fate {
                case .goes: ("goes", .warning, "with what it owns")
                case .gone: ("gone", .dim, "is not there any more")
                case .kept: ("stays", .ok, "helm.sh/resource-policy: keep")
                }
            columns.add([TextSpan(word, tone), TextSpan(item.target.text, .accent), TextSpan(note, .dim)])
        }
        text.lineUp(columns) { DetailLink(binding: ObjectBinding(plan.items[$0].target, context: context)) }
        return text
    }

    /// The same in a few lines, for the question.
    static func summary(_ plan: HelmUninstall) -> [[TextSpan]] {
        let counts = Dictionary(plan.going.map { ($0.target.kind, 1) }, uniquingKeysWith: +).sorted { $0.key < $1.key }
        var lines = [[TextSpan(counts.isEmpty ? "None of its objects is there." : counts.map { "\($0.value) \($0.key)" }.joined(separator: ", "))]]
        for danger in plan.dangers { lines.append([TextSpan("\(danger.capitalizedFirst) go with it.", .error)]) }
        let kept = plan.items.filter { $0.fate == .kept }.count
        if kept > 0 { lines.append([TextSpan("\(kept) stay, as their chart asks.", .dim)]) }
        if plan.hooks > 0 { lines.append([TextSpan("Its \(plan.hooks) hooks are not run; what they made stays.", .warning)]) }
        lines.append([TextSpan("All \(plan.revisions.count) revisions go: nothing can be rolled back then.", .warning)])
        return lines
    }

    /// One revision: what it is, the others, its values, notes, what changed, and its objects.
    static func release(_ release: HelmRelease, _ all: [HelmRelease.Header], _ earlier: HelmRelease?) -> DetailText {
        var text = DetailText()
        let header = release.header
        text.heading("Release", [TextSpan(" \(header.name)")])
        text.fact("namespace", header.namespace)
        text.fact("status", header.status, tone(header.status))
        text.fact("revision", "\(header.version)")
        text.fact("chart", release.chart)
        text.fact("installs", release.appVersion)
        text.fact("deployed", release.deployedAt)
        text.fact("says", release.description)
        text.heading("Revisions", [TextSpan("  Enter opens one", .dim)])
        for other in all {
            let isThis = other == header
            text.line([
                TextSpan("\(other.version)", isThis ? .accent : .normal), TextSpan("  \(other.status)", tone(other.status)),
                TextSpan(isThis ? "  <" : "", .accent),
            ])
            text.link(DetailLink(value: HelmShelf.key(other)))
        }
        text.fields("Values that were given", release.values)
        if !release.notes.isEmpty {
            text.heading("Notes")
            for line in release.notes.split(separator: "\n", omittingEmptySubsequences: false).prefix(300) { text.line([TextSpan(String(line))]) }
        }
        if let earlier {
            let changes = UnifiedDiff.lines(from: earlier.manifest, to: release.manifest)
            text.heading("Changed since revision \(earlier.header.version)", [TextSpan(changes.isEmpty ? "  nothing" : "", .dim)])
            for line in changes.prefix(2000) { text.line(RolloutText.spans(line)) }
        }
        text.heading("Objects", [TextSpan("  as the chart made them; values of Secrets are hidden", .dim)])
        let lines = release.manifest.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for line in SecretMask.masked(lines).prefix(5000) { text.line([TextSpan(line)]) }
        if lines.count > 5000 { text.line([TextSpan("and \(lines.count - 5000) more lines", .dim)]) }
        text.fields("The chart's own values", release.defaults)
        return text
    }

    private static func tone(_ status: String) -> Tone {
        switch status {
        case "deployed": .ok
        case "superseded", "uninstalled": .dim
        case "failed": .error
        default: .pending
        }
    }
}

/// The revisions that the lines of a text name.
final class HelmShelf: Sendable {
    private let headers = Mutex<[String: HelmRelease.Header]>([:])

    subscript(key: String) -> HelmRelease.Header? { headers.withLock { $0[key] } }

    func fill(_ found: [HelmRelease.Header]) {
        headers.withLock { $0 = Dictionary(found.map { (Self.key($0), $0) }, uniquingKeysWith: { first, _ in first }) }
    }

    static func key(_ header: HelmRelease.Header) -> String { "\(header.namespace)/\(header.name)/\(header.version)" }
}
