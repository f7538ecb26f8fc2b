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
            (1...12).contains(month), day >= 1, day <= CalendarDay.daysInMonth(year: year, month: month),
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
        let days = CalendarDay(year: year, month: month, day: day).sinceEpoch
        self.init(
            seconds: days * 86400 + hour * 3600 + minute * 60 + second - offset, nanoseconds: Int32(nanos))
    }

    /// Writes the text into a small string without any intermediate buffer. Years outside 0…9999 are clamped.
    private func formatted(fractionDigits: Int) -> String {
        let clamped = min(max(seconds, -62_167_219_200), 253_402_300_799)
        var days = clamped / 86400
        var rest = clamped % 86400
        if rest < 0 { (days, rest) = (days - 1, rest + 86400) }
        let date = CalendarDay(sinceEpoch: days)
        let length = fractionDigits == 0 ? 20 : 21 + fractionDigits
        return String(unsafeUninitializedCapacity: length) { out in
            func put(_ value: Int64, _ start: Int, _ count: Int) {
                var value = value
                for i in stride(from: start + count - 1, through: start, by: -1) {
                    out[i] = UInt8(48 + value % 10)
                    value /= 10
                }
            }
            put(date.year, 0, 4)
            put(date.month, 5, 2)
            put(date.day, 8, 2)
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
}
