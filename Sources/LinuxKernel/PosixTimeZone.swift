/// The rule at the end of a time zone's file, `CET-1CEST,M3.5.0,M10.5.0/3` for example, which holds for all years to come.
/// Source: POSIX `TZ`, with the hours that RFC 9636 allows.
struct PosixTimeZone: Sendable, Hashable {
    /// A day of the year and a time on it, in seconds.
    private struct Change: Hashable {
        enum Day: Hashable {
            case weekday(month: Int64, week: Int64, day: Int64)
            /// 1...365; the 29th of February is not counted.
            case withoutLeap(Int64)
            /// 0...365.
            case withLeap(Int64)
        }
        let day: Day
        let time: Int64

        /// The local moment in a year, as if it were UTC.
        func moment(in year: Int64) -> Int64 {
            let new = CalendarDay(year: year, month: 1, day: 1).sinceEpoch
            switch day {
            case .withLeap(let number): return (new + number) * 86_400 + time
            case .withoutLeap(let number):
                return (new + number - 1 + (CalendarDay.isLeap(year) && number > 59 ? 1 : 0)) * 86_400 + time
            case .weekday(let month, let week, let wanted):
                let first = CalendarDay(year: year, month: month, day: 1)
                var day = 1 + (wanted - first.weekday + 7) % 7 + (week - 1) * 7
                if day > CalendarDay.daysInMonth(year: year, month: month) { day -= 7 }
                return (first.sinceEpoch + day - 1) * 86_400 + time
            }
        }
    }

    private let standard: Int64
    private let summer: (offset: Int64, start: Change, end: Change)?

    /// nil when the text is no such rule.
    init?(_ text: String) {
        var reader = Reader(Array(text.utf8))
        guard reader.skipName(), let west = reader.time(most: 24) else { return nil }
        standard = -west
        guard !reader.isAtEnd else {
            summer = nil
            return
        }
        guard reader.skipName() else { return nil }
        var offset = standard + 3600
        if reader.next != UInt8(ascii: ","), !reader.isAtEnd {
            guard let west = reader.time(most: 24) else { return nil }
            offset = -west
        }
        guard reader.take(","), let start = reader.change(), reader.take(","), let end = reader.change(), reader.isAtEnd else { return nil }
        summer = (offset, start, end)
    }

    func offset(at seconds: Int64) -> Int64 {
        guard let summer else { return standard }
        // Beyond some hundred million years nobody keeps summer time.
        guard seconds.magnitude < 1 << 53 else { return standard }
        let local = seconds + standard
        let year = CalendarDay(sinceEpoch: local >= 0 ? local / 86_400 : (local - 86_399) / 86_400).year
        let (start, end) = (summer.start.moment(in: year) - standard, summer.end.moment(in: year) - summer.offset)
        let isSummer = start < end ? seconds >= start && seconds < end : seconds >= start || seconds < end
        return isSummer ? summer.offset : standard
    }

    static func == (left: PosixTimeZone, right: PosixTimeZone) -> Bool {
        left.standard == right.standard && left.summer?.offset == right.summer?.offset && left.summer?.start == right.summer?.start
            && left.summer?.end == right.summer?.end
    }

    func hash(into hasher: inout Hasher) { hasher.combine(standard) }

    private struct Reader {
        private let bytes: [UInt8]
        private var place = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        var isAtEnd: Bool { place == bytes.count }
        var next: UInt8? { place < bytes.count ? bytes[place] : nil }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard next == UInt8(ascii: character) else { return false }
            place += 1
            return true
        }

        mutating func skipName() -> Bool {
            let start = place
            if take("<") {
                while let byte = next, byte != UInt8(ascii: ">") { place += 1 }
                return take(">")
            }
            while let byte = next, (65...90).contains(byte) || (97...122).contains(byte) { place += 1 }
            return place - start >= 3
        }

        mutating func number(most: Int64) -> Int64? {
            var value: Int64 = 0
            let start = place
            while let byte = next, (48...57).contains(byte), place - start < 3 {
                value = value * 10 + Int64(byte - 48)
                place += 1
            }
            return place > start && value <= most ? value : nil
        }

        /// `[+-]hh[:mm[:ss]]` in seconds.
        mutating func time(most hours: Int64) -> Int64? {
            let isNegative = take("-")
            if !isNegative { _ = take("+") }
            guard var seconds = number(most: hours).map({ $0 * 3600 }) else { return nil }
            for unit in [Int64(60), 1] where take(":") {
                guard let part = number(most: 59) else { return nil }
                seconds += part * unit
            }
            return isNegative ? -seconds : seconds
        }

        mutating func change() -> Change? {
            let day: Change.Day
            if take("M") {
                guard let month = number(most: 12), month > 0, take("."), let week = number(most: 5), week > 0, take("."),
                    let weekday = number(most: 6)
                else { return nil }
                day = .weekday(month: month, week: week, day: weekday)
            } else if take("J") {
                guard let number = number(most: 365), number > 0 else { return nil }
                day = .withoutLeap(number)
            } else {
                guard let number = number(most: 365) else { return nil }
                day = .withLeap(number)
            }
            guard take("/") else { return Change(day: day, time: 7200) }
            return time(most: 167).map { Change(day: day, time: $0) }
        }
    }
}
