import ViewModels

/// Consumption as a number and a bar against limit (or request when there is no limit). A limit the kernel does not enforce is said in words, never drawn.
@MainActor enum UsageBar {
    private static let numberWidth = 6
    /// For what is used and what it is of: `250m/1.25`, `1.2Gi/128Gi`.
    private static let pairWidth = 11

    /// Columns that it would like.
    static func width(_ usage: Usage) -> Int {
        if usage.limit != nil, !usage.isLimitEnforced { return 19 }
        guard usage.limit ?? usage.request != nil else { return numberWidth }
        return usage.showsWhole ? pairWidth + 9 : 17
    }

    static func draw(_ usage: Usage, in rect: Rect, ground: Style, _ painter: inout Painter) {
        guard rect.width >= 4 else { return }
        var number = usage.used.map { text($0, usage.unit) } ?? String(painter.glyphs.dot)
        if usage.showsWhole, let whole = usage.limit { number += "/\(text(whole, usage.unit))" }
        let numberWidth = usage.showsWhole ? pairWidth : numberWidth
        let isEnforced = usage.limit == nil || usage.isLimitEnforced
        let share = share(usage)
        guard isEnforced else { return drawUnenforced(number, usage.note, in: rect, ground: ground, &painter) }
        let level: Scope =
            usage.used == nil ? .faint : share.map { $0 >= 0.9 ? .gaugeCritical : $0 >= 0.75 ? .gaugeWarning : .gauge } ?? .gauge
        painter.text(
            number, in: Rect(x: rect.x, y: rect.y, width: min(numberWidth, rect.width), height: 1), painter.theme[level].on(ground),
            alignment: .right)
        let rest = rect.inset(left: numberWidth + 1)
        guard rest.width >= 3 else { return }
        guard let whole = usage.limit ?? usage.request, whole > 0 else { return }
        drawBar(
            share ?? 0, whole: whole, usage, in: Rect(x: rest.x, y: rest.y, width: min(rest.width, 16), height: 1), ground: ground, &painter
        )
    }

    private static func drawUnenforced(_ number: String, _ note: String?, in rect: Rect, ground: Style, _ painter: inout Painter) {
        let column = Rect(x: rect.x, y: rect.y, width: min(rect.width, max(4, number.count)), height: 1)
        painter.text(number, in: column, painter.theme[.gauge].on(ground), alignment: .right)
        let rest = rect.inset(left: column.width + 1)
        // A word that is cut says nothing.
        let words = [note ?? "not enforced", "not held", String(painter.glyphs.warningSign)]
        guard let word = words.first(where: { DisplayWidth.of($0) <= rest.width }) else { return }
        painter.text(word, in: rest, painter.theme[.statusWarning].on(ground))
    }

    /// Used over limit, or over request without a limit; nil without either or without a sample.
    private static func share(_ usage: Usage) -> Double? {
        guard let used = usage.used, usage.limit == nil || usage.isLimitEnforced, let whole = usage.limit ?? usage.request, whole > 0 else {
            return nil
        }
        return Double(max(0, used)) / Double(whole)
    }

    private static func drawBar(_ share: Double, whole: Int64, _ usage: Usage, in rect: Rect, ground: Style, _ painter: inout Painter) {
        let scope: Scope = usage.limit == nil ? .gaugeOK : share >= 0.9 ? .gaugeCritical : share >= 0.75 ? .gaugeWarning : .gaugeOK
        let fill = painter.theme[scope].on(ground)
        let track = painter.theme[.gaugeTrack].on(ground)
        // Half a cell is the finest step; anything above nothing shows.
        let steps = Int((min(1, share) * Double(rect.width * 2)).rounded())
        let shown = share > 0 ? max(1, steps) : 0
        for column in 0..<rect.width {
            let part = min(2, max(0, shown - column * 2))
            let glyph = part == 0 ? painter.glyphs.track : part == 1 ? painter.glyphs.halfBar : painter.glyphs.fullBar
            painter.surface.put(glyph, x: rect.x + column, y: rect.y, end: rect.maxX, style: part == 0 ? track : fill)
        }
        // Where the request stands inside the limit.
        if let request = usage.request, usage.limit != nil, request > 0, request < whole {
            let column = Int(Double(request) / Double(whole) * Double(rect.width))
            guard column < rect.width, column * 2 >= shown else { return }
            painter.surface.put(painter.glyphs.requestMark, x: rect.x + column, y: rect.y, end: rect.maxX, style: track)
        }
    }

    private static func text(_ value: Int64, _ unit: Usage.Unit) -> String {
        switch unit {
        case .milliCPU: Units.milliCPU(value)
        case .bytes: Units.bytes(value)
        }
    }
}
