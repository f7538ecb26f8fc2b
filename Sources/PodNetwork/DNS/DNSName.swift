internal import LinuxKernel

/// A domain name as it is sent, without compression: labels of 1 to 63 bytes, 255 bytes at most with their lengths and the final zero.
package struct DNSName: Sendable, Hashable, CustomStringConvertible {
    /// Every label behind its length, then a zero.
    let wire: [UInt8]

    static let root = DNSName(wire: [0])
    static let maximumLength = 255

    /// - Parameter wire: known to be whole and within the limits.
    init(wire: [UInt8]) { self.wire = wire }

    /// From text such as `db.example.com`, with or without the final dot; nil for what is no name.
    package init?(_ text: some StringProtocol) {
        var parts = text.split(separator: ".", omittingEmptySubsequences: false)
        if parts.last?.isEmpty ?? false { parts.removeLast() }
        self.init(labels: parts.map { Array($0.utf8) })
    }

    /// From labels, the first one first; nil when one is empty or too long, or all together are.
    init?(labels: [[UInt8]]) {
        var wire: [UInt8] = []
        for label in labels {
            guard (1...63).contains(label.count), wire.count + label.count + 2 <= Self.maximumLength else { return nil }
            wire.append(UInt8(label.count))
            wire += label
        }
        self.wire = wire + [0]
    }

    /// The same name in lower case; names that differ in nothing else are the same name.
    var lowercased: DNSName {
        // Lengths are below 64, and so never taken for letters.
        DNSName(wire: wire.map { (65...90).contains($0) ? $0 + 32 : $0 })
    }

    /// The labels, the first one first.
    var labels: [ArraySlice<UInt8>] {
        var result: [ArraySlice<UInt8>] = []
        var place = 0
        while wire[place] != 0 {
            let end = place + 1 + Int(wire[place])
            result.append(wire[(place + 1)..<end])
            place = end
        }
        return result
    }

    /// The labels in front of `suffix` as text; nil when the name does not end with it. Both are in lower case.
    func labels(before suffix: DNSName) -> [String]? {
        guard wire.count >= suffix.wire.count, wire.suffix(suffix.wire.count) == suffix.wire[...] else { return nil }
        let end = wire.count - suffix.wire.count
        var place = 0
        var result: [String] = []
        while place < end {
            let next = place + 1 + Int(wire[place])
            result.append(String(decoding: wire[(place + 1)..<next], as: UTF8.self))
            place = next
        }
        // Else the suffix began in the middle of a label.
        return place == end ? result : nil
    }

    /// As people write it, without the final dot; `.` for the root.
    package var description: String {
        guard wire.count > 1 else { return "." }
        return labels.map { label in
            label.reduce(into: "") { text, byte in
                switch byte {
                case UInt8(ascii: "."), UInt8(ascii: "\\"): text += "\\" + String(UnicodeScalar(byte))
                case 0x21...0x7E: text.unicodeScalars.append(UnicodeScalar(byte))
                default: text += "\\" + String(repeating: "0", count: byte < 10 ? 2 : byte < 100 ? 1 : 0) + "\(byte)"
                }
            }
        }.joined(separator: ".")
    }
}

extension DNSName {
    private static let reverse = DNSName(wire: [7] + Array("in-addr".utf8) + [4] + Array("arpa".utf8) + [0])
    /// The apex of all reverse names of IPv4 addresses.
    static var reverseApex: DNSName { reverse }

    /// The address that a reverse name in lower case stands for; nil for other names.
    var reverseAddress: IPv4Address? {
        guard let labels = labels(before: Self.reverse), labels.count == 4 else { return nil }
        return IPv4Address(labels.reversed().joined(separator: "."))
    }
}
