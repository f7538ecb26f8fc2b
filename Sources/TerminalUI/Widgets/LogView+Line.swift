import LinuxKernel
import ViewModels

extension LogView {
    /// One line, possibly several rows; returns the rows used.
    func draw(_ number: Int, _ model: LogsModel, skipping skip: Int, at y: Int, in rect: Rect, _ painter: inout Painter) -> Int {
        guard let line = model.line(number) else {
            painter.surface.put(String(painter.glyphs.dot), x: rect.x + 1, y: y, limit: 1, style: painter.theme[.faint])
            return 1
        }
        if skip == 0 { drawLabel(line.source, model, at: y, in: rect, &painter) }
        if let gap = line.gap {
            drawGap(gap, at: y, in: rect.inset(left: labelWidth), &painter)
            return 1
        }
        let shown = model.text(of: line)
        let base = painter.theme[Self.scope(line)]
        let left = rect.x + 1 + labelWidth
        let rows = rowCount(number, model)
        var column = 0
        let isCurrent = model.currentMatch == number
        func place(_ character: Character, _ style: Style, _ painter: inout Painter) {
            let width = SafeGlyph(character).width
            guard width > 0 else { return }
            let shifted = column - (model.isWrapping ? 0 : horizontal)
            if model.isWrapping {
                let row = column / textWidth - skip
                if row >= 0, y + row < rect.maxY {
                    painter.surface.put(character, x: left + column % textWidth, y: y + row, end: left + textWidth, style: style)
                }
            } else if shifted >= 0, shifted < textWidth {
                painter.surface.put(character, x: left + shifted, y: y, end: left + textWidth, style: style)
            }
            column += width
        }
        if model.showsTimestamps {
            for character in Self.time(line.timestamp, model, &painter) { place(character, painter.theme[.logTime], &painter) }
        }
        let text = AnsiText(shown)
        let matches = model.search.isEmpty ? [] : SearchRanges.find(model.search, in: text.plain)
        var offset = 0
        var match = 0
        for run in text.runs {
            var style = base
            if let foreground = run.foreground { style.foreground = painter.theme.depth.nearest(foreground) }
            if let background = run.background { style.background = painter.theme.depth.nearest(background) }
            style.attributes.formUnion(run.attributes)
            for character in run.text {
                while match < matches.count, matches[match].upperBound <= offset { match += 1 }
                let isMatch = match < matches.count && matches[match].contains(offset)
                place(character, isMatch ? painter.theme[isCurrent ? .matchCurrent : .match] : style, &painter)
                offset += 1
            }
            if !model.isWrapping, column - horizontal > textWidth { break }
        }
        if !model.isWrapping, column - horizontal > textWidth {
            isCut = true
            painter.surface.put(String(painter.glyphs.arrow), x: rect.maxX - 1, y: y, limit: 1, style: painter.theme[.faint])
        }
        if !model.isWrapping, horizontal > 0, column > 0 {
            painter.surface.put(String(painter.glyphs.arrowLeft), x: rect.x, y: y, limit: 1, style: painter.theme[.faint])
        }
        if line.isError {
            // Not by colour alone: a bar before each of its rows.
            for row in y..<min(rect.maxY, y + max(1, rows - skip)) {
                painter.surface.put(String(painter.glyphs.scrollThumb), x: rect.x, y: row, limit: 1, style: painter.theme[.logError])
            }
        }
        return max(1, rows - skip)
    }

    /// The look of a line: what it says of its level, else which stream it came on. Its own colours go before.
    private static func scope(_ line: LogLine) -> Scope {
        switch LogLevel(line: line.bytes) {
        case .fatal?, .error?: .errorText
        case .warning?: .statusWarning
        case .debug?, .trace?: .dim
        case .info?, nil: line.isError ? .logError : .log
        }
    }

    /// The cursor's line, the selected lines and the marks.
    func highlight(_ number: Int, _ model: LogsModel, in area: Rect, isFocused: Bool, _ painter: inout Painter) {
        let isCursor = model.cursor == number && !model.isFollowing
        if isCursor || model.selected?.contains(number) == true {
            let style = painter.theme[isCursor ? (isFocused ? .tableCursorFocused : .tableCursor) : .editorSelection]
            painter.surface.restyle(area.inset(left: 1)) { $0.on(style) }
            if isCursor {
                let sign = String(painter.glyphs.selection)
                painter.surface.put(sign, x: area.x, y: area.y, limit: 1, style: painter.theme[.tableSign])
            }
        }
        guard model.marks.contains(number) else { return }
        painter.surface.put(String(painter.glyphs.mark), x: area.x, y: area.y, limit: 1, style: painter.theme[.tableMark])
    }

