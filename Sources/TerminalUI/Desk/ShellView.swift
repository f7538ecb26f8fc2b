import LinuxKernel
import ViewModels

/// A shell: an emulator fed by the container, keys sent to it. F12 leaves it running; everything else goes inside.
@MainActor final class ShellView {
    let model: ShellModel
    private(set) var emulator: Emulator
    /// Whether the container has written anything.
    private(set) var hasOutput = false
    /// Rows that the view is above the end; 0 follows.
    private(set) var rowsBack = 0
    /// What is looked for and selected while one looks back; nil while every key goes inside.
    var look: ShellLook?
    /// Where the button went down.
    var pressedAt: ShellPlace?
    /// Presses that were taken and not released yet.
    var heldPresses = 0
    /// Said once in the line below.
    var notice: String?
    /// Takes what is copied.
    var onCopy: (String) -> Void = { _ in }

    init(_ model: ShellModel, depth: ColorDepth) {
        self.model = model
        emulator = Emulator(width: 80, height: 24, depth: depth)
        model.onOutput = { [weak self] bytes in self?.take(bytes) }
    }

    private func take(_ bytes: [UInt8]) {
        hasOutput = true
        let before = text.screenStart
        emulator.feed(bytes)
        // Who looks back keeps looking at the same rows.
        if rowsBack > 0 || look?.cursor != nil { rowsBack = max(0, min(emulator.scrollback.count, rowsBack + text.screenStart - before)) }
        let answers = emulator.takeAnswers()
        if !answers.isEmpty { model.onInput(answers) }
    }

    private func resize(width: Int, height: Int) {
        let isFirst = !wasSized
        guard isFirst || width != emulator.surface.width || height != emulator.surface.height else { return }
        wasSized = true
        let top = ShellPlace(row: text.screenStart - rowsBack, column: 0)
        let now = emulator.resize(width: width, height: height, places: [top] + [look?.cursor, look?.anchor, pressedAt].map { $0 ?? top })
        // Who looks back keeps looking at the same text, with the same selected.
        if rowsBack > 0 { setRowsBack(text.screenStart - now[0].row) }
        if look?.cursor != nil { look?.cursor = now[1] }
        if look?.anchor != nil { look?.anchor = now[2] }
        if pressedAt != nil { pressedAt = now[3] }
        if width != emulatedWidth { look?.found = nil }
        emulatedWidth = width
        model.resize(columns: width, rows: height)
    }
    private var emulatedWidth = 80
    private var wasSized = false

    /// Takes a key; what looks back goes to the end first.
    func press(_ key: Key) {
        let page = max(1, emulator.surface.height - 1)
        switch key.name {
        case "shift-pageup":
            if look == nil { look = ShellLook() }
            return scroll(by: page)
        case "shift-pagedown": return scroll(by: -page)
        default: if look(key) { return }
        }
        endLook()
        let bytes = KeyEncoder.bytes(key, applicationCursor: emulator.isApplicationCursor)
        if !bytes.isEmpty { model.onInput(bytes) }
    }

    /// Looks back by rows, or forward again.
    func scroll(by rows: Int) {
        defer { model.onChange() }
        guard !emulator.isAlternate else { return }
        setRowsBack(rowsBack + rows)
        if rowsBack > 0, look == nil { look = ShellLook() }
        if rowsBack == 0, rows < 0, look?.cursor == nil { endLook() }
    }

    /// Shows rows so far back as there are some.
    func setRowsBack(_ rows: Int) { rowsBack = emulator.isAlternate ? 0 : max(0, min(emulator.scrollback.count, rows)) }

    /// Shows the end again; every key goes inside.
    func endLook() { (rowsBack, look, notice) = (0, nil, nil) }

    func paste(_ text: String) {
        if look?.input != nil {
            look?.input?.insert(text)
            return model.onChange()
        }
        endLook()
        let body = Array(text.utf8.map { $0 == 0x0A ? 0x0D : $0 })
        guard emulator.isBracketedPaste else { return model.onInput(body) }
        // What is pasted cannot end the bracket: the decoder removed every escape byte.
        model.onInput(Array("\u{1B}[200~".utf8) + body + Array("\u{1B}[201~".utf8))
    }

    // MARK: - Drawing

