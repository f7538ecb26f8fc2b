import APIMachinery

/// The kind of the objects whose name a field holds.
struct ObjectReference: Sendable, Hashable {
    let resource: GroupVersionResource
    let isNamespaced: Bool

    private init(_ group: String, _ version: String, _ plural: String, isNamespaced: Bool = true) {
        resource = GroupVersionResource(group: group, version: version, resource: plural)
        self.isNamespaced = isNamespaced
    }

    private init(_ descriptor: ResourceDescriptor) {
        resource = descriptor.gvr
        isNamespaced = descriptor.isNamespaced
    }

    private static let byField: [String: ObjectReference] = [
        "secretName": ObjectReference("", "v1", "secrets"), "serviceAccountName": ObjectReference("", "v1", "serviceaccounts"),
        "claimName": ObjectReference("", "v1", "persistentvolumeclaims"),
        "volumeName": ObjectReference("", "v1", "persistentvolumes", isNamespaced: false),
        "serviceName": ObjectReference("", "v1", "services"), "nodeName": ObjectReference("", "v1", "nodes", isNamespaced: false),
        "storageClassName": ObjectReference("storage.k8s.io", "v1", "storageclasses", isNamespaced: false),
        "priorityClassName": ObjectReference("scheduling.k8s.io", "v1", "priorityclasses", isNamespaced: false),
        "runtimeClassName": ObjectReference("node.k8s.io", "v1", "runtimeclasses", isNamespaced: false),
        "ingressClassName": ObjectReference("networking.k8s.io", "v1", "ingressclasses", isNamespaced: false),
        "namespace": ObjectReference("", "v1", "namespaces", isNamespaced: false),
    ]

    /// By the object that has the name.
    private static let byParent: [String: ObjectReference] = [
        "configMapRef": ObjectReference("", "v1", "configmaps"), "configMapKeyRef": ObjectReference("", "v1", "configmaps"),
        "configMap": ObjectReference("", "v1", "configmaps"), "secretRef": ObjectReference("", "v1", "secrets"),
        "secretKeyRef": ObjectReference("", "v1", "secrets"), "secret": ObjectReference("", "v1", "secrets"),
        "imagePullSecrets": ObjectReference("", "v1", "secrets"), "service": ObjectReference("", "v1", "services"),
    ]

    /// What the field at a path refers to, whose list items are `0`; nil when it refers to nothing. `kind` is what a sibling says the object is.
    static func at(_ path: [String], kind: String?, _ schemas: SchemaRegistry) -> ObjectReference? {
        let tokens = path.filter { $0 != "0" }
        guard let field = tokens.last else { return nil }
        if let found = byField[field] { return found }
        guard field == "name", tokens.count > 1 else { return nil }
        let parent = tokens[tokens.count - 2]
        if let kind, ["scaleTargetRef", "roleRef", "subjects", "targetRef"].contains(parent) {
            return schemas.resources.first { $0.kind == kind }.map { ObjectReference($0) }
        }
        return byParent[parent]
    }
}
