extension Timestamp {
    /// `2026-01-02T03:04:05Z`, always 20 characters (metav1.Time).
    package var rfc3339: String { formatted(fractionDigits: 0) }
    /// `2026-01-02T03:04:05.123456Z`, always 27 characters (metav1.MicroTime).
    package var rfc3339Micro: String { formatted(fractionDigits: 6) }
    /// `2026-01-02T03:04:05.123456789Z`, always 30 characters (log lines).
    package var rfc3339Nano: String { formatted(fractionDigits: 9) }

    /// Parses RFC 3339 as Go's `time.RFC3339` does: any number of fraction digits (nine are kept), `Z` or an offset.
    /// nil when the text is anything else or names a date that does not exist.
    package init?(rfc3339 text: String) {
        var copy = text
        guard let parsed = copy.withUTF8({ Timestamp(rfc3339: $0) }) else { return nil }
        self = parsed
    }

    /// As `init?(rfc3339: String)`, from UTF-8 bytes.
    package init?(rfc3339 bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count >= 20, bytes.count <= 64 else { return nil }
        func digits(_ start: Int, _ count: Int) -> Int64? {
            var value: Int64 = 0
            for i in start..<(start + count) {
                guard i < bytes.count, bytes[i] >= 48, bytes[i] <= 57 else { return nil }
                value = value * 10 + Int64(bytes[i] - 48)
            }
            return value
        }
        guard let year = digits(0, 4), bytes[4] == 45, let month = digits(5, 2), bytes[7] == 45, let day = digits(8, 2),
            bytes[10] == 84 || bytes[10] == 116, let hour = digits(11, 2), bytes[13] == 58,
            let minute = digits(14, 2), bytes[16] == 58, let second = digits(17, 2),
            (1...12).contains(month), day >= 1, day <= Self.daysInMonth(year: year, month: month),
            hour < 24, minute < 60, second < 60
        else { return nil }
        var position = 19
        var nanos: Int64 = 0
        if bytes[position] == 46 || bytes[position] == 44 {
            position += 1
            var scale: Int64 = 100_000_000
            let start = position
            while position < bytes.count, bytes[position] >= 48, bytes[position] <= 57 {
                nanos += Int64(bytes[position] - 48) * scale
                scale /= 10
                position += 1
            }
            guard position > start else { return nil }
        }
        guard position < bytes.count else { return nil }
        var offset: Int64 = 0
        switch bytes[position] {
        case 90, 122:
            guard position + 1 == bytes.count else { return nil }
        case 43, 45:
            guard position + 6 == bytes.count, bytes[position + 3] == 58, let hours = digits(position + 1, 2),
                let minutes = digits(position + 4, 2), hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 60 + minutes) * (bytes[position] == 43 ? 60 : -60)
        default: return nil
        }
        let days = Self.daysSinceEpoch(year: year, month: month, day: day)
        self.init(
            seconds: days * 86400 + hour * 3600 + minute * 60 + second - offset, nanoseconds: Int32(nanos))
    }

    /// Writes the text into a small string without any intermediate buffer. Years outside 0…9999 are clamped.
    private func formatted(fractionDigits: Int) -> String {
        let clamped = min(max(seconds, -62_167_219_200), 253_402_300_799)
        var days = clamped / 86400
        var rest = clamped % 86400
        if rest < 0 { (days, rest) = (days - 1, rest + 86400) }
        let (year, month, day) = Self.civil(days: days)
        let length = fractionDigits == 0 ? 20 : 21 + fractionDigits
        return String(unsafeUninitializedCapacity: length) { out in
            func put(_ value: Int64, _ start: Int, _ count: Int) {
                var value = value
                for i in stride(from: start + count - 1, through: start, by: -1) {
                    out[i] = UInt8(48 + value % 10)
                    value /= 10
                }
            }
            put(year, 0, 4)
            put(month, 5, 2)
            put(day, 8, 2)
            put(rest / 3600, 11, 2)
            put(rest / 60 % 60, 14, 2)
            put(rest % 60, 17, 2)
            (out[4], out[7], out[10], out[13], out[16]) = (45, 45, 84, 58, 58)
            if fractionDigits > 0 {
                out[19] = 46
                put(Int64(nanoseconds) / (fractionDigits == 6 ? 1000 : 1), 20, fractionDigits)
            }
            out[length - 1] = 90
            return length
        }
    }

    private static func daysInMonth(year: Int64, month: Int64) -> Int64 {
        switch month {
        case 2: return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: return 30
        default: return 31
        }
    }

    /// Days from 1970-01-01 to a proleptic Gregorian date. Source: Howard Hinnant, `days_from_civil`.
    private static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The inverse of `daysSinceEpoch`. Source: Howard Hinnant, `civil_from_days`.
    private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let mp = (5 * dayOfYear + 2) / 153
        let month = mp < 10 ? mp + 3 : mp - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * mp + 2) / 5 + 1)
    }
}
