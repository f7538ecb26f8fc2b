import JSONCore
import LinuxKernel

/// The named formats of text in schemas of custom resources; names that are not here are not checked.
/// Source: kube-openapi `pkg/validation/strfmt`, apiextensions-apiserver `pkg/apiserver/validation/formats.go`.
enum CustomFormats {
    /// Whether a text has a format; true for formats that are not known.
    static func matches(_ text: String, _ format: String) -> Bool {
        switch format.replacing("-", with: "") {
        case "datetime": Timestamp(rfc3339: text) != nil
        case "date": isDate(text)
        case "duration": isDuration(text)
        case "uri": isURI(text)
        case "email": isEmail(text)
        case "hostname": isHostname(text)
        case "ipv4": AddressSyntax.isIPv4(text)
        case "ipv6": AddressSyntax.isIPv6(text)
        case "cidr": isCIDR(text)
        case "mac": isMAC(text)
        case "uuid": isUUID(text, version: nil)
        case "uuid3": isUUID(text, version: "3")
        case "uuid4": isUUID(text, version: "4")
        case "uuid5": isUUID(text, version: "5")
        case "byte": isBase64(text)
        case "bsonobjectid": text.utf8.count == 24 && text.utf8.allSatisfy(isHex)
        case "hexcolor": isHexColor(text)
        case "rgbcolor": isRGBColor(text)
        case "isbn": isISBN10(text) || isISBN13(text)
        case "isbn10": isISBN10(text)
        case "isbn13": isISBN13(text)
        case "creditcard": isCreditCard(text)
        case "ssn": isSocialSecurityNumber(text)
        case "k8sshortname": NameValidation.dnsLabel(text).isEmpty
        case "k8slongname": NameValidation.dnsSubdomain(text).isEmpty
        default: true
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { NameValidation.isDigit(byte) }

    private static func isHex(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "f"))
    }

    private static func isDate(_ text: String) -> Bool {
        text.utf8.count == 10 && Timestamp(rfc3339: "\(text)T00:00:00Z") != nil
    }

