import APIMachinery
import KubeClient
import LinuxKernel

/// The undo journal as text.
enum UndoText {
    /// The list, newest first; one stop an entry.
    static func list(_ entries: [UndoEntry], now: Timestamp, failure: String?) -> (lines: [[TextSpan]], stops: [DetailStop]) {
        var lines: [[TextSpan]] = []
        var stops: [DetailStop] = []
        if let failure { lines.append([TextSpan("The journal is not on disk: \(failure)", .warning)]) }
        guard !entries.isEmpty else {
            lines.append([TextSpan("Nothing to undo: nothing was changed in this context from this screen.", .dim)])
            return (lines, [])
        }
        lines.append([TextSpan("  AGE      WHAT      OBJECT  (newest first; u undoes, U redoes)", .dim)])
        let undone = undone(entries)
        for entry in entries.reversed() {
            stops.append(DetailStop(line: lines.count, id: entry.id))
            lines.append(row(entry, isUndone: undone.contains(entry.id), now: now))
        }
        return (lines, stops)
    }

    /// The entries that are taken back at present.
    static func undone(_ entries: [UndoEntry]) -> Set<String> {
        var undone: Set<String> = []
        // A redo takes an undo back, so that what it undid is there again.
        for entry in entries.reversed() where !undone.contains(entry.id) {
            if let other = entry.undoes { undone.insert(other) }
        }
        return undone
    }

    private static func row(_ entry: UndoEntry, isUndone: Bool, now: Timestamp) -> [TextSpan] {
        let tone: Tone = isUndone ? .dim : entry.verb == .deleted ? .warning : .normal
        let state = isUndone ? "  undone" : entry.undoes != nil ? "  (an undo)" : entry.isUncertain ? "  no answer came" : ""
        return [
            TextSpan("  \(HistoryText.left(ContainerText.age(entry.at, now), 7))  ", .dim), TextSpan(HistoryText.left(entry.verb.rawValue, 8), tone),
            TextSpan("  \(entry.title)", isUndone ? .dim : .normal), TextSpan(state, entry.isUncertain ? .warning : .ok),
            TextSpan(changes(entry).map { "  \($0)" } ?? "", .dim),
        ]
    }

    /// What a change changed; nil for other writes.
    static func changes(_ entry: UndoEntry) -> String? {
        guard entry.verb == .changed, let before = entry.before, let after = entry.after else { return nil }
        return FieldChanges.summary(before, after)
    }

    /// What undoing means, in a few words, for the command log.
    static func remedy(_ entry: UndoEntry) -> String {
        switch entry.verb {
        case .created: "deletes \(entry.title)"
        case .deleted: entry.before == nil ? "nothing: it could not be read before it was deleted" : "creates \(entry.title) again"
        case .changed: changes(entry).map { "takes back: \($0)" } ?? "nothing: what it was before is not known"
        }
    }

    /// The lines of the question: what has to be known first, what comes back and what does not, then the difference.
    static func question(_ plan: UndoPlan) -> [DiffLine] {
        plan.warnings.map { DiffLine(kind: .header, text: "! \($0)") }
            + plan.returning.map { DiffLine(kind: .note, text: $0) }
            + plan.losses.map { DiffLine(kind: .note, text: "does not come back: \($0)") }
            + (plan.warnings.isEmpty && plan.losses.isEmpty && plan.returning.isEmpty ? [] : [DiffLine(kind: .note, text: "")]) + plan.lines
    }
}
