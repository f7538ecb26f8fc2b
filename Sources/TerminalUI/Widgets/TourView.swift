import ViewModels

/// The step of the tour, in the lower left corner, so that what it speaks of stays in sight.
@MainActor enum TourView {
    static func draw(_ model: TourModel, _ app: AppModel, in screen: Rect, _ painter: inout Painter) {
        let width = min(60, screen.width)
        let key = app.commands[model.step.command]?.keys.first.map(KeyLabel.text) ?? ":"
        let lines = TextWrap.words("\(key) \(model.step.text)", columns: width - 4)
        let height = min(screen.height, lines.count + 2)
        let box = Rect(x: screen.x, y: screen.maxY - height, width: width, height: height)
        let title = "Tour \(model.index + 1) of \(model.steps.count): \(model.step.title)"
        let content = Popup.draw(box, title: title, footer: [TextSpan("Esc leaves it", .dim)], &painter)
        for (index, line) in lines.prefix(content.height).enumerated() {
            let row = content.row(index)
            guard index == 0, line.hasPrefix(key) else {
                painter.text(line, in: row, painter.theme[.popup])
                continue
            }
            let used = painter.text(key, in: row, painter.theme[.popupKey])
            painter.text(String(line.dropFirst(key.count)), in: row.inset(left: used), painter.theme[.popup])
        }
    }
}
