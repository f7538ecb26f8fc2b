import ViewModels

/// A question about one object. It shows what the answer will act on, starts on the harmless choice, and where a name must be typed it shows the name.
@MainActor enum DialogView {
    static func draw(_ model: DialogModel, in screen: Rect, _ painter: inout Painter) {
        // Wide enough for the answers side by side, where the screen is.
        let answers = (0..<model.choices.count).reduce(-gap) { $0 + choiceWidth(model, $1) + gap }
        let width = min(max(64, answers + 4), screen.width - 2)
        let rows = choiceRows(model, columns: width - 4)
        let asksName = model.typedName != nil && model.vanished == nil
        // Frame, name field with its question, answers.
        let fixed = 2 + rows.count + (asksName ? 2 : 0)
        var parts = parts(model, columns: width - 4)
        var isAiry = true
        if parts.joined().count + parts.count + fixed + (asksName ? 1 : 0) > screen.height {
            isAiry = false
            // What it acts on is the last thing to go: one line instead of three.
            if parts.joined().count + fixed > screen.height, let binding = model.binding {
                parts[0] = compactLines(binding, columns: width - 4)
            }
        }
        let lines = isAiry ? Array(parts.joined(separator: [[]])) : Array(parts.joined())
        let height = min(screen.height, lines.count + fixed + (isAiry ? (asksName ? 2 : 1) : 0))
        let content = Popup.draw(screen.centered(width: width, height: height), title: model.title, &painter)
        for (index, line) in lines.prefix(max(0, content.height - (fixed - 2))).enumerated() {
            painter.spans(line, in: content.row(index), on: painter.theme[.popup])
        }
        if asksName, let name = model.typedName {
            let y = content.maxY - rows.count - (isAiry ? 3 : 2)
            let row = Rect(x: content.x, y: y, width: content.width, height: 1)
            painter.spans([TextSpan("Type "), TextSpan(name, .accent), TextSpan(" to confirm:")], in: row, on: painter.theme[.popup])
            Popup.field(
                model.typed, placeholder: "", in: Rect(x: content.x, y: y + 1, width: content.width, height: 1),
                style: painter.theme[.popupField], &painter)
        }
        for (index, choices) in rows.enumerated() {
            drawChoices(choices, of: model, in: Rect(x: content.x, y: content.maxY - rows.count + index, width: content.width, height: 1), &painter)
        }
    }

    /// What it acts on, what it says, and what has happened meanwhile.
    private static func parts(_ model: DialogModel, columns: Int) -> [[[TextSpan]]] {
        var parts: [[[TextSpan]]] = []
        if let binding = model.binding { parts.append(bindingLines(binding, columns: columns)) }
        if !model.bindings.isEmpty { parts.append(severalLines(model)) }
        parts.append(TextViewer.wrapped(model.body, columns: columns))
        if let vanished = model.vanished { parts.append(TextWrap.words(vanished, columns: columns).map { [TextSpan($0, .warning)] }) }
        return parts
    }

    private static func compactLines(_ binding: ObjectBinding, columns: Int) -> [[TextSpan]] {
        let place = binding.namespace.map { "\($0)/" } ?? ""
        let text = "\(binding.kind.lowercased()) \(place)\(binding.name) in \(binding.context)"
        return TextWrap.words(text, columns: columns).prefix(2).map { [TextSpan($0, .accent)] }
    }

    /// What the action is bound to, one fact a line so that nothing is cut.
    static func bindingLines(_ binding: ObjectBinding, columns: Int) -> [[TextSpan]] {
        var facts = [(binding.kind.lowercased(), binding.name)]
        if let namespace = binding.namespace { facts.append(("namespace", namespace)) }
        facts.append(("context", binding.context))
        if let uid = binding.uid { facts.append(("uid", uid)) }
        let label = facts.reduce(0) { max($0, $1.0.count) } + 2
        return facts.map { name, value in
            [
                TextSpan(name + String(repeating: " ", count: label - name.count), .dim),
                TextSpan(
                    DisplayWidth.shortened(value, columns: columns - label, ellipsis: "~", keepsEnd: true),
                    name == "context" || name == "namespace" ? .normal : name == "uid" ? .dim : .accent),
            ]
        }
    }

    /// Several objects by name; those that went meanwhile say so.
    private static func severalLines(_ model: DialogModel) -> [[TextSpan]] {
        let lines = model.bindings.prefix(8).map { binding in
            let isGone = binding.uid.map(model.gone.contains) ?? false
            return [
                TextSpan(binding.namespace.map { "\($0)/" } ?? "", .dim), TextSpan(binding.name, isGone ? .dim : .normal),
                TextSpan(isGone ? "  is gone" : "", .warning),
            ]
        }
        return model.bindings.count > 8 ? lines + [[TextSpan("and \(model.bindings.count - 8) more", .dim)]] : Array(lines)
    }

    /// Columns between two answers.
    private static let gap = 2

    private static func choiceKey(_ model: DialogModel, _ index: Int) -> String { model.typedName == nil ? "\(model.choices[index].key) " : "" }

    private static func choiceWidth(_ model: DialogModel, _ index: Int) -> Int {
        DisplayWidth.of(" \(choiceKey(model, index))\(model.choices[index].title) ")
    }

    /// The answers row by row, as many beside each other as have room.
    private static func choiceRows(_ model: DialogModel, columns: Int) -> [Range<Int>] {
        var (rows, start, used): ([Range<Int>], Int, Int) = ([], 0, 0)
        for index in model.choices.indices {
            let width = choiceWidth(model, index)
            if index > start, used + width > columns {
                rows.append(start..<index)
                (start, used) = (index, 0)
            }
            used += width + gap
        }
        return rows + [start..<model.choices.count]
    }

    private static func drawChoices(_ choices: Range<Int>, of model: DialogModel, in row: Rect, _ painter: inout Painter) {
        var x = row.x
        for index in choices {
            let choice = model.choices[index]
            let isBlocked = choice.isDestructive && !model.canConfirm
            let ground = painter.theme[index == model.focused ? .popupSelected : .popup]
            let key = choiceKey(model, index)
            let width = min(choiceWidth(model, index), max(0, row.maxX - x))
            painter.surface.fill(Rect(x: x, y: row.y, width: width, height: 1), style: ground)
            var at = x + 1
            at += painter.surface.put(key, x: at, y: row.y, style: painter.theme[isBlocked ? .popupDisabled : .popupKey].on(ground))
            let scope: Scope = isBlocked ? .popupDisabled : choice.isDestructive ? .popupDanger : .popup
            painter.surface.put(choice.title, x: at, y: row.y, limit: max(0, row.maxX - at), style: painter.theme[scope].on(ground))
            painter.target(.choice(index), in: Rect(x: x, y: row.y, width: width, height: 1))
            x += width + gap
        }
    }
}
