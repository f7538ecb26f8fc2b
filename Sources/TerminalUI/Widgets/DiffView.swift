import LinuxKernel
import ViewModels

/// What Apply would change, with the server's verdict on a dry run; nothing has been sent yet.
@MainActor enum DiffView {
    /// Draws it; returns `top` kept inside the text.
    static func draw(_ model: DiffModel, in screen: Rect, _ painter: inout Painter) -> Int {
        let box = screen.centered(width: min(120, screen.width), height: min(screen.height, max(10, model.lines.count + 7)))
        let footer =
            model.canConfirm
            ? [TextSpan("y", .accent), TextSpan(" \(model.confirmTitle)   "), TextSpan("n", .accent), TextSpan(" \(model.cancelTitle)")]
            : [TextSpan("Esc", .accent), TextSpan(" \(model.cancelTitle)")]
        let content = Popup.draw(box, title: model.title, footer: footer, &painter)
        if model.canConfirm {
            let confirm = DisplayWidth.of(model.confirmTitle)
            painter.target(.key("y"), in: Rect(x: box.x + 3, y: box.maxY - 1, width: confirm + 2, height: 1))
            painter.target(
                .key("n"), in: Rect(x: box.x + 8 + confirm, y: box.maxY - 1, width: DisplayWidth.of(model.cancelTitle) + 2, height: 1))
        } else {
            painter.target(.key("esc"), in: Rect(x: box.x + 3, y: box.maxY - 1, width: DisplayWidth.of(model.cancelTitle) + 4, height: 1))
        }
        let binding = model.binding
        let place = [
            TextSpan(binding.kind + " ", .dim), TextSpan(binding.namespace.map { "\($0)/" } ?? ""), TextSpan(binding.name, .accent),
            TextSpan("  in context ", .dim), TextSpan(binding.context),
        ]
        painter.spans(place, in: content.row(0), on: painter.theme[.popup])
        let verdict = verdictLines(model.state, columns: content.width)
        let lines = content.inset(top: 2, bottom: verdict.count + 1)
        let top = TextViewer.drawDiff(model.lines, top: model.top, in: lines, on: painter.theme[.popup], &painter)
        for (index, line) in verdict.enumerated() {
            painter.spans([line], in: content.row(content.height - verdict.count + index), on: painter.theme[.popup])
        }
        return top
    }

    private static func verdictLines(_ state: DiffModel.State, columns: Int) -> [TextSpan] {
        switch state {
        case .checking: [TextSpan("asking the server (dry run)", .pending)]
        case .ready(let summary): TextWrap.words(summary, columns: columns).prefix(3).map { TextSpan($0, .ok) }
        case .refused(let reasons): reasons.flatMap { TextWrap.words($0, columns: columns) }.prefix(6).map { TextSpan($0, .error) }
        }
    }
}

/// Unsaved texts found at start: a list above, the difference against the live object below.
@MainActor enum DraftsView {
    static func draw(_ model: DraftsModel, in screen: Rect, _ painter: inout Painter) {
        let preview = model.drafts.indices.contains(model.selected) ? model.drafts[model.selected].preview.count : 0
        let box = screen.centered(width: min(110, screen.width), height: min(screen.height, max(8, model.drafts.count + preview + 4)))
        let footer =
            model.doomed == nil
            ? [
                TextSpan("Enter", .accent), TextSpan(" open  "), TextSpan("D", .accent), TextSpan(" discard  "), TextSpan("Esc", .accent),
                TextSpan(" later"),
            ] : [TextSpan("D", .accent), TextSpan(" again deletes this text for good", .warning), TextSpan("  Esc", .accent), TextSpan(" keeps it")]
        let content = Popup.draw(box, title: "Unsaved text from an earlier session", footer: footer, &painter)
        let rows = min(model.drafts.count, max(1, content.height / 3))
        let first = max(0, min(model.selected - rows / 2, model.drafts.count - rows))
        for offset in 0..<rows {
            let draft = model.drafts[first + offset]
            let ground = painter.theme[first + offset == model.selected ? .popupSelected : .popup]
            painter.surface.fill(content.row(offset), style: ground)
            let age = Units.age(painter.now - draft.savedAt).text
            let place = "\(draft.binding.kind) \(draft.binding.namespace.map { "\($0)/" } ?? "")\(draft.binding.name)"
            let origin = TextSpan("  \(draft.isForeign ? "another cluster" : draft.binding.context)", draft.isForeign ? .warning : .dim)
            painter.spans(
                [TextSpan(place), origin, TextSpan("  \(age) ago", .dim)],
                in: content.row(offset).inset(left: 1, right: 1), on: ground)
            painter.target(.item(first + offset), in: content.row(offset))
        }
        guard model.drafts.indices.contains(model.selected) else { return }
        _ = TextViewer.drawDiff(
            model.drafts[model.selected].preview, top: 0, in: content.inset(top: rows + 1), on: painter.theme[.popup], &painter)
    }
}