    /// Draws the terminal with a line about it below; its cursor shows only with the keys.
    func draw(_ painter: inout Painter, hasFocus: Bool, leave: String) {
        let rows = max(1, painter.surface.height - 1)
        resize(width: painter.surface.width, height: rows)
        drawCells(rows: rows, &painter)
        drawLook(rows: rows, &painter)
        var isExplained = false
        if case .ended(let reason) = model.state, !hasOutput {
            drawNoShell(reason, in: Rect(x: 0, y: 0, width: painter.surface.width, height: rows), &painter)
            isExplained = true
        }
        drawLine(isExplained: isExplained, hasFocus: hasFocus, leave: leave, in: painter.surface.bounds.row(rows), &painter)
    }

    private func drawCells(rows: Int, _ painter: inout Painter) {
        let (shown, back) = (emulator.surface, emulator.scrollback)
        let width = painter.surface.width
        for y in 0..<min(rows, shown.height) {
            let row = y - rowsBack
            if row < 0 {
                for (x, cell) in back[back.count + row].prefix(width).enumerated() {
                    painter.surface.cells[y * width + x] = Emulator.uncut(cell, x, width)
                }
            } else {
                for x in 0..<min(shown.width, width) { painter.surface.cells[y * width + x] = shown[x, row] }
            }
        }
        painter.surface.cursor = shown.cursor
        painter.surface.isCursorVisible = shown.isCursorVisible && rowsBack == 0
    }

    /// A shell that never came has the whole screen to say why.
    private func drawNoShell(_ reason: String, in rect: Rect, _ painter: inout Painter) {
        painter.surface.isCursorVisible = false
        let lines =
            TextWrap.words(
                "\(model.isAttached ? "Not attached to" : "No shell in") \(model.binding.name)/\(model.container): \(reason)", columns: min(76, rect.width - 4)
            ).map {
                ($0, Scope.statusWarning)
            }
            + [("", .dim)]
            + TextWrap.words(model.advice, columns: min(76, rect.width - 4)).map { ($0, Scope.dim) }
        let left = max(2, (rect.width - 76) / 2)
        for (index, line) in lines.prefix(rect.height).enumerated() {
            painter.text(line.0, in: rect.row(max(0, rect.height / 3) + index).inset(left: left), painter.theme[line.1])
        }
    }

    private func drawLine(isExplained: Bool, hasFocus: Bool, leave: String, in row: Rect, _ painter: inout Painter) {
        let (theme, glyphs) = (painter.theme, painter.glyphs)
        painter.surface.fill(row, style: theme[.bar])
        let access = StatusLine.access(model.context, glyphs, isOpen: true)
        var x = row.x
        if hasFocus { x += painter.surface.put(look == nil ? " TYPE " : " LOOK ", x: x, y: row.y, style: theme[look == nil ? .barType : .barBrowse]) }
        x += 1
        let arrow = glyphs.arrow
        let place = "\(model.context.name) \(arrow) \(model.binding.namespace ?? "") \(arrow) \(model.binding.name)/\(model.container)"
        let tail = hasFocus ? " F12 \(leave) \(access.word)" : access.word
        let end = max(x, row.maxX - DisplayWidth.of(tail))
        // Where it is keeps its end; a long reason is cut before that goes.
        let name = min(24, DisplayWidth.of(place))
        let state = state(isExplained, columns: max(0, end - x - name - 2), glyphs)
        let room = Rect(x: x, y: row.y, width: max(0, end - x - DisplayWidth.of(state.text) - 2), height: 1)
        x += painter.text(place, in: room, theme[.barContext], keepsEnd: true) + 2
        painter.spans([state], in: Rect(x: x, y: row.y, width: max(0, end - x), height: 1), on: theme[.bar])
        x = end
        if hasFocus {
            x += painter.surface.put(" F12", x: x, y: row.y, style: theme[.barKey])
            x += painter.surface.put(" \(leave) ", x: x, y: row.y, style: theme[.bar])
        }
        painter.surface.put(access.word, x: x, y: row.y, style: theme[access.scope])
    }

    private func state(_ isExplained: Bool, columns: Int, _ glyphs: GlyphSet) -> TextSpan {
        switch model.state {
        case .connecting: return TextSpan("connecting", .pending)
        case .open: return lookState ?? TextSpan("")
        case .ended(let reason):
            if let lookState { return lookState }
            let keys = " (Esc closes, F5 again)"
            guard !isExplained else { return TextSpan("ended\(keys)", .warning) }
            let short = DisplayWidth.shortened(reason, columns: max(8, columns - keys.count - 7), ellipsis: glyphs.ellipsis)
            return TextSpan("ended: \(short)\(keys)", .warning)
        }
    }
}
