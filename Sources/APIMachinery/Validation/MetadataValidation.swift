import JSONCore

/// The rules for `metadata`, in Kubernetes' words. Source: apimachinery `pkg/api/validation/objectmeta.go`.
package enum MetadataValidation {
    /// What is wrong with the metadata of a new object. `name` checks a name; it is also applied to the generateName prefix.
    package static func create(
        _ object: KubeObject, isNamespaced: Bool, name check: (String) -> [String] = NameValidation.dnsSubdomain
    ) -> [FieldError] {
        let metadata = object.metadata
        var errors: [FieldError] = []
        if !object.generateName.isEmpty {
            // A prefix may end in a dash, as the suffix follows.
            let base = object.generateName
            let shown = base.hasSuffix("-") && base.utf8.count > 1 ? "\(base.dropLast())a" : base
            for why in check(shown) { errors.append(.invalid("metadata.generateName", .string(base), why)) }
        }
        if object.name.isEmpty {
            errors.append(.required("metadata.name", "name or generateName is required"))
        } else {
            for why in check(object.name) { errors.append(.invalid("metadata.name", .string(object.name), why)) }
        }
        if let namespace = object.namespace {
            if isNamespaced {
                for why in NameValidation.dnsLabel(namespace) {
                    errors.append(.invalid("metadata.namespace", .string(namespace), why))
                }
            } else {
                errors.append(.forbidden("metadata.namespace", "not allowed on this type"))
            }
        } else if isNamespaced {
            errors.append(.required("metadata.namespace"))
        }
        return errors + common(object, metadata)
    }

    /// What is wrong with a change of metadata.
    package static func update(_ object: KubeObject, old: KubeObject) -> [FieldError] {
        var errors: [FieldError] = []
        for field in ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] {
            let new = object.value.value(at: ["metadata", field]).flatMap { $0.isNull ? nil : $0 }
            let previous = old.value.value(at: ["metadata", field]).flatMap { $0.isNull ? nil : $0 }
            if new != previous { errors.append(.immutable("metadata.\(field)", new ?? .null)) }
        }
        if object.generation < old.generation {
            errors.append(.invalid("metadata.generation", .integer(object.generation), "must not be decremented"))
        }
        if old.isBeingDeleted {
            let known = Set(old.finalizers)
            let added = object.finalizers.filter { !known.contains($0) }
            if !added.isEmpty {
                let list = added.map(\.goQuoted).joined(separator: ", ")
                let why = "no new finalizers can be added if the object is being deleted, found new finalizers []string{\(list)}"
                errors.append(.forbidden("metadata.finalizers", why))
            }
        }
        return errors + common(object, object.metadata)
    }

    private static func common(_ object: KubeObject, _ metadata: JSONObject) -> [FieldError] {
        var errors: [FieldError] = []
        if object.generation < 0 {
            errors.append(.invalid("metadata.generation", .integer(object.generation), "must be greater than or equal to 0"))
        }
        if let labels = metadata["labels"]?.objectValue {
            errors += LabelValidation.labels(labels, field: "metadata.labels")
        }
        if let annotations = metadata["annotations"]?.objectValue {
            errors += LabelValidation.annotations(annotations, field: "metadata.annotations")
        }
        errors += owners(object.ownerReferences, metadata["ownerReferences"])
        errors += finalizers(object.finalizers)
        return errors
    }

    private static func owners(_ references: [OwnerReference], _ shown: JSONValue?) -> [FieldError] {
        let field = "metadata.ownerReferences"
        var errors: [FieldError] = []
        var controller: OwnerReference?
        var isTold = false
        for reference in references {
            let version = GroupVersion(apiVersion: reference.apiVersion)
            if version == nil {
                errors.append(.invalid("\(field).apiVersion", .string(reference.apiVersion), "version must not be empty"))
            }
            for (name, text) in [("kind", reference.kind), ("name", reference.name), ("uid", reference.uid)] where text.isEmpty {
                errors.append(.invalid("\(field).\(name)", .string(text), "must not be empty"))
            }
            if reference.apiVersion == "v1", reference.kind == "Event" {
                errors.append(.invalid(field, reference.value, "/v1, Kind=Event is disallowed from being an owner"))
            }
            guard reference.controller == true else { continue }
            if let first = controller {
                guard !isTold else { continue }  // Once: it shows the whole list.
                isTold = true
                let why = "Only one reference can have Controller set to true. Found \"true\" in references for \(first.name) and \(reference.name)"
                errors.append(.invalid(field, shown ?? .null, why))
            } else {
                controller = reference
            }
        }
        return errors
    }

    private static func finalizers(_ finalizers: [String]) -> [FieldError] {
        let field = "metadata.finalizers"
        var errors: [FieldError] = []
        for finalizer in finalizers {
            for why in NameValidation.qualifiedName(finalizer) { errors.append(.invalid(field, .string(finalizer), why)) }
        }
        if finalizers.contains("orphan"), finalizers.contains("foregroundDeletion") {
            let list = JSONValue.array(finalizers.map { .string($0) })
            errors.append(.invalid(field, list, "finalizer orphan and foregroundDeletion cannot be both set"))
        }
        return errors
    }
}
