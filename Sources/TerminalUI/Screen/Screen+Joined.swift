import ViewModels

extension Screen {
    /// The most contexts that say below the table what is wrong with them; the rest are counted.
    private static let mostTroubles = 3

    /// A table of several contexts: below its rows what is missing and why, and what Enter does. Returns the rectangle of its rows.
    func drawJoined(in rect: Rect, isFocused: Bool, _ painter: inout Painter) -> Rect {
        guard let joined = app.joined else { return rect }
        var lines: [[TextSpan]] = []
        let troubles = joined.table.troubles
        let room = max(1, min(Self.mostTroubles, rect.height / 4))
        for trouble in troubles.prefix(troubles.count > room ? room - 1 : room) { lines.append(warning(trouble)) }
        if troubles.count > lines.count { lines.append(warning("\(troubles.count - lines.count) contexts are not all here")) }
        if rect.height > 6, let footer = joined.footer { lines.append(footer) }
        let body = Rect(x: rect.x, y: rect.y, width: rect.width, height: max(1, rect.height - lines.count))
        let rows = objectTable.draw(app.list, in: body, isFocused: isFocused, &painter)
        for (index, line) in lines.enumerated() where body.maxY + index < rect.maxY {
            painter.spans(line, in: Rect(x: rect.x + 2, y: body.maxY + index, width: rect.width - 4, height: 1))
        }
        return rows
    }

    private func warning(_ text: String) -> [TextSpan] { [TextSpan("\(glyphs.warningSign) \(text)", .warning)] }
}
