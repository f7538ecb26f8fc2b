/// How far a place's clocks are from UTC at any time. Source: RFC 9636 (TZif).
package struct TimeZoneRules: Sendable, Hashable {
    /// UTC itself.
    package static let utc = TimeZoneRules(transitions: [], offsets: [], first: 0, rule: nil)

    private static let folder = "/usr/share/zoneinfo"

    private let transitions: [Int64]
    /// Seconds east of UTC from each transition on.
    private let offsets: [Int64]
    /// Seconds east of UTC before the first transition.
    private let first: Int64
    /// What holds after the last transition; nil when nothing changes any more.
    private let rule: PosixTimeZone?

    private init(transitions: [Int64], offsets: [Int64], first: Int64, rule: PosixTimeZone?) {
        (self.transitions, self.offsets, self.first, self.rule) = (transitions, offsets, first, rule)
    }

    /// The rules of a zone such as `Europe/Berlin`; nil when this machine has no such zone.
    package init?(named name: String) {
        if name == "UTC" || name == "Etc/UTC" {
            self = .utc
            return
        }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && !$0.hasPrefix(".") }), name.utf8.allSatisfy({ $0 > 32 && $0 < 127 }),
            // best effort: a zone that cannot be read is an unknown one
            let bytes = try? FileSystem.readFile("\(Self.folder)/\(name)", limit: 1 << 20)
        else { return nil }
        self.init(tzif: bytes)
    }

    /// The zone of this machine's clocks as the C library finds it: what the variable TZ says (a zone, a file, or a rule such as `CET-1`), without
    /// it /etc/localtime. UTC where neither can be read.
    package static func local(variable: String?) -> TimeZoneRules {
        guard let variable else { return file("/etc/localtime") ?? .utc }
        let name = variable.hasPrefix(":") ? String(variable.dropFirst()) : variable
        if name.hasPrefix("/") { return file(name) ?? .utc }
        let rule = PosixTimeZone(name).map { TimeZoneRules(transitions: [], offsets: [], first: 0, rule: $0) }
        return TimeZoneRules(named: name) ?? rule ?? .utc
    }

    private static func file(_ path: String) -> TimeZoneRules? {
        // best effort: a zone that cannot be read is an unknown one
        (try? FileSystem.readFile(path, limit: 1 << 20)).flatMap { TimeZoneRules(tzif: $0) }
    }

    /// The rules in a TZif file of any version; nil when the bytes are none.
    package init?(tzif bytes: [UInt8]) {
        guard var block = Block(bytes, at: 0, wide: false) else { return nil }
        let version = bytes[4]
        if version >= 0x32 {
            guard let second = Block(bytes, at: block.end, wide: true) else { return nil }
            block = second
        }
        let types = block.types(bytes)
        guard let standard = types.first else { return nil }
        let (times, kinds) = block.transitions(bytes)
        guard kinds.allSatisfy({ $0 < types.count }), zip(times, times.dropFirst()).allSatisfy(<) else { return nil }
        var rule: PosixTimeZone?
        if version >= 0x32, block.end < bytes.count, bytes[block.end] == 0x0A {
            let text = bytes[(block.end + 1)...].prefix { $0 != 0x0A }
            rule = text.isEmpty ? nil : PosixTimeZone(String(decoding: text, as: UTF8.self))
        }
        self.init(transitions: times, offsets: kinds.map { types[$0] }, first: standard, rule: rule)
    }

    /// Seconds that local time is ahead of UTC, at a number of seconds since 1970.
    package func offset(at seconds: Int64) -> Int64 {
        guard let last = transitions.last else { return rule?.offset(at: seconds) ?? first }
        if seconds >= last { return rule?.offset(at: seconds) ?? offsets[offsets.count - 1] }
        guard seconds >= transitions[0] else { return first }
        var (low, high) = (0, transitions.count - 1)
        while low < high {
            let middle = (low + high + 1) / 2
            if transitions[middle] <= seconds { low = middle } else { high = middle - 1 }
        }
        return offsets[low]
    }

    /// The moments, in seconds since 1970, at which local clocks show a time given as if it were UTC: none in the hour that is left out,
    /// two in the hour that comes twice.
    package func moments(showing local: Int64) -> [Int64] {
        let candidates = Set([offset(at: local - 86_400), offset(at: local), offset(at: local + 86_400)].map { local - $0 })
        return candidates.filter { $0 + offset(at: $0) == local }.sorted()
    }
}

extension Timestamp {
    /// What the clocks of a zone show at this moment, as if it were UTC.
    package func shown(in zone: TimeZoneRules) -> Timestamp { advanced(by: .seconds(zone.offset(at: seconds))) }
}

/// One of the data blocks of a TZif file.
private struct Block {
    private let counts: (times: Int, types: Int)
    private let start: Int
    private let width: Int
    let end: Int

    init?(_ bytes: [UInt8], at place: Int, wide: Bool) {
        guard bytes.count >= place + 44, Array(bytes[place..<(place + 4)]) == Array("TZif".utf8) else { return nil }
        // Counts are bounded by the file: sums of what passes cannot overflow.
        func count(_ index: Int) -> Int {
            (0..<4).reduce(0) { $0 << 8 | Int(bytes[place + 20 + index * 4 + $1]) }
        }
        let (utc, standard, leaps, times, types, characters) = (count(0), count(1), count(2), count(3), count(4), count(5))
        guard [utc, standard, leaps, times, types, characters].allSatisfy({ $0 <= bytes.count }), types > 0 else { return nil }
        width = wide ? 8 : 4
        start = place + 44
        counts = (times, types)
        end = start + times * (width + 1) + types * 6 + characters + leaps * (width + 4) + standard + utc
        guard end <= bytes.count else { return nil }
    }

    func transitions(_ bytes: [UInt8]) -> ([Int64], [Int]) {
        let times = (0..<counts.times).map { signed(bytes, start + $0 * width, width) }
        return (times, (0..<counts.times).map { Int(bytes[start + counts.times * width + $0]) })
    }

    func types(_ bytes: [UInt8]) -> [Int64] {
        (0..<counts.types).map { signed(bytes, start + counts.times * (width + 1) + $0 * 6, 4) }
    }

    private func signed(_ bytes: [UInt8], _ place: Int, _ width: Int) -> Int64 {
        let raw = (0..<width).reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[place + $1]) }
        return width == 4 ? Int64(Int32(truncatingIfNeeded: raw)) : Int64(bitPattern: raw)
    }
}
