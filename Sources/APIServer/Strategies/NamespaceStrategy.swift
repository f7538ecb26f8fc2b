internal import APIMachinery
internal import JSONCore
internal import LinuxKernel
internal import ObjectStore

/// Namespaces: named by DNS label, labelled with their own name, kept by the `kubernetes` finalizer until they are empty.
struct NamespaceStrategy: ResourceStrategy {
    /// The namespaces nobody can delete. Source: apiserver `plugin/namespace/lifecycle`.
    private static let permanent: Set<String> = ["default", "kube-system", "kube-public"]

    var returnsDeletedObject: Bool { true }
    func nameProblems(_ name: String) -> [String] { NameValidation.dnsLabel(name) }

    func complete(_ object: inout KubeObject, old: KubeObject?, _ context: WriteContext) {
        object["metadata", "labels", "kubernetes.io/metadata.name"] = .string(object.name)
    }

    func prepareForCreate(_ object: inout KubeObject, _ context: WriteContext) throws(APIStatus) {
        object["spec", "finalizers"] = ["kubernetes"]
        object["status"] = ["phase": "Active"]
    }

    func prepareForUpdate(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) throws(APIStatus) {
        if context.subresource == nil { object.value["spec"] = old.value["spec"] }
        if object.isBeingDeleted { object["status", "phase"] = "Terminating" }
    }

    func validateUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] { [] }

    func prepareForStatusUpdate(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) {
        if object.isBeingDeleted { object["status", "phase"] = "Terminating" }
    }

    func isHeld(_ object: KubeObject) -> Bool { !object.array("spec", "finalizers").isEmpty }

    func refusesDeletion(_ object: KubeObject, _ context: WriteContext) -> APIStatus? {
        guard Self.permanent.contains(object.name) else { return nil }
        return .forbidden(context.endpoint.descriptor.groupResource, object.name, "this namespace may not be deleted")
    }

    /// What is wrong with the finalizers that a namespace is to wait for.
    static func finalizerProblems(_ object: KubeObject) -> [FieldError] {
        object.array("spec", "finalizers").enumerated().flatMap { index, value in
            NameValidation.qualifiedName(value.stringValue ?? "").map { .invalid("spec.finalizers[\(index)]", value, $0) }
        }
    }

    /// A namespace starts with the service account its pods run as, so that no pod comes too early for it.
    func companions(_ object: KubeObject, old: KubeObject?, _ context: WriteContext) -> [ObjectWrite] {
        guard old == nil, let endpoint = context.core.endpoints["", "v1", "serviceaccounts"] else { return [] }
        var account = KubeObject(endpoint.descriptor.gvk, name: "default", namespace: object.name)
        account.uid = SecureRandom.uuidV4()
        account.creationTimestamp = context.now
        let (bytes, splice) = ObjectCoding.encode(account)
        let key = endpoint.key(namespace: object.name, name: account.name)
        return [ObjectWrite(key: key, bytes: bytes, spliceOffset: splice, precondition: .anyOrAbsent, writer: "system:apiserver")]
    }
}