    /// Whose line it is; every source has a colour of its own as far as they go.
    private func drawLabel(_ source: Int, _ model: LogsModel, at y: Int, in rect: Rect, _ painter: inout Painter) {
        guard labelWidth > 1, model.sources.indices.contains(source) else { return }
        let style = painter.theme[Self.sourceScopes[source % Self.sourceScopes.count]]
        let label = Rect(x: rect.x + 1, y: y, width: labelWidth - 1, height: 1)
        painter.text(model.sources[source].label, in: label, style, keepsEnd: true)
    }

    private static let sourceScopes: [Scope] = [.accent, .statusOK, .yamlBool, .yamlNumber, .statusPending, .statusWarning]

    /// With the number that it begins with as people read it.
    private static func grouped(_ gap: String) -> String {
        let digits = gap.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits), gap.dropFirst(digits.count).hasPrefix(" ") else { return gap }
        return Units.grouped(number) + gap.dropFirst(digits.count)
    }

    private func drawGap(_ gap: String, at y: Int, in rect: Rect, _ painter: inout Painter) {
        let style = painter.theme[.logGap]
        painter.surface.fill(Rect(x: rect.x + 1, y: y, width: rect.width - 2, height: 1), painter.glyphs.horizontal, style: style)
        let label = " \(Self.grouped(gap)) "
        painter.text(label, in: Rect(x: rect.x + 3, y: y, width: rect.width - 5, height: 1), style)
    }

    /// Why there is no line.
    func drawHint(_ model: LogsModel, in rect: Rect, _ painter: inout Painter) {
        if model.endLine > model.firstLine { return drawNothingShown(model, in: rect, &painter) }
        let (text, scope): (String, Scope) =
            switch model.state {
            case .idle(let hint): (hint, .dim)
            case .loading: ("reading the log", .dim)
            case .waiting(let what): ("waiting: \(what)", .dim)
            case .live: ("no line yet", .dim)
            case .ended(let reason): ("no line was written: \(reason)", .dim)
            case .failed(let reason): (reason, .errorText)
            }
        guard model.explanation.isEmpty else {
            let rows = TextViewer.wrapped([[TextSpan(text, .dim)], []] + model.explanation, columns: rect.width - 4)
            for (index, spans) in rows.prefix(rect.height).enumerated() { painter.spans(spans, in: rect.row(index).inset(left: 2, right: 1)) }
            return
        }
        drawCentered(text, scope, in: rect, &painter)
    }

    /// A filter that hides everything says so, and how to end it.
    private func drawNothingShown(_ model: LogsModel, in rect: Rect, _ painter: inout Painter) {
        let total = Units.grouped(model.endLine - model.firstLine)
        let text =
            model.filterProgress != nil
            ? "looking through \(total) lines"
            : model.isFiltered ? "none of \(total) lines is shown: Esc ends the filter" : "cleared: g 0 shows all \(total) lines again"
        drawCentered(text, .dim, in: rect, &painter)
    }

    private func drawCentered(_ text: String, _ scope: Scope, in rect: Rect, _ painter: inout Painter) {
        for (index, line) in TextWrap.words(text, columns: rect.width - 4).prefix(rect.height).enumerated() {
            let row = rect.row(min(rect.height - 1, rect.height / 3 + index))
            painter.text(line, in: row.inset(left: max(2, (rect.width - DisplayWidth.of(line)) / 2)), painter.theme[scope])
        }
    }

    /// `10:02:05.123 `, or how long ago; blank when unknown.
    private static func time(_ timestamp: Timestamp?, _ model: LogsModel, _ painter: inout Painter) -> String {
        let width = timeWidth(model.times)
        guard let timestamp else { return String(repeating: " ", count: width) }
        if model.times == .relative {
            let age = Units.age(painter.now - timestamp)
            painter.wake(at: painter.now.advanced(by: age.staysFor))
            return String(repeating: " ", count: max(0, width - 1 - age.text.count)) + age.text + " "
        }
        let clock = (model.times == .local ? timestamp.shown(in: model.zone) : timestamp).rfc3339.dropFirst(11).prefix(8)
        let milliseconds = String(1000 + Int(timestamp.nanoseconds) / 1_000_000).dropFirst()
        return "\(clock).\(milliseconds) "
    }
}
