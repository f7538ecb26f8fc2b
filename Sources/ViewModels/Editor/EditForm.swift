import APIMachinery
import JSONCore

/// An object as people edit it: without what only the server writes.
enum EditForm {
    private static let serverFields = ["managedFields", "uid", "resourceVersion", "creationTimestamp", "generation", "selfLink"]

    /// The object without status and bookkeeping, a Secret as the server keeps it.
    static func value(_ object: KubeObject) -> JSONValue {
        guard case .object(var members) = SecretForm.encoded(readable(object)) else { return object.value }
        members.removeValue(forKey: "status")
        if case .object(var metadata)? = members["metadata"] {
            for field in serverFields { metadata.removeValue(forKey: field) }
            members["metadata"] = .object(metadata)
        }
        return .object(members)
    }

    /// The object without managed fields, its kind first: for reading.
    static func readable(_ object: KubeObject) -> JSONValue {
        var object = object
        object["metadata", "managedFields"] = nil
        guard case .object(let members) = object.value else { return object.value }
        var ordered = JSONObject()
        for key in ["apiVersion", "kind", "metadata", "spec"] {
            if let value = members[key] { ordered.append(unchecked: key, value: key == "metadata" ? namesFirst(value) : value) }
        }
        for member in members where ordered[member.key] == nil && member.key != "status" {
            ordered.append(unchecked: member.key, value: member.value)
        }
        if let status = members["status"] { ordered.append(unchecked: "status", value: status) }
        return .object(ordered)
    }

    private static func namesFirst(_ metadata: JSONValue) -> JSONValue {
        guard case .object(let members) = metadata else { return metadata }
        var ordered = JSONObject()
        for key in ["name", "generateName", "namespace"] {
            if let value = members[key] { ordered.append(unchecked: key, value: value) }
        }
        for member in members where ordered[member.key] == nil { ordered.append(unchecked: member.key, value: member.value) }
        return .object(ordered)
    }

    /// The text to edit.
    static func text(_ object: KubeObject) -> String { trimmed(YAML.encode(value(object))) }

    /// The text to edit, a Secret's values as those of a text that it is compared with.
    static func text(_ object: KubeObject, like text: String) -> String { trimmed(YAML.encode(SecretForm.value(value(object), like: text))) }

    /// The text to read.
    static func readableText(_ object: KubeObject) -> String { trimmed(YAML.encode(readable(object))) }

    /// The documents of an edited text. Its last line has no line feed, without which a block of text at the end would lose its own.
    static func parse(_ text: String) throws(YAMLError) -> [YAMLDocument] { try YAML.parse(text.hasSuffix("\n") ? text : "\(text)\n") }

    /// One text of several documents.
    static func joined(_ documents: [String]) -> String {
        documents.reduce("") { $0.isEmpty ? $1 : "\($0)\($0.hasSuffix("\n") ? "" : "\n")---\n\($1)" }
    }

    /// A block that ends in empty lines keeps them: they are part of it.
    private static func trimmed(_ text: String) -> String { text.hasSuffix("\n") && !text.hasSuffix("\n\n") ? String(text.dropLast()) : text }
}
