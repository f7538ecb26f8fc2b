package import LinuxKernel
package import ViewModels

extension Screen: ScreenHost {
    /// Stops the job, as Ctrl-Z does.
    package func suspend() { onSuspend() }
    /// Runs the user's editor.
    package func edit(_ path: String, holding lock: FileLock?) -> Int32? { onEdit(path, lock) }
    /// Paints everything again.
    package func redraw() { onRedraw() }
    /// Hands the terminal to a command until it has ended.
    package func runInForeground(_ command: PluginCommand, environment: [String: String]) -> String? { onForeground(command, environment) }
    /// Writes the clipboard (OSC 52).
    package func copy(_ text: String) { onCopy(text) }

    /// Motions need to know how tall things are, so they end here.
    package func move(_ motion: Motion) {
        if let detail = app.detail { return move(motion, in: detail) }
        switch app.focus {
        case .namespaces: move(motion, in: app.namespaces, rows: contents[.namespaces]?.height ?? 10)
        case .pods: move(motion, in: app.list, rows: contents[.pods]?.height ?? 10)
        case .logs: moveLogs(motion)
        case .yaml: moveEditor(motion)
        }
    }

    private func move(_ motion: Motion, in model: any TableModel, rows: Int) {
        let page = max(1, rows - 1)
        switch motion {
        case .down: model.moveSelection(by: 1)
        case .up: model.moveSelection(by: -1)
        case .pageDown: model.moveSelection(by: page)
        case .pageUp: model.moveSelection(by: -page)
        case .halfPageDown: model.moveSelection(by: max(1, page / 2))
        case .halfPageUp: model.moveSelection(by: -max(1, page / 2))
        case .top: model.select(index: 0)
        case .bottom: model.select(index: model.count - 1)
        case .left, .right, .nextMatch, .previousMatch: break
        }
    }

    private func moveLogs(_ motion: Motion) {
        let model = app.logs
        let page = logView.pageRows
        switch motion {
        case .down: logView.moveCursor(model, by: 1)
        case .up: logView.moveCursor(model, by: -1)
        case .pageDown: logView.scroll(model, by: page)
        case .pageUp: logView.scroll(model, by: -page)
        case .halfPageDown: logView.scroll(model, by: max(1, page / 2))
        case .halfPageUp: logView.scroll(model, by: -max(1, page / 2))
        case .top:
            if let first = model.firstShown { model.go(to: first) }
        case .bottom: model.isFollowing = true
        case .left: logView.scrollSideways(by: -16, model)
        case .right: logView.scrollSideways(by: 16, model)
        case .nextMatch, .previousMatch:
            // A search in a log starts at its end, so that the next match is the one before.
            model.find(next: motion == .previousMatch, from: model.currentMatch ?? model.cursor ?? model.position.line)
        }
    }

    private func moveEditor(_ motion: Motion) {
        let model = app.editor
        let page = editorView.pageRows
        switch motion {
        case .down: model.move(.down, selecting: false)
        case .up: model.move(.up, selecting: false)
        case .left: model.move(.left, selecting: false)
        case .right: model.move(.right, selecting: false)
        case .pageDown: model.move(.pageDown(page), selecting: false)
        case .pageUp: model.move(.pageUp(page), selecting: false)
        case .halfPageDown: model.move(.pageDown(max(1, page / 2)), selecting: false)
        case .halfPageUp: model.move(.pageUp(max(1, page / 2)), selecting: false)
        case .top: model.move(.documentStart, selecting: false)
        case .bottom: model.move(.documentEnd, selecting: false)
        case .nextMatch: model.find(next: true)
        case .previousMatch: model.find(next: false)
        }
    }

    private func move(_ motion: Motion, in model: DetailModel) {
        let page = max(1, detailRows - 1)
        guard model.stops.isEmpty || model.isReading else { return moveCursor(motion, in: model, page: page) }
        switch motion {
        case .down: if !step(1, in: model) { model.top += 1 }
        case .up: if !step(-1, in: model) { model.top = max(0, model.top - 1) }
        case .pageDown: model.top += page
        case .pageUp: model.top = max(0, model.top - page)
        case .halfPageDown: model.top += max(1, page / 2)
        case .halfPageUp: model.top = max(0, model.top - max(1, page / 2))
        case .top: model.top = 0
        case .bottom: model.top = .max / 2
        case .left, .right: break
        case .nextMatch, .previousMatch: find(motion == .nextMatch, in: model)
        }
        if model.isReading, ![.up, .down].contains(motion) { bringCursor(in: model, isUp: [.pageUp, .halfPageUp].contains(motion)) }
    }

