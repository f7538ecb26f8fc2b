package import LinuxKernel
package import ViewModels

/// The whole terminal as a function of a ``Workspace``: the line of tabs, and the splits of the shown tab, each drawn by a ``Screen`` or a shell's
/// view of its own. Sends keys to the split that has them, and what the mouse does to what is under it.
@MainActor package final class Desk {
    let workspace: Workspace
    private let depth: ColorDepth
    private let canUnicode: Bool
    private var screens: [Int: (screen: Screen, look: Appearance)] = [:]
    private var shells: [Int: ShellView] = [:]
    private(set) var layout = SplitLayout(.split(0), in: Rect(x: 0, y: 0, width: 0, height: 0), zoomed: nil)
    /// Where splits stand; nil before the first frame.
    private var area: Rect?
    /// The split in which a button went down that is not up again.
    var heldSplit: Int?
    private(set) var tabPlaces: [(tab: Int, rect: Rect)] = []
    /// Bracketed paste is known to work; otherwise bursts of keys are looked at.
    package var hasBracketedPaste = false
    /// What the terminal answered about its background; nil as long as it has not.
    var isTerminalLight: Bool?
    /// Told of every screen that is made, to give it what only the terminal's loop can do.
    package var onScreen: (Screen) -> Void = { _ in }

    /// A desk for a terminal with so many colours, and these signs.
    package init(workspace: Workspace, depth: ColorDepth, canUnicode: Bool) {
        self.workspace = workspace
        self.depth = depth
        self.canUnicode = canUnicode
        workspace.crowded = { [weak self] in self?.crowded($0) ?? 0 }
    }

    // MARK: - Parts

    /// The screen of a split's panes; made when it is first asked for.
    func screen(_ id: Int) -> Screen? {
        if let known = screens[id] { return known.screen }
        guard let app = workspace.split(id)?.app else { return nil }
        let screen = Screen(app: app, theme: ThemeLibrary.standard(depth: depth), glyphs: .ascii)
        screens[id] = (screen, Appearance(app: app, depth: depth, canUnicode: canUnicode))
        onScreen(screen)
        return screen
    }

    /// The view of a split's shell; made when it is first asked for.
    func shell(_ id: Int) -> ShellView? {
        if let known = shells[id] { return known }
        guard let model = workspace.split(id)?.shell else { return nil }
        let view = ShellView(model, depth: depth)
        view.onCopy = { [weak self] text in self?.workspace.app?.host?.copy(text) }
        shells[id] = view
        return view
    }

    /// Forgets what was closed, and what was on the screen and is no more.
    private func tidy(_ shown: Set<Int>) {
        screens = screens.filter { workspace.split($0.key) != nil }
        shells = shells.filter { workspace.split($0.key) != nil }
        for (id, part) in screens {
            part.screen.hasKeys = id == workspace.tab.focus
            if !shown.contains(id) { part.screen.leave() }
        }
    }

    /// The look of the panes that have the keys, or had them last.
    private func look() -> (theme: Theme, glyphs: GlyphSet) {
        guard let id = workspace.panes?.id, let screen = screen(id) else {
            return (ThemeLibrary.standard(depth: depth), canUnicode ? .unicode : .ascii)
        }
        dress(id)
        return (screen.theme, screen.glyphs)
    }

    private func dress(_ id: Int) {
        guard let part = screens[id] else { return }
        part.look.isTerminalLight = isTerminalLight
        if let look = part.look.change() { (part.screen.theme, part.screen.glyphs) = (look.theme, look.glyphs) }
        part.screen.hasBracketedPaste = hasBracketedPaste
    }

    /// How many splits have too little room, so divided on the screen as it was drawn last.
    private func crowded(_ tree: SplitTree) -> Int {
        guard let area else { return 0 }
        return SplitLayout(tree, in: area, zoomed: nil).places.count { !ScreenLayout.fits($0.rect) }
    }

    // MARK: - Drawing

    /// Draws one frame. The second result is when something on it changes by itself.
    package func render(width: Int, height: Int) -> (surface: Surface, nextChange: Timestamp?) {
        let tab = workspace.tab
        let look = look()
        var painter = Painter(width: width, height: height, theme: look.theme, glyphs: look.glyphs, now: workspace.clock())
        let bar = workspace.tabs.count > 1 && height > ScreenLayout.minimumHeight ? 1 : 0
        tabPlaces = bar == 0 ? [] : TabBar.draw(workspace, in: painter.surface.bounds.row(0), &painter)
        let area = painter.surface.bounds.inset(top: bar)
        self.area = area
        layout = SplitLayout(tab.tree, in: area, zoomed: tab.isZoomed ? tab.focus : nil)
        tidy(Set(tab.shown))
        painter.surface.isCursorVisible = false
        for place in layout.places { draw(place, &painter) }
        for line in layout.separators { painter.surface.fill(line, look.glyphs.vertical, style: look.theme[.paneRule]) }
        return (painter.surface, painter.nextChange)
    }

    private func draw(_ place: SplitLayout.Place, _ painter: inout Painter) {
        guard !place.rect.isEmpty else { return }
        let hasKeys = place.split == workspace.tab.focus
        let part: Surface
        if let screen = screen(place.split) {
            dress(place.split)
            screen.hasKeys = hasKeys
            let (surface, change) = screen.render(width: place.rect.width, height: place.rect.height)
            if let change { painter.wake(at: change) }
            part = surface
        } else if let shell = shell(place.split) {
            var inner = Painter(
                width: place.rect.width, height: place.rect.height, theme: painter.theme, glyphs: painter.glyphs, now: painter.now)
            shell.draw(&inner, hasFocus: hasKeys, leave: "leaves")
            part = inner.surface
        } else {
            return
        }
        painter.surface.copy(part, x: place.rect.x, y: place.rect.y)
        guard hasKeys else { return }
        painter.surface.cursor = (place.rect.x + part.cursor.x, place.rect.y + part.cursor.y)
        painter.surface.isCursorVisible = part.isCursorVisible
    }

    /// The last drawn frame is on the terminal.
    package func didPaint() {
        for place in layout.places { screens[place.split]?.screen.didPaint() }
    }
}
