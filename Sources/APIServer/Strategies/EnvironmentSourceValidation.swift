internal import APIMachinery
internal import JSONCore

/// Where environment variables come from. Source: `pkg/apis/core/validation/validation.go` validateEnvVarValueFrom and ValidateEnvFrom.
enum EnvironmentSourceValidation {
    /// What is wrong with the source of one variable.
    static func reference(_ kind: String, _ source: JSONValue, field: String) -> [FieldError] {
        switch kind {
        case "fieldRef": return DownwardValidation.field(source, field, allowed: DownwardValidation.environment)
        case "resourceFieldRef": return DownwardValidation.amount(source, field, isFile: false)
        case "configMapKeyRef", "secretKeyRef":
            let key = source["key"]?.stringValue ?? ""
            if key.isEmpty { return [.required("\(field).key")] }
            return ValueValidation.configMapKey(key).map { .invalid("\(field).key", .string(key), $0) }
        default: return []
        }
    }

    /// What is wrong with objects whose every key becomes a variable.
    static func sources(_ sources: [JSONValue], field: String) -> [FieldError] {
        var errors: [FieldError] = []
        for (index, source) in sources.enumerated() {
            let place = "\(field)[\(index)]"
            if let prefix = source["prefix"]?.stringValue, !prefix.isEmpty {
                errors += ValueValidation.environmentName(prefix).map { .invalid("\(place).prefix", .string(prefix), $0) }
            }
            let given = ["configMapRef", "secretRef"].filter { !(source[$0]?.isNull ?? true) }
            if given.isEmpty { errors.append(.invalid(place, "", "must specify one of: `configMapRef` or `secretRef`")) }
            if given.count > 1 { errors.append(.invalid(place, "", "may not have more than one field specified at a time")) }
            for kind in given {
                let name = source[kind]?["name"]?.stringValue ?? ""
                if name.isEmpty {
                    errors.append(.required("\(place).\(kind).name"))
                } else {
                    errors += NameValidation.dnsSubdomain(name).map { .invalid("\(place).\(kind).name", .string(name), $0) }
                }
            }
        }
        return errors
    }
}
