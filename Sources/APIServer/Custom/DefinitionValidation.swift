internal import APIMachinery
internal import JSONCore

/// What is wrong with a CustomResourceDefinition, beyond what its own schema file says. Source: apiextensions-apiserver
/// `pkg/apis/apiextensions/validation/validation.go`.
enum DefinitionValidation {
    /// A new definition.
    static func create(_ object: KubeObject) -> [FieldError] {
        var errors = common(object)
        let group = object.string("spec", "group") ?? ""
        let approval = object.annotations[DefinitionApproval.annotation] ?? ""
        if DefinitionApproval.isProtected(group), !DefinitionApproval.isBypass(approval), !DefinitionApproval.isApproval(approval) {
            let field = "metadata.annotations[\(DefinitionApproval.annotation)]"
            if approval.isEmpty {
                errors.append(
                    .required(
                        field, "protected groups must have approval annotation \(DefinitionApproval.annotation.goQuoted), see \(DefinitionApproval.page)"))
            } else {
                let why =
                    "protected groups must have approval annotation \(DefinitionApproval.annotation.goQuoted) with either a URL or a reason starting with \"unapproved\", see \(DefinitionApproval.page)"
                errors.append(.invalid(field, .string(approval), why))
            }
        }
        return errors
    }

    /// A changed one.
    static func update(_ object: KubeObject, old: KubeObject) -> [FieldError] {
        var errors = common(object)
        let isEstablished = CustomDefinition(old).status("Established") == "True"
        var fixed = [["spec", "group"], ["spec", "names", "plural"]]
        if isEstablished { fixed += [["spec", "scope"], ["spec", "names", "kind"]] }
        for path in fixed where object.value.value(at: path[...]) != old.value.value(at: path[...]) {
            errors.append(.immutable(path.joined(separator: "."), object.value.value(at: path[...]) ?? .null))
        }
        return errors + status(object)
    }

    /// The versions objects may be stored in must stay.
    static func status(_ object: KubeObject) -> [FieldError] {
        let versions = object.array("spec", "versions")
        let names = Set(versions.compactMap { $0["name"]?.stringValue })
        let stored = object.array("status", "storedVersions")
        let field = "status.storedVersions"
        var errors: [FieldError] = []
        if stored.isEmpty {
            errors.append(.invalid(field, .array(stored), "must have at least one stored version"))
        }
        for (index, value) in stored.enumerated() {
            let name = value.stringValue ?? ""
            if !names.contains(name) {
                errors.append(
                    .invalid(
                        "\(field)[\(index)]", value,
                        "missing from spec.versions; \(name) was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in \(name) and removes \(name) from status.storedVersions"
                    ))
            }
        }
        let storage = versions.first { $0["storage"]?.boolValue == true }?["name"]?.stringValue
        if let storage, !stored.contains(.string(storage)), !stored.isEmpty {
            errors.append(.invalid(field, .array(stored), "must have the storage version \(storage)"))
        }
        return errors
    }

    private static func common(_ object: KubeObject) -> [FieldError] {
        let group = object.string("spec", "group") ?? ""
        let names = CustomNames(object["spec", "names"])
        var errors: [FieldError] = []
        if object.name != "\(names.plural).\(group)" {
            errors.append(.invalid("metadata.name", .string(object.name), "must be spec.names.plural+\".\"+spec.group"))
        }
        if !group.isEmpty {
            for why in NameValidation.dnsSubdomain(group) { errors.append(.invalid("spec.group", .string(group), why)) }
            if !group.contains(".") { errors.append(.invalid("spec.group", .string(group), "should be a domain with at least one dot")) }
        }
        errors += naming(names)
        if object["spec", "preserveUnknownFields"] == .bool(true) {
            errors.append(
                .invalid(
                    "spec.preserveUnknownFields", true,
                    "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"))
        }
        errors += conversion(object["spec", "conversion"])
        errors += versions(object)
        return errors
    }

    private static func naming(_ names: CustomNames) -> [FieldError] {
        var errors: [FieldError] = []
        func check(_ field: String, _ text: String, isMixed: Bool = false) {
            guard !text.isEmpty else { return }
            let prefix = isMixed ? "may have mixed case, but should otherwise match: " : ""
            for why in NameValidation.dns1035Label(isMixed ? text.lowercased() : text) {
                errors.append(.invalid("spec.names.\(field)", .string(text), "\(prefix)\(why)"))
            }
        }
        if names.plural.isEmpty { errors.append(.required("spec.names.plural")) }
        if names.kind.isEmpty { errors.append(.required("spec.names.kind")) }
        check("plural", names.plural)
        check("singular", names.singular)
        check("kind", names.kind, isMixed: true)
        check("listKind", names.listKind, isMixed: true)
        if !names.kind.isEmpty, names.kind == names.listKind {
            errors.append(.invalid("spec.names.listKind", .string(names.listKind), "kind and listKind may not be the same"))
        }
        for (index, name) in names.shortNames.enumerated() { check("shortNames[\(index)]", name) }
        for (index, name) in names.categories.enumerated() { check("categories[\(index)]", name) }
        return errors
    }

    private static func conversion(_ value: JSONValue?) -> [FieldError] {
        guard let value, case .object = value else { return [] }
        let webhook = value["webhook"].flatMap { $0.isNull ? nil : $0 }
        switch value["strategy"]?.stringValue {
        case "None" where webhook != nil:
            return [.forbidden("spec.conversion.webhook", "should not be set when strategy is not set to Webhook")]
        case "Webhook":
            guard let webhook else { return [.required("spec.conversion.webhook.clientConfig", "required when strategy is set to Webhook")] }
            guard let config = webhook["clientConfig"], !config.isNull else {
                return [.required("spec.conversion.webhook.clientConfig", "required when strategy is set to Webhook")]
            }
            let hasURL = config["url"]?.stringValue != nil
            let hasService = config["service"]?.objectValue != nil
            guard hasURL != hasService else {
                return [.required("spec.conversion.webhook.clientConfig", "exactly one of url or service is required")]
            }
            let versions = (webhook["conversionReviewVersions"]?.arrayValue ?? []).compactMap(\.stringValue)
            guard versions.contains(where: { $0 == "v1" || $0 == "v1beta1" }) || versions.isEmpty else {
                return [
                    .invalid(
                        "spec.conversion.webhook.conversionReviewVersions", .array(versions.map { .string($0) }),
                        "must include at least one of v1, v1beta1")
                ]
            }
            return []
        default: return []
        }
    }

    private static func versions(_ object: KubeObject) -> [FieldError] {
        let versions = object.array("spec", "versions")
        guard !versions.isEmpty else { return [] }
        var errors: [FieldError] = []
        let names = versions.compactMap { $0["name"]?.stringValue }
        if versions.count(where: { $0["storage"]?.boolValue == true }) != 1 {
            errors.append(.invalid("spec.versions", shown(names), "must have exactly one version marked as storage version"))
        }
        if Set(names).count != names.count { errors.append(.invalid("spec.versions", shown(names), "must contain unique version names")) }
        for (index, version) in versions.enumerated() {
            errors += VersionValidation.errors(version, field: "spec.versions[\(index)]")
        }
        return errors
    }

    /// The names instead of whole versions, whose schemas would drown the message.
    private static func shown(_ names: [String]) -> JSONValue { .array(names.map { .string($0) }) }
}
