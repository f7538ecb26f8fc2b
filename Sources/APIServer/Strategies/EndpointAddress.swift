internal import APIMachinery
internal import Glibc
internal import JSONCore

/// Addresses that a service may lead to: none that means something else on each machine, as whoever writes one would reach what listens there for
/// the machine alone. Source: `pkg/apis/core/validation/validation.go` ValidateNonSpecialIP.
enum EndpointAddress {
    /// What is wrong with an address.
    static func problems(_ text: String) -> [String] {
        let wrong = ValueValidation.address(text)
        guard wrong.isEmpty, var bytes = bytes(text) else { return wrong }
        // An IPv4 address within IPv6 is that IPv4 address.
        if bytes.count == 16, bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF { bytes.removeFirst(12) }
        let isIPv6 = bytes.count == 16
        if bytes.allSatisfy({ $0 == 0 }) { return ["may not be unspecified (\(text))"] }
        if isIPv6 ? bytes.dropLast().allSatisfy({ $0 == 0 }) && bytes[15] == 1 : bytes[0] == 127 {
            return ["may not be in the loopback range (127.0.0.0/8, ::1/128)"]
        }
        if isIPv6 ? bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80 : bytes[0] == 169 && bytes[1] == 254 {
            return ["may not be in the link-local range (169.254.0.0/16, fe80::/10)"]
        }
        if isIPv6 ? bytes[0] == 0xFF && bytes[1] & 0x0F == 2 : bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0 {
            return ["may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"]
        }
        return []
    }

    /// The 4 or 16 bytes of an address; nil for one with a zone.
    private static func bytes(_ text: String) -> [UInt8]? {
        let isIPv6 = text.contains(":")
        var bytes = [UInt8](repeating: 0, count: isIPv6 ? 16 : 4)
        return inet_pton(isIPv6 ? AF_INET6 : AF_INET, text, &bytes) == 1 ? bytes : nil
    }
}
