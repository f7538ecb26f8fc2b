import ViewModels

/// The palette and every picker: a field, ranked results, their keys, and why something cannot run now.
@MainActor enum PaletteView {
    static func draw(_ model: PaletteModel, in screen: Rect, _ painter: inout Painter) {
        let width = min(72, screen.width - 2)
        let room = Room(model, in: screen, width: width)
        let height = min(screen.height - room.below, max(room.beside > 0 ? 12 : 6, min(18, model.results.count + 4)))
        var box = screen.centered(width: width + room.beside, height: height + room.below)
        box.y = min(box.y, screen.y + max(0, screen.height / 6))
        if room.beside > 0 {
            preview(model, in: Rect(x: box.x + width, y: box.y, width: room.beside, height: height), &painter)
        } else if room.below > 0 {
            preview(model, in: Rect(x: box.x, y: box.y + height, width: width, height: room.below), &painter)
        }
        box = Rect(x: box.x, y: box.y, width: width, height: height)
        let content = Popup.draw(
            box, title: model.title, footer: [TextSpan("\(model.takesSeveral ? "Space marks  " : "")Enter \(model.action)s  Esc closes", .dim)], &painter)
        Popup.field(model.query, placeholder: model.placeholder, in: content.row(0), style: painter.theme[.popupField], &painter)
        let list = content.inset(top: 1)
        guard !model.results.isEmpty else {
            painter.text("nothing matches", in: list.row(0).inset(left: 1), painter.theme[.popupDisabled])
            guard let nearest = model.nearest, list.height > 1 else { return }
            painter.spans(
                [TextSpan("did you mean ", .dim), TextSpan(nearest, .accent), TextSpan("? Tab takes it", .dim)], in: list.row(1).inset(left: 1),
                on: painter.theme[.popup])
            return
        }
        let first = max(0, min(model.selected - list.height / 2, model.results.count - list.height))
        for offset in 0..<min(list.height, model.results.count) {
            draw(model.results[first + offset], isSelected: first + offset == model.selected, in: list.row(offset), &painter)
            painter.target(.item(first + offset), in: list.row(offset))
        }
    }

    /// Where there is room for what the entry under the cursor stands for: beside the list on a wide screen, below it on a high one.
    private struct Room {
        var beside = 0
        var below = 0

        @MainActor init(_ model: PaletteModel, in screen: Rect, width: Int) {
            guard model.preview != nil else { return }
            if screen.width >= width + 36 {
                beside = min(52, screen.width - 2 - width)
            } else if screen.height >= 34 {
                below = 10
            }
        }
    }

    private static func preview(_ model: PaletteModel, in box: Rect, _ painter: inout Painter) {
        let content = Popup.draw(box, title: "Preview", &painter)
        guard model.results.indices.contains(model.selected), let lines = model.preview?(model.results[model.selected].item) else { return }
        var y = 0
        for line in lines {
            for part in wrapped(line, columns: content.width) where y < content.height {
                painter.spans(part, in: content.row(y), on: painter.theme[.popup])
                y += 1
            }
        }
    }

    /// A line of one kind of text takes as many rows as it needs.
    private static func wrapped(_ line: [TextSpan], columns: Int) -> [[TextSpan]] {
        guard line.count == 1 else { return [line] }
        return TextWrap.words(line[0].text, columns: columns).map { [TextSpan($0, line[0].tone)] }
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
        if item.isMarked { painter.surface.put(String(painter.glyphs.mark), x: row.x, y: row.y, limit: 1, style: painter.theme[.tableMark].on(ground)) }
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
