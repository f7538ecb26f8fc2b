import ViewModels

/// First start on an empty cluster.
@MainActor enum DemoOfferView {
    static func draw(_ model: DemoOfferModel, in screen: Rect, _ painter: inout Painter) {
        let width = min(66, screen.width - 2)
        let box = screen.centered(width: width, height: min(screen.height, model.items.count + 8))
        let content = Popup.draw(box, title: "This cluster is empty", &painter)
        painter.text("Start a small demo to look around? It needs no network.", in: content.row(1), painter.theme[.popup])
        let label = model.items.reduce(0) { max($0, DisplayWidth.of($1.title)) } + 2
        for (index, item) in model.items.enumerated() {
            painter.text(item.title, in: content.row(3 + index).inset(left: 2), painter.theme[.popupKey])
            painter.text(item.detail, in: content.row(3 + index).inset(left: 2 + label), painter.theme[.popup])
        }
        var x = content.x
        for (index, choice) in [("y", "Start the demo"), ("n", "No, leave it empty")].enumerated() {
            let ground = painter.theme[index == model.focused ? .popupSelected : .popup]
            let text = " \(choice.0) \(choice.1) "
            let used = painter.text(
                text, in: Rect(x: x, y: content.maxY - 1, width: content.maxX - x, height: 1), painter.theme[.popup].on(ground))
            painter.surface.put(choice.0, x: x + 1, y: content.maxY - 1, limit: 1, style: painter.theme[.popupKey].on(ground))
            painter.target(.choice(index), in: Rect(x: x, y: content.maxY - 1, width: used, height: 1))
            x += used + 2
        }
    }
}
