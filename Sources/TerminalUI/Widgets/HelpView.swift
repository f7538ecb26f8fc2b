import ViewModels

/// Every key and what it does, in columns, searchable; commands that cannot run now say why.
@MainActor enum HelpView {
    /// Draws the help; returns `top` kept inside the text.
    static func draw(_ model: HelpModel, in screen: Rect, _ painter: inout Painter) -> Int {
        let box = screen.centered(width: min(110, screen.width), height: screen.height)
        let content = Popup.draw(box, title: "Keys", footer: [TextSpan("type to search  Esc closes", .dim)], &painter)
        Popup.field(model.filter, placeholder: "search", in: content.row(0), style: painter.theme[.popupField], &painter)
        let area = content.inset(top: 2)
        let columns = max(1, min(3, area.width / 34))
        let rows = lines(model.sections)
        let perColumn = max(area.height, (rows.count + columns - 1) / columns)
        let top = max(0, min(model.top, perColumn - area.height))
        let width = area.width / columns
        for (index, row) in rows.enumerated() {
            let y = index % perColumn - top
            let column = index / perColumn
            guard y >= 0, y < area.height, column < columns else { continue }
            draw(row, in: Rect(x: area.x + column * width, y: area.y + y, width: width - 2, height: 1), &painter)
        }
        painter.scrollbar(in: area, first: top, visible: area.height, total: perColumn)
        return top
    }

    private enum Line {
        case title(String)
        case entry(HelpEntry)
        case blank
    }

    private static func lines(_ sections: [HelpSection]) -> [Line] {
        sections.flatMap { section in [.title(section.title)] + section.entries.map(Line.entry) + [.blank] }
    }

    private static func draw(_ line: Line, in row: Rect, _ painter: inout Painter) {
        switch line {
        case .blank: return
        case .title(let title): painter.text(title, in: row, painter.theme[.popupTitle])
        case .entry(let entry):
            painter.text(
                KeyLabel.text(entry.keys), in: Rect(x: row.x, y: row.y, width: min(13, row.width), height: 1), painter.theme[.popupKey])
            let text = entry.disabledReason.map { "\(entry.title) (\($0))" } ?? entry.title
            painter.text(text, in: row.inset(left: 14), painter.theme[entry.disabledReason == nil ? .popup : .popupDisabled])
        }
    }
}
