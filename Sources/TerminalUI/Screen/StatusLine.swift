import LinuxKernel
import ViewModels

/// The top row: where we are, whether it can be changed, and whether what is shown is current. Context, namespace and the access word are there at
/// every size.
@MainActor enum StatusLine {
    static func draw(_ app: AppModel, in rect: Rect, _ painter: inout Painter) {
        let theme = painter.theme
        let ground = theme[.bar]
        painter.surface.fill(rect, style: ground)
        let (word, scope) = access(app.context, painter.glyphs)
        var end = rect.maxX - DisplayWidth.of(word)
        painter.surface.put(word, x: end, y: rect.y, style: theme[scope].background == .terminal ? theme[scope].on(ground) : theme[scope])
        let connection = connection(app, painter)
        // Where we are comes first: context and namespace keep their room.
        let room = connectionRoom(app, in: rect, word)
        if !connection.text.isEmpty, room > 8 {
            let text = DisplayWidth.shortened(connection.text, columns: room, ellipsis: painter.glyphs.ellipsis)
            end -= DisplayWidth.of(text) + 2
            painter.surface.put(text, x: end + 1, y: rect.y, style: theme[connection.scope].on(ground))
        }
        drawPlace(app, in: Rect(x: rect.x + 1, y: rect.y, width: end - rect.x - 2, height: 1), ground, &painter)
    }

    /// Whether changes pass, in a word; an unlock has a sign of its own beside its minutes, which do not end what `isOpen` already.
    static func access(_ context: ContextState, _ glyphs: GlyphSet, isOpen: Bool = false) -> (word: String, scope: Scope) {
        guard context.access == .writable else { return (" \(context.accessWord) ", .barProtected) }
        guard context.minutesLeft != nil else { return (" \(context.accessWord) ", .barWritable) }
        return (" \(glyphs.warningSign) \(isOpen ? "WRITABLE" : context.accessWord) ", .barUnlocked)
    }

    private static func connectionRoom(_ app: AppModel, in rect: Rect, _ word: String) -> Int {
        let place = min(24, DisplayWidth.of(contextName(app))) + min(24, DisplayWidth.of(app.scope.text)) + 7
        return rect.width - DisplayWidth.of(word) - place - (rect.width >= 100 ? 8 : 0)
    }

    /// Why what is shown is not current, when the row has no room for all of it.
    static func cutReason(_ app: AppModel, in rect: Rect, _ painter: Painter) -> String? {
        guard case .stale = app.connection else { return nil }
        let text = connection(app, painter).text
        return DisplayWidth.of(text) > connectionRoom(app, in: rect, access(app.context, painter.glyphs).word) ? text : nil
    }

    /// A cluster that goes with the screen says so, and who one is taken for.
    private static func contextName(_ app: AppModel) -> String {
        let name = app.context.isEphemeral ? "\(app.context.name) (ephemeral)" : app.context.name
        return app.context.impersonated.map { "\(name) as \($0)" } ?? name
    }

    /// Context › namespace › selected pod; the pod goes first when room is short.
    private static func drawPlace(_ app: AppModel, in rect: Rect, _ ground: Style, _ painter: inout Painter) {
        let theme = painter.theme
        let arrow = " \(painter.glyphs.arrow) "
        let namespace = app.scope.text
        let isWide = rect.width >= 50
        var x = rect.x
        if isWide { x += painter.surface.put("kdash" + arrow, x: x, y: rect.y, limit: rect.maxX - x, style: theme[.bar]) }
        let rest = rect.maxX - x - arrow.count
        let context = contextName(app)
        let contextWidth = min(DisplayWidth.of(context), max(rest - DisplayWidth.of(namespace), rest / 3))
        x += painter.text(context, in: Rect(x: x, y: rect.y, width: contextWidth, height: 1), theme[.barContext], keepsEnd: true)
        x += painter.surface.put(arrow, x: x, y: rect.y, limit: max(0, rect.maxX - x), style: ground)
        x += painter.text(namespace, in: Rect(x: x, y: rect.y, width: rect.maxX - x, height: 1), theme[.barContext], keepsEnd: true)
        guard rect.maxX - x > 16 else { return }
        if !app.showsPods {
            x += painter.surface.put(arrow, x: x, y: rect.y, style: ground)
            x += painter.text(app.kindPlural, in: Rect(x: x, y: rect.y, width: rect.maxX - x, height: 1), theme[.barContext])
        }
        guard let row = app.list.selectedRow, rect.maxX - x > 16 else { return }
        let name = app.list.showsNamespace && !row.namespace.isEmpty ? "\(row.namespace)/\(row.name)" : row.name
        x += painter.surface.put(arrow, x: x, y: rect.y, style: ground)
        painter.text(name, in: Rect(x: x, y: rect.y, width: rect.maxX - x, height: 1), ground, keepsEnd: true)
    }

