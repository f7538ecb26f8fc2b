/// Columns that text takes on a cell surface.
enum DisplayWidth {
    /// Columns of `text` after it was made safe; tabs count as `tab` columns (they are drawn as spaces up to the next stop by views that care).
    static func of(_ text: some StringProtocol) -> Int {
        var ascii = 0
        for byte in text.utf8 {
            guard byte >= 0x20, byte < 0x7F else { return slow(text) }
            ascii += 1
        }
        return ascii
    }

    private static func slow(_ text: some StringProtocol) -> Int {
        text.reduce(0) { $0 + SafeGlyph($1).width }
    }

    /// The longest prefix of `text` within `columns`, and its width.
    static func prefix(_ text: some StringProtocol, columns: Int) -> (text: String, width: Int) {
        var width = 0
        var kept = ""
        for character in text {
            let next = SafeGlyph(character).width
            guard width + next <= columns else { break }
            width += next
            kept.append(character)
        }
        return (kept, width)
    }

    /// `text` shortened to `columns` with an ellipsis in place of what was cut; names keep their end as well, where they differ.
    static func shortened(_ text: String, columns: Int, ellipsis: Character, keepsEnd: Bool = false) -> String {
        guard columns > 0 else { return "" }
        guard of(text) > columns else { return text }
        guard columns > 1 else { return String(ellipsis) }
        guard keepsEnd, columns >= 9 else { return prefix(text, columns: columns - 1).text + String(ellipsis) }
        let tail = String(text.suffix((columns - 1) / 2))
        let head = prefix(text, columns: columns - 1 - of(tail)).text
        return head + String(ellipsis) + tail
    }
}
