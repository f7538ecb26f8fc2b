/// A place in YAML text.
package struct YAMLMark: Sendable, Hashable, CustomStringConvertible {
    /// The line, from 0; only line feeds end lines.
    package let line: Int
    /// The column in Unicode scalars, from 0.
    package let column: Int
    /// The bytes before this place.
    package let offset: Int

    /// A place.
    package init(line: Int, column: Int, offset: Int) {
        self.line = line
        self.column = column
        self.offset = offset
    }

    /// The start of the text.
    package static let start = YAMLMark(line: 0, column: 0, offset: 0)

    /// The place in words, counted from 1 as editors do.
    package var description: String { "line \(line + 1), column \(column + 1)" }
}