    private static func connection(_ app: AppModel, _ painter: Painter) -> (text: String, scope: Scope) {
        switch app.connection {
        case .ready: return ("", .bar)
        case .starting(let what): return (what, .statusPending)
        case .failed(let reason, _): return ("\(painter.glyphs.errorSign) \(reason)", .statusError)
        case .stale(let since, let reason):
            return ("\(painter.glyphs.warningSign) stale \(Units.age(painter.now - since).text): \(reason)", .barStale)
        }
    }
}

/// The bottom row: the word Browse or Type, then the keys that matter here, or the open prompt.
@MainActor enum HintLine {
    static func draw(_ app: AppModel, isPrefixOpen: Bool, in rect: Rect, _ painter: inout Painter) {
        let theme = painter.theme
        let ground = theme[.bar]
        painter.surface.fill(rect, style: ground)
        let isTyping = app.inputMode == .type
        var x =
            rect.x
            + painter.surface.put(isTyping ? " TYPE " : " BROWSE ", x: rect.x, y: rect.y, style: theme[isTyping ? .barType : .barBrowse])
            + 1
        if let ahead = app.typedAhead, !ahead.isBehindHelp {
            x += painter.surface.put("Esc", x: x, y: rect.y, style: theme[.barKey].on(ground)) + 1
            x += painter.surface.put("takes back what waits for \(ahead.awaited): ", x: x, y: rect.y, limit: rect.maxX - x, style: ground)
            let keys = ahead.keys.joined(separator: " ")
            painter.text(keys, in: Rect(x: x, y: rect.y, width: max(0, rect.maxX - x), height: 1), theme[.barContext].on(ground), keepsEnd: true)
            return
        }
        if let prompt = app.prompt, app.modal == nil {
            x += painter.surface.put("\(prompt.label): ", x: x, y: rect.y, style: theme[.barKey].on(ground))
            Popup.field(
                prompt.input, placeholder: "", in: Rect(x: x, y: rect.y, width: rect.maxX - x, height: 1),
                style: theme[.barContext].on(ground), &painter)
            return
        }
        if case .failed(_, let remedy) = app.connection, app.modal == nil {
            painter.text(remedy, in: Rect(x: x, y: rect.y, width: rect.maxX - x, height: 1), theme[.statusWarning].on(ground))
            return
        }
        if app.modal == nil, let reason = StatusLine.cutReason(app, in: rect, painter) {
            painter.text(reason, in: Rect(x: x, y: rect.y, width: rect.maxX - x, height: 1), theme[.statusWarning].on(ground))
            return
        }
        let help = app.modal == nil && !isTyping ? hint("app.help", "help", app) : nil
        let reserve = help.map { $0.key.count + $0.title.count + 3 } ?? 0
        for (key, title) in hints(app) {
            let width = DisplayWidth.of(key) + 1 + DisplayWidth.of(title) + 2
            guard x + width <= rect.maxX - reserve else { break }
            x += painter.surface.put(key, x: x, y: rect.y, style: theme[.barKey].on(ground)) + 1
            x += painter.surface.put(title, x: x, y: rect.y, style: ground) + 2
        }
        guard let help else { return }
        x = rect.maxX - reserve
        x += painter.surface.put(help.key, x: x, y: rect.y, style: theme[.barKey].on(ground)) + 1
        painter.surface.put(help.title, x: x, y: rect.y, style: ground)
    }

