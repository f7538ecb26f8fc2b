import ViewModels

extension Desk {
    /// Handles what one read brought, in order: each key goes to what has the keys at its turn.
    package func handle(_ events: [InputEvent]) {
        var rest = events[...]
        while let event = rest.first {
            if case .mouse(let mouse) = event {
                rest.removeFirst()
                handle(mouse)
                continue
            }
            let run = rest.prefix { if case .mouse = $0 { false } else { true } }
            rest = rest.dropFirst(max(1, give(Array(run))))
        }
        workspace.signal.touch()
    }

    /// Carries out what was typed before the clusters were there. Before a frame is drawn.
    package func carryOutTypedAhead() {
        for place in layout.places where place.split != workspace.tab.focus { screen(place.split)?.dropTypedAhead() }
        guard let screen = screen(workspace.tab.focus) else { return }
        let focus = workspace.tab.focus
        screen.isStillHeard = { [workspace] in workspace.tab.focus == focus }
        let rest = screen.carryOutTypedAhead()
        if !rest.isEmpty { handle(rest) }
    }

    /// Gives keys to what has them; returns how many it took.
    private func give(_ events: [InputEvent]) -> Int {
        let focus = workspace.tab.focus
        if case .focus(let hasFocus)? = events.first {
            for place in layout.places where place.split != focus { screen(place.split)?.isWindowFocused = hasFocus }
        }
        if let screen = screen(focus) {
            screen.hasKeys = true
            screen.isStillHeard = { [workspace] in workspace.tab.focus == focus }
            return screen.handle(events)
        }
        guard let shell = shell(focus) else { return events.count }
        switch events[0] {
        case .key(let key): press(key, in: shell)
        case .paste(let text): shell.paste(text)
        case .mouse, .focus, .reply: break
        }
        return 1
    }

    /// Every key goes inside but F12, and those that close or begin again once the session is over.
    private func press(_ key: Key, in shell: ShellView) {
        if key.name == "f12" { return workspace.leaveShell() }
        guard !shell.model.isRunning else { return shell.press(key) }
        switch key.name {
        // Only keys that are no text: a program may end while its user types.
        case "esc" where shell.look == nil: workspace.remove(workspace.tab.focus)
        case "f5": shell.model.onReopen()
        default: shell.press(key)
        }
    }

    /// A click gives the keys to what is under it; one on a tab's name shows the tab, with the middle button closes it.
    private func handle(_ mouse: MouseEvent) {
        if mouse.kind == .press, let tab = tabPlaces.first(where: { $0.rect.contains(x: mouse.x, y: mouse.y) })?.tab {
            if mouse.button == .left { workspace.show(tab) }
            if mouse.button == .middle, let app = shownApp { workspace.askClose(tab: tab, app) }
            return
        }
        if let held = heldSplit, mouse.kind == .drag || mouse.kind == .release {
            if mouse.kind == .release { heldSplit = nil }
            guard let place = layout.places.first(where: { $0.split == held }), !place.rect.isEmpty else { return }
            return give(mouse, to: place)
        }
        guard let place = layout.places.first(where: { $0.rect.contains(x: mouse.x, y: mouse.y) }) else { return }
        if mouse.kind == .press { heldSplit = place.split }
        if mouse.kind == .press, place.split != workspace.tab.focus { workspace.focus(place.split) }
        give(mouse, to: place)
    }

    /// What the mouse does in a split, in its own cells; what is outside is at its edge.
    private func give(_ mouse: MouseEvent, to place: SplitLayout.Place) {
        var inside = mouse
        inside.x = max(0, min(place.rect.width - 1, mouse.x - place.rect.x))
        inside.y = max(0, min(place.rect.height - 1, mouse.y - place.rect.y))
        if let shell = shell(place.split) { return shell.handle(inside) }
        screen(place.split)?.handle([.mouse(inside)])
    }

    /// The panes on the screen where a question can be asked; those that had the keys last come forward for it.
    private var shownApp: AppModel? {
        if workspace.focused?.app == nil { workspace.leaveShell() }
        return workspace.focused?.app
    }
}
