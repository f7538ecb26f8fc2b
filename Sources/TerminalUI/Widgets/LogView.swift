import LinuxKernel
import ViewModels

/// The log pane: draws the rows of the viewport and nothing else, whatever the log's length. Row counts of wrapped lines are cached per width.
@MainActor final class LogView {
    private var rowCounts: [Int: Int] = [:]
    private var cachedWidth = 0
    private var cachedStart = 0
    private var horizontal = 0
    /// Whether a line in view goes on to the right.
    private var isCut = false
    private var height = 1
    private var textWidth = 1
    /// The columns that labels take, with the space after them; 0 without labels.
    private var labelWidth = 0
    /// The match that was last brought into view.
    private var revealed: Int?
    private static let cacheLimit = 20_000

    /// Draws the log into `rect`.
    func draw(_ model: LogsModel, in rect: Rect, _ painter: inout Painter) {
        guard !rect.isEmpty else { return }
        height = rect.height
        labelWidth = model.merge == nil || !model.showsSources || model.labelWidth == 0 ? 0 : min(model.labelWidth, rect.width / 4) + 1
        textWidth = max(1, rect.width - 2 - labelWidth)
        let key = textWidth * 4 + (model.isWrapping ? 1 : 0) + (model.showsTimestamps ? 2 : 0)
        if key != cachedWidth || model.firstLine != cachedStart || rowCounts.count > Self.cacheLimit {
            rowCounts = [:]
            (cachedWidth, cachedStart) = (key, model.firstLine)
        }
        guard model.endLine > model.firstLine else { return drawHint(model, in: rect, &painter) }
        if let match = model.currentMatch, match != revealed { reveal(match, model) }
        revealed = model.currentMatch
        let top = model.isFollowing ? last(model) : clamp(model.position, model)
        if model.isFollowing || top != model.position { model.position = top }
        var y = 0
        var line = top.line
        var skip = top.row
        isCut = false
        while y < rect.height, line < model.endLine {
            y += draw(line, model, skipping: skip, at: rect.y + y, in: rect, &painter)
            skip = 0
            line += 1
        }
        model.noteSeen(upTo: line)
        painter.scrollbar(
            in: rect, first: top.line - model.firstLine, visible: max(1, line - top.line), total: model.endLine - model.firstLine)
    }

    /// Moves by rows (with wrapping a line has several), pausing when it goes up and following again at the end.
    func scroll(_ model: LogsModel, by rows: Int) {
        guard model.endLine > model.firstLine else { return }
        var position = clamp(model.position, model)
        position.row += rows
        while position.row < 0, position.line > model.firstLine {
            position.line -= 1
            position.row += rowCount(position.line, model)
        }
        while position.line < model.endLine - 1, position.row >= rowCount(position.line, model) {
            position.row -= rowCount(position.line, model)
            position.line += 1
        }
        position.row = max(0, position.row)
        let end = last(model)
        if rows > 0, !Self.isBefore(position, end) {
            model.position = end
            model.isFollowing = true
        } else {
            model.position = Self.isBefore(position, end) ? position : end
            model.isFollowing = false
        }
    }

    /// Rows in view, for page motions.
    var pageRows: Int { max(1, height - 1) }

    /// Shows the line in the upper third and pauses.
    private func reveal(_ line: Int, _ model: LogsModel) {
        model.isFollowing = false
        model.position = LogPosition(line: line)
        scroll(model, by: -(height / 3))
        model.isFollowing = false
    }

    func scrollSideways(by columns: Int, _ model: LogsModel) {
        // Where every line ends in view there is nothing further right.
        guard columns < 0 || isCut else { return }
        horizontal = model.isWrapping ? 0 : max(0, horizontal + columns)
    }

    private static func isBefore(_ a: LogPosition, _ b: LogPosition) -> Bool { (a.line, a.row) < (b.line, b.row) }

    private func clamp(_ position: LogPosition, _ model: LogsModel) -> LogPosition {
        let line = max(model.firstLine, min(model.endLine - 1, position.line))
        guard line == position.line else { return LogPosition(line: line) }
        return LogPosition(line: line, row: max(0, min(position.row, rowCount(line, model) - 1)))
    }

    /// The first row on screen when the last line is at the bottom.
    private func last(_ model: LogsModel) -> LogPosition {
        var rows = 0
        var line = model.endLine
        while line > model.firstLine {
            line -= 1
            rows += rowCount(line, model)
            if rows >= height { return LogPosition(line: line, row: rows - height) }
        }
        return LogPosition(line: model.firstLine)
    }

