/// Writes values as JSON text into memory of its own, which leaves it as an array.
struct JSONWriter: ~Copyable {
    private var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private var count = 0

    init(capacity: Int = 1024) {
        self.capacity = capacity
        base = .allocate(capacity: capacity)
    }

    deinit {
        base.deallocate()
    }

    /// What was written so far.
    var bytes: [UInt8] { Array(UnsafeBufferPointer(start: base, count: count)) }

    func append(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: base, count: count))
    }

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: put("null")
        case .bool(let flag): put(flag ? "true" : "false")
        case .integer(let number): write(number)
        case .double(let number): write(number)
        case .string(let text): write(text)
        case .array(let elements):
            put(UInt8(ascii: "["))
            var isFirst = true
            for element in elements {
                if !isFirst { put(UInt8(ascii: ",")) }
                isFirst = false
                write(element)
            }
            put(UInt8(ascii: "]"))
        case .object(let members):
            put(UInt8(ascii: "{"))
            var isFirst = true
            for member in members {
                if !isFirst { put(UInt8(ascii: ",")) }
                isFirst = false
                write(member.key)
                put(UInt8(ascii: ":"))
                write(member.value)
            }
            put(UInt8(ascii: "}"))
        }
    }

    mutating func writePretty(_ value: JSONValue, indentation: Int) {
        switch value {
        case .array(let elements) where !elements.isEmpty:
            put(UInt8(ascii: "["))
            for (position, element) in elements.enumerated() {
                newLine(indentation + 1, after: position > 0)
                writePretty(element, indentation: indentation + 1)
            }
            newLine(indentation, after: false)
            put(UInt8(ascii: "]"))
        case .object(let members) where !members.isEmpty:
            put(UInt8(ascii: "{"))
            for (position, member) in members.enumerated() {
                newLine(indentation + 1, after: position > 0)
                write(member.key)
                put(": ")
                writePretty(member.value, indentation: indentation + 1)
            }
            newLine(indentation, after: false)
            put(UInt8(ascii: "}"))
        default:
            write(value)
        }
    }

    mutating func write(_ text: String) {
        var text = text
        put(UInt8(ascii: "\""))
        text.withUTF8 { writeEscaped($0) }
        put(UInt8(ascii: "\""))
    }

    private mutating func writeEscaped(_ source: UnsafeBufferPointer<UInt8>) {
        guard let start = source.baseAddress else { return }
        var runStart = 0
        var position = 0
        while position < source.count {
            if position + 8 <= source.count {
                let word = UnsafeRawPointer(start).loadUnaligned(fromByteOffset: position, as: UInt64.self)
                let special = Self.specialBytes(word)
                if special == 0 {
                    position += 8
                    continue
                }
                position += UInt64(littleEndian: special).trailingZeroBitCount >> 3
            } else if Self.isPlain(source[position]) {
                position += 1
                continue
            }
            put(start + runStart, position - runStart)
            escape(source[position])
            position += 1
            runStart = position
        }
        put(start + runStart, source.count - runStart)
    }

    private mutating func write(_ number: Int64) {
        if number < 0 { put(UInt8(ascii: "-")) }
        var rest = number.magnitude
        reserve(20)
        let start = count
        repeat {
            base[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            count += 1
            rest /= 10
        } while rest > 0
        var digits = UnsafeMutableBufferPointer(start: base + start, count: count - start)
        digits.reverse()
    }

    private mutating func write(_ number: Double) {
        guard number.isFinite else { return put("null") }
        // Swift's description is the shortest text that reads back as the same double.
        var text = number.description
        text.withUTF8 { source in
            if let start = source.baseAddress { put(start, source.count) }
        }
    }

    private mutating func escape(_ byte: UInt8) {
        put(UInt8(ascii: "\\"))
        switch byte {
        case 0x22, 0x5C: put(byte)
        case 0x0A: put(UInt8(ascii: "n"))
        case 0x0D: put(UInt8(ascii: "r"))
        case 0x09: put(UInt8(ascii: "t"))
        case 0x08: put(UInt8(ascii: "b"))
        case 0x0C: put(UInt8(ascii: "f"))
        default:
            put("u00")
            put(Self.hexDigit(byte >> 4))
            put(Self.hexDigit(byte & 15))
        }
    }

    private mutating func newLine(_ indentation: Int, after comma: Bool) {
        if comma { put(UInt8(ascii: ",")) }
        put(UInt8(ascii: "\n"))
        for _ in 0..<indentation { put("  ") }
    }

    private mutating func put(_ text: StaticString) {
        put(text.utf8Start, text.utf8CodeUnitCount)
    }

    @inline(__always)
    private mutating func put(_ byte: UInt8) {
        reserve(1)
        base[count] = byte
        count += 1
    }

    @inline(__always)
    private mutating func put(_ source: UnsafePointer<UInt8>, _ length: Int) {
        reserve(length)
        (base + count).update(from: source, count: length)
        count += length
    }

    @inline(__always)
    private mutating func reserve(_ extra: Int) {
        if count + extra > capacity { grow(extra) }
    }

    private mutating func grow(_ extra: Int) {
        capacity = max(capacity * 2, count + extra)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.update(from: base, count: count)
        base.deallocate()
        base = larger
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x22 && byte != 0x5C
    }

    private static func hexDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }

    /// A word whose set high bits mark the quotes, backslashes and control characters of `word`; only the first mark is exact.
    @inline(__always)
    private static func specialBytes(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* 0x22)
        let backslashes = word ^ (ones &* 0x5C)
        let marks = ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes) | ((word &- ones &* 0x20) & ~word)
        return marks & (ones &* 0x80)
    }
}
