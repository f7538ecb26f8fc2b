import ViewModels

/// The line of tabs, the first of the screen when there are several: number and name, and a sign where something came or ended unseen.
@MainActor enum TabBar {
    /// Columns of a name at most.
    private static let longest = 22

    /// Draws it; returns where each tab is, for the mouse.
    static func draw(_ workspace: Workspace, in row: Rect, _ painter: inout Painter) -> [(tab: Int, rect: Rect)] {
        painter.surface.fill(row, style: painter.theme[.bar])
        let labels = workspace.tabs.indices.map { label($0, workspace, painter.glyphs) }
        let first = firstShown(labels, workspace.current, row.width)
        var x = row.x
        var places: [(tab: Int, rect: Rect)] = []
        if first > 0 { x += painter.surface.put(String(painter.glyphs.ellipsis), x: x, y: row.y, style: painter.theme[.bar]) }
        for index in labels.indices.dropFirst(first) {
            let room = Rect(x: x, y: row.y, width: row.maxX - x - (index == labels.count - 1 ? 0 : 1), height: 1)
            guard room.width > 4 else { break }
            let width = draw(labels[index], isShown: index == workspace.current, in: room, &painter)
            places.append((index, Rect(x: x, y: row.y, width: width, height: 1)))
            x += width
        }
        if let last = places.last?.tab, last < labels.count - 1 {
            painter.surface.put(String(painter.glyphs.ellipsis), x: row.maxX - 1, y: row.y, style: painter.theme[.bar])
        }
        return places
    }

    private struct Label {
        var text: String
        var sign: (text: String, scope: Scope)?
        var width: Int { DisplayWidth.of(text) + (sign.map { DisplayWidth.of($0.text) + 1 } ?? 0) + 2 }
    }

    private static func label(_ index: Int, _ workspace: Workspace, _ glyphs: GlyphSet) -> Label {
        let tab = workspace.tabs[index]
        let splits = tab.tree.splits.compactMap { workspace.split($0) }
        let name = workspace.split(tab.focus)?.title ?? ""
        let more = splits.count > 1 ? " +\(splits.count - 1)" : ""
        let text = "\(index + 1) \(DisplayWidth.shortened(name, columns: longest, ellipsis: glyphs.ellipsis))\(more)"
        return Label(text: text, sign: sign(splits, glyphs))
    }

    /// What ended badly before what ended, and that before what is new.
    private static func sign(_ splits: [Split], _ glyphs: GlyphSet) -> (text: String, scope: Scope)? {
        let ends = splits.compactMap { split -> String? in if case .ended(let reason)? = split.shell?.state { reason } else { nil } }
        if ends.contains(where: { $0 != "exit 0" }) { return (String(glyphs.errorSign), .statusError) }
        if !ends.isEmpty { return ("ended", .dim) }
        return splits.contains(where: \.hasNews) ? (String(glyphs.mark), .accent) : nil
    }

    private static func draw(_ label: Label, isShown: Bool, in room: Rect, _ painter: inout Painter) -> Int {
        let ground = painter.theme[isShown ? .paneTitleFocused : .bar]
        let width = min(room.width, label.width)
        painter.surface.fill(Rect(x: room.x, y: room.y, width: width, height: 1), style: ground)
        var x = room.x + 1
        x += painter.text(label.text, in: Rect(x: x, y: room.y, width: max(0, room.x + width - x), height: 1), ground)
        if let sign = label.sign, x + 1 < room.x + width {
            painter.text(
                sign.text, in: Rect(x: x + 1, y: room.y, width: room.x + width - x - 1, height: 1), painter.theme[sign.scope].on(ground))
        }
        return width
    }

    /// The first tab that is drawn, so that the shown one is.
    private static func firstShown(_ labels: [Label], _ current: Int, _ width: Int) -> Int {
        var first = 0
        while first < current, labels[first...current].reduce(0, { $0 + $1.width }) > width - 2 { first += 1 }
        return first
    }
}
