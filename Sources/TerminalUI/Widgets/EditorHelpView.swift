import ViewModels

/// What the field at the cursor means, below the text.
@MainActor enum EditorHelpView {
    /// The rows of the explanation; at least one.
    static func rows(_ help: FieldHelp?, columns: Int, atMost: Int, ellipsis: Character) -> [String] {
        guard let help else { return ["no schema says what this line is"] }
        let words = TextWrap.words(help.text.isEmpty ? "nothing is written about this field" : help.text, columns: columns)
        guard words.count > atMost else { return words }
        return Array(words.prefix(max(1, atMost - 1))) + (atMost > 1 ? [words[atMost - 1] + String(ellipsis)] : [])
    }

    static func draw(_ help: FieldHelp?, _ rows: [String], in rect: Rect, _ painter: inout Painter) {
        painter.surface.fill(rect.row(0), painter.glyphs.horizontal, style: painter.theme[.paneRule])
        if let help {
            painter.spans(
                [TextSpan(" \(help.path) ", .accent)] + help.facts + [TextSpan(" ")], in: rect.row(0).inset(left: 1, right: 1))
        }
        for (index, row) in rows.enumerated() { painter.text(row, in: rect.row(index + 1).inset(left: 2), painter.theme[.text]) }
    }
}
