extension EditorModel {
    /// Moves the cursor.
    package func move(_ motion: TextMotion, selecting: Bool) {
        var to = cursor
        switch motion {
        case .up: return placeVertically(cursor.line - 1, selecting: selecting)
        case .down: return placeVertically(cursor.line + 1, selecting: selecting)
        case .pageUp(let rows): return placeVertically(cursor.line - rows, selecting: selecting)
        case .pageDown(let rows): return placeVertically(cursor.line + rows, selecting: selecting)
        case .left:
            if to.column > 0 {
                to.column -= 1
            } else if to.line > 0 {
                to = TextPosition(line: to.line - 1, column: line(to.line - 1).count)
            }
        case .right:
            if to.column < line(to.line).count {
                to.column += 1
            } else if to.line + 1 < lineCount {
                to = TextPosition(line: to.line + 1, column: 0)
            }
        case .lineStart:
            // First to the text, then to the edge.
            let indent = line(to.line).prefix { $0 == " " }.count
            to.column = to.column > indent || to.column == 0 ? indent : 0
        case .lineEnd: to.column = line(to.line).count
        case .documentStart: to = TextPosition(line: 0, column: 0)
        case .documentEnd: to = TextPosition(line: lineCount - 1, column: line(lineCount - 1).count)
        case .wordLeft: to = wordLeft(to)
        case .wordRight: to = wordRight(to)
        }
        place(to, selecting: selecting)
    }

    private func wordLeft(_ from: TextPosition) -> TextPosition {
        guard from.column > 0 else { return from.line > 0 ? TextPosition(line: from.line - 1, column: line(from.line - 1).count) : from }
        let row = Array(line(from.line))
        var column = from.column
        while column > 0, !Self.isWord(row[column - 1]) { column -= 1 }
        while column > 0, Self.isWord(row[column - 1]) { column -= 1 }
        return TextPosition(line: from.line, column: column)
    }

    private func wordRight(_ from: TextPosition) -> TextPosition {
        let row = Array(line(from.line))
        guard from.column < row.count else { return from.line + 1 < lineCount ? TextPosition(line: from.line + 1, column: 0) : from }
        var column = from.column
        while column < row.count, Self.isWord(row[column]) { column += 1 }
        while column < row.count, !Self.isWord(row[column]) { column += 1 }
        return TextPosition(line: from.line, column: column)
    }

    private static func isWord(_ character: Character) -> Bool { character.isLetter || character.isNumber || character == "_" }

    /// Goes to the next (or previous) place with ``search``, starting over at the other end. Masked text is never searched.
    package func find(next: Bool) {
        let wanted = search.lowercased()
        guard !wanted.isEmpty else { return }
        let all = Array(0..<lineCount)
        let order = next ? all[cursor.line...] + all[...cursor.line] : Array((all[cursor.line...] + all[...cursor.line]).reversed())[...]
        var isAnywhere = false
        for (step, number) in order.enumerated() {
            let columns = matches(wanted, line: number)
            isAnywhere = isAnywhere || !columns.isEmpty
            let isFirst = step == 0
            let isLast = step == order.count - 1
            let found =
                next
                ? columns.first { !isFirst || $0 > cursor.column }
                : columns.last { !isFirst || $0 < cursor.column }
            if let found, !(isLast && isFirst && found == cursor.column) {
                return place(TextPosition(line: number, column: found), selecting: false)
            }
        }
        if !isAnywhere { onMissing(search) }
    }

    /// The columns of a line where a text stands that was made lower case.
    func matches(_ wanted: String, line number: Int) -> [Int] {
        let row = line(number).map { $0.isASCII ? Character($0.lowercased()) : $0 }
        let needle = Array(wanted)
        guard row.count >= needle.count else { return [] }
        let masked = maskedColumns(line: number)
        return (0...(row.count - needle.count)).filter { start in
            row[start..<(start + needle.count)].elementsEqual(needle) && !(masked?.overlaps(start..<(start + needle.count)) ?? false)
        }
    }
}
