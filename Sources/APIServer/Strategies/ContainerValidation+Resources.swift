internal import APIMachinery
internal import JSONCore
internal import KubeSchemas
internal import LinuxKernel

extension ContainerValidation {
    /// What is wrong with what a container, or a pod as a whole, asks for. Source: `pkg/apis/core/validation/validation.go`
    /// ValidateContainerResourceRequirements and validatePodResources.
    static func resources(_ resources: JSONValue?, field: String, ofPod: Bool = false) -> [FieldError] {
        guard let resources, !resources.isNull else { return [] }
        var errors: [FieldError] = []
        var named: Set<String> = []
        let limits = quantities(resources["limits"])
        for kind in ["limits", "requests"] {
            for member in resources[kind]?.objectValue ?? JSONObject() {
                let (name, place) = (member.key, "\(field).\(kind)[\(member.key)]")
                named.insert(name)
                if ofPod, !PodLevelResources.isKnown(name) {
                    errors.append(.notSupported(place, .string(name), ["cpu", HugePageResource.prefix, "memory"]))
                    continue
                }
                for why in LabelValidation.keyProblems(name) + nameProblems(name) { errors.append(.invalid(place, .string(name), why)) }
                guard let quantity = Quantity(decoded: member.value) else { continue }
                let value = JSONValue.string(quantity.canonical)
                if quantity.isNegative { errors.append(.invalid(place, value, "must be greater than or equal to 0")) }
                if !isNative(name), quantity.milliValue % 1000 != 0 { errors.append(.invalid(place, value, "must be an integer")) }
                if HugePageResource.isName(name), !isMultiple(quantity, ofPagesIn: name) {
                    errors.append(.invalid(place, value, "\(quantity.canonical) is not positive integer multiple of \(name)"))
                }
                if kind == "requests" { errors += request(quantity, of: name, limit: limits[name], field: field) }
            }
        }
        if named.contains(where: HugePageResource.isName), named.isDisjoint(with: ["cpu", "memory"]) {
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
        let isShared = isNative(name) && !HugePageResource.isName(name)
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
            if ["cpu", "memory", "ephemeral-storage"].contains(name) || HugePageResource.isName(name) { return [] }
            let isKnown = ["pods", "storage", "services", "configmaps", "secrets"].contains(name) || name.hasPrefix("requests.") || name.hasPrefix("limits.")
            return (isKnown ? [] : ["must be a standard resource type or fully qualified"]) + ["must be a standard resource for containers"]
        }
        return !isNative(name) && name.hasPrefix("requests.") ? ["doesn't follow extended resource name standard"] : []
    }

    /// Whether an amount is whole pages of the size that the name of huge pages ends in.
    private static func isMultiple(_ amount: Quantity, ofPagesIn name: String) -> Bool {
        HugePageResource.pageSize(name).map { amount.value % $0.value == 0 } ?? false
    }
}
