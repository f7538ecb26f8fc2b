import ViewModels

/// Looking back in a shell: what is looked for, where the cursor is, and what is selected.
struct ShellLook {
    /// What is being typed to be looked for; nil while nothing is.
    var input: LineInput?
    /// What was looked for.
    var search = ""
    /// The row that was found last.
    var found: Int?
    /// Where the cursor is; nil while only rows are looked at.
    var cursor: ShellPlace?
    /// Where the selection begins, at the other end of which the cursor is; nil without one.
    var anchor: ShellPlace?

    /// Takes the cursor and the selection away.
    mutating func unselect() { (anchor, cursor) = (nil, nil) }

    /// What is selected, in the order of the text.
    var selection: (start: ShellPlace, end: ShellPlace)? {
        guard let anchor, let cursor else { return nil }
        return (min(anchor, cursor), max(anchor, cursor))
    }
}

extension ShellView {
    var text: ShellText { ShellText(back: emulator.scrollback, screen: emulator.surface) }
    private var page: Int { max(1, emulator.surface.height - 1) }
    /// The number of the row at the top of the view.
    private var topRow: Int { text.screenStart - rowsBack }

    /// Takes a key while one looks back; false when it is for the program, and looking back ends.
    func look(_ key: Key) -> Bool {
        guard var look else { return false }
        defer { model.onChange() }
        notice = nil
        if var input = look.input {
            switch key.name {
            case "esc", "ctrl-c": look.input = nil
            case "enter":
                (look.input, look.search, look.found) = (nil, input.text, nil)
                self.look = look
                find(isUp: true)
                return true
            default:
                LineKeys.apply(key, to: &input)
                look.input = input
            }
            self.look = look
            return true
        }
        switch key.name {
        case "esc":
            if look.anchor != nil || look.cursor != nil { self.look?.unselect() } else { endLook() }
        case "/": self.look?.input = LineInput()
        case "n" where !look.search.isEmpty: find(isUp: true)
        case "N" where !look.search.isEmpty: find(isUp: false)
        case "v" where look.cursor == nil: self.look?.cursor = ShellPlace(row: look.found ?? topRow + page, column: 0)
        case "v", "space": if look.cursor == nil { return false } else { self.look?.anchor = look.anchor == nil ? look.cursor : nil }
        case "y", "enter":
            guard look.cursor != nil else { return false }
            copySelection()
        default: return move(key)
        }
        return true
    }

    /// Moves the cursor, once there is one.
    private func move(_ key: Key) -> Bool {
        guard var cursor = look?.cursor else { return false }
        let rows = text.rows
        switch key.name {
        case "up", "k": cursor.row -= 1
        case "down", "j": cursor.row += 1
        case "left", "h": cursor.column -= 1
        case "right", "l": cursor.column += 1
        case "pageup", "ctrl-b": cursor.row -= page
        case "pagedown", "ctrl-f": cursor.row += page
        case "g": cursor = ShellPlace(row: rows.lowerBound, column: 0)
        case "G": cursor.row = rows.upperBound - 1
        case "0", "home": cursor.column = 0
        case "$", "end": cursor.column = max(0, (text.characters(cursor.row).last?.column ?? 0))
        default: return true
        }
        cursor.row = max(rows.lowerBound, min(rows.upperBound - 1, cursor.row))
        cursor.column = max(0, min(emulator.surface.width - 1, cursor.column))
        look?.cursor = cursor
        show(row: cursor.row, margin: 0)
        return true
    }

    /// Goes to the next row with what is looked for.
    private func find(isUp: Bool) {
        guard let search = look?.search, !search.isEmpty else { return }
        let start = look?.found ?? topRow + emulator.surface.height
        guard let row = text.row(of: search, from: start, isUp: isUp) else {
            notice = "no match for \"\(search)\""
            return
        }
        look?.found = row
        if look?.cursor != nil { look?.cursor = ShellPlace(row: row, column: text.matches(search, row: row).first?.lowerBound ?? 0) }
        show(row: row, margin: 2)
    }

    /// Moves the view as little as brings a row into it.
    private func show(row: Int, margin: Int) {
        let height = emulator.surface.height
        var top = topRow
        if row < top + margin { top = row - margin }
        if row > top + height - 1 - margin { top = row - height + 1 + margin }
        setRowsBack(text.screenStart - top)
    }

