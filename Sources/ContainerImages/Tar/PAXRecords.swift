/// Extended header records (`LENGTH KEY=VALUE\n`), as POSIX pax writes them.
struct PAXRecords {
    private(set) var values: [String: [UInt8]] = [:]
    /// In the order written; names without the `SCHILY.xattr.` before them.
    private(set) var attributes: [(name: String, value: [UInt8])] = []

    /// Adds the records of one header; false when they are malformed. Later ones win; an empty value removes.
    mutating func add(_ bytes: [UInt8]) -> Bool {
        var position = 0
        while position < bytes.count {
            // Some writers pad with zeros.
            if bytes[position...].allSatisfy({ $0 == 0 }) { return true }
            guard let space = bytes[position...].firstIndex(of: 32), space - position <= 9,
                let length = TarNumber.decimal(bytes[position..<space]), length > 0, Int64(position) + length <= Int64(bytes.count)
            else { return false }
            let end = position + Int(length)
            guard end - 1 > space, bytes[end - 1] == 10, let equals = bytes[space..<end].firstIndex(of: 61) else { return false }
            let key = String(decoding: bytes[(space + 1)..<equals], as: UTF8.self)
            let value = Array(bytes[(equals + 1)..<(end - 1)])
            position = end
            if key.hasPrefix("SCHILY.xattr.") {
                let name = String(key.dropFirst(13))
                attributes.removeAll { $0.name == name }
                attributes.append((name, value))
            } else {
                values[key] = value.isEmpty ? nil : value
            }
        }
        return true
    }

    /// `seconds[.fraction]`, possibly negative; nil when absent or malformed.
    func time(_ key: String) -> (seconds: Int64, nanoseconds: Int64)? {
        guard var text = values[key]?[...] else { return nil }
        let isNegative = text.first == 45
        if isNegative { text = text.dropFirst() }
        let parts = text.split(separator: 46, maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first.flatMap({ TarNumber.decimal($0) }), whole < 1 << 40 else { return nil }
        var nanoseconds: Int64 = 0
        if parts.count == 2 {
            let digits = parts[1].prefix(9)
            guard let fraction = digits.isEmpty ? 0 : TarNumber.decimal(digits) else { return nil }
            nanoseconds = fraction
            for _ in digits.count..<9 { nanoseconds *= 10 }
        }
        guard isNegative else { return (whole, nanoseconds) }
        return nanoseconds == 0 ? (-whole, 0) : (-whole - 1, 1_000_000_000 - nanoseconds)
    }
}
