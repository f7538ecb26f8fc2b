extension EditorModel {
    private var selectedOrEmpty: Range<TextPosition> { selection ?? cursor..<cursor }

    /// Inserts typed or pasted text in place of the selection.
    package func insert(_ text: String) { change(selectedOrEmpty, with: text) }

    /// Breaks the line; the next one starts as far in as this one, and further after a colon or below a list item's text.
    package func newline() {
        let range = selectedOrEmpty
        let head = line(range.lowerBound.line).prefix(range.lowerBound.column)
        let indent = head.prefix { $0 == " " }.count
        let rest = head.dropFirst(indent)
        let opens = rest.last == ":" || rest.hasSuffix("|") || rest.hasSuffix(">")
        let isItem = rest.hasPrefix("- ")
        let depth = indent + (isItem && rest.contains(":") ? 2 : 0) + (opens ? 2 : 0)
        history.seal()
        change(range, with: "\n" + String(repeating: " ", count: depth))
    }

    /// Moves selected lines in, or inserts spaces up to the next step of two.
    package func tab() {
        guard let range = selection, range.lowerBound.line != range.upperBound.line else {
            return insert(String(repeating: " ", count: 2 - selectedOrEmpty.lowerBound.column % 2))
        }
        indent(range) { $0.isEmpty ? $0 : "  " + $0 }
    }

    /// Moves the line, or selected lines, out.
    package func backTab() {
        indent(selectedOrEmpty) { String($0.dropFirst(min(2, $0.prefix { $0 == " " }.count))) }
    }

    private func indent(_ range: Range<TextPosition>, _ transform: (String) -> String) {
        let (first, last) = (range.lowerBound.line, range.upperBound.line)
        let place = cursor
        let old = (first...last).map(line)
        let new = old.map(transform)
        guard new != old else { return }
        let hadSelection = selection != nil
        history.seal()
        change(TextPosition(line: first, column: 0)..<TextPosition(line: last, column: line(last).count), with: new.joined(separator: "\n"))
        let moved = new[place.line - first].count - old[place.line - first].count
        if hadSelection {
            self.place(TextPosition(line: first, column: 0), selecting: false)
            self.place(TextPosition(line: last, column: line(last).count), selecting: true)
        } else {
            self.place(TextPosition(line: place.line, column: max(0, place.column + moved)), selecting: false)
        }
    }

    /// Deletes the selection or the character before the cursor; in leading spaces, a step of two.
    package func deleteBackward() {
        if let range = selection { return change(range, with: "") }
        let head = line(cursor.line).prefix(cursor.column)
        if cursor.column == 0 {
            guard cursor.line > 0 else { return }
            return change(TextPosition(line: cursor.line - 1, column: line(cursor.line - 1).count)..<cursor, with: "")
        }
        let isIndent = head.allSatisfy { $0 == " " } && cursor.column % 2 == 0
        change(TextPosition(line: cursor.line, column: cursor.column - (isIndent ? 2 : 1))..<cursor, with: "")
    }

    /// Deletes the selection or the character at the cursor.
    package func deleteForward() {
        if let range = selection { return change(range, with: "") }
        let isAtEnd = cursor.column >= line(cursor.line).count
        guard !isAtEnd || cursor.line + 1 < lineCount else { return }
        let end = isAtEnd ? TextPosition(line: cursor.line + 1, column: 0) : TextPosition(line: cursor.line, column: cursor.column + 1)
        change(cursor..<end, with: "")
    }

    /// Deletes the selection or the word before the cursor.
    package func deleteWordBackward() {
        if selection == nil { move(.wordLeft, selecting: true) }
        deleteBackward()
    }

    /// Deletes the cursor's line.
    package func deleteLine() {
        let number = cursor.line
        history.seal()
        if number + 1 < lineCount {
            change(TextPosition(line: number, column: 0)..<TextPosition(line: number + 1, column: 0), with: "")
        } else if number > 0 {
            change(
                TextPosition(line: number - 1, column: line(number - 1).count)..<TextPosition(line: number, column: line(number).count),
                with: "")
            place(TextPosition(line: number - 1, column: 0), selecting: false)
        } else {
            change(TextPosition(line: 0, column: 0)..<TextPosition(line: 0, column: line(0).count), with: "")
        }
        history.seal()
    }

    /// Takes the selection into the clipboard; nil when nothing is selected.
    package func copy() -> String? {
        guard let range = selection else { return nil }
        take(buffer.text(range), lines: range.lowerBound.line...range.upperBound.line)
        return clipboard
    }

    /// Takes the cursor's whole line into the clipboard.
    package func copyLine() -> String {
        take(line(cursor.line) + "\n", lines: cursor.line...cursor.line)
        return clipboard
    }

    private func take(_ text: String, lines: ClosedRange<Int>) {
        clipboard = text
        isClipboardHidden = lines.contains { maskedColumns(line: $0) != nil }
    }

    /// Takes the selection into the clipboard and deletes it.
    package func cut() -> String? {
        guard let text = copy(), let range = selection else { return nil }
        history.seal()
        change(range, with: "")
        return text
    }

    /// Inserts the clipboard.
    package func paste() {
        guard !clipboard.isEmpty else { return }
        history.seal()
        insert(clipboard)
        history.seal()
    }

    /// Takes the marked completion.
    package func acceptCompletion() {
        guard let model = completion, model.items.indices.contains(model.selected), model.start <= cursor else { return }
        history.seal()
        change(model.start..<cursor, with: model.items[model.selected].text)
    }

    /// Marks another completion.
    package func moveCompletion(by amount: Int) {
        guard var model = completion, !model.items.isEmpty else { return }
        model.selected = ((model.selected + amount) % model.items.count + model.items.count) % model.items.count
        completion = model
    }
}
