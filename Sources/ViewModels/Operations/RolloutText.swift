import APIMachinery
import ClusterOperations
import JSONCore
import KubeSchemas
import LinuxKernel

/// Rollouts and their histories in words.
enum RolloutText {
    /// How far a rollout is, with the pods it is about.
    static func status(_ snapshot: ObjectSnapshot, now: Timestamp, context: String) -> DetailText {
        var text = DetailText()
        text.context = context
        text.heading("Rollout")
        switch RolloutStatus(snapshot.object) {
        case .progressing(let what)?: text.fact("under way", what, .pending)
        case .done(let what)?: text.fact("done", what, .ok)
        case .failed(let what)?: text.fact("failed", what, .error)
        case nil: text.line([TextSpan("a \(snapshot.object.kind) rolls nothing out", .dim)])
        }
        text.conditions(snapshot.object, now: now)
        text.pods(snapshot.related[.pods] ?? [], now: now)
        text.unread(snapshot.unread.filter { !$0.hasPrefix("events: ") })
        text.events(snapshot.events, unread: snapshot.unread, now: now)
        return text
    }

    /// The revisions, the newest first, each with what it changed.
    static func history(_ snapshot: ObjectSnapshot, now: Timestamp, context: String) -> DetailText {
        var text = DetailText()
        text.context = context
        let keepers = (snapshot.related[.replicaSets] ?? []) + (snapshot.related[.controllerRevisions] ?? [])
        let revisions = RolloutHistory(of: snapshot.object, keepers: keepers).revisions
        if revisions.isEmpty { text.heading("No revision is kept", [TextSpan("  revisionHistoryLimit may be 0", .dim)]) }
        for (index, revision) in revisions.enumerated() {
            let age = TextSpan("  \(ContainerText.age(revision.createdAt, now)) ago, kept by \(revision.keeper)", .dim)
            let state = revision.isCurrent ? TextSpan("  is what runs", .ok) : TextSpan("  Enter goes back to it", .dim)
            text.heading("Revision \(revision.number)", [state, age])
            if !revision.isCurrent { text.link(DetailLink(value: "\(revision.number)")) }
            text.fact("because", revision.cause ?? "")
            text.fact("images", images(revision))
            guard revisions.indices.contains(index + 1) else { continue }
            for line in UnifiedDiff.lines(from: revisions[index + 1].yaml, to: revision.yaml) { text.line(spans(line), indent: 4) }
        }
        text.unread(snapshot.unread)
        return text
    }

    /// One line of a difference inside a text.
    static func spans(_ line: DiffLine) -> [TextSpan] {
        switch line.kind {
        case .added: [TextSpan("+ \(line.text)", .ok)]
        case .removed: [TextSpan("- \(line.text)", .error)]
        case .context: [TextSpan("  \(line.text)", .dim)]
        case .header, .note: [TextSpan(line.text, .dim)]
        }
    }

    /// The images of a revision: `demo:1, side:2`.
    static func images(_ revision: RolloutRevision) -> String {
        (revision.template["spec", "containers"]?.arrayValue ?? []).compactMap { $0["image"]?.stringValue }.joined(separator: ", ")
    }

    /// The template an object has now, as YAML.
    static func template(_ object: KubeObject) -> String { YAML.encode(RolloutHistory.plain(object["spec", "template"] ?? .null)) }
}
