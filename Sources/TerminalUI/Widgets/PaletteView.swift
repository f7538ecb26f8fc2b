import ViewModels

/// The palette and every picker: a field, ranked results, their keys, and why something cannot run now.
@MainActor enum PaletteView {
    static func draw(_ model: PaletteModel, in screen: Rect, _ painter: inout Painter) {
        let width = min(72, screen.width - 2)
        let height = min(screen.height, max(6, min(18, model.results.count + 4)))
        var box = screen.centered(width: width, height: height)
        box.y = min(box.y, screen.y + max(0, screen.height / 6))
        let content = Popup.draw(box, title: model.title, footer: [TextSpan("Enter \(model.action)s  Esc closes", .dim)], &painter)
        Popup.field(model.query, placeholder: model.placeholder, in: content.row(0), style: painter.theme[.popupField], &painter)
        let list = content.inset(top: 1)
        guard !model.results.isEmpty else {
            painter.text("nothing matches", in: list.row(0).inset(left: 1), painter.theme[.popupDisabled])
            return
        }
        let first = max(0, min(model.selected - list.height / 2, model.results.count - list.height))
        for offset in 0..<min(list.height, model.results.count) {
            draw(model.results[first + offset], isSelected: first + offset == model.selected, in: list.row(offset), &painter)
            painter.target(.item(first + offset), in: list.row(offset))
        }
    }

    private static func draw(_ match: PaletteMatch, isSelected: Bool, in row: Rect, _ painter: inout Painter) {
        let ground = painter.theme[isSelected ? .popupSelected : .popup]
        painter.surface.fill(row, style: ground)
        let item = match.item
        let isDisabled = item.disabledReason != nil
        let base = painter.theme[isDisabled ? .popupDisabled : .popup].on(ground)
        let label = KeyLabel.text(item.keys)
        let keys = DisplayWidth.of(label)
        painter.text(label, in: Rect(x: row.maxX - keys - 1, y: row.y, width: keys, height: 1), painter.theme[.popupKey].on(ground))
        var x = row.x + 1
        let end = row.maxX - keys - 2
        for (index, character) in item.title.enumerated() where x < end {
            x += painter.surface.put(
                character, x: x, y: row.y, end: end, style: match.positions.contains(index) ? painter.theme[.popupMatch].on(ground) : base)
        }
        let detail = item.disabledReason ?? item.detail
        painter.text(detail, in: Rect(x: x + 2, y: row.y, width: max(0, end - x - 2), height: 1), painter.theme[.popupDisabled].on(ground))
    }
}
