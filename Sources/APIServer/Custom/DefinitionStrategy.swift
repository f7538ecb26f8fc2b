internal import APIMachinery
internal import JSONCore

/// CustomResourceDefinitions. Source: apiextensions-apiserver `pkg/registry/customresourcedefinition/strategy.go`.
struct DefinitionStrategy: ResourceStrategy {
    var tracksGeneration: Bool { true }
    var updatesUnconditionally: Bool { false }

    func complete(_ object: inout KubeObject, old: KubeObject?, _ context: WriteContext) {
        guard object["spec", "names"]?.objectValue != nil else { return }
        let kind = object.string("spec", "names", "kind") ?? ""
        if (object.string("spec", "names", "singular") ?? "").isEmpty { object["spec", "names", "singular"] = .string(kind.lowercased()) }
        if (object.string("spec", "names", "listKind") ?? "").isEmpty, !kind.isEmpty {
            object["spec", "names", "listKind"] = .string("\(kind)List")
        }
    }

    func prepareForCreate(_ object: inout KubeObject, _ context: WriteContext) throws(APIStatus) {
        let stored = CustomDefinition(object).storage.map { [JSONValue.string($0.name)] } ?? []
        object["status"] = [
            "acceptedNames": ["kind": "", "plural": ""], "conditions": .array([]), "storedVersions": .array(stored),
        ]
        // Not a value of its own: only true means something, and that is refused.
        if object["spec", "preserveUnknownFields"] == .bool(false) { object["spec", "preserveUnknownFields"] = nil }
    }

    func prepareForUpdate(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) throws(APIStatus) {
        if object["spec", "preserveUnknownFields"] == .bool(false) { object["spec", "preserveUnknownFields"] = nil }
        if let storage = CustomDefinition(object).storage?.name {
            var stored = object.array("status", "storedVersions")
            if !stored.contains(.string(storage)) {
                stored.append(.string(storage))
                object["status", "storedVersions"] = .array(stored)
            }
        }
        if object.isBeingDeleted, !old.isBeingDeleted { terminate(&object, context) }
    }

    /// The first request to delete a definition only marks it: its objects go first.
    private func terminate(_ object: inout KubeObject, _ context: WriteContext) {
        if !object.finalizers.contains(CustomDefinition.cleanup) { object.finalizers.append(CustomDefinition.cleanup) }
        var conditions = object.array("status", "conditions")
        DefinitionNaming.set(
            "Terminating", "True", "InstanceDeletionPending", "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
            in: &conditions, context.now)
        object["status", "conditions"] = .array(conditions)
    }

    /// Until it is marked, a definition cannot go.
    func isHeld(_ object: KubeObject) -> Bool { !object.isBeingDeleted }

    func nameProblems(_ name: String) -> [String] { NameValidation.dnsSubdomain(name) }

    func validateCreate(_ object: KubeObject, _ context: WriteContext) -> [FieldError] { DefinitionValidation.create(object) }

    func validateUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        DefinitionValidation.update(object, old: old)
    }

    func validateSubresource(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        DefinitionValidation.status(object)
    }
}
