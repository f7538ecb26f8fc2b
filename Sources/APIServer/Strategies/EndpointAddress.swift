internal import APIMachinery
internal import JSONCore

/// Addresses that a service may lead to: none that means something else on each machine, as whoever writes one would reach what listens there for
/// the machine alone. Source: `pkg/apis/core/validation/validation.go` ValidateNonSpecialIP.
enum EndpointAddress {
    /// What is wrong with an address.
    static func problems(_ text: String) -> [String] {
        let wrong = ValueValidation.address(text)
        guard wrong.isEmpty else { return wrong }
        let lower = text.lowercased()
        if let mapped = lower.split(separator: ":").last, mapped.contains("."), lower.contains(":") {
            return lower.hasPrefix("::ffff:") ? version4(String(mapped)) : []
        }
        return lower.contains(":") ? version6(lower) : version4(lower)
    }

    private static func version4(_ text: String) -> [String] {
        if text == "0.0.0.0" { return [unspecified] }
        if text.hasPrefix("127.") { return [loopback] }
        if text.hasPrefix("169.254.") { return [local] }
        return text.hasPrefix("224.0.0.") ? [multicast] : []
    }

    private static func version6(_ text: String) -> [String] {
        let groups = text.split(separator: ":")
        let isZero = groups.dropLast().allSatisfy { group in group.allSatisfy { $0 == "0" } }
        let last = groups.last.map { $0.drop { $0 == "0" } } ?? ""
        if isZero, last.isEmpty { return [unspecified] }
        if isZero, last == "1", !text.hasSuffix("::") { return [loopback] }
        guard let first = groups.first, first.count == 4, !text.hasPrefix(":") else { return [] }
        if ["fe8", "fe9", "fea", "feb"].contains(first.dropLast()) { return [local] }
        return first == "ff02" ? [multicast] : []
    }

    private static let unspecified = "may not be unspecified (0.0.0.0 or ::)"
    private static let loopback = "may not be in the loopback range (127.0.0.0/8, ::1/128)"
    private static let local = "may not be in the link-local range (169.254.0.0/16, fe80::/10)"
    private static let multicast = "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"
}

/// Endpoints. Source: `pkg/apis/core/validation/validation.go` validateEndpointSubsets.
struct EndpointsStrategy: ResourceStrategy {
    var createsOnUpdate: Bool { true }

    func validateCreate(_ object: KubeObject, _ context: WriteContext) -> [FieldError] {
        object.array("subsets").enumerated().flatMap { index, subset -> [FieldError] in
            let field = "subsets[\(index)]"
            let lists = ["addresses", "notReadyAddresses"].map { ($0, subset[$0]?.arrayValue ?? []) }
            var errors: [FieldError] = []
            if lists.allSatisfy({ $0.1.isEmpty }) { errors.append(.required(field, "must specify `addresses` or `notReadyAddresses`")) }
            for (list, addresses) in lists {
                for (place, address) in addresses.enumerated() {
                    let text = address["ip"]?.stringValue ?? ""
                    errors += EndpointAddress.problems(text).map { .invalid("\(field).\(list)[\(place)].ip", .string(text), $0) }
                }
            }
            let ports = subset["ports"]?.arrayValue ?? []
            for (place, port) in ports.enumerated() where ports.count > 1 && (port["name"]?.stringValue ?? "").isEmpty {
                errors.append(.required("\(field).ports[\(place)].name"))
            }
            return errors
        }
    }
}
