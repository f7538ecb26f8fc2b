/// Breaking text into rows.
enum TextWrap {
    /// At spaces, for messages; words longer than a row are cut.
    static func words(_ text: String, columns: Int) -> [String] {
        guard columns > 0 else { return [] }
        var rows: [String] = []
        var row = ""
        for word in text.split(whereSeparator: { $0 == " " || $0.isNewline }) {
            var rest = String(word)
            if !row.isEmpty, DisplayWidth.of(row) + 1 + DisplayWidth.of(rest) <= columns {
                row += " " + rest
                continue
            }
            if !row.isEmpty { rows.append(row) }
            while DisplayWidth.of(rest) > columns {
                let part = DisplayWidth.prefix(rest, columns: columns).text
                guard !part.isEmpty else { break }
                rows.append(part)
                rest.removeFirst(part.count)
            }
            row = rest
        }
        return row.isEmpty ? rows : rows + [row]
    }
}
