import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel

/// The command log as text: the list, and one entry of it.
enum CommandLogText {
    /// The list, newest first; one stop a request.
    static func list(_ entries: [SentRequest], context: String, recordsReads: Bool) -> (lines: [[TextSpan]], stops: [DetailStop]) {
        var lines: [[TextSpan]] = []
        var stops: [DetailStop] = []
        guard !entries.isEmpty else {
            return ([[TextSpan("Nothing was changed yet. What is sent to a cluster from here on stands in this list.", .dim)]], [])
        }
        lines.append([TextSpan("  TIME      CODE     TOOK  WHAT WAS SENT\(recordsReads ? ", reads too" : "")  (UTC, newest first)", .dim)])
        for entry in entries.reversed() {
            stops.append(DetailStop(line: lines.count, id: String(entry.id)))
            lines.append(row(entry, context))
        }
        return (lines, stops)
    }

    private static func row(_ entry: SentRequest, _ context: String) -> [TextSpan] {
        let took = took(entry).map { HistoryText.wait($0) } ?? ""
        let refusal = message(entry)
        return [
            TextSpan("  \(HistoryText.clock(entry.sentAt))  ", .dim), code(entry),
            TextSpan("\(HistoryText.right(took, 9))  ", .dim), TextSpan(entry.context == context ? "" : "\(entry.context)  ", .dim),
            TextSpan(summary(entry), entry.kind == .write ? .normal : .dim), TextSpan(refusal.isEmpty ? "" : "  \(refusal)", .error),
        ]
    }

    /// What it does, in few words: kubectl's verb, the object and the namespace.
    static func summary(_ entry: SentRequest) -> String {
        let start = ShellText.line(["kubectl", "--context", entry.context]) + " "
        let words = KubectlForm(entry).command.dropFirst(start.count).split(maxSplits: 2, whereSeparator: { $0 == " " || $0 == "\n" })
        let verb = words.prefix(words.first == "rollout" ? 2 : 1).joined(separator: " ")
        guard let target = entry.target else { return "\(verb) \(entry.path)" }
        let name =
            target.name ?? entry.body["metadata", "name"]?.stringValue ?? entry.body["metadata", "generateName"]?.stringValue
            ?? (entry.body["kind"] == "ObjectRestore" ? entry.body["name"]?.stringValue : nil)
        let below = target.subresource.map { $0 == "scale" || entry.isSession ? "" : " \($0)" } ?? ""
        let replicas = target.subresource == "scale" ? entry.body["spec", "replicas"]?.integerValue.map { " to \($0)" } ?? "" : ""
        let place = target.namespace.map { " in \($0)" } ?? ""
        return "\(verb) \(target.kind)\(name.map { "/\($0)" } ?? "")\(below)\(replicas)\(place)\(entry.isDryRun ? " (dry run)" : "")"
    }

    private static func code(_ entry: SentRequest) -> TextSpan {
        switch entry.outcome {
        case .waiting: TextSpan("…   ", .pending)
        case .answered(let code, _, _): TextSpan(HistoryText.left("\(code)", 4), code < 400 ? .ok : .error)
        case .lost: TextSpan("lost", .error)
        }
    }

    private static func took(_ entry: SentRequest) -> Duration? {
        switch entry.outcome {
        case .waiting: nil
        case .answered(_, _, let duration), .lost(_, let duration): duration
        }
    }

    private static func message(_ entry: SentRequest) -> String {
        switch entry.outcome {
        case .waiting: ""
        case .answered(_, let message, _), .lost(let message, _): message
        }
    }

    /// Everything about one request.
    static func detail(_ entry: SentRequest, undo: UndoEntry?, now: Timestamp) -> [[TextSpan]] {
        var text = DetailText()
        let form = KubectlForm(entry)
        text.heading("Sent", [TextSpan("  \(entry.sentAt.rfc3339), \(ContainerText.age(entry.sentAt, now)) ago", .dim)])
        text.fact("context", entry.context)
        text.fact("request", "\(entry.method.rawValue) \(entry.path)\(entry.query.isEmpty ? "" : "?\(QueryItem.encode(entry.query))")")
        text.fact("body", entry.bodySize == 0 ? "" : "\(entry.bodySize) bytes, \(entry.contentType ?? "application/json")")
        if entry.isDryRun { text.fact("dry run", "the server kept nothing of it", .dim) }
        text.heading("Answer")
        switch entry.outcome {
        case .waiting: text.line([TextSpan("none yet", .pending)])
        case .answered(let code, let message, let duration):
            text.fact("code", [code < 400 ? TextSpan("\(code)", .ok) : TextSpan("\(code)", .error), TextSpan("  after \(HistoryText.wait(duration))", .dim)])
            text.fact("message", message, .error)
        case .lost(let message, let duration):
            text.fact("lost", [TextSpan(message, .error), TextSpan("  after \(HistoryText.wait(duration))", .dim)])
            text.line([TextSpan("The server may have carried it out all the same.", .warning)])
        }
        text.heading("Undo")
        if let undo {
            text.line([TextSpan("u", .accent), TextSpan("  \(UndoText.remedy(undo))")])
        } else {
            text.line([TextSpan(entry.kind == .write ? "nothing is kept that could be taken back" : "it changed nothing", .dim)])
        }
        text.heading("As kubectl", [TextSpan("  c copies it", .dim)])
        for line in form.command.split(separator: "\n", omittingEmptySubsequences: false) { text.line([TextSpan(String(line))]) }
        for note in form.notes { text.line([TextSpan("note: \(note)", .warning)]) }
        text.heading("As curl", [TextSpan("  x copies it; it needs `\(CurlForm.proxyCommand(entry))` beside it", .dim)])
        text.line([TextSpan(CurlForm.command(entry))])
        return text.lines
    }
}

/// Short texts of tables that tell of the past.
enum HistoryText {
    /// `10:02:31`, UTC.
    static func clock(_ time: Timestamp) -> String { String(time.rfc3339.dropFirst(11).prefix(8)) }

    /// `12 ms`, `3.4 s`.
    static func wait(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        guard seconds == 0 else { return "\(seconds).\(attoseconds / 100_000_000_000_000_000) s" }
        return "\(attoseconds / 1_000_000_000_000_000) ms"
    }

    /// The text at the right end of a field.
    static func right(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }

    /// The text at the left end of a field.
    static func left(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }
}
