import ViewModels

extension Screen {
    /// Clicks select and focus, on a heading they order, the wheel scrolls what is under it, the right button opens what can be done there.
    func handle(_ mouse: MouseEvent) {
        guard app.modal == nil, app.prompt == nil else { return handleInModal(mouse) }
        if app.detail != nil {
            if mouse.kind == .wheelDown { move(.down) }
            if mouse.kind == .wheelUp { move(.up) }
            return
        }
        if mouse.kind == .press, mouse.button == .left, let tab = tabs.first(where: { $0.1.contains(x: mouse.x, y: mouse.y) }) {
            app.focus = tab.0
            return
        }
        guard let slot = layout.slots.first(where: { $0.rect.contains(x: mouse.x, y: mouse.y) }) else { return }
        switch (mouse.kind, mouse.button) {
        case (.wheelUp, _): wheel(slot.pane, by: -3)
        case (.wheelDown, _): wheel(slot.pane, by: 3)
        case (.press, .left): click(mouse, slot.pane)
        case (.press, .right):
            click(mouse, slot.pane)
            openMenu(slot.pane)
        case (.drag, .left) where slot.pane == .yaml && app.focus == .yaml:
            if let position = editorView.position(x: mouse.x, y: mouse.y, app.editor) { app.editor.place(position, selecting: true) }
        default: break
        }
    }

    private func click(_ mouse: MouseEvent, _ pane: PaneID) {
        pressedKeys = []
        app.focus = pane
        if pane == .pods, let content = contents[pane], mouse.y == content.y - 1, let column = objectTable.sortableColumn(atX: mouse.x) {
            return app.sortList(by: column)
        }
        guard let content = contents[pane], content.contains(x: mouse.x, y: mouse.y) else { return }
        switch pane {
        case .namespaces: select(app.namespaces, namespaceTable.top + mouse.y - content.y)
        case .pods: select(app.list, objectTable.top + mouse.y - content.y)
        case .logs:
            guard let line = logView.line(atRow: mouse.y - content.y) else { return }
            app.logs.isFollowing = false
            app.logs.cursor = line
        case .yaml:
            if let position = editorView.position(x: mouse.x, y: mouse.y, app.editor) {
                app.editor.place(position, selecting: mouse.modifiers.contains(.shift))
            }
        }
    }

    private func select(_ model: any TableModel, _ index: Int) {
        if index >= 0, index < model.count { model.select(index: index) }
    }

    private func wheel(_ pane: PaneID, by rows: Int) {
        switch pane {
        case .namespaces: app.namespaces.moveSelection(by: rows.signum())
        case .pods: app.list.moveSelection(by: rows.signum())
        case .logs: logView.scroll(app.logs, by: rows)
        case .yaml: editorView.scroll(app.editor, by: rows)
        }
    }

    private func handleInModal(_ mouse: MouseEvent) {
        if mouse.kind == .press, mouse.button == .left { return clickInModal(mouse) }
        let step = mouse.kind == .wheelDown ? 1 : mouse.kind == .wheelUp ? -1 : 0
        guard step != 0 else { return }
        switch app.modal {
        case .diff(let model)?: model.top = max(0, model.top + step * 3)
        case .help(let model)?: model.top = max(0, model.top + step * 3)
        case .palette(let model)?: model.selected = max(0, min(model.results.count - 1, model.selected + step))
        default: break
        }
    }

    /// A click chooses what a key would, and as a key only when what was asked is on the screen.
    private func clickInModal(_ mouse: MouseEvent) {
        guard let modal = app.modal, paintedModal == modal.identity else { return }
        guard let target = clickTargets.first(where: { $0.rect.contains(x: mouse.x, y: mouse.y) })?.target else { return }
        switch (modal, target) {
        case (.dialog(let model), .choice(let index)) where model.choices.indices.contains(index): model.choose(model.choices[index].id)
        case (.demoOffer(let model), .choice(let index)): model.answer(index == 0)
        case (.palette(let model), .item(let index)):
            model.selected = index
            press(Key("enter"), in: modal)
        case (.drafts(let model), .item(let index)):
            model.spare()
            model.selected = index
        case (.diff, .key(let name)): press(Key(name), in: modal)
        default: break
        }
    }

    /// The pane's commands as a menu.
    private func openMenu(_ pane: PaneID) {
        let items = app.commands.commands.filter { $0.scope == .pane(pane) && $0.isListed }.map { command in
            PaletteItem(
                id: command.id, title: command.title, keys: command.keys.first.map(KeyLabel.text) ?? "", disabledReason: command.reason(app))
        }
        guard !items.isEmpty else { return }
        let bound = boundUID(pane)
        app.modal = .palette(
            PaletteModel(title: PaneFrame.name(pane, objects: app.list.title), placeholder: "what to do", action: "run", items: items) { [weak self] item in
                guard let self else { return }
                app.modal = nil
                guard boundUID(pane) == bound else { return app.toast("the selected object is gone: nothing was done", .warning) }
                if let command = app.commands[item.id] { run(command) }
            })
    }
}