    private func copySelection() {
        guard let look else { return }
        guard let (start, end) = look.selection else {
            notice = "v or Space begins a selection"
            return
        }
        let text = text.text(from: start, to: end)
        guard text.utf8.count <= Self.mostCopied else {
            notice = "not copied: more than the \(Self.mostCopied) bytes that terminals take"
            return
        }
        onCopy(text)
        self.look?.unselect()
        let rows = end.row - start.row + 1
        notice = rows == 1 ? "copied" : "\(rows) rows copied"
    }

    private static let mostCopied = 70_000

    // MARK: - The mouse

    /// Takes the mouse, in cells of the view. The program has it when it asked for it, unless Alt is held or one looks back.
    func handle(_ mouse: MouseEvent) {
        var mouse = mouse
        if mouse.kind == .press || mouse.kind == .wheelUp || mouse.kind == .wheelDown {
            guard mouse.y < emulator.surface.height else { return }
            if mouse.kind == .press { heldPresses += 1 }
        } else {
            // What began outside, in the line below, does not end here.
            guard heldPresses > 0 else { return }
            if mouse.kind == .release { heldPresses -= 1 }
        }
        // What was begun in the terminal ends in it.
        mouse.y = min(mouse.y, emulator.surface.height - 1)
        let isOurs = mouse.modifiers.contains(.alternate) || look != nil || !model.isRunning
        if !isOurs, let bytes = MouseEncoder.bytes(mouse, emulator.mouse, isSGR: emulator.isSGRMouse) { return model.onInput(bytes) }
        if !isOurs, emulator.mouse != .none { return }
        let place = ShellPlace(row: topRow + mouse.y, column: mouse.x)
        switch (mouse.kind, mouse.button) {
        case (.wheelUp, _), (.wheelDown, _): wheel(mouse.kind == .wheelUp ? 3 : -3)
        case (.press, .left): pressedAt = place
        case (.drag, .left):
            guard let pressedAt, pressedAt != place || look?.anchor != nil else { return }
            if look == nil { look = ShellLook() }
            look?.anchor = pressedAt
            look?.cursor = place
            notice = nil
            model.onChange()
        case (.release, _):
            pressedAt = nil
            guard look?.anchor != nil else { return }
            copySelection()
            if rowsBack == 0 { look = nil }
            model.onChange()
        default: break
        }
    }

    /// A program that has the screen for itself and no use for the mouse gets arrows, as from other terminals.
    private func wheel(_ rows: Int) {
        guard emulator.isAlternate, look == nil else { return scroll(by: rows) }
        let bytes = KeyEncoder.bytes(Key(rows > 0 ? "up" : "down"), applicationCursor: emulator.isApplicationCursor)
        for _ in 0..<abs(rows) { model.onInput(bytes) }
    }

    // MARK: - Drawing

    /// What was found, what is selected, and the cursor.
    func drawLook(rows: Int, _ painter: inout Painter) {
        guard let look else { return }
        let (text, top, width) = (text, topRow, painter.surface.width)
        for y in 0..<min(rows, emulator.surface.height) {
            let row = top + y
            if !look.search.isEmpty {
                let style = painter.theme[row == look.found ? .matchCurrent : .match]
                for found in text.matches(look.search, row: row) {
                    painter.surface.restyle(Rect(x: found.lowerBound, y: y, width: min(found.count, width - found.lowerBound), height: 1)) { _ in style }
                }
            }
            guard let (start, end) = look.selection, row >= start.row, row <= end.row else { continue }
            let first = row == start.row ? start.column : 0
            let last = row == end.row ? end.column : width - 1
            let style = painter.theme[.editorSelection]
            painter.surface.restyle(Rect(x: first, y: y, width: max(1, last - first + 1), height: 1)) { $0.on(style) }
        }
        painter.surface.isCursorVisible = false
        guard let cursor = look.cursor, cursor.row >= top, cursor.row < top + rows else { return }
        painter.surface.cursor = (min(cursor.column, width - 1), cursor.row - top)
        painter.surface.isCursorVisible = true
    }

    /// What the line below says while one looks back.
    var lookState: TextSpan? {
        if let notice { return TextSpan(notice, .warning) }
        guard let look else { return nil }
        if let input = look.input { return TextSpan("/\(input.text)", .accent) }
        if look.anchor != nil { return TextSpan("y copies, Esc ends it", .warning) }
        if look.cursor != nil { return TextSpan("v selects, / searches, Esc ends it", .warning) }
        let back = rowsBack == 0 ? "" : "\(rowsBack) rows back  "
        return TextSpan("\(back)/ searches\(look.search.isEmpty ? "" : " n N") v selects Esc", .warning)
    }
}
