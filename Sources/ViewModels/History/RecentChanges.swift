import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel

/// What changed lately in a namespace or a cluster: creations, deletions, changed fields, restarts and events, joined by time.
enum RecentChanges {
    /// One change.
    struct Change: Sendable, Hashable {
        /// What kind of change it is.
        enum What: String, Sendable { case created, changed, deleted, restarted, event, warning }

        var at: Timestamp
        var what: What
        var kind: String
        var namespace: String?
        var name: String
        var uid: String
        var resource: GroupVersionResource?
        var text: String
        /// Who did it; empty when nobody says.
        var by = ""
        /// Tells one write from another.
        var key: String { "\(uid) \(at.rfc3339) \(by)" }
    }

    /// An object that was there at one look and gone at the next.
    struct Deletion: Sendable, Hashable {
        var at: Timestamp
        var object: Seen
        /// Who did it; empty when the cluster does not say.
        var by = ""
    }

    /// What is remembered of an object between looks.
    struct Seen: Sendable, Hashable {
        var kind: String
        var namespace: String?
        var name: String
        var uid: String
        var resource: GroupVersionResource
    }

    /// The most changes that are told.
    static let limit = 500

    /// The changes since a moment, newest first. `objects` come with where their kind is found; pods among them tell their restarts.
    static func since(
        _ start: Timestamp, objects: [(KubeObject, GroupVersionResource)], events: [Event], deletions: [Deletion]
    ) -> [Change] {
        var changes = deletions.filter { $0.at >= start }.map { deletion in
            let object = deletion.object
            return Change(
                at: deletion.at, what: .deleted, kind: object.kind, namespace: object.namespace, name: object.name, uid: object.uid,
                resource: object.resource, text: "is gone", by: deletion.by)
        }
        for (object, resource) in objects { changes += self.changes(object, resource, start) }
        changes += events.compactMap { event in
            guard let at = event.lastSeen, at >= start else { return nil }
            let about = event.involvedObject
            let often = event.count > 1 ? " (\(event.count) times)" : ""
            return Change(
                at: at, what: event.type == "Warning" ? .warning : .event, kind: about.kind,
                namespace: about.namespace.isEmpty ? nil : about.namespace, name: about.name, uid: about.uid, resource: nil,
                text: "\(event.reason)\(often): \(event.message)", by: event.component)
        }
        let sorted = changes.sorted { ($0.at, $0.kind, $0.name, $0.text) > ($1.at, $1.kind, $1.name, $1.text) }
        return Array(sorted.prefix(limit))
    }

    private static func changes(_ object: KubeObject, _ resource: GroupVersionResource, _ start: Timestamp) -> [Change] {
        var changes: [Change] = []
        func add(_ at: Timestamp, _ what: Change.What, _ text: String, by: String = "") {
            guard at >= start else { return }
            changes.append(
                Change(
                    at: at, what: what, kind: object.kind, namespace: object.namespace, name: object.name, uid: object.uid, resource: resource,
                    text: text, by: by))
        }
        if let created = object.creationTimestamp {
            add(created, .created, "", by: object.array("metadata", "managedFields").first?["manager"]?.stringValue ?? "")
        }
        if let end = object.deletionTimestamp {
            add(end.advanced(by: .zero - .seconds(object.deletionGracePeriodSeconds ?? 0)), .deleted, "its deletion was asked for")
        }
        for entry in WhyTimeline.changes(object, "") { add(entry.at, .changed, String(entry.text.dropFirst("changed ".count)), by: entry.source) }
        guard object.kind == "Pod" else { return changes }
        for container in Pod(object).status.containerStatuses where container.restartCount > 0 {
            guard let at = container.state.running?.startedAt ?? container.lastState.terminated?.finishedAt else { continue }
            let why = container.lastState.terminated.map { ", it ended: \(ContainerText.ending($0))" } ?? ""
            add(at, .restarted, "container \(container.name), \(container.restartCount) times in all\(why)")
        }
        return changes
    }

    /// What was there at the look before and is not now.
    static func gone(_ before: [String: Seen], now present: Set<String>, at time: Timestamp) -> [Deletion] {
        before.filter { !present.contains($0.key) }.map { Deletion(at: time, object: $0.value) }
    }

    // MARK: - Text

    /// The list; one stop a change.
    static func list(
        _ changes: [Change], place: String, span: Duration, gaps: [String], now: Timestamp
    ) -> (lines: [[TextSpan]], stops: [DetailStop]) {
        var lines: [[TextSpan]] = []
        var stops: [DetailStop] = []
        let count = changes.count >= limit ? "the newest \(limit) changes" : changes.count == 1 ? "1 change" : "\(changes.count) changes"
        lines.append([
            TextSpan(count, changes.isEmpty ? .dim : .accent), TextSpan(" in \(place) in the last \(HumanDuration.text(span))", .dim),
            TextSpan("", .dim),
        ])
        for gap in gaps.prefix(3) { lines.append([TextSpan("not known: \(gap)", .warning)]) }
        lines.append([])
        var seen: [String: Int] = [:]
        for change in changes {
            // Ids stay when newer changes come in above.
            let key = "\(change.at.rfc3339Nano) \(change.what.rawValue) \(change.uid) \(change.text)"
            seen[key, default: 0] += 1
            stops.append(DetailStop(line: lines.count, id: "\(key) \(seen[key] ?? 0)"))
            lines.append(row(change, now: now))
        }
        return (lines, stops)
    }

    private static func row(_ change: Change, now: Timestamp) -> [TextSpan] {
        let tone: Tone =
            switch change.what {
            case .created: .ok
            case .changed: .accent
            case .deleted, .restarted, .warning: .warning
            case .event: .dim
            }
        let place = change.namespace.map { "\($0)/" } ?? ""
        return [
            TextSpan("  \(HistoryText.right(ContainerText.age(change.at, now), 6))  ", .dim),
            TextSpan("\(HistoryText.left(change.what.rawValue, 9))  ", tone), TextSpan("\(change.kind) ", .dim), TextSpan("\(place)\(change.name)"),
            TextSpan(change.text.isEmpty ? "" : "  \(change.text)", .dim), TextSpan(change.by.isEmpty ? "" : "  by \(change.by)", .dim),
        ]
    }
}
