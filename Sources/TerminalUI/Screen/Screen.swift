package import LinuxKernel
package import ViewModels

/// The whole screen as a function of the application's state: draws it on a surface and turns input into commands. Knows no terminal, so that
/// every screen can be tested. Holds only scroll positions, the keys of an unfinished sequence, and where things were drawn.
@MainActor package final class Screen {
    let app: AppModel
    /// Colours; may change between frames.
    package var theme: Theme
    /// Lines and signs.
    package var glyphs: GlyphSet
    let namespaceTable = TableView()
    /// How the tables of kinds stand, by the kind's id.
    private var objectTables: [String: TableView] = [:]
    let logView = LogView()
    let editorView = EditorView()
    /// The list and the text pane shown last, for sizes that cannot show both of each.
    var upper = PaneID.pods
    var lower = PaneID.logs
    private var shownKind: String?
    /// Keys of a sequence that is not finished.
    var pressedKeys: [Key] = []
    var pressed: [String] { pressedKeys.map(\.name) }
    /// What was typed before the cluster has what it needs.
    var ahead = TypeAhead()
    /// The object under the cursor when the sequence began.
    var pressedUID: String?
    /// What the user knows to be under the cursors, and whether that has changed without them since.
    var knownUID: [PaneID: String] = [:]
    var hasSlid = false
    var layout: ScreenLayout
    /// Where content was drawn, for the mouse.
    var contents: [PaneID: Rect] = [:]
    var tabs: [(PaneID, Rect)] = []
    /// Where what lies above the panes can be clicked.
    var clickTargets: [(rect: Rect, target: ClickTarget)] = []
    /// The modal of the last drawn frame, and of the last frame that reached the terminal.
    private var drawnModal: ObjectIdentifier?
    var paintedModal: ObjectIdentifier?
    /// Bracketed paste is known to work; otherwise bursts of keys are looked at.
    package var hasBracketedPaste = false
    /// The search text whose first place was shown.
    var detailSearch = ""
    /// Rows of the open detail view, for page motions.
    var detailRows = 1
    /// The keys come here; false for one of several splits that only shows.
    var hasKeys = true
    /// Whether the keys still come here, asked after each.
    var isStillHeard: () -> Bool = { true }
    /// The terminal window has the focus.
    var isWindowFocused = true
    /// Gives the terminal back and stops the job; set by the loop.
    package var onSuspend: () -> Void = {}
    /// Runs the user's editor on a file and waits for its end; set by the loop.
    package var onEdit: (String, FileLock?) -> Int32? = { _, _ in nil }
    /// Paints everything again; set by the loop.
    package var onRedraw: () -> Void = {}
    /// Hands the terminal to a command; set by the loop.
    package var onForeground: (PluginCommand, [String: String]) -> String? = { _, _ in "there is no terminal to hand over" }
    /// Writes the clipboard; set by the loop.
    package var onCopy: (String) -> Void = { _ in }

    /// A screen for this application; becomes its host.
    package init(app: AppModel, theme: Theme, glyphs: GlyphSet) {
        self.app = app
        self.theme = theme
        self.glyphs = glyphs
        layout = ScreenLayout(width: 0, height: 0, focus: .pods, isZoomed: false, upper: .pods, lower: .logs)
        app.host = self
    }

    /// How the shown table of objects stands.
    var objectTable: TableView {
        if let table = objectTables[app.kindID] { return table }
        let table = TableView()
        objectTables[app.kindID] = table
        return table
    }

    /// Draws one frame. The second result is when something on it changes by itself.
    package func render(width: Int, height: Int) -> (surface: Surface, nextChange: Timestamp?) {
        var painter = Painter(width: width, height: height, theme: theme, glyphs: glyphs, now: app.clock())
        painter.isStill = app.preferences.reducesMotion
        drawnModal = nil
        guard width >= ScreenLayout.minimumWidth, height >= ScreenLayout.minimumHeight else {
            drawTooSmall(&painter)
            return (painter.surface, nil)
        }
        drawnModal = app.modal?.identity
        rememberFocus()
        layout = ScreenLayout(width: width, height: height, focus: app.focus, isZoomed: app.isZoomed, upper: upper, lower: lower, isLone: app.joined != nil)
        updateVisiblePanes()
        contents = [:]
        tabs = []
        if let detail = app.detail {
            drawDetail(detail, in: layout.body, &painter)
        } else {
            for slot in layout.slots { drawPane(slot, &painter) }
            for line in layout.separators { painter.surface.fill(line, glyphs.vertical, style: theme[.paneRule]) }
            joinSeparators(&painter)
        }
        StatusLine.draw(app, in: layout.status, &painter)
        if let tour = app.tour { TourView.draw(tour, app, in: layout.body, &painter) }
        drawToasts(&painter)
        if !pressed.isEmpty { drawPrefixMenu(&painter) }
        drawModal(&painter)
        clickTargets = painter.targets
        if let end = ahead.end { painter.wake(at: end) }
        if hasKeys {
            HintLine.draw(app, isPrefixOpen: !pressed.isEmpty, in: layout.hints, &painter)
        } else {
            painter.surface.fill(layout.hints, style: theme[.bar])
            painter.surface.isCursorVisible = false
        }
        return (painter.surface, painter.nextChange)
    }

    /// The last drawn frame is on the terminal: questions in it may now be answered.
    package func didPaint() {
        paintedModal = drawnModal
        rememberSelection()
    }

    /// It is on the terminal no more: questions in it are to be read again before they can be answered.
    func leave() {
        paintedModal = nil
        pressedKeys = []
        dropTypedAhead()
    }

    /// What is under the cursors as far as the user knows: painted, or moved there by keys.
    func rememberSelection() {
        for pane in [PaneID.namespaces, .pods] { knownUID[pane] = boundUID(pane) }
    }

    private func rememberFocus() {
        if app.kindID != shownKind {
            // A log beside objects that write none would be that of something else.
            if !app.showsPods { lower = .yaml } else if shownKind != nil { lower = .logs }
            shownKind = app.kindID
        }
        if app.focus == .namespaces || app.focus == .pods { upper = app.focus } else { lower = app.focus }
    }

    /// Usage is sampled only while somebody can see it.
    private func updateVisiblePanes() {
        let visible = isWindowFocused && app.detail == nil ? Set(layout.slots.map(\.pane)) : []
        if app.visiblePanes != visible { app.visiblePanes = visible }
    }

    private func drawTooSmall(_ painter: inout Painter) {
        let text =
            "kdash needs \(ScreenLayout.minimumWidth)x\(ScreenLayout.minimumHeight); this is \(painter.surface.width)x\(painter.surface.height)"
        for (index, line) in TextWrap.words(text, columns: painter.surface.width).prefix(painter.surface.height).enumerated() {
            painter.surface.put(line, x: 0, y: index, style: theme[.text])
        }
    }

    private func drawToasts(_ painter: inout Painter) {
        let current = app.toasts.filter { $0.until > painter.now }.suffix(3)
        // An explanation at the bottom is what the toast is about: it stays readable.
        let bottom = painter.keepFree.flatMap { $0.maxY + 1 >= layout.body.maxY ? $0.y : nil } ?? layout.body.maxY
        var y = bottom
        for toast in current.reversed() {
            painter.wake(at: toast.until)
            let scope: Scope =
                switch toast.tone {
                case .ok, .done: .toastOK
                case .warning, .pending: .toastWarning
                case .error: .toastError
                default: .toast
                }
            let rows = toastRows(toast.text, columns: layout.body.width - 4)
            let width = rows.reduce(0) { max($0, DisplayWidth.of($1)) }
            for row in rows.reversed() where y > layout.body.y {
                y -= 1
                let text = " \(row)\(String(repeating: " ", count: width - DisplayWidth.of(row))) "
                painter.surface.put(text, x: layout.body.maxX - width - 3, y: y, style: theme[scope])
            }
        }
    }

    /// A message in as many rows as it needs, so that what to do about it is not cut off; only a very long one is.
    private func toastRows(_ text: String, columns: Int) -> [String] {
        guard DisplayWidth.of(text) > columns else { return [text] }
        var rows = TextWrap.words(text, columns: columns)
        let most = max(1, min(6, layout.body.height / 3))
        guard rows.count > most else { return rows }
        rows[most - 1] = DisplayWidth.shortened(rows[(most - 1)...].joined(separator: " "), columns: columns, ellipsis: glyphs.ellipsis)
        return Array(rows.prefix(most))
    }

    private func drawPrefixMenu(_ painter: inout Painter) {
        guard case .prefix(let commands) = app.commands.lookup(pressed, scopes: scopes, on: app.selectedBinding) else { return }
        PrefixMenu.draw(pressed, commands, app, in: layout.body, &painter)
    }

    private func drawModal(_ painter: inout Painter) {
        guard let modal = app.modal else { return }
        painter.surface.isCursorVisible = false
        switch modal {
        case .dialog(let model): DialogView.draw(model, in: layout.body, &painter)
        case .diff(let model): model.top = DiffView.draw(model, in: layout.body, &painter)
        case .palette(let model): PaletteView.draw(model, in: layout.body, &painter)
        case .help(let model): model.top = HelpView.draw(model, in: layout.body, &painter)
        case .demoOffer(let model): DemoOfferView.draw(model, in: layout.body, &painter)
        case .drafts(let model): DraftsView.draw(model, in: layout.body, &painter)
        }
    }
}

extension Modal {
    /// Tells one question from the next.
    @MainActor var identity: ObjectIdentifier {
        switch self {
        case .dialog(let model): ObjectIdentifier(model)
        case .diff(let model): ObjectIdentifier(model)
        case .palette(let model): ObjectIdentifier(model)
        case .help(let model): ObjectIdentifier(model)
        case .demoOffer(let model): ObjectIdentifier(model)
        case .drafts(let model): ObjectIdentifier(model)
        }
    }

    /// Answers change something: only keys read after it was painted count.
    var isQuestion: Bool {
        switch self {
        case .dialog, .diff, .demoOffer, .drafts: true
        case .palette, .help: false
        }
    }
}
