import ViewModels

/// The YAML pane: gutter, coloured text, cursor, selection, messages at their lines. Keeps only where it is scrolled to.
@MainActor final class EditorView {
    private(set) var top = 0
    private var left = 0
    private var height = 1
    private var textX = 0
    private var textRect = Rect(x: 0, y: 0, width: 0, height: 0)

    /// Rows in view, for page motions.
    var pageRows: Int { max(1, height - 1) }

    /// Draws the editor; the hardware cursor stands in the text while typing.
    func draw(_ model: EditorModel, in rect: Rect, isFocused: Bool, _ painter: inout Painter) {
        guard !rect.isEmpty else { return }
        if case .empty(let hint) = model.state, model.lineCount <= 1, model.line(0).isEmpty, !model.isTyping {
            return drawHint(hint, in: rect, &painter)
        }
        var body = rect
        if let banner = model.banner {
            painter.surface.put(
                Self.sign(banner.tone, painter.glyphs), x: rect.x, y: rect.y, limit: 1, style: painter.theme[Painter.scope(banner.tone)])
            let rows = Self.rows(of: banner.text, columns: rect.width - 2, in: body)
            for (index, row) in rows.enumerated() {
                painter.text(row, in: rect.row(index).inset(left: 2), painter.theme[Painter.scope(banner.tone)])
            }
            body = body.inset(top: rows.count)
        }
        if model.isHelpShown, body.height > 6 {
            let rows = EditorHelpView.rows(model.help, columns: body.width - 3, atMost: body.height / 3, ellipsis: painter.glyphs.ellipsis)
            EditorHelpView.draw(model.help, rows, in: body.inset(top: body.height - rows.count - 1), &painter)
            body = body.inset(bottom: rows.count + 1)
        }
        if model.areOwnersShown, body.height > 4 {
            EditorOwnersView.drawFooter(model, in: body.inset(top: body.height - 1), &painter)
            body = body.inset(bottom: 1)
        }
        let message = model.diagnostics.first { $0.line == model.cursor.line } ?? model.diagnostics.first
        if let message, body.height > 3 {
            let rows = Self.rows(of: Self.text(of: message, model), columns: body.width - 3, in: body)
            let place = body.inset(top: body.height - rows.count)
            drawMessage(message, rows, in: place, &painter)
            painter.keepFree = place
            body = body.inset(bottom: rows.count)
        }
        height = body.height
        let numbers = max(2, String(model.lineCount).count) + 2
        let owners = EditorOwnersView.width(model, columns: body.width)
        let gutter = numbers + owners
        textRect = body.inset(left: gutter, right: 1)
        scroll(model)
        var highlighter = YAMLHighlighter()
        // Colours depend on block scalars above; looking back a screenful is enough and keeps huge files cheap.
        for line in max(0, top - 200)..<top { _ = highlighter.tokens(model.line(line)) }
        for offset in 0..<min(body.height, max(0, model.lineCount - top)) {
            draw(
                line: top + offset, model, highlighter.tokens(model.line(top + offset)), in: body.row(offset), gutter: gutter, numbers: numbers,
                isFocused: isFocused, &painter)
        }
        placeCursor(model, isFocused: isFocused, &painter)
        painter.scrollbar(in: body, first: top, visible: body.height, total: model.lineCount)
        if let completion = model.completion { drawCompletion(completion, &painter) }
    }

    /// A sentence in one row, or two where there is room for that; what is too long even then is cut at the end of the last one.
    private static func rows(of text: String, columns: Int, in body: Rect) -> [String] {
        let rows = TextWrap.words(text, columns: columns)
        guard rows.count > 1 else { return [text] }
        guard body.height > 5 else { return [text] }
        return [rows[0], rows.dropFirst().joined(separator: " ")]
    }

    /// The text position under a cell, for the mouse.
    func position(x: Int, y: Int, _ model: EditorModel) -> TextPosition? {
        guard y >= textRect.y, y < textRect.maxY else { return nil }
        let line = min(model.lineCount - 1, top + y - textRect.y)
        return TextPosition(line: line, column: EditorLine(line, of: model, sign: " ").column(at: x - textRect.x + left))
    }

