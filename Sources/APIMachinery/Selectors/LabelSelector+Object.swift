package import JSONCore

extension LabelSelector {
    /// Reads a `metav1.LabelSelector`; null matches nothing and `{}` everything. Throws 400 for an unknown operator or a wrong type.
    package init(value: JSONValue) throws(APIStatus) {
        guard case .object(let object) = value else {
            guard value.isNull else { throw .badRequest("a label selector must be an object, found \(value.kindName)") }
            self = .nothing
            return
        }
        var requirements: [Requirement] = []
        if let labels = object["matchLabels"], !labels.isNull {
            guard case .object(let members) = labels else { throw .badRequest("matchLabels must be an object, found \(labels.kindName)") }
            for member in members {
                guard let text = member.value.stringValue else {
                    throw .badRequest("matchLabels[\(member.key)] must be a string, found \(member.value.kindName)")
                }
                requirements.append(Requirement(key: member.key, operator: .in, values: [text]))
            }
        }
        for expression in object["matchExpressions"]?.arrayValue ?? [] {
            requirements.append(try Self.requirement(expression))
        }
        self.init(requirements: requirements)
    }

    private static func requirement(_ value: JSONValue) throws(APIStatus) -> Requirement {
        let key = value["key"]?.stringValue ?? ""
        let values = (value["values"]?.arrayValue ?? []).compactMap(\.stringValue)
        let word = value["operator"]?.stringValue ?? ""
        let comparison: Operator
        switch word {
        case "In": comparison = .in
        case "NotIn": comparison = .notIn
        case "Exists": comparison = .exists
        case "DoesNotExist": comparison = .doesNotExist
        default: throw .badRequest("\(word.goQuoted) is not a valid label selector operator")
        }
        return try checked(Requirement(key: key, operator: comparison, values: values))
    }

    /// The requirement itself when its key, values and their number are valid; throws 400 with Kubernetes' text otherwise.
    static func checked(_ requirement: Requirement) throws(APIStatus) -> Requirement {
        var problems: [FieldError] = LabelValidation.keyProblems(requirement.key).map {
            .invalid("", .string(requirement.key), $0)
        }
        let shown = JSONValue.array(requirement.values.map { .string($0) })
        switch requirement.operator {
        case .in, .notIn:
            if requirement.values.isEmpty {
                problems.append(.invalid("values", shown, "for 'in', 'notin' operators, values set can't be empty"))
            }
        case .equals, .notEquals:
            if requirement.values.count != 1 {
                problems.append(.invalid("values", shown, "exact-match compatibility requires one single value"))
            }
        case .exists, .doesNotExist:
            if !requirement.values.isEmpty {
                problems.append(.invalid("values", shown, "values set must be empty for exists and does not exist"))
            }
        case .greaterThan, .lessThan:
            for (index, text) in requirement.values.enumerated() where Int64(text) == nil {
                let why = "for 'Gt', 'Lt' operators, the value must be an integer"
                problems.append(.invalid("values[\(index)]", .string(text), why))
            }
        }
        for (index, text) in requirement.values.enumerated() {
            for why in LabelValidation.valueProblems(text) {
                problems.append(.invalid("values[\(index)][\(requirement.key)]", .string(text), why))
            }
        }
        guard problems.isEmpty else {
            let texts = problems.map(\.description)
            throw .badRequest(texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ", "))]")
        }
        return requirement
    }
}
