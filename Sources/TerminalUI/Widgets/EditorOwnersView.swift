import LinuxKernel
import ViewModels

/// Who wrote each field last: a column before the line numbers, and a sentence about the cursor's line.
@MainActor enum EditorOwnersView {
    private static let widest = 16

    /// Columns beside the text; 0 when owners are not shown.
    static func width(_ model: EditorModel, columns: Int) -> Int {
        guard model.areOwnersShown, columns > 30 else { return 0 }
        let longest = model.owners.values.reduce(0) { max($0, DisplayWidth.of(label($1))) }
        return min(max(6, longest), min(widest, columns / 5)) + 1
    }

    /// The manager, and how many others share the field.
    private static func label(_ owners: [FieldOwner]) -> String {
        guard let first = owners.first else { return "" }
        return owners.count == 1 ? first.manager : "\(first.manager)+\(owners.count - 1)"
    }

    /// The same owner as on the line above is not repeated.
    static func draw(line: Int, _ model: EditorModel, in rect: Rect, on ground: Style, _ painter: inout Painter) {
        guard rect.width > 1, let owners = model.owners[line] else { return }
        let isRepeated = line > 0 && model.owners[line - 1] == owners && line != model.cursor.line
        let text = isRepeated ? String(painter.glyphs.dot) : label(owners)
        painter.text(text, in: rect.inset(right: 1), painter.theme[.faint].on(ground))
    }

    static func drawFooter(_ model: EditorModel, in row: Rect, _ painter: inout Painter) {
        guard let owners = model.owners[model.cursor.line], !owners.isEmpty else {
            painter.text("nobody is known to own this line", in: row.inset(left: 3), painter.theme[.dim])
            return
        }
        let words = owners.map { owner in
            let age = owner.time.map { " \(Units.age(painter.now - $0).text) ago" } ?? ""
            let part = owner.subresource.isEmpty ? "" : ", \(owner.subresource)"
            return "\(owner.manager) (\(owner.operation)\(part))\(age)"
        }
        painter.spans([TextSpan("owned by ", .dim), TextSpan(words.joined(separator: " and "))], in: row.inset(left: 3))
    }
}
