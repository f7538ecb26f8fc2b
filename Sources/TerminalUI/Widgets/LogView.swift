import LinuxKernel
import ViewModels

/// The log pane: draws the rows of the viewport and nothing else, whatever the log's length. Row counts of wrapped lines are cached per look.
@MainActor final class LogView {
    /// Everything that row counts depend on.
    private struct Look: Hashable {
        var width: Int
        var isWrapping: Bool
        var timeWidth: Int
        var columns: [String]
        var columnWidths: [Int]
        var start: Int
    }

    private var rowCounts: [Int: Int] = [:]
    private var look: Look?
    var horizontal = 0
    /// The log that was drawn last.
    private var shown: LogSelection?
    /// Whether a line in view goes on to the right.
    var isCut = false
    private var height = 1
    var textWidth = 1
    /// The columns that labels take, with the space after them; 0 without labels.
    var labelWidth = 0
    /// The line on each row of the last frame, from the pane's top.
    private var drawn: [Int] = []
    private static let cacheLimit = 20_000

    /// Draws the log into `rect`.
    func draw(_ model: LogsModel, in rect: Rect, isFocused: Bool = true, _ painter: inout Painter) {
        guard !rect.isEmpty else { return }
        // Another log begins at its left edge.
        if model.selection != shown { (shown, horizontal) = (model.selection, 0) }
        height = rect.height
        labelWidth = model.merge == nil || !model.showsSources || model.labelWidth == 0 ? 0 : min(model.labelWidth, rect.width / 4) + 1
        textWidth = max(1, rect.width - 2 - labelWidth)
        refreshLook(model)
        drawn = []
        guard model.firstShown != nil else {
            model.visible = nil
            return drawHint(model, in: rect, &painter)
        }
        if let wanted = model.wanted { reveal(wanted, model) }
        model.wanted = nil
        var top = model.isFollowing ? last(model) : clamp(model.position, model)
        if !model.columns.isEmpty {
            model.measureColumns(from: top.line, count: rect.height)
            refreshLook(model)
            if model.isFollowing { top = last(model) }
        }
        if model.isFollowing || top != model.position { model.position = top }
        isCut = false
        drawLines(model, from: top, in: rect, isFocused: isFocused, &painter)
        let (above, total) = (model.rank(of: top.line), model.shownCount)
        painter.scrollbar(in: rect, first: above, visible: max(1, Set(drawn).count), total: total)
    }

    private func drawLines(_ model: LogsModel, from top: LogPosition, in rect: Rect, isFocused: Bool, _ painter: inout Painter) {
        var y = 0
        var skip = top.row
        var next: Int? = top.line
        while y < rect.height, let line = next {
            let rows = draw(line, model, skipping: skip, at: rect.y + y, in: rect, &painter)
            let area = Rect(x: rect.x, y: rect.y + y, width: rect.width - 1, height: min(rows, rect.height - y))
            highlight(line, model, in: area, isFocused: isFocused, &painter)
            for _ in 0..<rows { drawn.append(line) }
            y += rows
            skip = 0
            next = model.shown(from: line + 1)
        }
        model.noteSeen(upTo: next ?? model.endLine)
        model.visible = drawn.last.map { top.line...$0 }
        if let cursor = model.cursor, let visible = model.visible, !visible.contains(cursor) {
            // The cursor stays in view when the page moves under it.
            model.cursor = cursor < visible.lowerBound ? visible.lowerBound : visible.upperBound
        }
    }

    private func refreshLook(_ model: LogsModel) {
        let new = Look(
            width: textWidth, isWrapping: model.isWrapping, timeWidth: Self.timeWidth(model.times), columns: model.columns,
            columnWidths: model.columnWidths, start: model.firstLine)
        guard new != look || rowCounts.count > Self.cacheLimit else { return }
        rowCounts = [:]
        look = new
    }

    /// The line on a row of the pane; nil below the last.
    func line(atRow row: Int) -> Int? { drawn.indices.contains(row) ? drawn[row] : nil }

    // MARK: - Motions

