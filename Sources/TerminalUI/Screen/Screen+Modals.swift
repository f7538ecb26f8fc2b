import ViewModels

extension Screen {
    /// Keys for what lies on top of the panes.
    func press(_ key: Key, in modal: Modal) {
        switch modal {
        case .dialog(let model): press(key, in: model)
        case .diff(let model): press(key, in: model)
        case .palette(let model): press(key, in: model)
        case .help(let model): press(key, in: model)
        case .demoOffer(let model): press(key, in: model)
        case .drafts(let model): press(key, in: model)
        }
    }

    private func press(_ key: Key, in model: DialogModel) {
        switch key.name {
        case "esc", "ctrl-c": model.cancel()
        case "enter":
            guard model.choices.indices.contains(model.focused) else { return }
            let choice = model.choices[model.focused]
            if choice.isDestructive, !model.canConfirm, model.vanished == nil, let name = model.typedName {
                return app.toast(model.typed.text.isEmpty ? "type \(name) first" : "what is typed is not \(name)", .warning)
            }
            model.choose(choice.id)
        case "tab": model.focused = (model.focused + 1) % max(1, model.choices.count)
        case "shift-tab": model.focused = (model.focused + max(1, model.choices.count) - 1) % max(1, model.choices.count)
        case "right" where model.typedName == nil: model.focused = min(model.choices.count - 1, model.focused + 1)
        case "left" where model.typedName == nil: model.focused = max(0, model.focused - 1)
        default:
            if model.typedName != nil, model.vanished == nil {
                LineKeys.apply(key, to: &model.typed)
            } else if let choice = model.choices.first(where: { $0.key == key.name }) {
                model.choose(choice.id)
            }
        }
    }

    private func press(_ key: Key, in model: DiffModel) {
        switch key.name {
        case "y" where model.canConfirm: model.onConfirm()
        case "n", "esc", "q", "ctrl-c": model.onCancel()
        case "j", "down": model.top += 1
        case "k", "up": model.top = max(0, model.top - 1)
        case "ctrl-d", "ctrl-f", "pagedown", "space": model.top += layout.body.height / 2
        case "ctrl-u", "ctrl-b", "pageup": model.top = max(0, model.top - layout.body.height / 2)
        case "g", "home": model.top = 0
        case "G", "end": model.top = model.lines.count
        case "ctrl-s": app.save(model)
        case "c": app.copy(model)
        default: break
        }
    }

    private func press(_ key: Key, in model: PaletteModel) {
        let count = model.results.count
        switch key.name {
        case "esc", "ctrl-c":
            app.modal = nil
            model.onCancel()
        case "space" where model.takesSeveral: model.toggleMark()
        case "enter" where hold(key, in: model): break
        case "enter":
            if count > 0, let reason = model.results[min(model.selected, count - 1)].item.disabledReason {
                return refuse(model.results[min(model.selected, count - 1)].item.title, reason)
            }
            model.accept()
        case "tab" where count == 0: model.takeNearest()
        case "down", "ctrl-n", "tab": model.selected = count == 0 ? 0 : (model.selected + 1) % count
        case "up", "ctrl-p", "shift-tab": model.selected = count == 0 ? 0 : (model.selected + count - 1) % count
        case "pagedown": model.selected = min(max(0, count - 1), model.selected + 10)
        case "pageup": model.selected = max(0, model.selected - 10)
        default: LineKeys.apply(key, to: &model.query)
        }
    }

    /// Says why an entry of a list cannot run; where an unlock helps, that is asked in its place.
    private func refuse(_ title: String, _ reason: String) {
        guard reason == app.refusal, app.context.canUnlock else { return app.toast(reason, .warning) }
        app.modal = nil
        app.refuse(title, reason)
    }

    private func press(_ key: Key, in model: HelpModel) {
        switch key.name {
        case "esc", "ctrl-c", "f1": model.close()
        case "down", "enter": model.top += 1
        case "up": model.top = max(0, model.top - 1)
        case "pagedown": model.top += layout.body.height / 2
        case "pageup": model.top = max(0, model.top - layout.body.height / 2)
        default: if LineKeys.apply(key, to: &model.filter) { model.top = 0 }
        }
    }

    private func press(_ key: Key, in model: DemoOfferModel) {
        switch key.name {
        case "y": model.answer(true)
        case "n", "esc", "ctrl-c", "q": model.answer(false)
        case "enter": model.answer(model.focused == 0)
        case "tab", "left", "right", "h", "l", "shift-tab": model.focused = 1 - model.focused
        // Who goes somewhere does not mean the offer: what follows is no answer to it.
        case ":", "/", "?":
            model.answer(false)
            press(key)
        default: break
        }
    }

    private func press(_ key: Key, in model: DraftsModel) {
        guard model.drafts.indices.contains(model.selected) else { return model.onClose() }
        if key.name == "D" { return model.discardSelected() }
        guard model.doomed == nil else { return model.spare() }
        switch key.name {
        case "enter": model.onOpen(model.drafts[model.selected].id)
        case "esc", "q", "ctrl-c": model.onClose()
        case "j", "down": model.selected = min(model.drafts.count - 1, model.selected + 1)
        case "k", "up": model.selected = max(0, model.selected - 1)
        default: break
        }
    }
}
