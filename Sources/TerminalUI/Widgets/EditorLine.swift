import ViewModels

/// One line of the editor as it is drawn. A masked value takes the same columns whatever its length, so that its length stays a secret too.
struct EditorLine {
    /// One Character on screen.
    struct Glyph {
        /// Where it stands in the text; for a masked value, where that begins.
        var column: Int
        var character: Character
        var isMasked: Bool
    }

    /// Columns of a masked value.
    static let maskWidth = SecretMask.width

    private let text: String
    private let mask: Range<Int>?
    private let sign: Character

    /// A line of `model`; `sign` stands for what is masked.
    @MainActor init(_ number: Int, of model: EditorModel, sign: Character) {
        text = model.line(number)
        mask = model.maskedColumns(line: number)
        self.sign = sign
    }

    /// What is drawn, up to `columns` screen columns and the one that crosses them.
    func glyphs(columns: Int) -> [Glyph] {
        var result: [Glyph] = []
        var x = 0
        for (column, character) in text.enumerated() {
            guard x < columns else { break }
            let isMasked = mask?.contains(column) ?? false
            if isMasked {
                guard column == mask?.lowerBound else { continue }
                for _ in 0..<Self.maskWidth { result.append(Glyph(column: column, character: sign, isMasked: true)) }
                x += Self.maskWidth
            } else {
                result.append(Glyph(column: column, character: character, isMasked: false))
                x += SafeGlyph(character).width
            }
        }
        return result
    }

    /// Screen columns before a character of the text; everything inside a masked value is at its first column.
    func x(_ column: Int) -> Int {
        var x = 0
        for (index, character) in text.prefix(column).enumerated() {
            guard let mask, mask.contains(index) else {
                x += SafeGlyph(character).width
                continue
            }
            if index == mask.lowerBound, column >= mask.upperBound { x += Self.maskWidth }
        }
        return x
    }

    /// The character of the text at a screen column; a masked value is entered at its beginning.
    func column(at wanted: Int) -> Int {
        var x = 0
        for (column, character) in text.enumerated() {
            let isMasked = mask?.contains(column) ?? false
            if isMasked, column != mask?.lowerBound { continue }
            let width = isMasked ? Self.maskWidth : max(1, SafeGlyph(character).width)
            if x + width > wanted { return column }
            x += width
        }
        return text.count
    }
}
