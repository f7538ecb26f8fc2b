/// A change of the text that takes a complaint away.
package struct QuickFix: Sendable, Hashable {
    /// What it does, in words.
    package var title: String
    /// The lines it replaces; empty at the place of an insertion.
    package var lines: Range<Int>
    /// What comes in their place.
    package var replacement: [String]
    /// Where the cursor goes: a line of the new text and its column; nil for the end of the change.
    package var cursor: TextPosition?
    /// A change.
    package init(title: String, lines: Range<Int>, replacement: [String], cursor: TextPosition? = nil) {
        self.title = title
        self.lines = lines
        self.replacement = replacement
        self.cursor = cursor
    }
}
