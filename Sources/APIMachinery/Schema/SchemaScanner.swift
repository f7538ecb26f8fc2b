/// Reads the words of a schema file, line by line, without copying what is only skipped.
struct SchemaScanner {
    let bytes: UnsafeBufferPointer<UInt8>
    let file: String
    /// The line being read, from 1.
    var line = 0
    /// Where the next word of the line starts.
    var position = 0
    /// Where the line ends, without its terminator.
    var end = 0
    private var next = 0

    init(bytes: UnsafeBufferPointer<UInt8>, file: String) {
        self.bytes = bytes
        self.file = file
    }

    /// A place that a second pass can go back to.
    struct Mark {
        let line: Int
        let next: Int
    }

    /// The place after the current line.
    var mark: Mark { Mark(line: line, next: next) }

    /// Goes to a place; the line after it is read by ``nextLine()``.
    mutating func rewind(to mark: Mark) {
        line = mark.line
        next = mark.next
    }

    /// What a line is.
    enum LineKind {
        case declaration
        case field
        case continuation
    }

    /// Goes to the next line that is neither blank nor a comment; nil at the end of the file.
    mutating func nextLine() -> LineKind? {
        while next < bytes.count {
            line += 1
            position = next
            end = next
            while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
            next = end + 1
            if end > position, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
            let start = position
            skipSpaces()
            guard position < end, bytes[position] != UInt8(ascii: "#") else { continue }
            if bytes[position] == UInt8(ascii: "|") { return .continuation }
            return position == start ? .declaration : .field
        }
        return nil
    }

    mutating func skipSpaces() {
        while position < end, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
    }

    /// Whether the line goes on after exactly one space; otherwise documentation or the end follows.
    mutating func atFact() -> Bool {
        guard position < end, bytes[position] == 0x20 else { return false }
        guard position + 1 < end, bytes[position + 1] != 0x20, bytes[position + 1] != 0x09 else { return false }
        position += 1
        return true
    }

    /// The rest of the line as the place of documentation.
    mutating func documentation() -> Range<Int32> {
        skipSpaces()
        var last = end
        while last > position, bytes[last - 1] == 0x20 || bytes[last - 1] == 0x09 { last -= 1 }
        return Int32(position)..<Int32(max(position, last))
    }

    /// The bytes up to the next space outside brackets and quotes.
    mutating func word() throws(SchemaError) -> Range<Int> {
        let start = position
        var depth = 0
        var isQuoted = false
        while position < end {
            let byte = bytes[position]
            if isQuoted {
                if byte == UInt8(ascii: "\\") { position += 1 } else if byte == UInt8(ascii: "\"") { isQuoted = false }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isQuoted = true
                case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
                case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
                case 0x20, 0x09: if depth <= 0 { return start..<position }
                default: break
                }
            }
            position += 1
        }
        position = min(position, end)
        guard depth == 0, !isQuoted else { throw error("bracket or quote is not closed") }
        return start..<position
    }

    func text(_ range: Range<Int>) -> String {
        String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    }

    func error(_ message: String) -> SchemaError { SchemaError(file: file, line: line, message: message) }

    /// Splits `name(a, b)` into its name and arguments; arguments are separated by commas outside inner brackets.
    func call(_ range: Range<Int>) -> (name: Range<Int>, arguments: Range<Int>?) {
        guard range.count > 1, bytes[range.upperBound - 1] == UInt8(ascii: ")"),
            let open = range.first(where: { bytes[$0] == UInt8(ascii: "(") })
        else { return (range, nil) }
        return (range.lowerBound..<open, open + 1..<range.upperBound - 1)
    }

    /// The comma-separated parts of a range, trimmed; commas inside brackets do not separate.
    func list(_ range: Range<Int>) -> [String] {
        var parts: [String] = []
        var depth = 0
        var start = range.lowerBound
        func add(_ part: Range<Int>) {
            var (low, high) = (part.lowerBound, part.upperBound)
            while low < high, bytes[low] == 0x20 { low += 1 }
            while low < high, bytes[high - 1] == 0x20 { high -= 1 }
            parts.append(text(low..<high))
        }
        for index in range {
            switch bytes[index] {
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: ",") where depth == 0:
                add(start..<index)
                start = index + 1
            default: break
            }
        }
        add(start..<range.upperBound)
        return parts
    }

    func equals(_ range: Range<Int>, _ word: StaticString) -> Bool {
        guard range.count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { $0.elementsEqual(bytes[range]) }
    }
}
