package import JSONCore
package import LinuxKernel

/// Keeps `metadata.managedFields` true: who owns what after an update, and what an apply makes of an object.
/// Source: structured-merge-diff `merge/update.go`, apimachinery `pkg/util/managedfields`.
package struct FieldManager: Sendable {
    /// How a change from `live` to `new` looks in another version of the kind; nil for a version that is not served.
    package typealias View = @Sendable (_ apiVersion: String, _ live: JSONValue, _ new: JSONValue) -> FieldComparison?

    /// The type of the objects.
    package let type: TypeSchema
    /// Fields that the write cannot change, which therefore nobody comes to own by it.
    package let ignored: FieldSet
    /// What owners see that are recorded in another version than the writer's; without it, and without an answer of it, what the writer
    /// sees. Versions that differ by name only need none.
    private let view: View?

    /// Who owned what a client of server-side apply finds on an object whose fields were never tracked.
    static let beforeFirstApply = "before-first-apply"
    /// kubectl's own record of what was applied by the client.
    static let lastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration"

    /// A manager of objects of a type. `view` is needed where versions of the kind have different fields.
    package init(type: TypeSchema, ignoring ignored: FieldSet = FieldSet(), view: View? = nil) {
        self.type = type
        self.ignored = ignored
        self.view = view
    }

    /// The owners after an update from `live` to `new`. `difference` is the change as the manager sees it, without ``ignored``; left out,
    /// it is found by comparing both as ``type``.
    package func update(
        _ managed: ManagedFields, from live: JSONValue, to new: JSONValue, by manager: ManagedFields.Manager, at time: Timestamp,
        difference: FieldComparison? = nil
    ) -> ManagedFields {
        var result = managed
        let difference = difference ?? self.difference(from: live, to: new)
        for index in result.entries.indices where !result.entries[index].manager.isSame(manager) {
            let seen = seen(by: result.entries[index].manager, from: live, to: new, writer: manager, difference)
            result.entries[index].fields = result.entries[index].fields.subtracting(seen.written).subtracting(seen.removed)
        }
        let own = difference.written.subtracting(ManagedFields.unowned)
        if let place = result.position(of: manager) {
            result.entries[place].fields = result.entries[place].fields.subtracting(difference.removed).union(own)
            if !own.isEmpty {
                result.entries[place].manager = manager
                result.entries[place].time = time.rfc3339
            }
        } else if !own.isEmpty {
            result.entries.append(ManagedFields.Entry(manager: manager, time: time.rfc3339, fields: own))
        }
        result.entries.removeAll { $0.fields.isEmpty }
        result.capUpdaters()
        return result
    }

    private func difference(from live: JSONValue, to new: JSONValue) -> FieldComparison {
        FieldComparison(from: live, to: new, type: type).ignoring(ignored)
    }

    /// A change as an owner sees it; `difference` is what its writer sees.
    private func seen(
        by owner: ManagedFields.Manager, from live: JSONValue, to new: JSONValue, writer: ManagedFields.Manager, _ difference: FieldComparison
    ) -> FieldComparison {
        guard owner.apiVersion != writer.apiVersion, let seen = view?(owner.apiVersion, live, new) else { return difference }
        return seen.ignoring(ignored)
    }

    /// What an apply comes to.
    package struct Applied: Sendable {
        /// The object; nil when the configuration changes nothing in it.
        package var object: JSONValue?
        /// Who owns what from now on.
        package var managed: ManagedFields
    }

    /// Applies a configuration. Throws 409 with a cause for each field that others own and that would change, 400 and 500.
    package func apply(
        _ config: JSONValue, to live: JSONValue, _ managed: ManagedFields, by manager: ManagedFields.Manager, isForced: Bool,
        at time: Timestamp
    ) throws(APIStatus) -> Applied {
        guard config["metadata", "managedFields"] == nil else { throw .badRequest("metadata.managedFields must be nil") }
        do throws(AppliedError) {
            try AppliedValidation.check(config, type: type)
        } catch {
            throw .untyped("failed to create typed patch object (\(Self.label(config))): \(error)")
        }
        var managed = managed
        if managed.entries.isEmpty {
            // What is there without an owner must not be overwritten unasked.
            let before = ManagedFields.Manager(name: Self.beforeFirstApply, operation: .update, apiVersion: manager.apiVersion)
            managed = update(managed, from: .object(JSONObject()), to: Self.withoutOwners(live), by: before, at: time)
        }
        do throws(ApplyConflicts) {
            return try merge(config, live, managed, manager, isForced: isForced, time)
        } catch {
            var conflicts = error
            // kubectl moves its own objects over from client-side apply without a conflict.
            guard manager.name == "kubectl", let allowed = allowedByLastApplied(live, apiVersion: manager.apiVersion) else {
                throw conflicts.status
            }
            conflicts.list.removeAll { allowed.contains($0.path) }
            guard conflicts.list.isEmpty else { throw conflicts.status }
            do throws(ApplyConflicts) {
                return try merge(config, live, managed, manager, isForced: true, time)
            } catch {
                throw error.status
            }
        }
    }

    private func merge(
        _ config: JSONValue, _ live: JSONValue, _ managed: ManagedFields, _ manager: ManagedFields.Manager, isForced: Bool, _ time: Timestamp
    ) throws(ApplyConflicts) -> Applied {
        let shape = FieldShape.object(type)
        let live = Self.withoutOwners(live)
        var result = managed
        let set = FieldSet(of: config, shape).subtractingRecursively(ignored)
        let place = result.position(of: manager)
        let last = place.map { result.entries[$0].fields } ?? FieldSet()
        let entry = ManagedFields.Entry(manager: manager, time: place.flatMap { result.entries[$0].time }, fields: set)
        if let place { result.entries[place] = entry } else { result.entries.append(entry) }

        let merged = StructuredMerge.merge(live, config, shape)
        let object = prune(merged, last: last, owned: result)
        let difference = difference(from: live, to: object)
        var conflicts = ApplyConflicts()
        for index in result.entries.indices where !result.entries[index].manager.isSame(manager) {
            let (owner, fields) = (result.entries[index].manager, result.entries[index].fields)
            let seen = seen(by: owner, from: live, to: object, writer: manager, difference)
            let contested = fields.intersection(seen.written)
            if !isForced { contested.visit { conflicts.list.append(ApplyConflicts.Conflict(owner, $0)) } }
            result.entries[index].fields = fields.subtracting(contested).subtracting(seen.removed)
        }
        guard conflicts.list.isEmpty else { throw conflicts }
        let isChanged = object != live
        if let place = result.position(of: manager) {
            result.entries[place].fields = result.entries[place].fields.subtracting(ManagedFields.unowned)
            if isChanged || result.entries[place].time == nil { result.entries[place].time = time.rfc3339 }
        }
        result.entries.removeAll { $0.fields.isEmpty }
        return Applied(object: isChanged ? object : nil, managed: result)
    }

    /// Takes away what the applier owned before, does not apply any more, and nobody else owns.
    private func prune(_ merged: JSONValue, last: FieldSet, owned: ManagedFields) -> JSONValue {
        guard !last.isEmpty else { return merged }
        let shape = FieldShape.object(type)
        let empty = JSONValue.object(JSONObject())
        let lastNamed = last.withNamedFields(shape)
        let pruned = StructuredMerge.remove(lastNamed, from: merged, shape) ?? empty
        let mergedSet = FieldSet(of: merged, shape).withNamedFields(shape)
        // Owned by others, or by the new configuration: back again.
        let everybody = owned.entries.reduce(FieldSet()) { $0.union($1.fields) }.withNamedFields(shape)
        let kept = FieldSet(of: pruned, shape).withNamedFields(shape).union(everybody)
        let restored = StructuredMerge.remove(mergedSet.subtracting(kept), from: merged, shape) ?? empty
        // Owned by nobody: back again as well, since it was not the applier's to remove.
        let restoredSet = FieldSet(of: restored, shape).withNamedFields(shape)
        return StructuredMerge.remove(mergedSet.subtracting(restoredSet).intersection(lastNamed), from: merged, shape) ?? empty
    }

    /// The fields that client-side apply last set and that still are as it set them; nil when there is no readable record of it.
    private func allowedByLastApplied(_ live: JSONValue, apiVersion: String) -> FieldSet? {
        guard let text = live["metadata", "annotations", Self.lastAppliedAnnotation]?.stringValue,
            let applied = try? JSON.parse(text),  // best effort: what cannot be read allows nothing
            applied["apiVersion"]?.stringValue == apiVersion, (try? AppliedValidation.check(applied, type: type)) != nil  // best effort
        else { return nil }
        let difference = FieldComparison(from: applied, to: live, type: type)
        return FieldSet(of: applied, type: type).subtracting(difference.written).subtracting(difference.removed)
    }

    private static func withoutOwners(_ object: JSONValue) -> JSONValue {
        guard object["metadata", "managedFields"] != nil else { return object }
        var object = object
        object["metadata", "managedFields"] = nil
        return object
    }

    private static func label(_ object: JSONValue) -> String {
        let object = KubeObject(object)
        let kind = object.gvk
        return "\(object.namespace ?? "")/\(object.name); \(kind.group)/\(kind.version), Kind=\(kind.kind)"
    }
}

