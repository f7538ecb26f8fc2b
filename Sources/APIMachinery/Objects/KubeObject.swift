package import JSONCore

/// A Kubernetes object of any kind: its JSON value, read and written through views that keep what they do not know.
package struct KubeObject: Sendable, Hashable {
    /// The whole object.
    package var value: JSONValue

    /// Wraps a value; reading anything missing gives empty or nil, never a trap.
    package init(_ value: JSONValue) { self.value = value }

    /// An object with only its type and name.
    package init(_ kind: GroupVersionKind, name: String, namespace: String? = nil) {
        var metadata: JSONObject = ["name": .string(name)]
        if let namespace, !namespace.isEmpty { metadata["namespace"] = .string(namespace) }
        value = .object(["apiVersion": .string(kind.apiVersion), "kind": .string(kind.kind), "metadata": .object(metadata)])
    }

    /// The value below nested objects: `object["spec", "nodeName"]`. Setting creates the objects on the way; nil removes.
    package subscript(path: String...) -> JSONValue? {
        get { value.value(at: path[...]) }
        set { value.setValue(newValue, at: path[...]) }
    }

    /// The text at a path, or nil.
    package func string(_ path: String...) -> String? { value.value(at: path[...])?.stringValue }

    /// The integer at a path, or nil.
    package func integer(_ path: String...) -> Int64? { value.value(at: path[...])?.integerValue }

    /// The boolean at a path, or nil.
    package func bool(_ path: String...) -> Bool? { value.value(at: path[...])?.boolValue }

    /// The list at a path; empty when there is none.
    package func array(_ path: String...) -> [JSONValue] { value.value(at: path[...])?.arrayValue ?? [] }
}

extension KubeObject {
    /// The `apiVersion` field; empty when missing.
    package var apiVersion: String {
        get { value["apiVersion"]?.stringValue ?? "" }
        set { value["apiVersion"] = .string(newValue) }
    }

    /// The `kind` field; empty when missing.
    package var kind: String {
        get { value["kind"]?.stringValue ?? "" }
        set { value["kind"] = .string(newValue) }
    }

    /// The group, version and kind; an unreadable apiVersion gives empty group and version.
    package var gvk: GroupVersionKind {
        GroupVersionKind(GroupVersion(apiVersion: apiVersion) ?? GroupVersion(group: "", version: ""), kind: kind)
    }

    /// Sets `apiVersion` and `kind`, in front of the other fields when they are new.
    package mutating func setType(_ type: GroupVersionKind) {
        if case .object(let object) = value, object["apiVersion"] == nil || object["kind"] == nil {
            var fresh: JSONObject = ["kind": .string(type.kind), "apiVersion": .string(type.apiVersion)]
            for member in object where member.key != "kind" && member.key != "apiVersion" {
                fresh.append(unchecked: member.key, value: member.value)
            }
            value = .object(fresh)
        } else {
            apiVersion = type.apiVersion
            kind = type.kind
        }
    }
}
