import Glibc
import LinuxKernel

extension AppModel {
    /// Asks for a file and writes to it what there is by then; before it replaces one it asks again.
    func askToSave(as name: String, _ export: @escaping () -> FileExport) { askToSave(as: name, "save to") { _ in export() } }

    /// The same, where the name tells in what form; `export` gives nil when it has said why there is nothing to save.
    func askToSave(as name: String, _ label: String, _ export: @escaping (String) -> FileExport?) {
        let save: (String) -> Void = { [weak self] path in
            guard !path.isEmpty, let made = export(path) else { return }
            self?.save(made, to: path, isReplacing: false) { self?.askToSave(as: path, label, export) }
        }
        openPrompt(.line, label, name, { _ in }, save)
    }

    /// `again` asks for another path.
    private func save(_ export: FileExport, to path: String, isReplacing: Bool, again: @escaping () -> Void) {
        let file = path.hasPrefix("~/") ? (getenv("HOME").map { String(cString: $0) } ?? "") + path.dropFirst(1) : path
        saving = Task { [weak self] in
            do throws(FileExport.Failure) {
                if export.source != nil { self?.toast("reading what is to be saved to \(path)", .dim) }
                let count = try await export.save(to: file, isReplacing: isReplacing)
                self?.toast("\(count) \(export.noun) saved to \(path)", .ok)
            } catch {
                guard let self else { return }
                if error == .exists, !isReplacing { return askToReplace(export, path, again) }
                toast("\(path) was not saved: \(error)", .error)
                if prompt == nil, error.isAboutPath { again() }
            }
        }
    }

    private func askToReplace(_ export: FileExport, _ path: String, _ again: @escaping () -> Void) {
        guard modal == nil else { return toast("\(path) is there already: nothing was saved", .warning) }
        modal = .dialog(
            DialogModel(
                title: "Replace this file?", body: [[TextSpan(path, .accent)], [TextSpan("It is there already. Nothing of it is kept.")]], binding: nil,
                choices: [
                    DialogChoice(id: "no", title: "No", key: "n"), DialogChoice(id: "yes", title: "Replace", key: "y", isDestructive: true),
                ], defaultChoice: 0
            ) { [weak self] id in
                self?.modal = nil
                if id == "yes" { self?.save(export, to: path, isReplacing: true, again: again) }
            })
    }

    /// Saves the rows that are shown: with the columns that are shown, as comma-separated values (RFC 4180), or where the name ends in `.yaml` the
    /// objects themselves.
    func saveTable() {
        guard list.count > 0 else { return toast("there is no row to save", .dim) }
        askToSave(as: "\(kindPlural)\(scope.single.map { "-\($0)" } ?? "").csv", "save to (.csv, or .yaml for whole objects)") { [weak self, list] path in
            guard path.hasSuffix(".yaml") || path.hasSuffix(".yml") else { return Self.export(list.snapshot) }
            return self?.objectExport(list)
        }
    }

    private func objectExport(_ table: ResourcesModel) -> FileExport? {
        guard joined == nil else {
            toast("objects of several contexts are not saved as YAML: open a row's context, or save the table as .csv", .warning)
            return nil
        }
        return exportObjects(table.snapshot)
    }

    private static func export(_ table: TableSnapshot) -> FileExport {
        FileExport(noun: table.count == 1 ? "row" : "rows") { (file: borrowing FileDescriptor) throws(SystemError) in
            var buffer = line(table.titles)
            for place in 0..<table.count {
                buffer += line(table.cells(place).map(text))
                guard buffer.count > 1 << 20 else { continue }
                try file.writeAll(buffer)
                buffer.removeAll(keepingCapacity: true)
            }
            try file.writeAll(buffer)
            return table.count
        }
    }

    /// Saves the text that is shown over the panes, as it is shown.
    func saveDetail() {
        guard let detail, !detail.lines.isEmpty else { return toast("there is no text to save", .dim) }
        save(lines: detail.plainLines, named: detail.fileName)
    }

    /// Hands the whole text over the panes to the terminal's clipboard, as it is shown.
    func copyDetail() {
        guard let detail, !detail.lines.isEmpty else { return toast("there is no text to copy", .dim) }
        let lines = detail.plainLines
        copy(lines.joined(separator: "\n"), lines.count == 1 ? "1 line copied" : "\(lines.count) lines copied")
    }

    /// Saves a difference as it is shown.
    package func save(_ difference: DiffModel) { save(lines: difference.plainLines, named: "difference-\(difference.binding.name).diff") }

    /// Hands a difference to the terminal's clipboard.
    package func copy(_ difference: DiffModel) { copy(difference.plainLines.joined(separator: "\n"), "the difference is copied") }

    private func save(lines: [String], named name: String) {
        askToSave(as: SavedText.fileName(name)) {
            FileExport(noun: lines.count == 1 ? "line" : "lines") { (file: borrowing FileDescriptor) throws(SystemError) in
                for part in stride(from: 0, to: lines.count, by: 1000) {
                    try file.writeAll(Array((lines[part..<min(lines.count, part + 1000)].joined(separator: "\n") + "\n").utf8))
                }
                return lines.count
            }
        }
    }

    nonisolated private static func line(_ cells: [String]) -> [UInt8] { Array((cells.map(quoted).joined(separator: ",") + "\r\n").utf8) }

    nonisolated static func quoted(_ text: String) -> String {
        // A spreadsheet takes such a cell for a formula: the apostrophe makes it text.
        let isFormula = text.first.map { "=@\t\r".contains($0) || "+-".contains($0) && text.dropFirst().contains { !$0.isNumber && $0 != "." } } ?? false
        let cell = isFormula ? "'\(text)" : text
        guard cell.contains(where: { ",\"\r\n".contains($0) }) else { return cell }
        return "\"\(cell.map { $0 == "\"" ? "\"\"" : String($0) }.joined())\""
    }
}
