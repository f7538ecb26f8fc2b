/// A place in the text as bytes of UTF-8: what edits are recorded in, since inserting may join characters and move columns.
struct BytePosition: Sendable, Hashable {
    var line: Int
    var offset: Int
}

/// One replacement: enough to do it and to take it back.
struct TextEdit: Sendable, Hashable {
    var start: BytePosition
    var removed: String
    var inserted: String
}

/// Lines of text without their line feeds; there is always at least one.
struct TextBuffer: Sendable, Hashable {
    private(set) var lines: [String]

    init(_ text: String = "") { lines = Self.split(text) }

    var text: String { lines.joined(separator: "\n") }

    /// Cuts text into lines; every kind of line end counts.
    static func split(_ text: String) -> [String] {
        var lines: [String] = []
        var line: [UInt8] = []
        var isAfterReturn = false
        for byte in text.utf8 {
            if byte == 0x0A, isAfterReturn {
                isAfterReturn = false
                continue
            }
            isAfterReturn = byte == 0x0D
            if byte == 0x0A || byte == 0x0D {
                lines.append(String(decoding: line, as: UTF8.self))
                line.removeAll(keepingCapacity: true)
            } else {
                line.append(byte)
            }
        }
        lines.append(String(decoding: line, as: UTF8.self))
        return lines
    }

    /// The nearest place that exists.
    func clamped(_ position: TextPosition) -> TextPosition {
        let line = max(0, min(lines.count - 1, position.line))
        return TextPosition(line: line, column: max(0, min(lines[line].count, position.column)))
    }

    func bytes(_ position: TextPosition) -> BytePosition {
        let place = clamped(position)
        let line = lines[place.line]
        let index = line.index(line.startIndex, offsetBy: place.column)
        return BytePosition(line: place.line, offset: line.utf8.distance(from: line.startIndex, to: index))
    }

    /// The position of the character that holds a byte.
    func position(_ bytes: BytePosition) -> TextPosition {
        let number = max(0, min(lines.count - 1, bytes.line))
        let line = lines[number]
        var column = 0
        var offset = 0
        for character in line {
            if offset >= bytes.offset { break }
            offset += character.utf8.count
            column += 1
        }
        return TextPosition(line: number, column: column)
    }

    /// The text between two positions.
    func text(_ range: Range<TextPosition>) -> String { text(from: bytes(range.lowerBound), to: bytes(range.upperBound)) }

    /// The edit that replaces a range.
    func edit(_ range: Range<TextPosition>, with new: String) -> TextEdit {
        let start = bytes(range.lowerBound)
        return TextEdit(
            start: start, removed: text(from: start, to: bytes(range.upperBound)), inserted: Self.split(new).joined(separator: "\n"))
    }

    /// Does an edit; returns where the inserted text ends.
    @discardableResult
    mutating func apply(_ edit: TextEdit) -> BytePosition { replace(edit.start, removing: edit.removed, inserting: edit.inserted) }

    /// Takes an edit back; returns where the restored text ends.
    @discardableResult
    mutating func revert(_ edit: TextEdit) -> BytePosition { replace(edit.start, removing: edit.inserted, inserting: edit.removed) }

    private mutating func replace(_ start: BytePosition, removing old: String, inserting new: String) -> BytePosition {
        let removedEnd = Self.end(of: old, from: start)
        let head = prefix(lines[start.line], start.offset)
        let tail = suffix(lines[removedEnd.line], removedEnd.offset)
        let insertedEnd = Self.end(of: new, from: start)
        var fresh = new.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        fresh[0] = head + fresh[0]
        fresh[fresh.count - 1] += tail
        lines.replaceSubrange(start.line...removedEnd.line, with: fresh)
        return insertedEnd
    }

    private func text(from start: BytePosition, to end: BytePosition) -> String {
        if start.line == end.line { return suffix(prefix(lines[start.line], end.offset), start.offset) }
        var parts = [suffix(lines[start.line], start.offset)]
        parts += lines[(start.line + 1)..<end.line]
        parts.append(prefix(lines[end.line], end.offset))
        return parts.joined(separator: "\n")
    }

    private static func end(of text: String, from start: BytePosition) -> BytePosition {
        var end = start
        for byte in text.utf8 {
            if byte == 0x0A { end = BytePosition(line: end.line + 1, offset: 0) } else { end.offset += 1 }
        }
        return end
    }

    private func prefix(_ line: String, _ offset: Int) -> String { String(decoding: line.utf8.prefix(offset), as: UTF8.self) }
    private func suffix(_ line: String, _ offset: Int) -> String { String(decoding: line.utf8.dropFirst(offset), as: UTF8.self) }
}