    /// Only what is wrong gets the sign of it.
    private static func sign(_ tone: Tone, _ glyphs: GlyphSet) -> String {
        switch tone {
        case .error: String(glyphs.errorSign)
        case .warning: String(glyphs.warningSign)
        default: String(glyphs.arrow)
        }
    }

    /// Scrolls the view and takes the cursor along when it would leave.
    func scroll(_ model: EditorModel, by rows: Int) {
        top = max(0, min(max(0, model.lineCount - height), top + rows))
        let line = max(top, min(top + height - 1, model.cursor.line))
        if line != model.cursor.line { model.place(TextPosition(line: line, column: model.cursor.column), selecting: false) }
    }

    private func scroll(_ model: EditorModel) {
        let cursor = model.cursor
        let margin = height > 10 ? 2 : 0
        if cursor.line < top + margin { top = cursor.line - margin }
        if cursor.line > top + height - 1 - margin { top = cursor.line - height + 1 + margin }
        top = max(0, min(top, max(0, model.lineCount - height)))
        let x = EditorLine(cursor.line, of: model, sign: " ").x(cursor.column)
        if x < left + 4 { left = max(0, x - 8) }
        if x > left + textRect.width - 2 { left = x - textRect.width + 8 }
        if left > 0, x < textRect.width - 2 { left = 0 }
    }

    private func draw(
        line number: Int, _ model: EditorModel, _ tokens: [YAMLHighlighter.Token], in row: Rect, gutter: Int, numbers: Int, isFocused: Bool,
        _ painter: inout Painter
    ) {
        let isCurrent = number == model.cursor.line && isFocused
        var ground = painter.theme[.text]
        if isCurrent {
            ground = painter.theme[.editorLine].on(painter.theme[.editorLine])
            painter.surface.fill(row, style: ground)
        }
        EditorOwnersView.draw(line: number, model, in: Rect(x: row.x, y: row.y, width: gutter - numbers, height: 1), on: ground, &painter)
        let problems = model.diagnostics.filter { $0.line == number }
        let worst = problems.first { $0.severity == .error } ?? problems.first
        let numberStyle =
            worst.map { painter.theme[$0.severity == .error ? .errorText : .warningText] }
            ?? painter.theme[isCurrent ? .gutterCurrent : .gutter]
        painter.text(
            String(number + 1), in: Rect(x: row.x + gutter - numbers, y: row.y, width: numbers - 2, height: 1), numberStyle.on(ground), alignment: .right)
        if let worst {
            let sign = worst.severity == .error ? painter.glyphs.errorSign : painter.glyphs.warningSign
            painter.surface.put(String(sign), x: row.x + gutter - 2, y: row.y, limit: 1, style: numberStyle.on(ground))
        }
        let text = model.line(number)
        let part = model.conflictPart(line: number)
        let matches = model.search.isEmpty ? [] : SearchRanges.find(model.search, in: text)
        let selection = Self.selected(model.selection, line: number, length: text.count)
        var x = 0
        var token = 0
        for glyph in EditorLine(number, of: model, sign: painter.glyphs.masked).glyphs(columns: left + textRect.width) {
            let column = glyph.column
            while token < tokens.count, tokens[token].range.upperBound <= column { token += 1 }
            let isIn = token < tokens.count && tokens[token].range.contains(column)
            var style = painter.theme[isIn ? tokens[token].scope : .yaml].on(ground)
            if let part { style = painter.theme[Self.scope(part)].on(ground) }
            if problems.contains(where: { $0.columns?.contains(column) ?? false }) { style.attributes.insert(.underline) }
            // What is masked is not found either, or a search would tell it.
            if !glyph.isMasked, matches.contains(where: { $0.contains(column) }) { style = painter.theme[.match] }
            if selection?.contains(column) ?? false {
                style =
                    painter.theme[.editorSelection].attributes.contains(.reverse)
                    ? painter.theme[.editorSelection] : style.on(painter.theme[.editorSelection])
            }
            let width = SafeGlyph(glyph.character).width
            if x >= left { painter.surface.put(glyph.character, x: textRect.x + x - left, y: row.y, end: textRect.maxX, style: style) }
            x += width
        }
        if selection.map({ $0.upperBound > text.count }) ?? false, x - left < textRect.width {
            painter.surface.put(" ", x: textRect.x + x - left, y: row.y, limit: 1, style: painter.theme[.editorSelection])
        }
        // The message beside its line, when there is room and the cursor is elsewhere.
        if let worst, !isCurrent, textRect.width - (x - left) > 16 {
            let style = painter.theme[worst.severity == .error ? .errorText : .warningText].on(ground)
            painter.text(
                "  \(worst.message)", in: Rect(x: textRect.x + x - left, y: row.y, width: textRect.width - (x - left), height: 1), style)
        }
    }

