package import LinuxKernel

/// When a CronJob runs: five fields, a name such as `@daily`, or `@every` with a duration. Source: robfig/cron v3 `ParseStandard`.
package struct CronSchedule: Sendable, Hashable {
    /// What is wrong with a schedule's text.
    package struct Problem: Error {
        /// In the words of Kubernetes' own parser.
        package let message: String
        init(_ message: String) { self.message = message }
    }

    private enum Form: Hashable {
        case fields(minute: CronField, hour: CronField, day: CronField, month: CronField, weekday: CronField)
        case every(seconds: Int64)
    }

    /// A day that never comes, the 30th of February for example, is looked for so long.
    private static let horizon: Int64 = 5 * 366

    private static let names = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0", "@daily": "0 0 * * *",
        "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]

    private let form: Form

    /// Reads a schedule; throws what is wrong with it.
    package init(_ text: String) throws(Problem) {
        if text.hasPrefix("@every ") {
            form = .every(seconds: try Self.duration(String(text.dropFirst(7))))
            return
        }
        if text.hasPrefix("@"), Self.names[text] == nil { throw Problem("unrecognized descriptor: \(text)") }
        let fields = (Self.names[text] ?? text).split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        guard fields.count == 5 else {
            throw Problem("expected exactly 5 fields, found \(fields.count): [\(fields.joined(separator: " "))]")
        }
        form = .fields(
            minute: try CronField(fields[0], .minute), hour: try CronField(fields[1], .hour), day: try CronField(fields[2], .day),
            month: try CronField(fields[3], .month), weekday: try CronField(fields[4], .weekday))
    }

    /// The first time after a moment; nil when there is none in the next five years.
    package func next(after moment: Timestamp, in zone: TimeZoneRules) -> Timestamp? {
        guard case .fields = form else {
            guard case .every(let seconds) = form else { return nil }
            return moment.wholeSeconds.advanced(by: .seconds(seconds))
        }
        let first = Self.day(moment.seconds + zone.offset(at: moment.seconds))
        // A day earlier and later, since clocks that are turned may show a day twice.
        for day in (first - 1)...(first + Self.horizon) {
            if let found = times(on: day, zone).first(where: { $0 > moment.seconds }) { return Timestamp(seconds: found) }
        }
        return nil
    }

    /// The last time that is after one moment and not after another; nil when there is none.
    package func last(after earliest: Timestamp, notAfter latest: Timestamp, in zone: TimeZoneRules) -> Timestamp? {
        guard earliest < latest else { return nil }
        guard case .fields = form else {
            guard case .every(let seconds) = form else { return nil }
            let passed = latest.seconds - earliest.seconds
            return passed < seconds ? nil : Timestamp(seconds: earliest.seconds + passed / seconds * seconds)
        }
        let last = Self.day(latest.seconds + zone.offset(at: latest.seconds))
        let first = max(Self.day(earliest.seconds) - 1, last - Self.horizon)
        for day in stride(from: last + 1, through: first, by: -1) {
            if let found = times(on: day, zone).last(where: { $0 <= latest.seconds }) {
                return found > earliest.seconds ? Timestamp(seconds: found) : nil
            }
        }
        return nil
    }

    private static func day(_ seconds: Int64) -> Int64 { seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400 }

    /// The times of a local day, earliest first.
    private func times(on day: Int64, _ zone: TimeZoneRules) -> [Int64] {
        guard case .fields(let minute, let hour, let days, let month, let weekday) = form else { return [] }
        let date = CalendarDay(sinceEpoch: day)
        guard month.contains(date.month) else { return [] }
        let (isDay, isWeekday) = (days.contains(date.day), weekday.contains(date.weekday))
        // With both kinds of day given, either counts.
        guard days.isOpen || weekday.isOpen ? isDay && isWeekday : isDay || isWeekday else { return [] }
        let minutes = minute.numbers
        return hour.numbers.flatMap { hour in
            minutes.flatMap { zone.moments(showing: day * 86_400 + hour * 3600 + $0 * 60) }
        }.sorted()
    }

    /// A duration as Go writes it, `1h30m` for example, in whole seconds and at least one.
    private static func duration(_ text: String) throws(Problem) -> Int64 {
        let units: [(String, Double)] = [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600)]
        var (rest, total) = (Substring(text), 0.0)
        let problem = Problem("failed to parse duration @every \(text): time: invalid duration \"\(text)\"")
        guard !rest.isEmpty else { throw problem }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            let name = rest.prefix { !($0.isASCII && ($0.isNumber || $0 == ".")) }
            rest = rest.dropFirst(name.count)
            guard let value = Double(digits), let unit = units.first(where: { $0.0 == name }) else { throw problem }
            total += value * unit.1
        }
        // The longest duration that Go has.
        guard total <= 9_223_372_036 else { throw problem }
        return max(1, Int64(total))
    }
}