    /// Short words for the commands worth a place in the line, most useful first.
    private static let words: [PaneID: [(id: String, title: String)]] = [
        .namespaces: [("namespaces.use", "use"), ("view.filter", "filter")],
        .pods: [
            ("pods.logs", "logs"), ("objects.describe", "describe"), ("objects.why", "why"), ("objects.edit", "edit"), ("pods.shell", "shell"),
            ("objects.delete", "delete"), ("view.filter", "filter"), ("objects.new", "new"), ("objects.mark", "mark"),
        ],
        .logs: [
            ("logs.follow", "follow"), ("view.filter", "search"), ("logs.filter", "filter"), ("logs.level", "level"), ("logs.open", "line"),
            ("logs.wrap", "wrap"), ("logs.columns", "fields"), ("logs.owner", "all pods"), ("logs.timestamps", "time"),
            ("logs.container", "container"), ("logs.previous", "previous"),
        ],
        .yaml: [("yaml.edit", "edit"), ("yaml.apply", "apply"), ("yaml.undo", "undo"), ("yaml.copy", "copy"), ("view.filter", "search")],
    ]

    private static func hints(_ app: AppModel) -> [(key: String, title: String)] {
        switch app.modal {
        case .dialog(let model)?:
            return model.typedName == nil
                ? [("Tab", "choose"), ("Enter", "take it"), ("Esc", "no")]
                : [("Enter", "take the marked answer"), ("Tab", "choose"), ("Esc", "no")]
        case .diff(let model)?: return [("j k", "scroll"), ("y", model.confirmTitle), ("Esc", model.cancelTitle)]
        case .palette(let model)?: return (model.takesSeveral ? [("Space", "mark")] : []) + [("Enter", model.action), ("Up Down", "move"), ("Esc", "close")]
        case .help?: return [("Up Down", "scroll"), ("Esc", "close")]
        case .demoOffer?: return [("y", "start"), ("n", "not now")]
        case .drafts(let model)?:
            return model.doomed == nil
                ? [("Enter", "open"), ("D", "discard"), ("Esc", "later")] : [("D", "again to delete it"), ("Esc", "keep it")]
        case nil: break
        }
        if let detail = app.detail {
            let own = detail.hints.compactMap { hint($0.id, $0.title, app).map { ($0.key, $0.title) } }
            let isList = !detail.stops.isEmpty && !detail.isReading
            return [("j k", isList ? "move" : "scroll")] + own + [("/", "search"), ("Esc", detail.parent == nil ? "close" : "back")]
        }
        if app.inputMode == .type { return [("Esc", "stop typing"), ("F2", "apply"), ("Ctrl-_", "undo"), ("F1", "help")] }
        let isSearched = app.focus == .logs && !app.logs.search.isEmpty || app.focus == .yaml && !app.editor.search.isEmpty
        if isSearched {
            let directions = app.focus == .logs ? [("n", "older match"), ("N", "newer")] : [("n", "next match"), ("N", "previous")]
            return directions + [("Esc", "end the search"), ("/", "search")]
        }
        let common = [("focus.next", "next pane"), ("app.zoom", "zoom"), ("app.palette", "commands"), ("app.quit", "quit")]
        return ((words[app.focus] ?? []) + common).compactMap { hint($0.0, $0.1, app).map { ($0.key, $0.title) } }
    }

    /// Only for what can be done now.
    private static func hint(_ id: String, _ title: String, _ app: AppModel) -> (key: String, title: String)? {
        guard let command = app.commands[id], case .enabled = command.state(app) else { return nil }
        return command.keys.first.map { (KeyLabel.text($0), title) }
    }
}
