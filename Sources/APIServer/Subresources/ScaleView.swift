internal import APIMachinery
internal import JSONCore

/// A workload seen as autoscaling/v1 Scale.
enum ScaleView {
    static let kind = GroupVersionKind(group: "autoscaling", version: "v1", kind: "Scale")

    /// The Scale of a workload for who reads it. Throws InternalError for a custom resource that has no number of replicas.
    static func shown(_ object: KubeObject, _ paths: ScalePaths) throws(APIStatus) -> JSONValue {
        if paths.isSelectorText, object.value.value(at: paths.specReplicas[...])?.integerValue == nil {
            throw .internalError("the spec replicas field \".\(paths.specReplicas.joined(separator: "."))\" does not exist")
        }
        return scale(of: object, paths)
    }

    /// The Scale of a workload; a number of replicas that is missing is none.
    static func scale(of object: KubeObject, _ paths: ScalePaths) -> JSONValue {
        var metadata = JSONObject()
        for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
            if let value = object["metadata", field] { metadata[field] = value }
        }
        let wanted = object.value.value(at: paths.specReplicas[...])?.integerValue
        var status: JSONObject = ["replicas": .integer(object.value.value(at: paths.statusReplicas[...])?.integerValue ?? 0)]
        let selector = paths.selector.flatMap { object.value.value(at: $0[...]) }
        if paths.isSelectorText {
            if let text = selector?.stringValue { status["selector"] = .string(text) }
        } else if let value = selector {
            // best effort: a stored selector has been validated.
            let selector = value["matchLabels"] == nil && value["matchExpressions"] == nil ? value.objectValue.map(plain) : nil
            let text = (selector ?? (try? LabelSelector(value: value)).map(text)) ?? ""
            status["selector"] = .string(text)
        }
        var spec = JSONObject()
        if let replicas = wanted, replicas != 0 { spec["replicas"] = .integer(replicas) }
        return [
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": .object(metadata), "spec": .object(spec),
            "status": .object(status),
        ]
    }

    /// The labels of a selector that knows only equality, as ReplicationControllers have.
    private static func plain(_ labels: JSONObject) -> String {
        labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.stringValue ?? "")" }.joined(separator: ",")
    }

    /// A selector as clients parse it, equality written as such.
    private static func text(_ selector: LabelSelector) -> String {
        selector.requirements.sorted { $0.key < $1.key }.map { requirement in
            requirement.operator == .in && requirement.values.count == 1
                ? "\(requirement.key)=\(requirement.values[0])" : requirement.description
        }.joined(separator: ",")
    }
}

/// Who owns the number of replicas, in the words of the scale subresource and of the object itself.
/// Source: apimachinery `pkg/util/managedfields/scalehandler.go`.
struct ScaleOwners: Sendable {
    /// The version that owners of a scale name fields in.
    static let version = "autoscaling/v1"
    /// Where a scale has the number.
    private static let path: [PathElement] = [.field("spec"), .field("replicas")]
    /// Where the object has it.
    private let numberPlace: [PathElement]

    /// The owners of the object's fields.
    private let parent: ManagedFields
    private let parentVersion: String
    /// The owners of the number, as the scale shows them.
    let scale: ManagedFields

    init(_ text: String?, of descriptor: ResourceDescriptor, _ paths: ScalePaths) {
        numberPlace = paths.specReplicas.map { .field($0) }
        parent = text.flatMap { ManagedFields(text: $0) } ?? ManagedFields()
        parentVersion = descriptor.groupVersion.apiVersion
        var scale = ManagedFields()
        for var entry in parent.entries where entry.fields.contains(numberPlace) {
            entry.manager.apiVersion = Self.version
            entry.fields = FieldSet(paths: [Self.path])
            scale.entries.append(entry)
        }
        self.scale = scale
    }

    /// The owners of the object's fields once the scale's owners are these.
    func merging(_ scale: ManagedFields) -> ManagedFields {
        var left = scale.entries.filter { $0.fields.contains(Self.path) }
        var result = ManagedFields()
        for var entry in parent.entries {
            if entry.fields.contains(numberPlace) {
                let place = left.firstIndex { other in
                    var manager = other.manager
                    manager.apiVersion = entry.manager.apiVersion
                    return manager == entry.manager
                }
                if let place {
                    entry.time = left[place].time
                    left.remove(at: place)
                } else {
                    entry.fields = entry.fields.subtracting(FieldSet(paths: [numberPlace]))
                }
            }
            if !entry.fields.isEmpty { result.entries.append(entry) }
        }
        for var entry in left {
            entry.manager.apiVersion = parentVersion
            entry.fields = FieldSet(paths: [numberPlace])
            result.entries.append(entry)
        }
        return result
    }
}
