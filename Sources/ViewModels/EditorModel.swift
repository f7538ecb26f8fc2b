@MainActor package final class EditorModel {
    private struct Snapshot {
        var lines: [[Character]]
        var cursor: TextPosition
    }
    private let signal: ChangeSignal
    private var lines: [[Character]] = [[]]
    private var anchor: TextPosition?
    private var past: [Snapshot] = []
    private var future: [Snapshot] = []
    private var original: [[Character]] = [[]]
    private var clipboard = ""
    private var wantedColumn: Int?
    package init(signal: ChangeSignal) { self.signal = signal }
    package var target: EditorTarget? { didSet { signal.touch() } }
    package var state: EditorState = .empty("select a pod, or press c to write a manifest") { didSet { signal.touch() } }
    package var isTyping = false { didSet { signal.touch() } }
    package var isDirty: Bool { lines != original }
    package var draft: DraftState = .none
    package var banner: TextSpan? { didSet { signal.touch() } }
    package var diagnostics: [Diagnostic] = [] { didSet { signal.touch() } }
    package var completion: CompletionModel? { didSet { signal.touch() } }
    package var search = "" { didSet { signal.touch() } }
    package var masked: [Int: Range<Int>] = [:]
    package private(set) var cursor = TextPosition(line: 0, column: 0)
    package func setText(_ text: String) {
        lines = split(text)
        original = lines
        cursor = TextPosition(line: 0, column: 0)
        anchor = nil
        past = []
        future = []
        signal.touch()
    }
    package var text: String { lines.map { String($0) }.joined(separator: "\n") }
    package var lineCount: Int { lines.count }
    package func line(_ n: Int) -> String { lines.indices.contains(n) ? String(lines[n]) : "" }
    package var selection: Range<TextPosition>? {
        guard let anchor, anchor != cursor else { return nil }
        return min(anchor, cursor)..<max(anchor, cursor)
    }
    package func maskedColumns(line: Int) -> Range<Int>? { masked[line] }

    package func insert(_ text: String) {
        change {
            removeSelection()
            let new = split(text)
            let tail = Array(lines[cursor.line][cursor.column...])
            lines[cursor.line].removeSubrange(cursor.column...)
            if new.count == 1 {
                lines[cursor.line] += new[0] + tail
                cursor.column += new[0].count
            } else {
                lines[cursor.line] += new[0]
                lines.insert(contentsOf: new.dropFirst(), at: cursor.line + 1)
                cursor = TextPosition(line: cursor.line + new.count - 1, column: new.last!.count)
                lines[cursor.line] += tail
            }
        }
    }
    package func newline() {
        let current = lines[cursor.line]
        let indent = current.prefix { $0 == " " }.count
        let opens = current[..<cursor.column].last == ":"
        insert("\n" + String(repeating: " ", count: min(indent, cursor.column) + (opens ? 2 : 0)))
    }
    package func tab() { insert(String(repeating: " ", count: 2 - cursor.column % 2)) }
    package func backTab() {
        change {
            let width = min(2, lines[cursor.line].prefix { $0 == " " }.count)
            lines[cursor.line].removeFirst(width)
            cursor.column = max(0, cursor.column - width)
        }
    }
    package func deleteBackward() {
        change {
            if selection != nil { return removeSelection() }
            if cursor.column > 0 {
                cursor.column -= 1
                lines[cursor.line].remove(at: cursor.column)
            } else if cursor.line > 0 {
                let tail = lines.remove(at: cursor.line)
                cursor = TextPosition(line: cursor.line - 1, column: lines[cursor.line - 1].count)
                lines[cursor.line] += tail
            }
        }
    }
    package func deleteForward() {
        change {
            if selection != nil { return removeSelection() }
            if cursor.column < lines[cursor.line].count {
                lines[cursor.line].remove(at: cursor.column)
            } else if cursor.line + 1 < lines.count {
                lines[cursor.line] += lines.remove(at: cursor.line + 1)
            }
        }
    }
    package func deleteWordBackward() {
        move(.wordLeft, selecting: true)
        deleteBackward()
    }
    package func deleteLine() {
        change {
            if lines.count == 1 { lines = [[]] } else { lines.remove(at: cursor.line) }
            cursor = TextPosition(line: min(cursor.line, lines.count - 1), column: 0)
        }
    }
    package func move(_ motion: TextMotion, selecting: Bool) {
        var to = cursor
        let wanted = wantedColumn ?? cursor.column
        var keep = false
        switch motion {
        case .left:
            if to.column > 0 { to.column -= 1 } else if to.line > 0 { to = TextPosition(line: to.line - 1, column: lines[to.line - 1].count) }
        case .right:
            if to.column < lines[to.line].count { to.column += 1 } else if to.line + 1 < lines.count { to = TextPosition(line: to.line + 1, column: 0) }
        case .up: (to.line, keep) = (to.line - 1, true)
        case .down: (to.line, keep) = (to.line + 1, true)
        case .pageUp(let rows): (to.line, keep) = (to.line - rows, true)
        case .pageDown(let rows): (to.line, keep) = (to.line + rows, true)
        case .lineStart: to.column = 0
        case .lineEnd: to.column = lines[to.line].count
        case .documentStart: to = TextPosition(line: 0, column: 0)
        case .documentEnd: to = TextPosition(line: lines.count - 1, column: lines.last!.count)
        case .wordLeft:
            let row = lines[to.line]
            while to.column > 0, row[to.column - 1] == " " { to.column -= 1 }
            while to.column > 0, row[to.column - 1] != " " { to.column -= 1 }
        case .wordRight:
            let row = lines[to.line]
            while to.column < row.count, row[to.column] != " " { to.column += 1 }
            while to.column < row.count, row[to.column] == " " { to.column += 1 }
        }
        to.line = max(0, min(lines.count - 1, to.line))
        if keep { to.column = wanted }
        place(to, selecting: selecting)
        wantedColumn = keep ? wanted : nil
    }
    package func place(_ position: TextPosition, selecting: Bool) {
        if selecting { anchor = anchor ?? cursor } else { anchor = nil }
        let line = max(0, min(lines.count - 1, position.line))
        cursor = TextPosition(line: line, column: max(0, min(lines[line].count, position.column)))
        wantedColumn = nil
        signal.touch()
    }
    package func undo() {
        guard let last = past.popLast() else { return }
        future.append(Snapshot(lines: lines, cursor: cursor))
        (lines, cursor, anchor) = (last.lines, last.cursor, nil)
        signal.touch()
    }
    package func redo() {
        guard let next = future.popLast() else { return }
        past.append(Snapshot(lines: lines, cursor: cursor))
        (lines, cursor, anchor) = (next.lines, next.cursor, nil)
        signal.touch()
    }
    package func copy() -> String? {
        guard let range = selection else { return nil }
        var parts: [String] = []
        for line in range.lowerBound.line...range.upperBound.line {
            let from = line == range.lowerBound.line ? range.lowerBound.column : 0
            let to = line == range.upperBound.line ? range.upperBound.column : lines[line].count
            parts.append(String(lines[line][from..<to]))
        }
        clipboard = parts.joined(separator: "\n")
        return clipboard
    }
    package func cut() -> String? {
        guard let text = copy() else { return nil }
        change { removeSelection() }
        return text
    }
    package func paste() { insert(clipboard) }
    package func selectAll() {
        anchor = TextPosition(line: 0, column: 0)
        cursor = TextPosition(line: lines.count - 1, column: lines.last!.count)
        signal.touch()
    }
    package func find(next: Bool) {
        guard !search.isEmpty else { return }
        let order = next ? Array((cursor.line + 1)..<lines.count) + Array(0...cursor.line) : (Array(cursor.line..<lines.count) + Array(0..<cursor.line)).reversed()
        for number in order {
            let row = String(lines[number]).lowercased()
            guard let found = row.firstRange(of: search.lowercased()) else { continue }
            return place(TextPosition(line: number, column: row.distance(from: row.startIndex, to: found.lowerBound)), selecting: false)
        }
    }
    package func acceptCompletion() {
        guard let model = completion, model.items.indices.contains(model.selected) else { return }
        completion = nil
        place(model.start, selecting: false)
        insert(model.items[model.selected].text)
    }
    package func moveCompletion(by amount: Int) {
        guard let count = completion?.items.count, count > 0 else { return }
        completion!.selected = (completion!.selected + amount + count) % count
    }

    private func split(_ text: String) -> [[Character]] { text.split(separator: "\n", omittingEmptySubsequences: false).map(Array.init) }
    private func change(_ body: () -> Void) {
        past.append(Snapshot(lines: lines, cursor: cursor))
        future = []
        body()
        anchor = nil
        wantedColumn = nil
        signal.touch()
    }
    private func removeSelection() {
        guard let range = selection else { return }
        let tail = Array(lines[range.upperBound.line][range.upperBound.column...])
        lines[range.lowerBound.line].removeSubrange(range.lowerBound.column...)
        lines[range.lowerBound.line] += tail
        if range.upperBound.line > range.lowerBound.line { lines.removeSubrange((range.lowerBound.line + 1)...range.upperBound.line) }
        cursor = range.lowerBound
        anchor = nil
    }
}
