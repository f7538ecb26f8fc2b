package import JSONCore
package import LinuxKernel

extension KubeObject {
    /// The whole `metadata` object; empty when missing.
    package var metadata: JSONObject {
        get { value["metadata"]?.objectValue ?? JSONObject() }
        set { value["metadata"] = .object(newValue) }
    }

    /// `metadata.name`; empty when missing.
    package var name: String {
        get { string("metadata", "name") ?? "" }
        set { self["metadata", "name"] = .string(newValue) }
    }

    /// `metadata.generateName`; empty when missing.
    package var generateName: String { string("metadata", "generateName") ?? "" }

    /// `metadata.namespace`; nil when missing or empty. Setting nil or empty removes it.
    package var namespace: String? {
        get { string("metadata", "namespace").flatMap { $0.isEmpty ? nil : $0 } }
        set { self["metadata", "namespace"] = newValue.flatMap { $0.isEmpty ? nil : .string($0) } }
    }

    /// `metadata.uid`; empty when missing.
    package var uid: String {
        get { string("metadata", "uid") ?? "" }
        set { self["metadata", "uid"] = .string(newValue) }
    }

    /// `metadata.resourceVersion`; empty when missing. Setting empty removes it.
    package var resourceVersion: String {
        get { string("metadata", "resourceVersion") ?? "" }
        set { self["metadata", "resourceVersion"] = newValue.isEmpty ? nil : .string(newValue) }
    }

    /// The resource version as the store's integer; nil when missing or foreign.
    package var revision: Int64? {
        get { Int64(resourceVersion) }
        set { resourceVersion = newValue.map { String($0) } ?? "" }
    }

    /// `metadata.generation`; 0 when missing.
    package var generation: Int64 {
        get { integer("metadata", "generation") ?? 0 }
        set { self["metadata", "generation"] = .integer(newValue) }
    }

    /// `metadata.creationTimestamp`; nil when missing or unreadable.
    package var creationTimestamp: Timestamp? {
        get { timestamp("creationTimestamp") }
        set { self["metadata", "creationTimestamp"] = newValue.map { .string($0.rfc3339) } }
    }

    /// `metadata.deletionTimestamp`: when the grace period ends; nil when the object is not being deleted.
    package var deletionTimestamp: Timestamp? {
        get { timestamp("deletionTimestamp") }
        set { self["metadata", "deletionTimestamp"] = newValue.map { .string($0.rfc3339) } }
    }

    /// Whether deletion was asked for.
    package var isBeingDeleted: Bool { self["metadata", "deletionTimestamp"].map { !$0.isNull } ?? false }

    /// `metadata.deletionGracePeriodSeconds`.
    package var deletionGracePeriodSeconds: Int64? {
        get { integer("metadata", "deletionGracePeriodSeconds") }
        set { self["metadata", "deletionGracePeriodSeconds"] = newValue.map { .integer($0) } }
    }

    /// `metadata.labels`; setting an empty dictionary removes the field, and keys are written in order.
    package var labels: [String: String] {
        get { strings("labels") }
        set { setStrings("labels", newValue) }
    }

    /// `metadata.annotations`; setting an empty dictionary removes the field, and keys are written in order.
    package var annotations: [String: String] {
        get { strings("annotations") }
        set { setStrings("annotations", newValue) }
    }

    /// `metadata.finalizers`; setting an empty list removes the field.
    package var finalizers: [String] {
        get { array("metadata", "finalizers").compactMap(\.stringValue) }
        set { self["metadata", "finalizers"] = newValue.isEmpty ? nil : .array(newValue.map { .string($0) }) }
    }

    /// `metadata.ownerReferences`; setting an empty list removes the field.
    package var ownerReferences: [OwnerReference] {
        get { array("metadata", "ownerReferences").compactMap { OwnerReference(value: $0) } }
        set { self["metadata", "ownerReferences"] = newValue.isEmpty ? nil : .array(newValue.map(\.value)) }
    }

    /// The managing owner; nil when there is none.
    package var controllerRef: OwnerReference? { ownerReferences.first { $0.controller == true } }

    private func timestamp(_ field: String) -> Timestamp? {
        value.value(at: ["metadata", field])?.stringValue.flatMap { Timestamp(rfc3339: $0) }
    }

    private func strings(_ field: String) -> [String: String] {
        guard let object = value.value(at: ["metadata", field])?.objectValue else { return [:] }
        var result = [String: String](minimumCapacity: object.count)
        for member in object { result[member.key] = member.value.stringValue }
        return result
    }

    private mutating func setStrings(_ field: String, _ strings: [String: String]) {
        guard !strings.isEmpty else {
            value.setValue(nil, at: ["metadata", field])
            return
        }
        var object = JSONObject()
        for (key, text) in strings.sorted(by: { $0.key < $1.key }) { object.append(unchecked: key, value: .string(text)) }
        value.setValue(.object(object), at: ["metadata", field])
    }
}
