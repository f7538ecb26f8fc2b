/// Changes of a text by byte ranges, and the text's lines. Every byte outside the ranges stays.
struct TextEdits {
    let bytes: [UInt8]
    /// "\r\n" when the first line ends so.
    let lineEnding: [UInt8]
    private let lineStarts: [Int]
    private var removedLines: Set<Int> = []
    private var edits: [(range: Range<Int>, replacement: [UInt8])] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var starts = [0]
        for (offset, byte) in bytes.enumerated() where byte == 0x0A { starts.append(offset + 1) }
        lineStarts = starts
        let firstEnd = bytes.firstIndex(of: 0x0A)
        lineEnding = firstEnd.map { $0 > 0 && bytes[$0 - 1] == 0x0D } == true ? [0x0D, 0x0A] : [0x0A]
    }

    /// Whether text stands after the last line feed.
    var lacksFinalLineEnding: Bool {
        bytes.last.map { $0 != 0x0A } ?? false
    }

    /// The line's text without its end.
    func line(_ number: Int) -> ArraySlice<UInt8> {
        var line = bytes[start(number)..<start(number + 1)]
        if line.last == 0x0A { line.removeLast() }
        if line.last == 0x0D { line.removeLast() }
        return line
    }

    mutating func replace(_ range: Range<Int>, by text: some Sequence<UInt8>) {
        edits.append((range, Array(text)))
    }

    /// Inserts lines before a line, or at the end. At the end of a text whose last line is not ended, the new last one is not either.
    mutating func insert(lines: [String], before number: Int) {
        guard !lines.isEmpty else { return }
        let place = start(number)
        let followsOpenLine = place == bytes.count && lacksFinalLineEnding
        var text: [UInt8] = []
        for line in lines {
            if followsOpenLine { text += lineEnding }
            text += line.utf8
            if !followsOpenLine { text += lineEnding }
        }
        edits.append((place..<place, text))
    }

    /// Removes whole lines. When the text's last line is among them and not ended, the line before them loses its end instead: the
    /// reverse of an insertion there.
    mutating func remove(lines: Range<Int>) {
        removedLines.formUnion(lines)
    }

    /// The changed text. Insertions at one place keep their order.
    func applied() -> [UInt8] {
        var result: [UInt8] = []
        var position = 0
        let removals = removedRanges().map { (range: $0, replacement: [UInt8]()) }
        let ordered = (edits + removals).enumerated().sorted { left, right in
            (left.element.range.lowerBound, left.offset) < (right.element.range.lowerBound, right.offset)
        }
        for (_, edit) in ordered {
            if edit.range.lowerBound > position { result += bytes[position..<edit.range.lowerBound] }
            result += edit.replacement
            position = max(position, edit.range.upperBound)
        }
        return result + bytes[position...]
    }

    private func removedRanges() -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var lines = removedLines.sorted()[...]
        while let first = lines.popFirst() {
            var end = first + 1
            while lines.first == end {
                end += 1
                lines.removeFirst()
            }
            var lower = start(first)
            if start(end) == bytes.count, lacksFinalLineEnding, lower > 0 {
                lower -= 1
                if lower > 0, bytes[lower - 1] == 0x0D { lower -= 1 }
            }
            ranges.append(lower..<start(end))
        }
        return ranges
    }

    func start(_ line: Int) -> Int {
        line < lineStarts.count ? lineStarts[line] : bytes.count
    }
}
