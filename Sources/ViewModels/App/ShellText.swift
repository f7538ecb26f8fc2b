/// Command lines for people to copy into a shell.
package enum ShellText {
    /// Words as one line that a POSIX shell takes apart into the same words.
    package static func line(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }

    /// A word as a POSIX shell reads it, in quotes only where it needs them.
    package static func quoted(_ word: String) -> String {
        let isPlain = !word.isEmpty && word.utf8.allSatisfy { plain.contains($0) }
        return isPlain ? word : "'\(word.replacing("'", with: #"'\''"#))'"
    }

    /// What no shell gives a meaning, in any place of a word.
    private static let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+:,./-".utf8)
}