    private static func scope(_ part: ConflictPart) -> Scope {
        switch part {
        case .marker: .warningText
        case .mine: .diffAdd
        case .theirs: .diffRemove
        }
    }

    /// Columns of a line inside the selection; one past the end when the line break is selected.
    private static func selected(_ selection: Range<TextPosition>?, line: Int, length: Int) -> Range<Int>? {
        guard let selection, line >= selection.lowerBound.line, line <= selection.upperBound.line else { return nil }
        let from = line == selection.lowerBound.line ? selection.lowerBound.column : 0
        let to = line == selection.upperBound.line ? selection.upperBound.column : length + 1
        return from < to ? from..<to : nil
    }

    private func placeCursor(_ model: EditorModel, isFocused: Bool, _ painter: inout Painter) {
        guard isFocused else { return }
        let x = textRect.x + EditorLine(model.cursor.line, of: model, sign: " ").x(model.cursor.column) - left
        let y = textRect.y + model.cursor.line - top
        painter.surface.cursor = (min(x, textRect.maxX), y)
        painter.surface.isCursorVisible = true
    }

    private func drawMessage(_ message: Diagnostic, _ rows: [String], in rect: Rect, _ painter: inout Painter) {
        let style = painter.theme[message.severity == .error ? .errorText : .warningText]
        let sign = message.severity == .error ? painter.glyphs.errorSign : painter.glyphs.warningSign
        painter.surface.put(String(sign), x: rect.x + 1, y: rect.y, limit: 1, style: style)
        for (index, row) in rows.enumerated() { painter.text(row, in: rect.row(index).inset(left: 3), style) }
    }

    /// The counts come first, as the title has them: what is cut at the end is the message, which its line shows too.
    private static func text(of message: Diagnostic, _ model: EditorModel) -> String {
        let errors = model.diagnostics.filter { $0.severity == .error }.count
        let warnings = model.diagnostics.count - errors
        let counts = [
            errors == 0 ? "" : errors == 1 ? "1 error, " : "\(errors) errors, ",
            warnings == 0 ? "" : warnings == 1 ? "1 warning, " : "\(warnings) warnings, ",
        ]
        return "\(model.diagnostics.count > 1 ? counts.joined() : "")line \(message.line + 1): \(message.message)"
    }

    private func drawHint(_ hint: String, in rect: Rect, _ painter: inout Painter) {
        for (index, line) in TextWrap.words(hint, columns: rect.width - 4).prefix(rect.height).enumerated() {
            let row = rect.row(min(rect.height - 1, rect.height / 3 + index))
            painter.text(line, in: row.inset(left: max(2, (rect.width - DisplayWidth.of(line)) / 2)), painter.theme[.dim])
        }
    }

    private func drawCompletion(_ completion: CompletionModel, _ painter: inout Painter) {
        let items = completion.items
        guard !items.isEmpty else { return }
        let rows = min(8, items.count)
        let first = max(0, min(completion.selected - rows / 2, items.count - rows))
        let titles = items.reduce(0) { max($0, DisplayWidth.of($1.text)) }
        let width = min(60, textRect.width, titles + 4 + items.reduce(0) { max($0, DisplayWidth.of($1.detail)) })
        let y = textRect.y + completion.start.line - top
        let below = y + 1 + rows <= textRect.maxY
        let box = Rect(
            x: max(textRect.x, min(painter.surface.cursor.x - 1, textRect.maxX - width)), y: below ? y + 1 : max(textRect.y, y - rows),
            width: width,
            height: rows)
        for row in 0..<rows {
            let item = items[first + row]
            let style = painter.theme[first + row == completion.selected ? .popupSelected : .popup]
            painter.surface.fill(box.row(row), style: style)
            painter.text(item.text, in: box.row(row).inset(left: 1, right: 1), style)
            painter.text(item.detail, in: box.row(row).inset(left: titles + 3, right: 1), painter.theme[.popupDisabled].on(style))
        }
    }
}
