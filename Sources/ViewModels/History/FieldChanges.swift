import APIMachinery
import JSONCore

/// How one state of an object differs from another, field by field, in few words.
enum FieldChanges {
    /// One field that differs.
    struct Change: Sendable, Hashable {
        /// `spec.template.spec.containers[0].image`.
        var path: String
        /// Before; nil when it was not there.
        var old: JSONValue?
        /// After; nil when it is gone.
        var new: JSONValue?
        /// Whether the values are nobody's business.
        var isSecret = false

        /// `spec.replicas 2 → 3`.
        var text: String {
            if isSecret { return "\(path) changed" }
            switch (old, new) {
            case (nil, let new?): return "\(path) = \(FieldChanges.short(new))"
            case (_?, nil): return "\(path) removed"
            default: return "\(path) \(old.map(FieldChanges.short) ?? "") → \(new.map(FieldChanges.short) ?? "")"
            }
        }
    }

    /// More differences than these are not looked for.
    static let limit = 40
    private static let depth = 40

    /// The differences between two objects as people edit them.
    static func between(_ old: KubeObject, _ new: KubeObject) -> [Change] {
        var changes: [Change] = []
        compare(EditForm.value(old), EditForm.value(new), "", 0, new.kind == "Secret", &changes)
        return changes
    }

    /// The first differences in a line; empty when there are none.
    static func summary(_ old: KubeObject, _ new: KubeObject, most: Int = 3) -> String {
        let changes = between(old, new)
        let more = changes.count > most ? ", and \(changes.count - most) more" : ""
        return changes.prefix(most).map(\.text).joined(separator: ", ") + more
    }

    /// The first differences of two statuses in a line.
    static func statusSummary(_ old: KubeObject, _ new: KubeObject, most: Int = 2) -> String {
        var changes: [Change] = []
        compare(old["status"] ?? .object([:]), new["status"] ?? .object([:]), "status", 0, false, &changes)
        let quiet = ["lastProbeTime", "lastTransitionTime", "lastUpdateTime", "lastHeartbeatTime", "observedGeneration"]
        let loud = changes.filter { change in !quiet.contains { change.path.hasSuffix($0) } }
        return loud.prefix(most).map(\.text).joined(separator: ", ") + (loud.count > most ? ", and \(loud.count - most) more" : "")
    }

    private static func compare(
        _ old: JSONValue, _ new: JSONValue, _ path: String, _ level: Int, _ isSecret: Bool, _ changes: inout [Change]
    ) {
        guard old != new, changes.count < limit else { return }
        let hides = isSecret && (path.hasPrefix("data") || path.hasPrefix("stringData") || path.contains("last-applied"))
        guard level < depth else { return changes.append(Change(path: path, old: old, new: new, isSecret: true)) }
        switch (old, new) {
        case (.object(let before), .object(let after)):
            for member in before {
                let below = joined(path, member.key)
                guard let other = after[member.key] else {
                    changes.append(Change(path: below, old: member.value, new: nil, isSecret: isSecret))
                    continue
                }
                compare(member.value, other, below, level + 1, isSecret, &changes)
            }
            for member in after where before[member.key] == nil {
                let below = joined(path, member.key)
                changes.append(Change(path: below, old: nil, new: member.value, isSecret: isSecret && !below.hasPrefix("metadata")))
            }
        case (.array(let before), .array(let after)) where before.count == after.count:
            for index in before.indices { compare(before[index], after[index], "\(path)[\(index)]", level + 1, isSecret, &changes) }
        default: changes.append(Change(path: path, old: old, new: new, isSecret: hides))
        }
    }

    private static func joined(_ path: String, _ key: String) -> String {
        let name = key.contains(".") || key.contains("/") ? "[\(key)]" : key
        return path.isEmpty || name.hasPrefix("[") ? path + name : "\(path).\(name)"
    }

    /// A value in a few signs.
    static func short(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text.count > 40 ? "\(text.prefix(39))…" : text
        case .array(let items): items.isEmpty ? "[]" : items.count == 1 ? "[1 item]" : "[\(items.count) items]"
        case .object(let members): members.isEmpty ? "{}" : "{\(members.keys.prefix(3).joined(separator: ", "))\(members.count > 3 ? ", …" : "")}"
        default: String(decoding: JSON.encode(value), as: UTF8.self)
        }
    }
}
