import ViewModels

/// Where everything stands on a screen of a given size: a pure function of size, focus and zoom.
struct ScreenLayout: Sendable, Hashable {
    /// A pane on screen, and the panes that share its place as tabs (itself among them, in order).
    struct Slot: Sendable, Hashable {
        var pane: PaneID
        var rect: Rect
        var tabs: [PaneID]
    }

    var status: Rect
    var hints: Rect
    var body: Rect
    var slots: [Slot]
    /// Columns with a line between panes: x, from row, rows.
    var separators: [Rect]

    /// All four panes from this size on.
    static let fullWidth = 110
    static let fullHeight = 35
    /// Below this nothing useful fits.
    static let minimumWidth = 38
    static let minimumHeight = 8

    /// Whether anything useful fits into a place.
    static func fits(_ place: Rect) -> Bool { place.width >= minimumWidth && place.height >= minimumHeight }

    /// `upper` and `lower` are the list and the text shown last, for screens that cannot show both of each; `isLone` when there is only the pane of
    /// objects.
    init(width: Int, height: Int, focus: PaneID, isZoomed: Bool, upper: PaneID, lower: PaneID, isLone: Bool = false) {
        status = Rect(x: 0, y: 0, width: width, height: min(1, height))
        hints = Rect(x: 0, y: height - 1, width: width, height: height > 1 ? 1 : 0)
        body = Rect(x: 0, y: 1, width: width, height: height - 2)
        separators = []
        slots = []
        if isLone {
            slots = [Slot(pane: .pods, rect: body, tabs: [.pods])]
        } else if isZoomed {
            slots = [Slot(pane: focus, rect: body, tabs: PaneID.allCases)]
        } else if width >= Self.fullWidth, height >= Self.fullHeight {
            layOutAll()
        } else if height >= 20 {
            layOutPair(focus: focus, upper: upper, lower: lower)
        } else {
            slots = [Slot(pane: focus, rect: body, tabs: PaneID.allCases)]
        }
    }

    private mutating func layOutAll() {
        let side = min(34, max(24, body.width / 6))
        let top = max(12, body.height * 2 / 5)
        let left = Rect(x: body.x, y: body.y, width: side, height: top)
        let pods = Rect(x: left.maxX + 1, y: body.y, width: body.width - side - 1, height: top)
        let bottom = body.inset(top: top)
        let half = bottom.width / 2
        let logs = Rect(x: bottom.x, y: bottom.y, width: half, height: bottom.height)
        let yaml = Rect(x: logs.maxX + 1, y: bottom.y, width: bottom.width - half - 1, height: bottom.height)
        slots = [
            Slot(pane: .namespaces, rect: left, tabs: [.namespaces]), Slot(pane: .pods, rect: pods, tabs: [.pods]),
            Slot(pane: .logs, rect: logs, tabs: [.logs]), Slot(pane: .yaml, rect: yaml, tabs: [.yaml]),
        ]
        separators = [
            Rect(x: left.maxX, y: left.y, width: 1, height: left.height), Rect(x: logs.maxX, y: logs.y, width: 1, height: logs.height),
        ]
    }

    private mutating func layOutPair(focus: PaneID, upper: PaneID, lower: PaneID) {
        let isUpperFocused = focus == .namespaces || focus == .pods
        let top = isUpperFocused ? body.height * 3 / 5 : max(6, body.height / 3)
        slots = [
            Slot(
                pane: isUpperFocused ? focus : upper, rect: Rect(x: 0, y: body.y, width: body.width, height: top),
                tabs: [.namespaces, .pods]),
            Slot(
                pane: isUpperFocused ? lower : focus, rect: Rect(x: 0, y: body.y + top, width: body.width, height: body.height - top),
                tabs: [.logs, .yaml]),
        ]
    }

    /// The slot showing a pane.
    func slot(_ pane: PaneID) -> Slot? { slots.first { $0.pane == pane } }
}
