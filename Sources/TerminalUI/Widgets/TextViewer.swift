import ViewModels

/// Scrollable text with meaning (describe, why, events) and diffs.
@MainActor enum TextViewer {
    /// Draws a text; returns its `top` kept inside, and near its cursor.
    static func draw(_ model: DetailModel, in rect: Rect, _ painter: inout Painter) -> Int {
        let rows = rows(model, columns: rect.width - 2, glyphs: painter.glyphs)
        let cursor = model.selectedIndex.map { model.stops[$0].line }
        var top = model.top
        if !model.isReading, let cursor, let row = rows.firstIndex(where: { $0.line == cursor }) {
            // The lines above the first stop are its headings.
            if model.selectedIndex == 0, row < rect.height { top = 0 }
            // What follows the last stop is seen from there.
            if model.selectedIndex == model.stops.count - 1, model.stops.count > 1 { top = rows.count - rect.height }
            top = min(max(top, row - rect.height + 1), row)
        }
        top = max(0, min(top, rows.count - rect.height))
        for (offset, row) in rows.dropFirst(top).prefix(rect.height).enumerated() {
            let place = rect.row(offset)
            let inner = place.inset(left: 1, right: 1)
            if row.line == cursor {
                let ground = painter.theme[.tableCursorFocused]
                painter.surface.fill(place, style: ground)
                painter.surface.put(
                    String(painter.glyphs.selection), x: place.x, y: place.y, limit: 1, style: painter.theme[.tableSign].on(ground))
                painter.spans(row.spans, in: inner, on: ground)
            } else {
                painter.spans(row.spans, in: inner)
            }
            mark(model.search, row.spans, in: inner, &painter)
        }
        painter.scrollbar(in: rect, first: top, visible: rect.height, total: rows.count)
        return top
    }

    /// The rows of a text with the line each belongs to: lines of a list are cut at the edge, all others go on below.
    static func rows(_ model: DetailModel, columns: Int, glyphs: GlyphSet) -> [(spans: [TextSpan], line: Int)] {
        let cut = model.cutLines.union(model.isReading ? [] : model.stops.map(\.line))
        return model.lines.enumerated().flatMap { index, line -> [([TextSpan], Int)] in
            if let chart = model.charts[index] { return BrailleChart.rows(chart, columns: columns, glyphs: glyphs).map { ($0, index) } }
            return cut.contains(index) ? [(line, index)] : wrapped([line], columns: columns).map { ($0, index) }
        }
    }

    private static func mark(_ search: String, _ spans: [TextSpan], in row: Rect, _ painter: inout Painter) {
        guard !search.isEmpty else { return }
        let text = spans.reduce(into: "") { $0 += $1.text }
        for range in SearchRanges.find(search, in: text) {
            let from = DisplayWidth.of(text.prefix(range.lowerBound))
            let width = DisplayWidth.of(text.prefix(range.upperBound)) - from
            let style = painter.theme[.match]
            painter.surface.restyle(Rect(x: row.x + from, y: row.y, width: min(width, row.maxX - row.x - from), height: 1)) { _ in style }
        }
    }

    /// Long lines continue below, broken at spaces where there are any and indented a little.
    static func wrapped(_ lines: [[TextSpan]], columns: Int) -> [[TextSpan]] {
        guard columns > 12 else { return lines }
        return lines.flatMap { line in
            line.reduce(0) { $0 + DisplayWidth.of($1.text) } <= columns ? [line] : wrap(line, columns: columns)
        }
    }

    private static func wrap(_ line: [TextSpan], columns: Int) -> [[TextSpan]] {
        let lead = line.first.map { $0.text.prefix { $0 == " " }.count } ?? 0
        let indent = TextSpan(String(repeating: " ", count: min(lead + 2, columns / 3)))
        var rows: [[TextSpan]] = []
        var row: [TextSpan] = []
        var used = 0
        func newRow() {
            rows.append(row)
            row = [indent]
            used = indent.text.count
        }
        for span in line {
            var rest = span.text[...]
            while !rest.isEmpty {
                let fits = DisplayWidth.prefix(rest, columns: columns - used).text
                if fits.count == rest.count {
                    row.append(TextSpan(String(rest), span.tone))
                    used += DisplayWidth.of(rest)
                    break
                }
                // The last space that fits; a word longer than a whole row is cut.
                let end =
                    fits.lastIndex(of: " ").map { fits.index(after: $0) } ?? (used <= indent.text.count ? fits.endIndex : fits.startIndex)
                let part = fits[..<end]
                if !part.isEmpty { row.append(TextSpan(String(part), span.tone)) }
                rest = rest.dropFirst(part.count)
                if part.isEmpty, fits.isEmpty, used <= indent.text.count { rest = rest.dropFirst() }
                newRow()
            }
        }
        return row.isEmpty || (row == [indent] && !rows.isEmpty) ? rows : rows + [row]
    }

    /// One line of a diff.
    static func drawDiff(_ lines: [DiffLine], top: Int, in rect: Rect, on ground: Style, _ painter: inout Painter) -> Int {
        let top = max(0, min(top, lines.count - rect.height))
        for (offset, line) in lines.dropFirst(top).prefix(rect.height).enumerated() {
            let row = rect.row(offset)
            let (sign, scope): (String, Scope) =
                switch line.kind {
                case .context: ("  ", .diff)
                case .added: ("+ ", .diffAdd)
                case .removed: ("- ", .diffRemove)
                case .header: ("", .diffHeader)
                case .note: ("", .dim)
                }
            let isChange = line.kind == .added || line.kind == .removed
            let hasGround = painter.theme[scope].background != painter.theme[.text].background
            let style = isChange && hasGround ? painter.theme[scope] : painter.theme[scope].on(ground)
            if isChange { painter.surface.fill(row, style: style) }
            painter.text(sign + line.text, in: row.inset(left: 1, right: 1), style)
        }
        painter.scrollbar(in: rect, first: top, visible: rect.height, total: lines.count)
        return top
    }
}
