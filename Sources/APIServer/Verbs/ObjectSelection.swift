internal import APIMachinery
internal import JSONCore
internal import ObjectStore

/// Which objects of a collection a client wants.
struct ObjectSelection: Sendable {
    let labels: LabelSelector
    /// Field requirements that need the object's content.
    let fields: FieldSelector
    /// An exact name, which needs only the key.
    let name: String?
    /// An exact namespace, which needs only the key.
    let namespace: String?
    private let needsContent: Bool
    private let fieldLabels: FieldLabels

    /// Throws BadRequest for fields the kind cannot be selected by.
    init(_ labels: LabelSelector, _ fields: FieldSelector, _ descriptor: ResourceDescriptor) throws(APIStatus) {
        fieldLabels = try FieldLabels(fields, descriptor)
        self.labels = labels
        let (name, namespace) = (fields.exactValue(of: "metadata.name"), fields.exactValue(of: "metadata.namespace"))
        (self.name, self.namespace) = (name, namespace)
        // A second name that contradicts the first stays: nothing has both.
        let isInKey = { (requirement: FieldSelector.Requirement) in
            requirement.equals
                && (requirement.field == "metadata.name" && requirement.value == name
                    || requirement.field == "metadata.namespace" && requirement.value == namespace)
        }
        self.fields = FieldSelector(requirements: fields.requirements.filter { !isInKey($0) })
        needsContent = !labels.isEmpty || !self.fields.isEmpty
    }

    /// Whether every object is wanted.
    var isEverything: Bool { !needsContent && name == nil && namespace == nil }
    /// Whether keys alone decide.
    var isByKeyOnly: Bool { !needsContent }

    /// Whether a key can be wanted.
    func matches(_ key: ObjectKey) -> Bool {
        (name == nil || key.name == name) && (namespace == nil || key.namespace == namespace)
    }

    /// Whether an object's content is wanted, in the served form.
    func matches(_ object: KubeObject) -> Bool {
        labels.matches(labels: object.value["metadata", "labels"]?.objectValue) && (fields.isEmpty || fields.matches { fieldLabels.text($0, in: object) })
    }
}
