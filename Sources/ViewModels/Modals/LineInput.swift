/// One-line text with a cursor, edited with readline's keys; `cursor` counts Characters.
package struct LineInput: Sendable, Hashable {
    /// The text.
    package var text: String { didSet { cursor = min(cursor, text.count) } }
    /// The character the cursor stands before.
    package var cursor: Int
    /// A text with the cursor at its end.
    package init(_ text: String = "") {
        self.text = text
        cursor = text.count
    }
    private var index: String.Index { text.index(text.startIndex, offsetBy: cursor) }
    /// Inserts at the cursor; line breaks become spaces.
    package mutating func insert(_ new: String) {
        let flat = String(new.map { $0.isNewline ? " " : $0 })
        let at = index
        var next = text
        next.insert(contentsOf: flat, at: at)
        let moved = cursor + flat.count
        text = next
        cursor = min(moved, text.count)
    }
    /// Deletes the character before the cursor.
    package mutating func deleteBackward() {
        guard cursor > 0 else { return }
        cursor -= 1
        text.remove(at: index)
    }
    /// Deletes the character at the cursor.
    package mutating func deleteForward() {
        guard cursor < text.count else { return }
        text.remove(at: index)
    }
    /// Deletes the word before the cursor.
    package mutating func deleteWordBackward() {
        var characters = Array(text)
        var start = cursor
        while start > 0, characters[start - 1] == " " { start -= 1 }
        while start > 0, characters[start - 1] != " " { start -= 1 }
        characters.removeSubrange(start..<cursor)
        cursor = start
        text = String(characters)
    }
    /// Deletes everything before the cursor.
    package mutating func deleteToStart() {
        let rest = String(text[index...])
        cursor = 0
        text = rest
    }
    /// Deletes everything after the cursor.
    package mutating func deleteToEnd() { text = String(text[..<index]) }
    /// Moves the cursor by characters.
    package mutating func move(by amount: Int) { cursor = max(0, min(text.count, cursor + amount)) }
    /// Moves the cursor to the start.
    package mutating func moveToStart() { cursor = 0 }
    /// Moves the cursor to the end.
    package mutating func moveToEnd() { cursor = text.count }
}
