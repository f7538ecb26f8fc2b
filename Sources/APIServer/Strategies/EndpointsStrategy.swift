internal import APIMachinery
internal import JSONCore

/// Endpoints. Source: `pkg/apis/core/validation/validation.go` validateEndpointSubsets.
struct EndpointsStrategy: ResourceStrategy {
    var createsOnUpdate: Bool { true }

    func validateCreate(_ object: KubeObject, _ context: WriteContext) -> [FieldError] {
        object.array("subsets").enumerated().flatMap { Self.subset($1, field: "subsets[\($0)]") }
    }

    /// Subsets that stay as they are may be what an older program let pass.
    func validateUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        object["subsets"] == old["subsets"] ? [] : validateCreate(object, context)
    }

    private static func subset(_ subset: JSONValue, field: String) -> [FieldError] {
        let lists = ["addresses", "notReadyAddresses"].map { ($0, subset[$0]?.arrayValue ?? []) }
        var errors: [FieldError] = []
        if lists.allSatisfy({ $0.1.isEmpty }) { errors.append(.required(field, "must specify `addresses` or `notReadyAddresses`")) }
        for (list, addresses) in lists {
            errors += addresses.enumerated().flatMap { address($1, field: "\(field).\(list)[\($0)]") }
        }
        let ports = subset["ports"]?.arrayValue ?? []
        return errors + ports.enumerated().flatMap { port($1, field: "\(field).ports[\($0)]", needsName: ports.count > 1) }
    }

    private static func address(_ address: JSONValue, field: String) -> [FieldError] {
        let rules: [(String, (String) -> [String])] = [
            ("hostname", { $0.isEmpty ? [] : NameValidation.dnsLabel($0) }), ("nodeName", { NameValidation.dnsSubdomain($0) }),
        ]
        let text = address["ip"]?.stringValue ?? ""
        let named = rules.flatMap { name, problems in
            (address[name]?.stringValue).map { text in problems(text).map { FieldError.invalid("\(field).\(name)", .string(text), $0) } } ?? []
        }
        return named + EndpointAddress.problems(text).map { .invalid("\(field).ip", .string(text), $0) }
    }

    /// The number and the protocol are the schema's to check.
    private static func port(_ port: JSONValue, field: String, needsName: Bool) -> [FieldError] {
        var errors: [FieldError] = []
        if let name = port["name"]?.stringValue, !name.isEmpty {
            errors += NameValidation.dnsLabel(name).map { .invalid("\(field).name", .string(name), $0) }
        } else if needsName {
            errors.append(.required("\(field).name"))
        }
        if let spoken = port["appProtocol"]?.stringValue {
            errors += LabelValidation.keyProblems(spoken).map { .invalid("\(field).appProtocol", .string(spoken), $0) }
        }
        return errors
    }
}
