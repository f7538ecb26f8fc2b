package import JSONCore

/// Takes the values of Secrets out of what is kept or shown of a request.
package enum SecretValues {
    /// What stands in place of a value.
    package static let mask = "••••••••"
    private static let valueFields: Set = ["data", "stringData"]
    private static let lastApplied = "kubectl.kubernetes.io/last-applied-configuration"
    /// Deeper documents are not looked through, and masked whole.
    private static let depth = 64

    /// The value with masks; whether there was something to hide. `isSecret` says that it is a Secret or a patch of one.
    package static func masked(_ value: JSONValue, isSecret: Bool) -> (value: JSONValue, hidesValues: Bool) {
        var hides = false
        let result = walk(value, isSecret, 0, &hides)
        return (result, hides)
    }

    private static func walk(_ value: JSONValue, _ isSecret: Bool, _ level: Int, _ hides: inout Bool) -> JSONValue {
        guard level < depth else {
            hides = true
            return .string(mask)
        }
        switch value {
        case .array(let items):
            return .array(items.map { isSecret ? operation($0, level, &hides) : walk($0, false, level + 1, &hides) })
        case .object(var members):
            let isSecret = isSecret || members["kind"]?.stringValue == "Secret"
            for member in members {
                if isSecret, valueFields.contains(member.key) {
                    members[member.key] = hidden(member.value, &hides)
                } else if member.key == lastApplied, isSecret || mentionsSecret(member.value) {
                    members[member.key] = hidden(member.value, &hides)
                } else {
                    members[member.key] = walk(member.value, isSecret && ["metadata", "annotations"].contains(member.key), level + 1, &hides)
                }
            }
            return .object(members)
        default: return value
        }
    }

    /// One operation of a JSON patch of a Secret: whatever it writes may be a value.
    private static func operation(_ item: JSONValue, _ level: Int, _ hides: inout Bool) -> JSONValue {
        guard case .object(var members) = item, let value = members["value"] else { return walk(item, true, level + 1, &hides) }
        members["value"] = hidden(value, &hides)
        return .object(members)
    }

    private static func mentionsSecret(_ value: JSONValue) -> Bool { value.stringValue?.contains("Secret") ?? false }

    /// Names stay, values go.
    private static func hidden(_ value: JSONValue, _ hides: inout Bool) -> JSONValue {
        switch value {
        case .null: return .null
        case .object(let members):
            if !members.isEmpty { hides = true }
            return .object(members.mapValues { $0.isNull ? .null : .string(mask) })
        default:
            hides = true
            return .string(mask)
        }
    }
}