    /// Moves by rows (with wrapping a line has several), pausing when it goes up and following again at the end.
    func scroll(_ model: LogsModel, by rows: Int) {
        guard model.firstShown != nil else { return }
        var position = clamp(model.position, model)
        position.row += rows
        while position.row < 0, let before = model.shown(upTo: position.line - 1) {
            position.line = before
            position.row += rowCount(before, model)
        }
        while position.row >= rowCount(position.line, model), let after = model.shown(from: position.line + 1) {
            position.row -= rowCount(position.line, model)
            position.line = after
        }
        position.row = max(0, position.row)
        let end = last(model)
        if rows > 0, !Self.isBefore(position, end) {
            model.position = end
            // At the end a selection still has somewhere to go: the cursor.
            if model.anchor == nil { model.isFollowing = true }
        } else {
            model.position = Self.isBefore(position, end) ? position : end
            model.isFollowing = false
        }
    }

    /// Moves the cursor by lines; going up pauses and begins at the last line, going down past the end follows again.
    func moveCursor(_ model: LogsModel, by lines: Int) {
        guard let last = model.lastShown else { return }
        guard let cursor = model.cursor else {
            if lines > 0, model.isFollowing { return }
            model.position = model.isFollowing ? self.last(model) : model.position
            model.isFollowing = false
            model.cursor = model.visible.map { min($0.upperBound, last) } ?? last
            return
        }
        let next = lines > 0 ? model.shown(from: cursor + 1) : model.shown(upTo: cursor - 1)
        guard let next else {
            if lines > 0, model.anchor == nil { model.isFollowing = true }
            return
        }
        model.cursor = next
        keepInView(next, model)
    }

    /// Moves the page as little as brings a line into view.
    private func keepInView(_ line: Int, _ model: LogsModel) {
        let top = clamp(model.position, model)
        if line <= top.line {
            model.position = LogPosition(line: line)
            return
        }
        let lowest = self.top(whenLast: line, model)
        if Self.isBefore(top, lowest) { model.position = lowest }
    }

    /// Rows in view, for page motions.
    var pageRows: Int { max(1, height - 1) }

    /// Shows the line in the upper third and pauses.
    private func reveal(_ line: Int, _ model: LogsModel) {
        guard let shown = model.shown(from: line) ?? model.shown(upTo: line) else { return }
        model.isFollowing = false
        model.position = LogPosition(line: shown)
        scroll(model, by: -(height / 3))
        model.isFollowing = false
        model.cursor = shown
    }

    func scrollSideways(by columns: Int, _ model: LogsModel) {
        // Where every line ends in view there is nothing further right.
        guard columns < 0 || isCut else { return }
        horizontal = model.isWrapping ? 0 : max(0, horizontal + columns)
    }

    private static func isBefore(_ a: LogPosition, _ b: LogPosition) -> Bool { (a.line, a.row) < (b.line, b.row) }

    private func clamp(_ position: LogPosition, _ model: LogsModel) -> LogPosition {
        let line = model.shown(from: position.line) ?? model.lastShown ?? model.firstLine
        guard line == position.line else { return LogPosition(line: line) }
        return LogPosition(line: line, row: max(0, min(position.row, rowCount(line, model) - 1)))
    }

    /// The first row on screen when the last line is at the bottom.
    private func last(_ model: LogsModel) -> LogPosition { top(whenLast: model.lastShown ?? model.firstLine, model) }

    /// The first row on screen when a line is at the bottom.
    private func top(whenLast line: Int, _ model: LogsModel) -> LogPosition {
        var rows = 0
        var line = line
        while true {
            rows += rowCount(line, model)
            if rows >= height { return LogPosition(line: line, row: rows - height) }
            guard let before = model.shown(upTo: line - 1) else { return LogPosition(line: line) }
            line = before
        }
    }

    func rowCount(_ number: Int, _ model: LogsModel) -> Int {
        guard model.isWrapping else { return 1 }
        // A line that has not ended grows.
        let isWhole = number < model.endLine
        if isWhole, let known = rowCounts[number] { return known }
        guard let line = model.line(number), line.gap == nil else { return 1 }
        let width = DisplayWidth.of(AnsiText(model.text(of: line)).plain) + Self.timeWidth(model.times)
        let count = max(1, (width + textWidth - 1) / textWidth)
        if isWhole { rowCounts[number] = count }
        return count
    }

    /// The columns that a time takes, with the space after it.
    static func timeWidth(_ times: LogTimes) -> Int {
        switch times {
        case .off: 0
        case .local, .utc: 13
        case .relative: 8
        }
    }
}
