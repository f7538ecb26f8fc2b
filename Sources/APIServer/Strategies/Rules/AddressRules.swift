internal import APIMachinery
internal import JSONCore

/// Source: `pkg/apis/networking/validation/validation.go` ValidateIPAddress and ValidateServiceCIDR.
extension KindRules {
    static let ipAddress = KindRules(
        name: { name in
            guard ValueValidation.address(name).isEmpty else { return ["ParseAddr(\(name.goQuoted)): unable to parse IP"] }
            return AddressRules.isCanonical(name) ? [] : ["must be a canonical IP address"]
        }, check: { AddressRules.parent($0["spec", "parentRef"], "spec.parentRef") })

    static let serviceCIDR = KindRules(
        check: { AddressRules.ranges($0.array("spec", "cidrs").compactMap(\.stringValue), "spec.cidrs") },
        change: { object, old in
            let (new, before) = (object.array("spec", "cidrs"), old.array("spec", "cidrs"))
            if new.count == before.count {
                return zip(new, before).contains { $0 != $1 } ? [.immutable("spec.cidrs[0]", new[0])] : []
            }
            // One range may get one of the other family beside it.
            guard before.count == 1, new.count == 2 else { return [.immutable("spec.cidrs", .array(new))] }
            return new[0] == before[0] ? [] : [.immutable("spec.cidrs[0]", new[0])]
        })
}

enum AddressRules {
    /// What is wrong with a reference to who has an address.
    static func parent(_ value: JSONValue?, _ field: String) -> [FieldError] {
        guard let value, !value.isNull else { return [.required(field)] }
        var errors: [FieldError] = []
        func text(_ name: String) -> String { value[name]?.stringValue ?? "" }
        if !text("group").isEmpty {
            for why in NameValidation.dnsSubdomain(text("group")) { errors.append(.invalid("\(field).group", .string(text("group")), why)) }
        }
        for name in ["resource", "name", "namespace"] {
            if text(name).isEmpty {
                if name != "namespace" { errors.append(.required("\(field).\(name)")) }
                continue
            }
            for why in NameValidation.pathSegment(text(name)) { errors.append(.invalid("\(field).\(name)", .string(text(name)), why)) }
        }
        return errors
    }

    /// What is wrong with the ranges of a ServiceCIDR: one, or one of each family.
    static func ranges(_ ranges: [String], _ field: String) -> [FieldError] {
        var errors: [FieldError] = []
        let all = JSONValue.array(ranges.map { .string($0) })
        if ranges.isEmpty { errors.append(.required(field, "at least one CIDR required")) }
        if ranges.count > 2 { errors.append(.invalid(field, all, "may only hold up to 2 values")) }
        if ranges.count == 2, Set(ranges.map { $0.contains(":") }).count == 1 {
            errors.append(
                .invalid(field, all, "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"))
        }
        for (index, text) in ranges.enumerated() {
            guard let range = CIDR(text) else {
                errors.append(.invalid("\(field)[\(index)]", .string(text), CIDR.problem))
                continue
            }
            if range.hasHostBits {
                errors.append(.invalid("\(field)[\(index)]", .string(text), "must not have bits set beyond the prefix length"))
            } else if let address = text.split(separator: "/").first, !isCanonical(String(address)) {
                errors.append(.invalid("\(field)[\(index)]", .string(text), "must be in canonical form"))
            }
        }
        return errors
    }

    /// Whether a valid address is written in the one way that addresses are compared by. Source: RFC 5952.
    static func isCanonical(_ text: String) -> Bool {
        guard text.contains(":") else { return true }
        guard let bytes = CertificateIssuer.addressBytes(text), bytes.count == 16 else { return false }
        return text == canonical(bytes)
    }

    private static func canonical(_ bytes: [UInt8]) -> String {
        // An IPv4 address as IPv6 writes it (section 5).
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10..<12].allSatisfy({ $0 == 0xff }) {
            return "::ffff:\(bytes[12...].map(String.init).joined(separator: "."))"
        }
        let groups = (0..<8).map { Int(bytes[2 * $0]) << 8 | Int(bytes[2 * $0 + 1]) }
        // The longest run of zeros, the first of several, at least two groups.
        var (start, length) = (0, 0)
        var place = 0
        while place < 8 {
            var end = place
            while end < 8, groups[end] == 0 { end += 1 }
            if end - place > length { (start, length) = (place, end - place) }
            place = max(end, place + 1)
        }
        let hex = groups.map { String($0, radix: 16) }
        guard length > 1 else { return hex.joined(separator: ":") }
        return "\(hex[..<start].joined(separator: ":"))::\(hex[(start + length)...].joined(separator: ":"))"
    }
}
