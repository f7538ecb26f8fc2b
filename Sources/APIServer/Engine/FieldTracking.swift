internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// Records in `metadata.managedFields` who wrote which field. Runs when an object is decoded and complete, before admission: what
/// admission and strategies add belongs to nobody.
enum FieldTracking {
    /// Records the writer of a new object.
    static func create(_ object: inout KubeObject, _ context: WriteContext) {
        guard let manager = context.manager else { return }
        let ignored: Set<String> = context.endpoint.hasStatus ? ["status"] : []
        let type = context.endpoint.descriptor.type
        var owners: ManagedFields?
        if let sent = object["metadata", "managedFields"], !isReset(sent) { owners = ManagedFields(sent) }
        guard let owners, !owners.entries.isEmpty else {
            object.ownersText = ManagedFields.text(
                ofNew: object.value.objectValue ?? JSONObject(), type: type, by: manager, ignoring: ignored, at: context.now)
            return
        }
        object["metadata", "managedFields"] = nil
        let fields = FieldManager(
            type: type, ignoring: FieldSet(paths: ignored.map { [.field($0)] }), view: OwnerViews(context.endpoint, context.core)?.ofServed)
        object.ownersText =
            fields.update(owners, from: .object(JSONObject()), to: object.value, by: manager, at: context.now).text
    }

    /// Records the writer of a change.
    static func update(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) {
        let sent = object["metadata", "managedFields"]
        guard let manager = context.manager else {
            // The server's own change, or an apply, which has settled the owners already.
            if sent?.stringValue == nil { object["metadata", "managedFields"] = old["metadata", "managedFields"] }
            return
        }
        var text = old.ownersText
        var owners: ManagedFields?
        if context.subresource == nil, let sent, case .array = sent {
            if isReset(sent) {
                text = nil
            } else if sent.description != text, let given = ManagedFields(sent), !given.entries.isEmpty {
                owners = given
                text = given.text
            }
        }
        object["metadata", "managedFields"] = nil
        // An object without owners stays one until it is applied.
        guard let text else { return }
        var before = old
        before["metadata", "managedFields"] = nil
        let ignored = ignored(context)
        let type = context.endpoint.descriptor.type
        let views = OwnerViews(context.endpoint, context.core)
        let (live, new) = (before.value, object.value)
        let difference =
            (views?.comparison(manager.apiVersion, stored: live, new) ?? FieldComparison(from: live, to: new, type: type)).ignoring(ignored)
        guard !difference.isSame, let known = owners ?? ManagedFields(text: text) else {
            object.ownersText = text
            return
        }
        let fields = FieldManager(type: type, ignoring: ignored, view: views?.ofStored)
        object.ownersText = fields.update(known, from: live, to: new, by: manager, at: context.now, difference: difference).text
    }

    /// Takes new times back when nothing else is new, so that writing the same again changes nothing.
    /// Source: apiserver `pkg/endpoints/handlers/fieldmanager/equality.go`.
    static func settle(_ object: inout KubeObject, old: KubeObject) {
        guard let new = object.ownersText, let previous = old.ownersText, new != previous else { return }
        var settled = object
        settled.ownersText = previous
        guard settled.value == old.value, let first = ManagedFields(text: new), let second = ManagedFields(text: previous),
            first.isSameIgnoringTimes(second)
        else { return }
        object = settled
    }

    /// What a write to this part of an object cannot change, and therefore does not own.
    static func ignored(_ context: WriteContext) -> FieldSet {
        switch context.subresource {
        case nil: return context.endpoint.hasStatus ? FieldSet(paths: [[.field("status")]]) : FieldSet()
        case "status":
            let names = context.endpoint.descriptor.type.fields.map(\.jsonName)
            return FieldSet(paths: names.filter { !["apiVersion", "kind", "metadata", "status"].contains($0) }.map { [.field($0)] })
        default: return FieldSet(paths: [[.field("status")]])
        }
    }

    /// Whether a list asks for its owners to be forgotten: empty, or one empty entry.
    private static func isReset(_ list: JSONValue) -> Bool {
        guard case .array(let items) = list else { return false }
        return items.isEmpty || (items.count == 1 && items[0].objectValue?.isEmpty == true)
    }
}

extension APIRequest {
    /// The name the writer of fields is recorded under: as asked, else the first part of the user agent.
    /// Source: apiserver `pkg/endpoints/handlers/create.go` managerOrUserAgent.
    var fieldManager: String {
        if let name = queryValue("fieldManager"), !name.isEmpty { return name }
        let agent = userAgent ?? headers.first { $0.0 == "user-agent" }?.1 ?? ""
        var name = ""
        for scalar in agent.unicodeScalars.prefix(while: { $0 != "/" }) where scalar.value >= 0x20 && scalar.value != 0x7F {
            guard name.utf8.count + UTF8.width(scalar) <= 128 else { break }
            name.unicodeScalars.append(scalar)
        }
        return name
    }
}
