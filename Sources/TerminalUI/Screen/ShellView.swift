import ViewModels

/// The full-screen shell: an emulator fed by the container, keys sent to it. F12 leaves; everything else goes inside.
@MainActor final class ShellView {
    let model: ShellModel
    private(set) var emulator: Emulator
    /// Whether the container has written anything.
    private(set) var hasOutput = false

    init(_ model: ShellModel, width: Int, height: Int, depth: ColorDepth, onChange: @escaping () -> Void) {
        self.model = model
        emulator = Emulator(width: width, height: height, depth: depth)
        model.onOutput = { [weak self] bytes in
            guard let self else { return }
            hasOutput = true
            emulator.feed(bytes)
            let answers = emulator.takeAnswers()
            if !answers.isEmpty { model.onInput(answers) }
            onChange()
        }
        model.resize(columns: width, rows: height)
    }

    func resize(width: Int, height: Int) {
        guard width != emulator.surface.width || height != emulator.surface.height else { return }
        emulator.resize(width: width, height: height)
        model.resize(columns: width, rows: height)
    }

    func press(_ key: Key) {
        let bytes = KeyEncoder.bytes(key, applicationCursor: emulator.isApplicationCursor)
        if !bytes.isEmpty { model.onInput(bytes) }
    }

    func paste(_ text: String) {
        let body = Array(text.utf8.map { $0 == 0x0A ? 0x0D : $0 })
        guard emulator.isBracketedPaste else { return model.onInput(body) }
        // What is pasted cannot end the bracket: the decoder removed every escape byte.
        model.onInput(Array("\u{1B}[200~".utf8) + body + Array("\u{1B}[201~".utf8))
    }
}

extension Screen {
    func drawShell(_ model: ShellModel, _ painter: inout Painter) {
        let rows = max(1, painter.surface.height - 1)
        if shellView?.model !== model {
            shellView = ShellView(model, width: painter.surface.width, height: rows, depth: theme.depth) { [weak self] in
                self?.app.signal.touch()
            }
        }
        guard let view = shellView else { return }
        view.resize(width: painter.surface.width, height: rows)
        let shown = view.emulator.surface
        for y in 0..<min(rows, shown.height) {
            for x in 0..<min(shown.width, painter.surface.width) { painter.surface.cells[y * painter.surface.width + x] = shown[x, y] }
        }
        painter.surface.cursor = shown.cursor
        painter.surface.isCursorVisible = shown.isCursorVisible
        var isExplained = false
        if case .ended(let reason) = model.state, !view.hasOutput {
            drawNoShell(reason, model, in: Rect(x: 0, y: 0, width: painter.surface.width, height: rows), &painter)
            isExplained = true
        }
        drawShellLine(model, isExplained: isExplained, in: painter.surface.bounds.row(rows), &painter)
    }

    /// A shell that never came has the whole screen to say why.
    private func drawNoShell(_ reason: String, _ model: ShellModel, in rect: Rect, _ painter: inout Painter) {
        painter.surface.isCursorVisible = false
        let lines =
            TextWrap.words("No shell in \(model.binding.name)/\(model.container): \(reason)", columns: min(76, rect.width - 4)).map {
                ($0, Scope.statusWarning)
            }
            + [("", .dim)]
            + TextWrap.words("An image without a shell cannot be entered; l shows what it writes. Esc closes.", columns: min(76, rect.width - 4))
            .map { ($0, Scope.dim) }
        let left = max(2, (rect.width - 76) / 2)
        for (index, line) in lines.prefix(rect.height).enumerated() {
            painter.text(line.0, in: rect.row(max(0, rect.height / 3) + index).inset(left: left), painter.theme[line.1])
        }
    }

    private func drawShellLine(_ model: ShellModel, isExplained: Bool, in row: Rect, _ painter: inout Painter) {
        painter.surface.fill(row, style: theme[.bar])
        let access: (String, Scope) = app.context.access == .writable ? ("WRITABLE", .barWritable) : ("PROTECTED", .barProtected)
        var x = row.x + painter.surface.put(" TYPE ", x: row.x, y: row.y, style: theme[.barType]) + 1
        let place =
            "\(app.context.name) \(glyphs.arrow) \(model.binding.namespace ?? "") \(glyphs.arrow) \(model.binding.name)/\(model.container)"
        let state: TextSpan =
            switch model.state {
            case .connecting: TextSpan("connecting", .pending)
            case .open: TextSpan("")
            case .ended where isExplained: TextSpan("ended (Esc closes)", .warning)
            case .ended(let reason): TextSpan("ended: \(reason) (Esc closes)", .warning)
            }
        let tail = " F12 leaves  \(access.0) "
        let end = row.maxX - tail.count
        x +=
            painter.text(
                place, in: Rect(x: x, y: row.y, width: max(0, end - x - DisplayWidth.of(state.text) - 2), height: 1), theme[.barContext],
                keepsEnd: true) + 2
        painter.spans([state], in: Rect(x: x, y: row.y, width: max(0, end - x), height: 1), on: theme[.bar])
        x = end + painter.surface.put(" F12", x: end, y: row.y, style: theme[.barKey])
        x += painter.surface.put(" leaves  ", x: x, y: row.y, style: theme[.bar])
        painter.surface.put("\(access.0) ", x: x, y: row.y, style: theme[access.1])
    }

    /// Every key goes inside but F12, and Esc once the session is over.
    func press(_ key: Key, in model: ShellModel) {
        if case .ended = model.state, ["esc", "enter", "q"].contains(key.name) { return closeShell(model) }
        if key.name == "f12" { return closeShell(model) }
        shellView?.press(key)
    }

    func pasteIntoShell(_ text: String, _ model: ShellModel) { shellView?.paste(text) }

    private func closeShell(_ model: ShellModel) {
        model.onOutput = nil
        model.onClose()
        shellView = nil
        app.shell = nil
    }
}
