import Glibc

/// How much a line matters, as it says itself.
package enum LogLevel: UInt8, Sendable, Hashable, Comparable, CaseIterable {
    case trace, debug, info, warning, error, fatal

    package static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }

    /// One word for people.
    package var name: String {
        switch self {
        case .trace: "trace"
        case .debug: "debug"
        case .info: "info"
        case .warning: "warn"
        case .error: "error"
        case .fatal: "fatal"
        }
    }

    /// The level of a name in any case, as loggers write it; nil for other words.
    package init?(name: some StringProtocol) {
        var bytes: [UInt8] = []
        for byte in name.utf8.prefix(12) { bytes.append(byte | 0x20) }
        guard let level = bytes.withUnsafeBufferPointer({ LogLevel(word: $0) }) else { return nil }
        self = level
    }

    /// From a word in lower case.
    private init?(word: UnsafeBufferPointer<UInt8>) {
        guard let first = word.first, let base = word.baseAddress, word.count <= 11 else { return nil }
        func equals(_ text: StaticString) -> Bool {
            text.utf8CodeUnitCount == word.count && memcmp(text.utf8Start, base, word.count) == 0
        }
        switch first {
        case 0x74 where equals("trace"): self = .trace
        case 0x64 where equals("debug") || equals("dbg"): self = .debug
        case 0x69 where equals("info") || equals("inf") || equals("information"): self = .info
        case 0x6E where equals("notice"): self = .info
        case 0x77 where equals("warn") || equals("warning") || equals("wrn"): self = .warning
        case 0x65 where equals("error") || equals("err"): self = .error
        case 0x65 where equals("emergency") || equals("emerg"): self = .fatal
        case 0x73 where equals("severe"): self = .error
        case 0x66 where equals("fatal") || equals("ftl"): self = .fatal
        case 0x70 where equals("panic"): self = .fatal
        case 0x63 where equals("critical") || equals("crit"): self = .fatal
        case 0x61 where equals("alert"): self = .fatal
        default: return nil
        }
    }

    // MARK: - Lines

    /// The level that a line names: as a field of JSON or logfmt, as klog writes it, or as a word near its start. Nil when it names none.
    package init?(line: ArraySlice<UInt8>) {
        guard let level = line.withUnsafeBufferPointer({ LogLevel(text: $0) }) else { return nil }
        self = level
    }

    init?(text: UnsafeBufferPointer<UInt8>) {
        let head = UnsafeBufferPointer(rebasing: text.prefix(Self.lookedAt))
        guard let first = head.first else { return nil }
        if first == 0x7B {
            guard let level = Self.field(head, after: 0x22, isJSON: true) else { return nil }
            self = level
            return
        }
        guard let level = Self.klog(head) ?? Self.field(head, after: 0x20, isJSON: false) ?? Self.word(head) else { return nil }
        self = level
    }

    /// No more of a line is looked at.
    private static let lookedAt = 4096
    /// A level word stands so near to the start.
    private static let wordsWithin = 96

    /// `I0301 10:00:05.123456 …`
    private static func klog(_ text: UnsafeBufferPointer<UInt8>) -> LogLevel? {
        guard text.count > 8, text[5] == 0x20, text[8] == 0x3A, (1...4).allSatisfy({ text[$0] >= 0x30 && text[$0] <= 0x39 }) else { return nil }
        switch text[0] {
        case 0x49: return .info
        case 0x57: return .warning
        case 0x45: return .error
        case 0x46: return .fatal
        default: return nil
        }
    }

    private static let names: [StaticString] = ["level", "severity", "lvl", "levelname", "log.level", "loglevel", "@l", "severity_text"]

    /// `"level":"warn"`, `"level":30` or ` level=warn`.
    private static func field(_ text: UnsafeBufferPointer<UInt8>, after mark: UInt8, isJSON: Bool) -> LogLevel? {
        guard let base = text.baseAddress else { return nil }
        let separator: UInt8 = isJSON ? 0x3A : 0x3D
        var at = 0
        while at < text.count, let found = memchr(base + at, CInt(separator), text.count - at) {
            let place = UnsafeRawPointer(found) - UnsafeRawPointer(base)
            at = place + 1
            var end = place
            while isJSON, end > 0, text[end - 1] == 0x20 { end -= 1 }
            if isJSON {
                guard end > 0, text[end - 1] == 0x22 else { continue }
                end -= 1
            }
            guard names.contains(where: { isName($0, text, endingAt: end, after: mark) }) else { continue }
            if let level = value(text, from: place + 1) { return level }
        }
        return nil
    }

    private static func isName(_ name: StaticString, _ text: UnsafeBufferPointer<UInt8>, endingAt end: Int, after mark: UInt8) -> Bool {
        let start = end - name.utf8CodeUnitCount
        guard start >= 0, let base = text.baseAddress, memcmp(base + start, name.utf8Start, name.utf8CodeUnitCount) == 0 else { return false }
        return start == 0 ? mark == 0x20 : text[start - 1] == mark
    }

    private static func value(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> LogLevel? {
        var at = start
        while at < text.count, text[at] == 0x20 || text[at] == 0x22 { at += 1 }
        if at < text.count, text[at] >= 0x30, text[at] <= 0x39 { return number(text, from: at) }
        return word(text, at: at)?.level
    }

    /// pino's and bunyan's numbers.
    private static func number(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> LogLevel? {
        var value = 0
        for byte in text[start...].prefix(4) {
            guard byte >= 0x30, byte <= 0x39 else { break }
            value = value * 10 + Int(byte - 0x30)
        }
        switch value {
        case 10..<20: return .trace
        case 20..<30: return .debug
        case 30..<40: return .info
        case 40..<50: return .warning
        case 50..<60: return .error
        case 60..<70: return .fatal
        default: return nil
        }
    }

    /// A level in capitals, in brackets or before a colon, near the start of a line.
    private static func word(_ text: UnsafeBufferPointer<UInt8>) -> LogLevel? {
        var at = 0
        var isAfterColour = false
        let end = min(text.count, wordsWithin)
        while at < end {
            let byte = text[at]
            if byte == 0x1B {
                at = afterColour(text, at)
                isAfterColour = true
                continue
            }
            defer { isAfterColour = false }
            guard isLetter(byte) else {
                at += 1
                continue
            }
            guard let found = word(text, at: at) else {
                while at < text.count, isPartOfWord(text[at]) { at += 1 }
                continue
            }
            let next = found.end < text.count ? text[found.end] : 0x20
            let before = at > 0 ? text[at - 1] : 0x20
            let isBracketed = before == 0x5B && next == 0x5D || before == 0x3C && next == 0x3E
            // A word that its program coloured is a level in lower case too.
            if let level = found.level, isBracketed || next == 0x3A || found.isCapital || isAfterColour && next == 0x1B { return level }
            at = found.end
        }
        return nil
    }

    private struct Word {
        var level: LogLevel?
        var end: Int
        var isCapital: Bool
    }

    /// The word that starts at a place; nil when none starts there or it is longer than every level's name.
    private static func word(_ text: UnsafeBufferPointer<UInt8>, at start: Int) -> Word? {
        var end = start
        var isCapital = true
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 12) { buffer -> Word? in
            while end < text.count, isPartOfWord(text[end]) {
                guard end - start < 12 else { return nil }
                buffer[end - start] = text[end] | 0x20
                isCapital = isCapital && text[end] & 0x20 == 0
                end += 1
            }
            guard end > start else { return nil }
            return Word(level: LogLevel(word: UnsafeBufferPointer(rebasing: buffer[0..<(end - start)])), end: end, isCapital: isCapital)
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A }
    private static func isPartOfWord(_ byte: UInt8) -> Bool { isLetter(byte) || byte >= 0x30 && byte <= 0x39 || byte == 0x5F }

    /// Where the text goes on after an escape sequence.
    private static func afterColour(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        var at = start + 1
        guard at < text.count, text[at] == 0x5B else { return at }
        at += 1
        while at < text.count, text[at] >= 0x20, text[at] <= 0x3F { at += 1 }
        return at + 1
    }
}