/// The fields that an apply would take from others.
struct ApplyConflicts: Error {
    /// One field of one owner.
    struct Conflict {
        let manager: ManagedFields.Manager
        let path: [PathElement]

        init(_ manager: ManagedFields.Manager, _ path: [PathElement]) {
            self.manager = manager
            self.path = path
        }

        /// `"manager" with subresource "status" using apps/v1`; appliers without their version.
        var who: String {
            var text = manager.name.goQuoted
            if !manager.subresource.isEmpty { text += " with subresource \(manager.subresource.goQuoted)" }
            return manager.operation == .update ? "\(text) using \(manager.apiVersion)" : text
        }
    }

    var list: [Conflict] = []

    /// 409, one cause for each field. Source: apimachinery `pkg/util/managedfields/internal/conflict.go`.
    var status: APIStatus {
        let sorted = list.enumerated().sorted { ($0.element.manager.sortKey, $0.offset) < ($1.element.manager.sortKey, $1.offset) }
            .map(\.element)
        var message = ""
        if sorted.count == 1 {
            message = "Apply failed with 1 conflict: conflict with \(sorted[0].who): \(sorted[0].path.fieldText)"
        } else {
            var lines: [String] = []
            var last: ManagedFields.Manager?
            for conflict in sorted {
                if last != conflict.manager { lines.append("conflicts with \(conflict.who):") }
                last = conflict.manager
                lines.append("- \(conflict.path.fieldText)")
            }
            message = "Apply failed with \(sorted.count) conflicts: \(lines.joined(separator: "\n"))"
        }
        return APIStatus(
            code: 409, reason: .conflict, message: message,
            details: APIStatus.Details(
                causes: sorted.map {
                    APIStatus.Cause(reason: "FieldManagerConflict", message: "conflict with \($0.who)", field: $0.path.fieldText)
                }))
    }
}

extension APIStatus {
    /// 500 without a reason, as the API server renders errors that it has no class for.
    package static func untyped(_ message: String) -> APIStatus { APIStatus(code: 500, reason: .unknown, message: message) }
}
