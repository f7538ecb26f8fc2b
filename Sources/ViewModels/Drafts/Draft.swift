import APIMachinery
import JSONCore
import LinuxKernel

/// A text that was never applied, with what it was made from.
struct Draft: Sendable, Hashable {
    /// Names its file.
    var id: String
    /// The cluster it was opened from, by the uid of its kube-system; nil when that was not known.
    var cluster: String?
    var target: EditorTarget
    var savedAt: Timestamp
    var text: String
    /// What the editor showed before the first change.
    var baseText: String
    /// By document title, what the text was made from.
    var bases: [String: EditBase]

    /// As its file holds it.
    var value: JSONValue {
        let binding = target.binding
        var object: JSONObject = [
            "version": .integer(1), "context": .string(binding.context), "kind": .string(binding.kind), "name": .string(binding.name),
            "isNew": .bool(target.isNew), "savedAt": .string(savedAt.rfc3339Nano), "text": .string(text), "baseText": .string(baseText),
        ]
        object["namespace"] = binding.namespace.map { .string($0) }
        object["cluster"] = cluster.map { .string($0) }
        object["uid"] = binding.uid.map { .string($0) }
        object["resourceVersion"] = target.resourceVersion.map { .string($0) }
        object["resource"] = binding.resource.map { ["group": .string($0.group), "version": .string($0.version), "plural": .string($0.resource)] }
        object["file"] = target.file?.value
        object["bases"] = .object(
            JSONObject(bases.sorted { $0.key < $1.key }.map { ($0.key, Self.value($0.value)) }))
        return .object(object)
    }

    private static func value(_ base: EditBase) -> JSONValue {
        var object: JSONObject = ["text": base.text, "live": base.live]
        object["uid"] = base.uid.map { .string($0) }
        return .object(object)
    }

    init(
        id: String, cluster: String?, target: EditorTarget, savedAt: Timestamp, text: String, baseText: String, bases: [String: EditBase]
    ) {
        self.id = id
        self.cluster = cluster
        self.target = target
        self.savedAt = savedAt
        self.text = text
        self.baseText = baseText
        self.bases = bases
    }

    private static func resource(_ value: JSONValue?) -> GroupVersionResource? {
        guard let version = value?["version"]?.stringValue, let plural = value?["plural"]?.stringValue else { return nil }
        return GroupVersionResource(group: value?["group"]?.stringValue ?? "", version: version, resource: plural)
    }

    /// Reads what ``value`` wrote; nil when it is no draft.
    init?(id: String, _ value: JSONValue) {
        guard let text = value["text"]?.stringValue, let saved = value["savedAt"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) }) else {
            return nil
        }
        self.id = id
        self.text = text
        cluster = value["cluster"]?.stringValue
        savedAt = saved
        baseText = value["baseText"]?.stringValue ?? ""
        target = EditorTarget(
            binding: ObjectBinding(
                context: value["context"]?.stringValue ?? "", namespace: value["namespace"]?.stringValue,
                kind: value["kind"]?.stringValue ?? "",
                name: value["name"]?.stringValue ?? "", uid: value["uid"]?.stringValue, resource: Self.resource(value["resource"])),
            resourceVersion: value["resourceVersion"]?.stringValue, isNew: value["isNew"]?.boolValue ?? false, file: FileOrigin(value["file"]))
        bases = [:]
        for member in value["bases"]?.objectValue ?? JSONObject() {
            guard let text = member.value["text"], let live = member.value["live"] else { continue }
            bases[member.key] = EditBase(text: text, live: live, uid: member.value["uid"]?.stringValue)
        }
    }
}
