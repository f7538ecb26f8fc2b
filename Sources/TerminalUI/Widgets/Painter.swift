import LinuxKernel
import ViewModels

/// What can be clicked above the panes: an answer or a row by its index, or a key.
enum ClickTarget: Sendable, Hashable {
    case choice(Int)
    case item(Int)
    case key(String)
}

/// What every widget needs to draw one frame, and what it learns while drawing.
@MainActor struct Painter {
    var surface: Surface
    let theme: Theme
    let glyphs: GlyphSet
    let now: Timestamp
    /// When something on screen changes by itself next (an age, a fading mark): the loop wakes then and not before.
    var nextChange: Timestamp?
    /// Whether nothing lights up by itself.
    var isStill = false
    /// A row that toasts must not cover.
    var keepFree: Rect?
    /// What a click on something above the panes chooses.
    private(set) var targets: [(rect: Rect, target: ClickTarget)] = []

    init(width: Int, height: Int, theme: Theme, glyphs: GlyphSet, now: Timestamp) {
        surface = Surface(width: width, height: height, style: theme[.text])
        self.theme = theme
        self.glyphs = glyphs
        self.now = now
    }

    /// Lets a click in `rect` choose something.
    mutating func target(_ target: ClickTarget, in rect: Rect) { targets.append((rect, target)) }

    /// Asks for a frame at `moment`.
    mutating func wake(at moment: Timestamp) {
        guard moment > now else { return }
        nextChange = min(nextChange ?? moment, moment)
    }

    /// Text in a one-row rectangle; returns the columns used.
    @discardableResult
    mutating func text(_ text: String, in rect: Rect, _ style: Style, alignment: TableColumn.Alignment = .left, keepsEnd: Bool = false)
        -> Int
    {
        guard !rect.isEmpty else { return 0 }
        let shown = DisplayWidth.shortened(text, columns: rect.width, ellipsis: glyphs.ellipsis, keepsEnd: keepsEnd)
        let x = alignment == .left ? rect.x : rect.maxX - min(rect.width, DisplayWidth.of(shown))
        return surface.put(shown, x: x, y: rect.y, limit: rect.maxX - x, style: style)
    }

    /// Several spans in a row, cut at the right edge; returns the columns used.
    @discardableResult
    mutating func spans(_ spans: [TextSpan], in rect: Rect, on row: Style? = nil) -> Int {
        var x = rect.x
        for span in spans where x < rect.maxX {
            var style = theme[Self.scope(span.tone)]
            if let row { style = style.on(row) }
            x += text(span.text, in: Rect(x: x, y: rect.y, width: rect.maxX - x, height: rect.height), style)
        }
        return x - rect.x
    }

    /// A tone's place in the theme.
    static func scope(_ tone: Tone) -> Scope {
        switch tone {
        case .normal: .text
        case .dim: .dim
        case .ok: .statusOK
        case .pending: .statusPending
        case .warning: .statusWarning
        case .error: .statusError
        case .accent: .accent
        case .done: .statusDone
        }
    }

    /// A thin scroll bar at the right edge of `rect`, only when there is more than fits.
    mutating func scrollbar(in rect: Rect, first: Int, visible: Int, total: Int) {
        guard total > visible, rect.height > 2, visible > 0 else { return }
        let size = max(1, rect.height * visible / total)
        let span = max(1, total - visible)
        let start = (rect.height - size) * min(max(0, first), span) / span
        for y in 0..<size {
            surface.put(String(glyphs.scrollThumb), x: rect.maxX - 1, y: rect.y + start + y, limit: 1, style: theme[.scrollbar])
        }
    }
}
