import ViewModels

/// A pane's title row: its name (or the tabs that share its place), what it shows, and a rule to the right edge.
@MainActor struct PaneFrame {
    var slot: ScreenLayout.Slot
    var isFocused: Bool
    /// Beside the name, for example `12 of 40 · filter web`.
    var detail: [TextSpan]
    /// At the right end, for example the log's lag.
    var trailing: [TextSpan] = []

    /// The title of the table that the pane of objects shows.
    var objects = "Pods"

    static func name(_ pane: PaneID, objects: String) -> String {
        switch pane {
        case .namespaces: "Namespaces"
        case .pods: objects
        case .logs: "Logs"
        case .yaml: "YAML"
        }
    }

    /// Draws the title row and returns the rectangle that is left for the content, with the place of each tab for the mouse.
    func draw(_ painter: inout Painter) -> (content: Rect, tabs: [(PaneID, Rect)]) {
        let rect = slot.rect
        guard !rect.isEmpty else { return (rect, []) }
        let rule = painter.theme[isFocused ? .paneRuleFocused : .paneRule]
        painter.surface.fill(rect.row(0), painter.glyphs.horizontal, style: rule)
        var x = rect.x + 1
        var places: [(PaneID, Rect)] = []
        for tab in slot.tabs {
            let isShown = tab == slot.pane
            let isNarrow = rect.width < 50 && slot.tabs.count > 2
            let label = " \(isNarrow && !isShown ? String(Self.name(tab, objects: objects).prefix(1)) : Self.name(tab, objects: objects)) "
            let style = painter.theme[isShown ? (isFocused ? .paneTitleFocused : .paneTitle) : .paneTab]
            let width = painter.text(label, in: Rect(x: x, y: rect.y, width: rect.maxX - x, height: 1), style)
            places.append((tab, Rect(x: x, y: rect.y, width: width, height: 1)))
            x += width
        }
        // A piece of rule between the names and what the shown one contains.
        x += 1
        // What the pane is about stays; of the words about it the last ones go first.
        let needed = min(34, detail.reduce(0) { $0 + DisplayWidth.of($1.text) })
        var trailing = trailing
        while trailing.count > 1, trailing.reduce(0, { $0 + DisplayWidth.of($1.text) }) + 5 + needed > rect.maxX - x { trailing.removeLast() }
        let trailingWidth = trailing.reduce(0) { $0 + DisplayWidth.of($1.text) }
        let hasTrailing = trailingWidth > 0 && trailingWidth + 3 < rect.maxX - x
        let end = rect.maxX - (hasTrailing ? trailingWidth + 4 : 1)
        if !detail.isEmpty, end - x > 6 {
            x += painter.spans([TextSpan(" ")] + detail, in: Rect(x: x, y: rect.y, width: end - x - 1, height: 1))
            painter.surface.put(" ", x: x, y: rect.y, limit: 1, style: painter.theme[.text])
        }
        if hasTrailing {
            let start = rect.maxX - trailingWidth - 3
            painter.surface.put(" ", x: start, y: rect.y, limit: 1, style: painter.theme[.text])
            painter.spans(trailing + [TextSpan(" ")], in: Rect(x: start + 1, y: rect.y, width: trailingWidth + 1, height: 1))
        }
        return (rect.inset(top: 1), places)
    }
}
