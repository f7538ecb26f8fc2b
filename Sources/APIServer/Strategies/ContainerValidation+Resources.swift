internal import APIMachinery
internal import JSONCore

extension ContainerValidation {
    /// What is wrong with what a container asks for. Source: `pkg/apis/core/validation/validation.go` ValidateContainerResourceRequirements.
    static func resources(_ resources: JSONValue?, field: String) -> [FieldError] {
        guard let resources, !resources.isNull else { return [] }
        var errors: [FieldError] = []
        var named: Set<String> = []
        let limits = quantities(resources["limits"])
        for kind in ["limits", "requests"] {
            for member in resources[kind]?.objectValue ?? JSONObject() {
                let (name, place) = (member.key, "\(field).\(kind)[\(member.key)]")
                named.insert(name)
                for why in LabelValidation.keyProblems(name) + nameProblems(name) { errors.append(.invalid(place, .string(name), why)) }
                guard let quantity = Quantity(decoded: member.value) else { continue }
                if quantity.isNegative { errors.append(.invalid(place, member.value, "must be greater than or equal to 0")) }
                if let pageSize = pageSize(name), quantity.value % pageSize.value != 0 {
                    errors.append(.invalid(place, member.value, "\(quantity.canonical) is not positive integer multiple of \(pageSize.canonical)"))
                }
                if kind == "requests" { errors += request(quantity, of: name, limit: limits[name], field: field) }
            }
        }
        if named.contains(where: { pageSize($0) != nil }), named.isDisjoint(with: ["cpu", "memory"]) {
            errors.append(.forbidden(field, "HugePages require cpu or memory"))
        }
        return errors
    }

    private static func quantities(_ list: JSONValue?) -> [String: Quantity] {
        var result: [String: Quantity] = [:]
        for member in list?.objectValue ?? JSONObject() { result[member.key] = Quantity(decoded: member.value) }
        return result
    }

    /// What cannot be given twice is limited to exactly what is asked for.
    private static func request(_ quantity: Quantity, of name: String, limit: Quantity?, field: String) -> [FieldError] {
        let isShared = isNative(name) && pageSize(name) == nil
        guard let limit else { return isShared ? [] : [.required("\(field).limits", "Limit must be set for non overcommitable resources")] }
        let value = JSONValue.string(quantity.canonical)
        if !isShared, quantity != limit {
            return [.invalid("\(field).requests", value, "must be equal to \(name) limit of \(limit.canonical)")]
        }
        return limit < quantity ? [.invalid("\(field).requests", value, "must be less than or equal to \(name) limit of \(limit.canonical)")] : []
    }

    /// Resources of Kubernetes' own, by their name.
    private static func isNative(_ name: String) -> Bool { !name.contains("/") || name.contains("kubernetes.io/") }

    private static func nameProblems(_ name: String) -> [String] {
        if !name.contains("/") {
            let isStandard = ["cpu", "memory", "ephemeral-storage"].contains(name) || name.hasPrefix("hugepages-")
            return isStandard ? [] : ["must be a standard resource for containers"]
        }
        return !isNative(name) && name.hasPrefix("requests.") ? ["doesn't follow extended resource name standard"] : []
    }

    /// The size that the name of huge pages ends in; nil for anything else.
    private static func pageSize(_ name: String) -> Quantity? {
        guard name.hasPrefix("hugepages-") else { return nil }
        return Quantity(decoded: .string(String(name.dropFirst("hugepages-".count)))).flatMap { $0.value > 0 ? $0 : nil }
    }
}
