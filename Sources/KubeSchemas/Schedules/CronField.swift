import JSONCore

/// One of the five fields of a schedule: which numbers it takes. Source: robfig/cron `parser.go`.
struct CronField: Sendable, Hashable {
    /// What a field may hold.
    struct Bounds {
        let low: Int
        let high: Int
        var names: [String] = []

        static let minute = Bounds(low: 0, high: 59)
        static let hour = Bounds(low: 0, high: 23)
        static let day = Bounds(low: 1, high: 31)
        static let month = Bounds(
            low: 1, high: 12, names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
        static let weekday = Bounds(low: 0, high: 6, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"])
    }

    private(set) var bits: UInt64 = 0
    /// Whether it is `*` or `?`, which says nothing about the other kind of day.
    private(set) var isOpen = false

    init(_ text: String, _ bounds: Bounds) throws(CronSchedule.Problem) {
        for part in text.split(separator: ",", omittingEmptySubsequences: false) { try add(String(part), bounds) }
    }

    /// The numbers it takes, smallest first.
    var numbers: [Int64] { (0..<64).filter { bits >> $0 & 1 == 1 }.map { Int64($0) } }

    func contains(_ number: Int64) -> Bool { number >= 0 && number < 64 && bits >> number & 1 == 1 }

    private mutating func add(_ part: String, _ bounds: Bounds) throws(CronSchedule.Problem) {
        let pieces = part.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let ends = pieces[0].split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        var (low, high) = (bounds.low, bounds.high)
        var isStar = false
        if ends[0] == "*" || ends[0] == "?" {
            isStar = true
            guard ends.count == 1 else { throw CronSchedule.Problem("too many hyphens: \(part)") }
        } else {
            low = try Self.number(ends[0], bounds)
            guard ends.count <= 2 else { throw CronSchedule.Problem("too many hyphens: \(part)") }
            high = ends.count == 2 ? try Self.number(ends[1], bounds) : low
        }
        guard pieces.count <= 2 else { throw CronSchedule.Problem("too many slashes: \(part)") }
        var step = 1
        if pieces.count == 2 {
            step = try Self.number(pieces[1], Bounds(low: 0, high: .max))
            // `N/step` means from N to the end.
            if ends.count == 1, !isStar { high = bounds.high }
            if step > 1 { isStar = false }
        }
        if low < bounds.low { throw CronSchedule.Problem("beginning of range (\(low)) below minimum (\(bounds.low)): \(part)") }
        if high > bounds.high { throw CronSchedule.Problem("end of range (\(high)) above maximum (\(bounds.high)): \(part)") }
        if low > high { throw CronSchedule.Problem("beginning of range (\(low)) beyond end of range (\(high)): \(part)") }
        if step == 0 { throw CronSchedule.Problem("step of range should be a positive number: \(part)") }
        if isStar { isOpen = true }
        for number in stride(from: low, through: high, by: min(step, 64)) { bits |= 1 << UInt64(number) }
    }

    private static func number(_ text: String, _ bounds: Bounds) throws(CronSchedule.Problem) -> Int {
        if let index = bounds.names.firstIndex(of: text.lowercased()) { return index + bounds.low }
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let number = Int(text) else {
            throw CronSchedule.Problem("failed to parse int from \(text): strconv.Atoi: parsing \(text.goQuoted): invalid syntax")
        }
        return number
    }
}
