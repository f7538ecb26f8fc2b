import LinuxKernel

extension AppModel {
    /// Shows the current line on a page of its own.
    func openLogLine() {
        guard let number = logs.currentLine, let line = logs.line(number) else { return toast("there is no line", .dim) }
        let source = logs.sources.indices.contains(line.source) ? logs.sources[line.source] : nil
        let model = DetailModel(title: "Log line", binding: nil)
        model.lines = LogLineDetail.lines(line, of: source)
        model.isLive = false
        detail = model
    }

    /// Asks for the fields to show as columns; each answer adds one or takes it away, and the list opens again.
    func pickLogColumns() {
        let found = logs.fieldsFound()
        let names = logs.columns + found.map(\.name).filter { !logs.columns.contains($0) }
        guard !names.isEmpty else { return toast("no line here is JSON or key=value", .dim) }
        var items = names.map { name -> PaletteItem in
            let place = logs.columns.firstIndex(of: name).map { "column \($0 + 1)" }
            let example = found.first { $0.name == name }.map { String($0.example.prefix(40)) } ?? ""
            return PaletteItem(id: "+\(name)", title: name, detail: place ?? example)
        }
        if !logs.columns.isEmpty { items.append(PaletteItem(id: "", title: "whole lines again")) }
        pick("Fields as columns", items) { [weak self] id in
            guard let self else { return }
            guard !id.isEmpty else {
                logs.columns = []
                return
            }
            logs.toggleColumn(String(id.dropFirst()))
            pickLogColumns()
        }
    }

    /// Asks for the moment to go to.
    func askForLogTime(_ text: String = "") {
        openPrompt(.line, "go to (10m, 14:05, RFC 3339; \(zoneName))", text, { _ in }, { [weak self] in self?.goToLog($0) })
    }

    /// Typed times are those that lines show; where they show none, this machine's.
    private var typedZone: TimeZoneRules { logs.times == .utc ? .utc : logs.zone }
    private var zoneName: String { typedZone == .utc ? "UTC" : "local time" }

    /// Goes to the first line of the last minutes.
    func goToLog(minutesAgo: Int64) { goToLog(clock().advanced(by: .seconds(-60 * minutesAgo))) }

    private func goToLog(_ text: String) {
        guard !text.isEmpty else { return }
        guard let time = LogTime.parse(text, now: clock(), zone: typedZone) else {
            toast("\(text) is no time: write 10m for ten minutes ago, 14:05 or 2026-03-01T14:05:00Z, in \(zoneName)", .warning)
            return askForLogTime(text)
        }
        goToLog(time)
    }

    private func goToLog(_ time: Timestamp) {
        logs.go(to: time) { [weak self] in self?.toast("no line is as new as \(time.rfc3339)", .dim) }
    }

    // MARK: - Copy and save

    /// Hands lines to the terminal's clipboard: the selected ones, else the current one; or all on screen.
    func copyLog(visible: Bool) {
        guard let lines = visible ? logs.visible : logs.selected ?? logs.currentLine.map({ $0...$0 }) else { return toast("there is no line", .dim) }
        let export = logs.export(lines.lowerBound..<lines.upperBound + 1, onlyShown: true)
        var bytes: [UInt8] = []
        var count = 0
        var next = logs.shown(from: lines.lowerBound)
        while let number = next, number <= lines.upperBound, let line = logs.line(number) {
            bytes += LogText.plain(export.text(line)[...])
            count += 1
            guard bytes.count <= Self.mostCopied else {
                return toast("that is more than terminals take: Ctrl-s saves lines to a file", .warning)
            }
            next = logs.shown(from: number + 1)
        }
        if copy(String(decoding: bytes.dropLast(), as: UTF8.self), count == 1 ? "1 line copied" : "\(count) lines copied") { logs.anchor = nil }
    }

    /// Asks what to save, if a filter leaves a choice, and where.
    func saveLog() {
        guard logs.endLine > logs.firstLine else { return toast("there is no line to save", .dim) }
        guard logs.isFiltered else { return askForLogFile(onlyShown: false) }
        let items = [
            PaletteItem(id: "shown", title: "the \(logs.shownCount) lines that the filter shows"),
            PaletteItem(id: "all", title: "all \(logs.endLine - logs.firstLine) lines"),
        ]
        pick("Save which lines?", items) { [weak self] in self?.askForLogFile(onlyShown: $0 == "shown") }
    }

    private func askForLogFile(onlyShown: Bool) {
        let name =
            logs.target.map { "\($0.pod)-\($0.container)" } ?? logs.merge?.title.map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "-" }
            .map(String.init).joined() ?? "kdash"
        askToSave(as: "\(name).log") { [logs] in
            FileExport(noun: "lines", write: logs.export(logs.firstLine..<logs.endLine, onlyShown: onlyShown).write)
        }
    }
}
