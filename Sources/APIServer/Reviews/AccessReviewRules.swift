internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// What the SubjectAccessReview family may ask. Source: `pkg/apis/authorization/validation/validation.go`.
enum AccessReviewRules {
    /// Whom a review is about.
    enum Subject {
        /// Who asks.
        case own
        /// Whom its spec names.
        case anybody
        /// Whom its spec names, in the namespace of the request.
        case local
    }

    /// Throws Invalid when a review asks for what cannot be answered.
    static func check(_ value: JSONValue, _ subject: Subject, _ context: RequestContext) throws(APIStatus) {
        var errors = spec(value, subject)
        errors += metadata(value, subject)
        if subject == .local { errors += local(value) }
        guard errors.isEmpty else { throw .invalid(kind: context.descriptor.groupKind, name: "", errors) }
    }

    private static func present(_ value: JSONValue, _ field: String) -> JSONValue? {
        value["spec", field].flatMap { $0.isNull ? nil : $0 }
    }

    private static func spec(_ value: JSONValue, _ subject: Subject) -> [FieldError] {
        let (resource, path) = (present(value, "resourceAttributes"), present(value, "nonResourceAttributes"))
        var errors: [FieldError] = []
        if resource != nil, let path {
            errors.append(.invalid("spec.nonResourceAttributes", path, "cannot be specified in combination with resourceAttributes"))
        }
        if resource == nil, path == nil {
            let why = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
            errors.append(.invalid("spec.resourceAttributes", .null, why))
        }
        if subject != .own, (value["spec", "user"]?.stringValue ?? "").isEmpty, (value["spec", "groups"]?.arrayValue ?? []).isEmpty {
            errors.append(.invalid("spec.user", "", "at least one of user or group must be specified"))
        }
        guard let resource else { return errors }
        for field in ["fieldSelector", "labelSelector"] {
            guard let selector = resource[field], !selector.isNull else { continue }
            errors += Self.selector(selector, "spec.resourceAttributes.\(field)", isOfLabels: field == "labelSelector")
        }
        return errors
    }

    private static func metadata(_ value: JSONValue, _ subject: Subject) -> [FieldError] {
        let members = (value["metadata"]?.objectValue ?? JSONObject()).filter { member in
            !["managedFields", "namespace"].contains(member.key) && !member.value.isEmptyValue
        }
        guard !members.isEmpty else { return [] }
        let why = subject == .local ? "must be empty except for namespace" : "must be empty"
        return [.invalid("metadata", value["metadata"] ?? .null, why)]
    }

    private static func local(_ value: JSONValue) -> [FieldError] {
        var errors: [FieldError] = []
        if let resource = present(value, "resourceAttributes") {
            let namespace = resource["namespace"]?.stringValue ?? ""
            if namespace != value["metadata", "namespace"]?.stringValue ?? "" {
                errors.append(.invalid("spec.resourceAttributes.namespace", .string(namespace), "must match metadata.namespace"))
            }
        }
        if let path = present(value, "nonResourceAttributes") {
            errors.append(.invalid("spec.nonResourceAttributes", path, "disallowed on this kind of request"))
        }
        return errors
    }

    // MARK: Selectors

    /// Operators that are not known here are let pass: a newer client may ask an older server.
    private static func selector(_ value: JSONValue, _ field: String, isOfLabels: Bool) -> [FieldError] {
        let raw = value["rawSelector"]?.stringValue ?? ""
        let requirements = value["requirements"]?.arrayValue ?? []
        var errors: [FieldError] = []
        if !raw.isEmpty, !requirements.isEmpty {
            errors.append(.invalid("\(field).rawSelector", .string(raw), "may not specified at the same time as requirements"))
        }
        if raw.isEmpty, requirements.isEmpty {
            errors.append(.required("\(field).requirements", "when \(field) is specified, requirements or rawSelector is required"))
        }
        for (index, requirement) in requirements.enumerated() {
            errors += Self.requirement(requirement, "\(field).requirements[\(index)]", isOfLabels: isOfLabels)
        }
        return errors
    }

    private static func requirement(_ value: JSONValue, _ field: String, isOfLabels: Bool) -> [FieldError] {
        let key = value["key"]?.stringValue ?? ""
        let values = (value["values"]?.arrayValue ?? []).compactMap(\.stringValue)
        var errors: [FieldError] = []
        if !isOfLabels, key.isEmpty { errors.append(.required("\(field).key", "must be specified")) }
        switch value["operator"]?.stringValue {
        case "In", "NotIn":
            if values.isEmpty { errors.append(.required("\(field).values", "must be specified when `operator` is 'In' or 'NotIn'")) }
        case "Exists", "DoesNotExist":
            if !values.isEmpty {
                errors.append(.forbidden("\(field).values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
            }
        default: break
        }
        guard isOfLabels else { return errors }
        errors += LabelValidation.keyProblems(key).map { .invalid("\(field).key", .string(key), $0) }
        for (index, text) in values.enumerated() {
            errors += LabelValidation.valueProblems(text).map { .invalid("\(field).values[\(index)]", .string(text), $0) }
        }
        return errors
    }
}

extension JSONValue {
    /// Whether a field with this value says no more than a missing one.
    fileprivate var isEmptyValue: Bool {
        switch self {
        case .null: true
        case .string(let text): text.isEmpty
        case .array(let items): items.isEmpty
        case .object(let members): members.isEmpty
        case .integer(let number): number == 0
        default: false
        }
    }
}