    private func rowCount(_ number: Int, _ model: LogsModel) -> Int {
        guard model.isWrapping else { return 1 }
        if let known = rowCounts[number] { return known }
        guard let line = model.line(number) else { return 1 }
        guard line.gap == nil else { return 1 }
        let width = DisplayWidth.of(AnsiText(line.bytes).plain) + (model.showsTimestamps ? Self.timeWidth : 0)
        let count = max(1, (width + textWidth - 1) / textWidth)
        rowCounts[number] = count
        return count
    }

    private static let timeWidth = 13

    /// One line, possibly several rows; returns the rows used.
    private func draw(_ number: Int, _ model: LogsModel, skipping skip: Int, at y: Int, in rect: Rect, _ painter: inout Painter) -> Int {
        guard let line = model.line(number) else {
            painter.surface.put(String(painter.glyphs.dot), x: rect.x + 1, y: y, limit: 1, style: painter.theme[.faint])
            return 1
        }
        if let gap = line.gap {
            drawLabel(line.source, model, at: y, in: rect, &painter)
            drawGap(gap, at: y, in: rect.inset(left: labelWidth), &painter)
            return 1
        }
        let base = painter.theme[line.isError ? .logError : .log]
        let left = rect.x + 1 + labelWidth
        if skip == 0 { drawLabel(line.source, model, at: y, in: rect, &painter) }
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
            for character in Self.time(line.timestamp) { place(character, painter.theme[.logTime], &painter) }
        }
        let text = AnsiText(line.bytes)
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
        if line.isError {
            // Not by colour alone: a bar before each of its rows.
            for row in y..<min(rect.maxY, y + max(1, rows - skip)) {
                painter.surface.put(String(painter.glyphs.scrollThumb), x: rect.x, y: row, limit: 1, style: painter.theme[.logError])
            }
        }
        return max(1, rows - skip)
    }

    /// Whose line it is; every source has a colour of its own as far as they go.
    private func drawLabel(_ source: Int, _ model: LogsModel, at y: Int, in rect: Rect, _ painter: inout Painter) {
        guard labelWidth > 1, model.sources.indices.contains(source) else { return }
        let style = painter.theme[Self.sourceScopes[source % Self.sourceScopes.count]]
        let label = Rect(x: rect.x + 1, y: y, width: labelWidth - 1, height: 1)
        painter.text(model.sources[source].label, in: label, style, keepsEnd: true)
    }

    private static let sourceScopes: [Scope] = [.accent, .statusOK, .yamlBool, .yamlNumber, .statusPending, .statusWarning]

    private func drawGap(_ gap: String, at y: Int, in rect: Rect, _ painter: inout Painter) {
        let style = painter.theme[.logGap]
        painter.surface.fill(Rect(x: rect.x + 1, y: y, width: rect.width - 2, height: 1), painter.glyphs.horizontal, style: style)
        let label = " \(gap) "
        painter.text(label, in: Rect(x: rect.x + 3, y: y, width: rect.width - 5, height: 1), style)
    }

    private func drawHint(_ model: LogsModel, in rect: Rect, _ painter: inout Painter) {
        let (text, scope): (String, Scope) =
            switch model.state {
            case .idle(let hint): (hint, .dim)
            case .loading: ("reading the log", .dim)
            case .waiting(let what): ("waiting: \(what) (w on the pod says why)", .dim)
            case .live: ("no line yet", .dim)
            case .ended(let reason): ("no line was written: \(reason)", .dim)
            case .failed(let reason): (reason, .errorText)
            }
        for (index, line) in TextWrap.words(text, columns: rect.width - 4).prefix(rect.height).enumerated() {
            let row = rect.row(min(rect.height - 1, rect.height / 3 + index))
            painter.text(line, in: row.inset(left: max(2, (rect.width - DisplayWidth.of(line)) / 2)), painter.theme[scope])
        }
    }

    /// `10:02:05.123 ` in UTC; blank when unknown.
    private static func time(_ timestamp: Timestamp?) -> String {
        guard let timestamp else { return String(repeating: " ", count: timeWidth) }
        let clock = timestamp.rfc3339.dropFirst(11).prefix(8)
        let milliseconds = String(1000 + Int(timestamp.nanoseconds) / 1_000_000).dropFirst()
        return "\(clock).\(milliseconds) "
    }
}
