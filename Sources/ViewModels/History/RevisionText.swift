import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel

/// Versions of objects as text.
enum RevisionText {
    /// The list, newest first; one stop a version.
    static func list(_ list: WrittenList, now: Timestamp) -> (lines: [[TextSpan]], stops: [DetailStop]) {
        guard let history = list.history else { return ([[TextSpan("reading what \(list.place) was", .pending)]], []) }
        let count = history.versions.count
        let more = history.continueToken == nil ? "" : ", the newest ones"
        var lines: [[TextSpan]] = [
            [TextSpan("\(count) \(count == 1 ? "version" : "versions") of \(list.place)\(more)", count == 0 ? .dim : .accent)],
            [TextSpan(kept(history, now: now), .dim)], [],
        ]
        guard count > 0 else { return (lines, []) }
        let author = min(34, history.versions.reduce(2) { max($0, $1.author.count) })
        lines.append([
            TextSpan(
                "  REVISION  \(HistoryText.right("AGE", 6))  WHAT     \(HistoryText.left("BY", author))  \(list.name == nil ? "OBJECT, " : "")FIELDS", .dim)
        ])
        var stops: [DetailStop] = []
        for version in history.versions {
            stops.append(DetailStop(line: lines.count, id: String(version.revision)))
            lines.append(row(version, list, author: author, now: now))
        }
        return (lines, stops)
    }

    private static func row(_ version: ObjectHistory.Version, _ list: WrittenList, author: Int, now: Timestamp) -> [TextSpan] {
        let tone: Tone =
            switch version.what {
            case .created: .ok
            case .changed: .accent
            case .status: .dim
            case .deleted: .warning
            }
        let by = version.author.count > author ? "\(version.author.prefix(author - 1))…" : version.author
        let name = list.name == nil ? "\(version.namespace.map { "\($0)/" } ?? "")\(version.name)  " : ""
        return [
            TextSpan(version.revision == list.marked ? "=" : " ", .accent),
            TextSpan(" \(HistoryText.right(String(version.revision), 8))  \(HistoryText.right(ContainerText.age(version.time, now), 6))  ", .dim),
            TextSpan("\(HistoryText.left(version.what.rawValue, 7))  ", tone), TextSpan("\(HistoryText.left(by, author))  "), TextSpan(name),
            TextSpan(summary(version, before: list.before(version)), .dim),
        ]
    }

    /// What a write changed, in few words.
    static func summary(_ version: ObjectHistory.Version, before: KubeObject?) -> String {
        switch version.what {
        case .created: return ""
        case .deleted: return version.object == nil ? "what it was is not kept any more" : ""
        case .changed, .status:
            guard let after = version.object, let before else { return "what it was before is not kept any more" }
            let text = FieldChanges.summary(before, after)
            if !text.isEmpty { return text }
            if before.isBeingDeleted != after.isBeingDeleted { return "its deletion was asked for" }
            return FieldChanges.statusSummary(before, after)
        }
    }

    /// How far back history reaches, and what bounds it.
    static func kept(_ history: ObjectHistory, now: Timestamp) -> String {
        func since(_ moment: Timestamp?) -> String { moment.map { " (at present since \(ContainerText.age($0, now)))" } ?? "" }
        let versions = "\(HumanDuration.text(history.versionAge)), at most \(megabytes(history.versionBytes))\(since(history.versionsSince))"
        let states = "\(HumanDuration.text(history.stateAge)), at most \(megabytes(history.stateBytes))\(since(history.statesSince))"
        return "kept: versions \(versions); writes of the status alone \(states)"
    }

    private static func megabytes(_ bytes: Int64) -> String { "\(bytes >> 20) MB" }

    /// The difference between two states, as a text to read.
    static func difference(from old: KubeObject?, to new: KubeObject?) -> [[TextSpan]] {
        let isStatusOnly = old.map { EditForm.value($0) } == new.map { EditForm.value($0) }
        let text = { (object: KubeObject?) -> String in
            guard let object else { return "" }
            return isStatusOnly ? EditForm.readableText(object) : EditForm.text(object)
        }
        let lines = UnifiedDiff.lines(from: text(old), to: text(new))
        guard !lines.isEmpty else { return [[TextSpan("There is no difference in what people write.", .dim)]] }
        return lines.map { line in
            switch line.kind {
            case .added: [TextSpan("+ \(line.text)", .ok)]
            case .removed: [TextSpan("- \(line.text)", .error)]
            case .header: [TextSpan("@ \(line.text)", .accent)]
            case .context, .note: [TextSpan("  \(line.text)")]
            }
        }
    }

    /// The page of one version: who wrote it, and what it changed.
    static func page(_ version: ObjectHistory.Version, _ list: WrittenList, now: Timestamp) -> [[TextSpan]] {
        let place = "\(list.kind) \(version.namespace.map { "\($0)/" } ?? "")\(version.name)"
        var lines: [[TextSpan]] = [
            [TextSpan("\(version.what.rawValue) by \(version.author)", .accent)],
            [TextSpan("\(version.time.rfc3339), \(ContainerText.age(version.time, now)) ago; revision \(version.revision) of \(place)", .dim)], [],
        ]
        if let marked = list.versions.first(where: { $0.revision == list.marked }), marked.revision != version.revision {
            lines.append([TextSpan("from revision \(marked.revision) to \(version.revision)", .accent)])
            return lines + difference(from: marked.object, to: version.object)
        }
        switch version.what {
        case .deleted where version.object == nil: lines.append([TextSpan("What it was is not kept any more.", .warning)])
        case .deleted: lines += difference(from: version.object, to: nil)
        case .created: lines += difference(from: nil, to: version.object)
        case .changed, .status:
            guard let before = list.before(version) else {
                lines += [[TextSpan("What it was before is not kept any more. It became:", .warning)], []]
                return lines + EditForm.lines(version.object)
            }
            lines += difference(from: before, to: version.object)
        }
        return lines
    }
}

extension EditForm {
    /// An object as lines to read, values of Secrets masked.
    fileprivate static func lines(_ object: KubeObject?) -> [[TextSpan]] {
        guard let object else { return [] }
        return SecretMask.masked(TextBuffer(text(object)).lines).map { [TextSpan($0)] }
    }
}