    /// The first row of every stop of a text that is read.
    private func stopRows(_ model: DetailModel) -> [Int] {
        let rows = TextViewer.rows(model, columns: layout.body.width - 2, glyphs: glyphs)
        let places = Dictionary(rows.enumerated().map { ($1.line, $0) }, uniquingKeysWith: { first, _ in first })
        return model.stops.map { places[$0.line] ?? 0 }
    }

    /// Moves the cursor to the next stop where that is on the screen or next to it; a text that is read scrolls otherwise.
    private func step(_ amount: Int, in model: DetailModel) -> Bool {
        guard model.isReading, let index = model.selectedIndex, model.stops.indices.contains(index + amount) else { return false }
        let row = stopRows(model)[index + amount]
        guard row >= model.top - 1, row <= model.top + detailRows else { return false }
        model.moveSelection(by: amount)
        model.top = max(min(model.top, row), row - detailRows + 1)
        return true
    }

    /// The cursor of a text that is read comes along with a page.
    private func bringCursor(in model: DetailModel, isUp: Bool) {
        guard let index = model.selectedIndex else { return }
        let top = min(model.top, max(0, TextViewer.rows(model, columns: layout.body.width - 2, glyphs: glyphs).count - detailRows))
        let seen = stopRows(model).enumerated().filter { $0.element >= top && $0.element < top + detailRows }.map(\.offset)
        guard !seen.contains(index), let near = isUp ? seen.last : seen.first else { return }
        model.moveSelection(by: near - index)
    }

    private func moveCursor(_ motion: Motion, in model: DetailModel, page: Int) {
        switch motion {
        case .down: model.moveSelection(by: 1)
        case .up: model.moveSelection(by: -1)
        case .pageDown: model.moveSelection(by: page)
        case .pageUp: model.moveSelection(by: -page)
        case .halfPageDown: model.moveSelection(by: max(1, page / 2))
        case .halfPageUp: model.moveSelection(by: -max(1, page / 2))
        case .top: model.moveSelection(by: .min)
        case .bottom: model.moveSelection(by: .max)
        case .left, .right: break
        case .nextMatch: findStop(1, in: model)
        case .previousMatch: findStop(-1, in: model)
        }
    }

    /// The next stop whose line has the searched text, round the end.
    private func findStop(_ step: Int, in model: DetailModel) {
        guard !model.search.isEmpty, let start = model.selectedIndex else { return }
        let count = model.stops.count
        let found = (1...count).first { distance in
            let stop = model.stops[((start + step * distance) % count + count) % count]
            return !SearchRanges.find(model.search, in: model.lines[stop.line].reduce(into: "") { $0 += $1.text }).isEmpty
        }
        if let found { model.moveSelection(by: ((start + step * found) % count + count) % count - start) }
    }

    /// A new search text shows its first place at once.
    func followSearch(in model: DetailModel) {
        guard model.search != detailSearch else { return }
        detailSearch = model.search
        guard model.stops.isEmpty else {
            model.moveSelection(by: -1)
            return findStop(1, in: model)
        }
        model.top -= 1
        find(true, in: model)
        model.top = max(0, model.top)
    }

    private func find(_ isNext: Bool, in model: DetailModel) {
        guard !model.search.isEmpty else { return }
        let rows = TextViewer.wrapped(model.lines, columns: layout.body.width - 2)
        let order =
            isNext ? Array(rows.indices.dropFirst(max(0, min(rows.count, model.top + 1)))) : rows.indices.prefix(model.top).reversed()
        if let found = order.first(where: { !SearchRanges.find(model.search, in: rows[$0].reduce(into: "") { $0 += $1.text }).isEmpty }) {
            model.top = found
        }
    }
}
