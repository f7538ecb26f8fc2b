import LinuxKernel
import ViewModels

extension Screen {
    /// One pane with its title row.
    func drawPane(_ slot: ScreenLayout.Slot, _ painter: inout Painter) {
        let isFocused = slot.pane == app.focus && app.modal == nil && hasKeys
        var frame = PaneFrame(slot: slot, isFocused: slot.pane == app.focus && hasKeys, detail: [], objects: app.list.title)
        switch slot.pane {
        case .namespaces: frame.detail = tableDetail(app.namespaces)
        case .pods:
            frame.detail = tableDetail(app.list)
            if let trouble = app.list.trouble { frame.detail.append(TextSpan(" \(glyphs.warningSign) \(trouble)", .warning)) }
        case .logs: (frame.detail, frame.trailing) = (logDetail(), logState())
        case .yaml: (frame.detail, frame.trailing) = (editorDetail(), editorState())
        }
        let (content, places) = frame.draw(&painter)
        tabs += places
        switch slot.pane {
        case .namespaces: contents[.namespaces] = namespaceTable.draw(app.namespaces, in: content, isFocused: isFocused, &painter)
        case .pods where app.joined != nil: contents[.pods] = drawJoined(in: content, isFocused: isFocused, &painter)
        case .pods: contents[.pods] = objectTable.draw(app.list, in: content, isFocused: isFocused, notice: connectionNotice, &painter)
        case .logs:
            logView.draw(app.logs, in: content, isFocused: isFocused, &painter)
            contents[.logs] = content
        case .yaml:
            editorView.draw(app.editor, in: content, isFocused: isFocused, &painter)
            contents[.yaml] = content
        }
    }

    /// Why there is nothing to show, while the cluster cannot be asked.
    private var connectionNotice: String? {
        switch app.connection {
        case .ready, .stale: nil
        case .starting(let what): what
        case .failed(let reason, let remedy): "\(reason): \(remedy)"
        }
    }

    /// Lines between panes meet the title rules.
    func joinSeparators(_ painter: inout Painter) {
        guard glyphs.hasLines else { return }
        for line in layout.separators {
            painter.surface.put("┬", x: line.x, y: line.y, end: painter.surface.width, style: theme[.paneRule])
            guard line.maxY < layout.hints.y, let rule = glyphs.horizontal.unicodeScalars.first else { continue }
            let below = painter.surface[line.x, line.maxY]
            if below.glyph == rule.value {
                painter.surface.put("┴", x: line.x, y: line.maxY, end: painter.surface.width, style: below.style)
            }
        }
    }

    private func tableDetail(_ model: any TableModel) -> [TextSpan] {
        var spans: [TextSpan] = []
        if (model.count > 0 && model !== app.namespaces) || !model.filter.isEmpty {
            spans.append(
                TextSpan(
                    model.filter.isEmpty ? Units.grouped(model.count) : "\(Units.grouped(model.count)) of \(Units.grouped(model.total))",
                    .dim))
        }
        if !model.filter.isEmpty { spans.append(TextSpan(" /\(model.filter)", .accent)) }
        if model.markedCount > 0 { spans.append(TextSpan(" \(glyphs.mark)\(model.markedCount) marked", .warning)) }
        return spans
    }

    private func editorDetail() -> [TextSpan] {
        guard let target = app.editor.target else { return [] }
        let binding = target.binding
        var spans: [TextSpan] = []
        if let file = target.file {
            spans = [TextSpan("file ", .dim), TextSpan(file.name), TextSpan(" in \(binding.namespace ?? "")", .dim)]
        } else if target.isNew {
            spans = [TextSpan("new ", .pending), TextSpan("in ", .dim), TextSpan(binding.namespace ?? "")]
        } else {
            spans = [TextSpan(binding.kind + " ", .dim), TextSpan(binding.namespace.map { $0 + "/" } ?? "", .dim), TextSpan(binding.name)]
        }
        if binding.context != app.context.name { spans.append(TextSpan(" @" + binding.context, .warning)) }
        return spans
    }

    private func editorState() -> [TextSpan] {
        var spans: [TextSpan] = []
        let errors = app.editor.diagnostics.filter { $0.severity == .error }.count
        if errors > 0 { spans.append(TextSpan("\(glyphs.errorSign) \(errors) ", .error)) }
        switch app.editor.verdict {
        case .none, .refused: break
        case .asking: spans.append(TextSpan("asking the server ", .dim))
        case .accepted: spans.append(TextSpan("server accepts ", .ok))
        case .silent: spans.append(TextSpan("server did not answer ", .warning))
        }
        switch app.editor.state {
        case .empty: return spans
        case .loading: spans.append(TextSpan("reading", .pending))
        case .checking: spans.append(TextSpan("checking", .pending))
        case .applying: spans.append(TextSpan("applying", .pending))
        case .viewing: spans.append(isGone(app.editor.target) ? TextSpan("gone", .warning) : TextSpan("live", .ok))
        case .editing: spans.append(TextSpan(app.editor.isDirty ? "edited" : "editing", app.editor.isDirty ? .warning : .dim))
        }
        switch app.editor.draft {
        case .none: break
        case .saving: spans.append(TextSpan(" saving draft", .dim))
        case .saved: spans.append(TextSpan(" draft saved", .dim))
        case .failed(let reason): spans.insert(TextSpan("draft not saved: \(reason) ", .error), at: 0)
        }
        return spans
    }

    /// A pod that is listed no longer is shown as it was last.
    private func isGone(_ target: EditorTarget?) -> Bool {
        guard let binding = target?.binding, binding.kind == "Pod", let uid = binding.uid, binding.context == app.context.name else { return false }
        return app.connection == .ready && app.pods.pod(uid: uid) == nil
    }

    /// Describe, why and events cover the panes.
    func drawDetail(_ model: DetailModel, in rect: Rect, _ painter: inout Painter) {
        let rule = theme[.paneRuleFocused]
        painter.surface.fill(rect.row(0), glyphs.horizontal, style: rule)
        var spans = [TextSpan(" \(model.title) ", .accent)]
        if let binding = model.binding {
            spans += [
                TextSpan(binding.kind + " ", .dim), TextSpan(binding.namespace.map { $0 + "/" } ?? "", .dim), TextSpan(binding.name + " "),
            ]
        }
        if !model.search.isEmpty { spans.append(TextSpan("/\(model.search) ", .accent)) }
        painter.spans(spans, in: rect.row(0).inset(left: 1, right: 1))
        var content = rect.inset(top: 1)
        if let vanished = model.vanished {
            painter.text("\(glyphs.warningSign) \(vanished)", in: content.row(0).inset(left: 1), theme[.statusWarning])
            content = content.inset(top: 1)
        }
        detailRows = content.height
        followSearch(in: model)
        model.top = TextViewer.draw(model, in: content, &painter)
    }
}
