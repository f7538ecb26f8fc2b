import ViewModels

/// Every key and what it does, in columns, searchable; commands that cannot run now say why.
@MainActor enum HelpView {
    /// A column narrower than this breaks too many lines.
    private static let columnWidth = 37
    private static let keyWidth = 13

    /// Draws the help; returns `top` kept inside the text.
    static func draw(_ model: HelpModel, in screen: Rect, _ painter: inout Painter) -> Int {
        let box = screen.centered(width: min(150, screen.width), height: screen.height)
        let content = Popup.draw(box, title: "Keys", footer: [TextSpan("type to search  Esc closes", .dim)], &painter)
        Popup.field(model.filter, placeholder: "search", in: content.row(0), style: painter.theme[.popupField], &painter)
        let area = content.inset(top: 2)
        let count = max(1, min(3, area.width / columnWidth))
        let width = area.width / count
        let columns = columns(model.sections, count: count, width: width - 2, height: area.height)
        let tallest = columns.reduce(0) { max($0, $1.count) }
        let top = max(0, min(model.top, tallest - area.height))
        for (column, lines) in columns.enumerated() {
            for (offset, line) in lines.dropFirst(top).prefix(area.height).enumerated() {
                draw(line, in: Rect(x: area.x + column * width, y: area.y + offset, width: width - 2, height: 1), &painter)
            }
        }
        painter.scrollbar(in: area, first: top, visible: area.height, total: tallest)
        return top
    }

    private enum Line {
        case title(String)
        /// Keys (empty on a continued row) and a row of what they do.
        case entry(keys: String, text: String, isDisabled: Bool)
        case blank
    }

    /// Whole sections, in order, each below what ends highest: none is torn apart, and the first ones are at the top.
    private static func columns(_ sections: [HelpSection], count: Int, width: Int, height: Int) -> [[Line]] {
        var columns = [[Line]](repeating: [], count: count)
        for section in sections {
            // The first column that has room for all of it, so that reading goes down and then right; else the shortest.
            let lines = lines(section, width: width)
            let shortest = columns.indices.min { (columns[$0].count, $0) < (columns[$1].count, $1) } ?? 0
            let place = columns.firstIndex { $0.count + lines.count <= height } ?? shortest
            if !columns[place].isEmpty { columns[place].append(.blank) }
            columns[place] += lines
        }
        return columns
    }

    private static func lines(_ section: HelpSection, width: Int) -> [Line] {
        var lines = [Line.title(section.title)]
        for entry in section.entries {
            let text = entry.disabledReason.map { "\(entry.title) (\($0))" } ?? entry.title
            for (index, row) in TextWrap.words(text, columns: max(8, width - keyWidth - 1)).enumerated() {
                lines.append(.entry(keys: index == 0 ? KeyLabel.text(entry.keys) : "", text: row, isDisabled: entry.disabledReason != nil))
            }
        }
        return lines
    }

    private static func draw(_ line: Line, in row: Rect, _ painter: inout Painter) {
        switch line {
        case .blank: return
        case .title(let title): painter.text(title, in: row, painter.theme[.popupTitle])
        case .entry(let keys, let text, let isDisabled):
            painter.text(keys, in: Rect(x: row.x, y: row.y, width: min(keyWidth, row.width), height: 1), painter.theme[.popupKey])
            painter.text(text, in: row.inset(left: keyWidth + 1), painter.theme[isDisabled ? .popupDisabled : .popup])
        }
    }
}
