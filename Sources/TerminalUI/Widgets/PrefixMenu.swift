import ViewModels

/// What can follow the keys pressed so far, in the lower right corner.
@MainActor enum PrefixMenu {
    static func draw(_ pressed: [String], _ commands: [Command], _ app: AppModel, in screen: Rect, _ painter: inout Painter) {
        var rows = commands.compactMap { command -> (key: String, title: String, isDestructive: Bool, reason: String?)? in
            guard let keys = command.keys.first(where: { $0.hasPrefix(pressed.joined(separator: " ") + " ") }) else { return nil }
            let rest = keys.split(separator: " ").dropFirst(pressed.count).joined(separator: " ")
            let reason = command.reason(app)
            let subject = reason == nil ? command.subject?(app).map { ": \($0)" } : nil
            return (rest, command.title + (subject ?? ""), command.isDestructive, reason)
        }
        // Where there is not room for all, what cannot be done goes first.
        if rows.count + 2 > screen.height { rows.removeAll { $0.reason != nil } }
        let widest = rows.reduce(12) {
            max($0, DisplayWidth.of($1.key) + DisplayWidth.of($1.title) + 3 + ($1.reason.map { DisplayWidth.of($0) + 3 } ?? 0))
        }
        let width = min(screen.width, widest + 4)
        let height = min(screen.height, rows.count + 2)
        let box = Rect(x: screen.maxX - width, y: screen.maxY - height, width: width, height: height)
        let content = Popup.draw(box, title: pressed.joined(separator: " "), footer: [TextSpan("Esc", .dim)], &painter)
        for (index, row) in rows.prefix(content.height).enumerated() {
            let used = painter.text(KeyLabel.text(row.key), in: content.row(index), painter.theme[.popupKey])
            let scope: Scope = row.reason != nil ? .popupDisabled : row.isDestructive ? .popupDanger : .popup
            painter.text(
                row.title + (row.reason.map { " (\($0))" } ?? ""), in: content.row(index).inset(left: used + 2), painter.theme[scope])
        }
    }
}
