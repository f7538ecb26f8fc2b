package import LinuxKernel

/// A moment as people type it into a log.
package enum LogTime {
    /// `10m` and `1h30m` ago, `14:05` or `14:05:07` of today (of yesterday when it is still to come), `2026-03-01 14:05` and RFC 3339; by
    /// the clocks of a zone where the text names none. Nil for anything else.
    package static func parse(_ text: String, now: Timestamp, zone: TimeZoneRules = .utc) -> Timestamp? {
        let text = text.split(separator: " ").joined(separator: "T")
        guard !text.isEmpty else { return nil }
        if let ago = duration(text) { return now.advanced(by: .seconds(-ago)) }
        if let exact = Timestamp(rfc3339: text) { return exact }
        let isDated = text.contains("T") || text.filter { $0 == "-" }.count == 2
        let day = isDated ? text.prefix { $0 != "T" } : now.shown(in: zone).rfc3339.prefix(10)
        let clock = isDated ? text.dropFirst(day.count + 1) : text[...]
        guard let local = Timestamp(rfc3339: "\(day)T\(padded(clock))Z") else { return nil }
        // An hour that clocks leave out is counted on from before it; of one that comes twice the first is meant.
        let seconds = zone.moments(showing: local.seconds).min() ?? local.seconds - zone.offset(at: local.seconds - 86_400)
        let moment = Timestamp(seconds: seconds, nanoseconds: local.nanoseconds)
        return !isDated && moment > now ? moment.advanced(by: .seconds(-86_400)) : moment
    }

    /// `9:5` is no time, `9:05` is `09:05:00`.
    private static func padded(_ clock: Substring) -> String {
        guard !clock.isEmpty else { return "00:00:00" }
        var parts = clock.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        if parts[0].count == 1 { parts[0] = "0" + parts[0] }
        if parts.count == 2 { parts.append("00") }
        return parts.joined(separator: ":")
    }

    /// Seconds of `1d2h3m4s`.
    private static func duration(_ text: String) -> Int64? {
        var total: Int64 = 0
        var digits = ""
        for character in text {
            if character.isASCII, character.isNumber {
                digits.append(character)
                continue
            }
            let unit: Int64
            switch character {
            case "s": unit = 1
            case "m": unit = 60
            case "h": unit = 3600
            case "d": unit = 86_400
            default: return nil
            }
            guard let number = Int64(digits), number < 10_000_000 else { return nil }
            total += number * unit
            digits = ""
        }
        return digits.isEmpty ? total : nil
    }
}
