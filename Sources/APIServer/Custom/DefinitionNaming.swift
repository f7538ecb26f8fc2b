internal import APIMachinery
internal import JSONCore
internal import LinuxKernel

/// Decides which names a CustomResourceDefinition gets and what its conditions are. Pure. Source: apiextensions-apiserver
/// `pkg/controller/status/naming_controller.go`, `establish`, `apiapproval`.
enum DefinitionNaming {
    /// What was decided.
    struct Verdict: Sendable, Hashable {
        var accepted: CustomNames
        var conditions: [JSONValue]
        var isEstablished: Bool
    }

    /// Judges a definition. `resources` and `kinds` are the names that others of its group have.
    static func judge(_ definition: CustomDefinition, resources: Set<String>, kinds: Set<String>, now: Timestamp) -> Verdict {
        let wanted = definition.names
        var accepted = definition.accepted
        var conflict: (reason: String, message: String)?
        func settle(_ name: String, had: String, among used: Set<String>, _ reason: String) -> Bool {
            guard name != had, used.contains(name) else { return true }
            conflict = (reason, "\(name.goQuoted) is already in use")
            return false
        }
        if settle(wanted.plural, had: accepted.plural, among: resources, "PluralConflict") { accepted.plural = wanted.plural }
        if settle(wanted.singular, had: accepted.singular, among: resources, "SingularConflict") { accepted.singular = wanted.singular }
        let clashes = wanted.shortNames.filter { !accepted.shortNames.contains($0) && resources.contains($0) }
        if clashes.isEmpty {
            accepted.shortNames = wanted.shortNames
        } else {
            let texts = clashes.map { "\($0.goQuoted) is already in use" }
            conflict = ("ShortNamesConflict", texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ", "))]")
        }
        if settle(wanted.kind, had: accepted.kind, among: kinds, "KindConflict") { accepted.kind = wanted.kind }
        if settle(wanted.listKind, had: accepted.listKind, among: kinds, "ListKindConflict") { accepted.listKind = wanted.listKind }
        accepted.categories = wanted.categories

        var conditions = definition.conditions
        if let conflict {
            set("NamesAccepted", "False", conflict.reason, conflict.message, in: &conditions, now)
        } else {
            set("NamesAccepted", "True", "NoConflicts", "no conflicts found", in: &conditions, now)
        }
        // What was established once stays so, as its objects may be there.
        let wasEstablished = definition.status("Established") == "True"
        if !wasEstablished {
            if conflict == nil {
                set("Established", "True", "InitialNamesAccepted", "the initial names have been accepted", in: &conditions, now)
            } else {
                set("Established", "False", "NotAccepted", "not all names are accepted", in: &conditions, now)
            }
        }
        approve(&conditions, definition, now)
        return Verdict(accepted: accepted, conditions: conditions, isEstablished: wasEstablished || conflict == nil)
    }

    private static func approve(_ conditions: inout [JSONValue], _ definition: CustomDefinition, _ now: Timestamp) {
        guard DefinitionApproval.isProtected(definition.group) else { return }
        let type = "KubernetesAPIApprovalPolicyConformant"
        let text = definition.approval ?? ""
        if text.isEmpty {
            let why = "protected groups must have approval annotation \(DefinitionApproval.annotation.goQuoted), see \(DefinitionApproval.page)"
            set(type, "False", "MissingAnnotation", why, in: &conditions, now)
        } else if DefinitionApproval.isBypass(text) {
            set(type, "False", "UnapprovedAnnotation", "not approved: \(text.goQuoted)", in: &conditions, now)
        } else if DefinitionApproval.isApproval(text) {
            set(type, "True", "ApprovedAnnotation", "approved in \(text)", in: &conditions, now)
        } else {
            let why =
                "protected groups must have approval annotation \(DefinitionApproval.annotation.goQuoted) with either a URL or a reason starting with \"unapproved\", see \(DefinitionApproval.page)"
            set(type, "False", "InvalidAnnotation", why, in: &conditions, now)
        }
    }

    /// Sets a condition; the time of its last change stays when the status does.
    static func set(
        _ type: String, _ status: String, _ reason: String, _ message: String, in conditions: inout [JSONValue], _ now: Timestamp
    ) {
        let place = conditions.firstIndex { $0["type"]?.stringValue == type }
        var time = JSONValue.string(now.rfc3339)
        if let place, conditions[place]["status"]?.stringValue == status, let before = conditions[place]["lastTransitionTime"] { time = before }
        let condition: JSONValue = [
            "lastTransitionTime": time, "message": .string(message), "reason": .string(reason), "status": .string(status),
            "type": .string(type),
        ]
        if let place { conditions[place] = condition } else { conditions.append(condition) }
    }
}