    /// `300ms`, `1h15m`, and the spelled forms `3 days`.
    private static func isDuration(_ text: String) -> Bool {
        let short: Set<String> = ["ns", "us", "µs", "μs", "ms", "s", "m", "h", "d", "w"]
        let long: Set<String> = [
            "ns", "nano", "nanos", "nanosecond", "nanoseconds", "us", "micro", "micros", "microsecond", "microseconds", "ms", "milli",
            "millis", "millisecond", "milliseconds", "s", "sec", "secs", "second", "seconds", "m", "min", "mins", "minute", "minutes",
            "h", "hr", "hrs", "hour", "hours", "d", "day", "days", "w", "wk", "wks", "week", "weeks",
        ]
        var rest = Substring(text)
        if rest.first == "-" || rest.first == "+" { rest = rest.dropFirst() }
        if rest == "0" { return true }
        guard !rest.isEmpty else { return false }
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            rest = rest.dropFirst(number.count)
            let hasSpace = rest.first == " "
            if hasSpace { rest = rest.dropFirst() }
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard number.contains(where: { $0 != "." }), number.filter({ $0 == "." }).count <= 1 else { return false }
            guard short.contains(String(unit)) || long.contains(unit.lowercased()) else { return false }
        }
        return true
    }

    /// An absolute address or an absolute path, as Go's `url.ParseRequestURI` takes them.
    private static func isURI(_ text: String) -> Bool {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return false }
        if text.hasPrefix("/") { return true }
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), let first = text.utf8.first else { return false }
        let scheme = text.utf8[..<colon]
        let isLetter = first | 0x20 >= UInt8(ascii: "a") && first | 0x20 <= UInt8(ascii: "z")
        return isLetter
            && scheme.allSatisfy { NameValidation.isAlphanumeric($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }

    private static func isEmail(_ text: String) -> Bool {
        guard let at = text.lastIndex(of: "@"), at != text.startIndex else { return false }
        let local = text[..<at]
        let domain = text[text.index(after: at)...]
        let allowed = Set(".!#$%&'*+/=?^_`{|}~-".utf8)
        let isLocal = local.utf8.allSatisfy { NameValidation.isAlphanumeric($0) || allowed.contains($0) || $0 > 0x7F }
        return isLocal && !local.hasPrefix(".") && !local.hasSuffix(".") && !local.contains("..") && isHostname(String(domain))
    }

    private static func isHostname(_ text: String) -> Bool {
        guard !text.isEmpty, text.utf8.count <= 255 else { return false }
        let trimmed = text.hasSuffix(".") ? text.dropLast() : text[...]
        return trimmed.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            guard (1...63).contains(label.utf8.count), label.utf8.first != UInt8(ascii: "-"), label.utf8.last != UInt8(ascii: "-") else {
                return false
            }
            return label.utf8.allSatisfy { NameValidation.isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 > 0x7F }
        }
    }

    private static func isCIDR(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[1].isEmpty, parts[1].utf8.count <= 3, parts[1].utf8.allSatisfy(isDigit), let length = Int(parts[1])
        else { return false }
        return AddressSyntax.isIPv4(parts[0]) ? length <= 32 : AddressSyntax.isIPv6(parts[0]) && length <= 128
    }

    private static func isMAC(_ text: String) -> Bool {
        for separator in [":", "-"] as [Character] where text.contains(separator) {
            let groups = text.split(separator: separator, omittingEmptySubsequences: false)
            return [6, 8, 20].contains(groups.count) && groups.allSatisfy { $0.utf8.count == 2 && $0.utf8.allSatisfy(isHex) }
        }
        let groups = text.split(separator: ".", omittingEmptySubsequences: false)
        return [3, 4, 10].contains(groups.count) && groups.allSatisfy { $0.utf8.count == 4 && $0.utf8.allSatisfy(isHex) }
    }

    /// With or without hyphens between the groups.
    private static func isUUID(_ text: String, version: Character?) -> Bool {
        let digits = text.filter { $0 != "-" }
        guard digits.utf8.count == 32, digits.utf8.allSatisfy(isHex) else { return false }
        let groups = text.split(separator: "-", omittingEmptySubsequences: false).map(\.utf8.count)
        guard groups == [32] || groups == [8, 4, 4, 4, 12] else { return false }
        guard let version else { return true }
        let list = Array(digits)
        guard list[12] == version else { return false }
        return version == "3" || "89abAB".contains(list[16])
    }

    private static func isBase64(_ text: String) -> Bool {
        text.utf8.count % 4 == 0 && Base64.firstFault(text) == nil
    }

    private static func isHexColor(_ text: String) -> Bool {
        let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
        return (digits.utf8.count == 3 || digits.utf8.count == 6) && digits.utf8.allSatisfy(isHex)
    }

    private static func isRGBColor(_ text: String) -> Bool {
        guard text.hasPrefix("rgb("), text.hasSuffix(")") else { return false }
        let parts = text.dropFirst(4).dropLast().split(separator: ",", omittingEmptySubsequences: false)
        return parts.count == 3
            && parts.allSatisfy { part in
                let trimmed = part.drop { $0 == " " }
                guard (1...3).contains(trimmed.utf8.count), trimmed.utf8.allSatisfy(isDigit) else { return false }
                return Int(trimmed).map { $0 <= 255 } ?? false
            }
    }

    private static func isISBN10(_ text: String) -> Bool {
        let bytes = Array(text.utf8.filter { $0 != UInt8(ascii: "-") && $0 != 0x20 })
        guard bytes.count == 10, bytes[..<9].allSatisfy(isDigit), isDigit(bytes[9]) || bytes[9] == UInt8(ascii: "X") else { return false }
        let sum = bytes.enumerated().reduce(0) { $0 + (10 - $1.offset) * ($1.element == UInt8(ascii: "X") ? 10 : Int($1.element) - 48) }
        return sum % 11 == 0
    }

    private static func isISBN13(_ text: String) -> Bool {
        let bytes = Array(text.utf8.filter { $0 != UInt8(ascii: "-") && $0 != 0x20 })
        guard bytes.count == 13, bytes.allSatisfy(isDigit) else { return false }
        return bytes.enumerated().reduce(0) { $0 + (Int($1.element) - 48) * ($1.offset % 2 == 0 ? 1 : 3) } % 10 == 0
    }

    private static func isCreditCard(_ text: String) -> Bool {
        let bytes = Array(text.utf8.filter { $0 != UInt8(ascii: "-") && $0 != 0x20 })
        guard (12...19).contains(bytes.count), bytes.allSatisfy(isDigit) else { return false }
        let sum = bytes.reversed().enumerated().reduce(0) { total, digit in
            let value = (Int(digit.element) - 48) * (digit.offset % 2 == 0 ? 1 : 2)
            return total + (value > 9 ? value - 9 : value)
        }
        return sum % 10 == 0
    }

    private static func isSocialSecurityNumber(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [3, 2, 4] || (parts.count == 1 && text.utf8.count == 9) else { return false }
        return text.utf8.allSatisfy { isDigit($0) || $0 == UInt8(ascii: "-") }
    }
}
