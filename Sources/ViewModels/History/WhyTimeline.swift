import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel

/// What happened to an object and what it owns, from every source that tells a time.
enum WhyTimeline {
    /// One happening.
    struct Entry: Hashable {
        var at: Timestamp
        /// Who tells: `scheduler`, `kubectl`, `condition`.
        var source: String
        /// What it happened to, when that is not the object itself.
        var object: String
        var text: String
        var tone: Tone = .normal
    }

    /// The most happenings that are told.
    static let limit = 200

    /// The happenings, newest first.
    static func entries(_ facts: WhyFacts) -> [Entry] {
        var entries = lifetime(facts.subject, "") + changes(facts.subject, "") + conditions(facts.subject, "") + events(facts) + writes(facts)
        entries += containers(facts.subject, "")
        for object in facts.owned.prefix(100) {
            let name = "\(object.kind) \(object.name)"
            entries += lifetime(object, name) + containers(object, name)
            if object.kind != "Pod" { entries += changes(object, name) }
        }
        let order = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($0.offset, $0.element) }).sorted {
            ($0.value.at, $0.key) > ($1.value.at, $1.key)
        }
        return order.prefix(limit).map(\.value)
    }

    private static func lifetime(_ object: KubeObject, _ name: String) -> [Entry] {
        var entries: [Entry] = []
        if let created = object.creationTimestamp {
            let creator = object.array("metadata", "managedFields").first?["manager"]?.stringValue ?? "server"
            entries.append(Entry(at: created, source: creator, object: name, text: "created", tone: .ok))
        }
        if let end = object.deletionTimestamp {
            let asked = end.advanced(by: .zero - .seconds(object.deletionGracePeriodSeconds ?? 0))
            entries.append(Entry(at: asked, source: "server", object: name, text: "its deletion was asked for", tone: .warning))
        }
        return entries
    }

    /// Who changed which fields last; the status is its controller's and told by conditions.
    static func changes(_ object: KubeObject, _ name: String) -> [Entry] {
        object.array("metadata", "managedFields").prefix(40).compactMap { entry in
            guard entry["subresource"]?.stringValue != "status", let at = entry["time"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) }) else { return nil }
            // What came with the creation is told by it.
            if let created = object.creationTimestamp, at <= created { return nil }
            let fields = fields(entry["fieldsV1"] ?? .null)
            guard !fields.isEmpty else { return nil }
            let more = fields.count > 4 ? ", and \(fields.count - 4) more" : ""
            return Entry(
                at: at, source: entry["manager"]?.stringValue ?? "?", object: name, text: "changed \(fields.prefix(4).joined(separator: ", "))\(more)",
                tone: .accent)
        }
    }

    /// The leaves of a set of fields, metadata last; bounded.
    static func fields(_ value: JSONValue) -> [String] {
        var found: [String] = []
        func walk(_ value: JSONValue, _ path: String, _ level: Int) {
            guard found.count < 100, level < 30, case .object(let members) = value else { return }
            let below = members.filter { $0.key != "." }
            if below.isEmpty, !path.isEmpty { return found.append(path) }
            for member in below {
                if member.key.hasPrefix("f:") {
                    walk(member.value, path.isEmpty ? String(member.key.dropFirst(2)) : "\(path).\(member.key.dropFirst(2))", level + 1)
                } else if member.key.hasPrefix("k:") {
                    // best effort: a key that does not parse is shown as it is.
                    let key = try? JSON.parse(Array(member.key.dropFirst(2).utf8))
                    let name = key?["name"]?.stringValue ?? key?["type"]?.stringValue ?? String(member.key.dropFirst(2))
                    walk(member.value, "\(path)[\(name)]", level + 1)
                } else {
                    walk(member.value, path, level + 1)
                }
            }
        }
        walk(value, "", 0)
        var seen: Set<String> = []
        let distinct = found.filter { seen.insert($0).inserted }
        return distinct.filter { !$0.hasPrefix("metadata") } + distinct.filter { $0.hasPrefix("metadata") }
    }

    private static func conditions(_ object: KubeObject, _ name: String) -> [Entry] {
        WhyFacts.conditions(object).compactMap { condition in
            guard let at = condition.lastTransitionTime else { return nil }
            let reason = [condition.reason, condition.message].filter { !$0.isEmpty }.joined(separator: ": ")
            return Entry(
                at: at, source: "condition", object: name, text: "\(condition.type) became \(condition.status)\(reason.isEmpty ? "" : ", \(reason)")",
                tone: condition.isTrue ? .normal : .warning)
        }
    }

    private static func events(_ facts: WhyFacts) -> [Entry] {
        facts.events.compactMap { event in
            guard let at = event.lastSeen else { return nil }
            let object = event.involvedObject
            let name = object.uid == facts.subject.uid ? "" : "\(object.kind) \(object.name)"
            var often = ""
            if event.count > 1 { often = " (\(event.count) times\(event.firstSeen.map { " in \(HumanDuration.text(at - $0))" } ?? ""))" }
            return Entry(
                at: at, source: event.component.isEmpty ? "event" : event.component, object: name, text: "\(event.reason)\(often): \(event.message)",
                tone: event.type == "Warning" ? .warning : .normal)
        }
    }

    private static func containers(_ object: KubeObject, _ name: String) -> [Entry] {
        guard object.kind == "Pod" else { return [] }
        let status = Pod(object).status
        return (status.initContainerStatuses + status.containerStatuses).flatMap { container -> [Entry] in
            [container.state, container.lastState].flatMap { state -> [Entry] in
                var entries: [Entry] = []
                if let at = state.running?.startedAt {
                    entries.append(Entry(at: at, source: "node", object: name, text: "container \(container.name) started", tone: .ok))
                }
                if let ended = state.terminated, let at = ended.finishedAt {
                    let tone: Tone = ended.exitCode == 0 ? .done : .error
                    entries.append(
                        Entry(at: at, source: "node", object: name, text: "container \(container.name) ended: \(ContainerText.ending(ended))", tone: tone))
                }
                return entries
            }
        }
    }

    private static func writes(_ facts: WhyFacts) -> [Entry] {
        facts.writes.map { entry in
            Entry(
                at: entry.at, source: "this screen", object: "", text: "\(entry.verb.rawValue) it\(UndoText.changes(entry).map { ": \($0)" } ?? "")",
                tone: .accent)
        }
    }
}
