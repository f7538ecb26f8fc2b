import APIMachinery
import JSONCore
package import LinuxKernel

/// Who wrote a field last, as the object's managedFields say.
package struct FieldOwner: Sendable, Hashable {
    /// The client's name.
    package var manager: String
    /// How it writes: `Apply` or `Update`.
    package var operation: String
    /// The subresource it wrote; empty for the object itself.
    package var subresource: String
    /// When it last wrote; nil when that is not known.
    package var time: Timestamp?
    /// An owner.
    package init(manager: String, operation: String, subresource: String, time: Timestamp?) {
        self.manager = manager
        self.operation = operation
        self.subresource = subresource
        self.time = time
    }
}

/// Finds the owners of the lines of a text, and what an owner has.
enum FieldOwners {
    private static let deepest = 100

    /// The owners by line, of the document of an object; several where they share a field.
    static func lines(_ text: String, of object: KubeObject) -> [Int: [FieldOwner]] {
        // best effort: what cannot be read has no owners, and its lines say what is wrong.
        let documents = (try? EditForm.parse(text)) ?? []
        guard let yaml = documents.first(where: { $0.value["kind"]?.stringValue == object.kind && $0.value["metadata", "name"]?.stringValue == object.name })
        else { return [:] }
        var found: [Int: [FieldOwner]] = [:]
        for entry in object.array("metadata", "managedFields") {
            guard let fields = entry["fieldsV1"]?.objectValue else { continue }
            let owner = owner(entry)
            walk(fields, yaml.value, JSONPointer(), 0) { pointer in
                guard let line = (yaml.keyMark(of: pointer) ?? yaml.mark(of: pointer))?.line, found[line]?.contains(owner) != true else { return }
                found[line, default: []].append(owner)
            }
        }
        return found
    }

    private static func owner(_ entry: JSONValue) -> FieldOwner {
        FieldOwner(
            manager: entry["manager"]?.stringValue ?? "unknown", operation: entry["operation"]?.stringValue ?? "",
            subresource: entry["subresource"]?.stringValue ?? "", time: entry["time"]?.stringValue.flatMap { Timestamp(rfc3339: $0) })
    }

    /// Tells every owned place that the value has.
    private static func walk(_ fields: JSONObject, _ value: JSONValue, _ place: JSONPointer, _ depth: Int, _ tell: (JSONPointer) -> Void) {
        guard depth < deepest else { return }
        for member in fields {
            guard let (token, child) = step(member.key, value) else { continue }
            let here = place.appending(token)
            guard let inner = member.value.objectValue, !inner.isEmpty else {
                tell(here)
                continue
            }
            if inner["."] != nil { tell(here) }
            walk(inner, child, here, depth + 1, tell)
        }
    }

    /// Where a path element leads. Source: structured-merge-diff `fieldpath/serialize-pe.go`.
    private static func step(_ element: String, _ value: JSONValue) -> (token: String, value: JSONValue)? {
        let body = String(element.dropFirst(2))
        switch element.prefix(2) {
        case "f:": return value[body].map { (body, $0) }
        case "k:":
            // best effort: an element that cannot be read leads nowhere.
            guard let keys = (try? JSON.parse(body))?.objectValue, let items = value.arrayValue else { return nil }
            let index = items.firstIndex { item in keys.allSatisfy { item[$0.key] == $0.value } }
            return index.map { (String($0), items[$0]) }
        case "v:":
            guard let wanted = try? JSON.parse(body), let items = value.arrayValue, let index = items.firstIndex(of: wanted) else { return nil }
            return (String(index), items[index])
        case "i:":
            guard let index = Int(body), let items = value.arrayValue, items.indices.contains(index) else { return nil }
            return (body, items[index])
        default: return nil
        }
    }

    // MARK: - What was applied last

    /// What was applied last as far as the object tells: kubectl's annotation, or the fields that kdash or another applier has.
    static func lastApplied(_ object: KubeObject) -> KubeObject? {
        if let text = object.string("metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"), let value = try? JSON.parse(text) {
            // best effort: an annotation that is no object says nothing.
            return KubeObject(value)
        }
        let entries = object.array("metadata", "managedFields").filter { ($0["subresource"]?.stringValue ?? "").isEmpty }
        let own = entries.filter { $0["manager"]?.stringValue == "kdash" }
        let appliers = own.isEmpty ? entries.filter { $0["operation"]?.stringValue == "Apply" } : own
        guard !appliers.isEmpty else { return nil }
        var result: JSONValue = ["apiVersion": .string(object.apiVersion), "kind": .string(object.kind), "metadata": ["name": .string(object.name)]]
        if let namespace = object.namespace { result["metadata", "namespace"] = .string(namespace) }
        for entry in appliers { if let fields = entry["fieldsV1"]?.objectValue { result = part(fields, object.value, of: result, 0) } }
        return KubeObject(result)
    }

    /// The owned part of a value, added to what was taken of it before.
    private static func part(_ fields: JSONObject, _ value: JSONValue, of taken: JSONValue, _ depth: Int) -> JSONValue {
        guard depth < deepest else { return taken }
        guard case .object = value else { return items(fields, value, depth) }
        var result = taken.objectValue ?? JSONObject()
        for member in fields {
            guard let (token, child) = step(member.key, value) else { continue }
            let inner = member.value.objectValue ?? JSONObject()
            result[token] = inner.isEmpty ? child : part(inner, child, of: result[token] ?? .null, depth + 1)
        }
        return .object(result)
    }

    private static func items(_ fields: JSONObject, _ value: JSONValue, _ depth: Int) -> JSONValue {
        var found: [(Int, JSONValue)] = []
        for member in fields {
            guard let (token, child) = step(member.key, value), let index = Int(token) else { continue }
            let inner = member.value.objectValue ?? JSONObject()
            found.append((index, inner.isEmpty ? child : part(inner, child, of: .null, depth + 1)))
        }
        return .array(found.sorted { $0.0 < $1.0 }.map(\.1))
    }
}
