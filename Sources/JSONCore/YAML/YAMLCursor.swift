/// Turns libyaml's positions, which count scalars, into marks. Positions mostly grow, so it walks on from the last one.
struct YAMLCursor {
    private let bytes: [UInt8]
    private var scalar = 0
    private var offset = 0
    private var line = 0
    private var column = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func mark(atScalar target: Int) -> YAMLMark {
        if target < scalar { rewind() }
        while scalar < target, offset < bytes.count { advance() }
        return YAMLMark(line: line, column: column, offset: offset)
    }

    mutating func mark(atByte target: Int) -> YAMLMark {
        if target < offset { rewind() }
        while offset < target, offset < bytes.count { advance() }
        return YAMLMark(line: line, column: column, offset: offset)
    }

    func byte(at mark: YAMLMark) -> UInt8? {
        mark.offset < bytes.count ? bytes[mark.offset] : nil
    }

    private mutating func advance() {
        if bytes[offset] == 0x0A {
            line += 1
            column = 0
        } else {
            column += 1
        }
        scalar += 1
        offset += 1
        while offset < bytes.count, bytes[offset] & 0xC0 == 0x80 { offset += 1 }
    }

    private mutating func rewind() {
        scalar = 0
        offset = 0
        line = 0
        column = 0
    }
}
