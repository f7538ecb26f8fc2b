import ViewModels

/// A framed box above the panes; returns what is left inside.
@MainActor enum Popup {
    static func draw(_ rect: Rect, title: String, footer: [TextSpan] = [], _ painter: inout Painter) -> Rect {
        guard rect.width > 4, rect.height > 2 else {
            painter.surface.fill(rect, style: painter.theme[.popup])
            return rect
        }
        let border = painter.theme[.popupBorder]
        painter.surface.fill(rect, style: painter.theme[.popup])
        painter.surface.fill(rect.row(0), painter.glyphs.horizontal, style: border)
        painter.surface.fill(rect.row(rect.height - 1), painter.glyphs.horizontal, style: border)
        for y in (rect.y + 1)..<(rect.maxY - 1) {
            painter.surface.put(painter.glyphs.vertical, x: rect.x, y: y, end: rect.maxX, style: border)
            painter.surface.put(painter.glyphs.vertical, x: rect.maxX - 1, y: y, end: rect.maxX, style: border)
        }
        let corners = painter.glyphs.corners
        for (x, y, corner) in [
            (rect.x, rect.y, corners.topLeft), (rect.maxX - 1, rect.y, corners.topRight), (rect.x, rect.maxY - 1, corners.bottomLeft),
            (rect.maxX - 1, rect.maxY - 1, corners.bottomRight),
        ] { painter.surface.put(corner, x: x, y: y, end: rect.maxX, style: border) }
        painter.text(" \(title) ", in: Rect(x: rect.x + 2, y: rect.y, width: rect.width - 4, height: 1), painter.theme[.popupTitle])
        if !footer.isEmpty {
            let text = [TextSpan(" ")] + footer + [TextSpan(" ")]
            painter.spans(text, in: Rect(x: rect.x + 2, y: rect.maxY - 1, width: rect.width - 4, height: 1), on: painter.theme[.popup])
        }
        return rect.inset(left: 2, top: 1, right: 2, bottom: 1)
    }

    /// A one-line text field with its cursor; shows the part around the cursor when it is too long.
    static func field(_ input: LineInput, placeholder: String, in rect: Rect, style: Style, _ painter: inout Painter) {
        painter.surface.fill(rect, style: style)
        guard rect.width > 2 else { return }
        if input.text.isEmpty { painter.text(placeholder, in: rect, painter.theme[.faint].on(style)) }
        let before = input.text.prefix(input.cursor)
        var skipped = 0
        var width = DisplayWidth.of(before)
        while width > rect.width - 1 {
            skipped += 1
            width = DisplayWidth.of(before.dropFirst(skipped))
        }
        painter.surface.put(input.text.dropFirst(skipped), x: rect.x, y: rect.y, limit: rect.width, style: style)
        painter.surface.cursor = (rect.x + width, rect.y)
        painter.surface.isCursorVisible = true
    }
}
