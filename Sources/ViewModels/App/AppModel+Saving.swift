import Glibc
import LinuxKernel

extension AppModel {
    /// Asks for a file and writes to it what there is by then; before it replaces one it asks again.
    func askToSave(as name: String, _ export: @escaping () -> FileExport) {
        let save: (String) -> Void = { [weak self] path in if !path.isEmpty { self?.save(export(), to: path, isReplacing: false) } }
        openPrompt(.line, "save to", name, { _ in }, save)
    }

    private func save(_ export: FileExport, to path: String, isReplacing: Bool) {
        let file = path.hasPrefix("~/") ? (getenv("HOME").map { String(cString: $0) } ?? "") + path.dropFirst(1) : path
        saving = Task { [weak self] in
            do throws(SystemError) {
                let count = try await KernelThread.run("kdash-save") { () throws(SystemError) in try export.save(to: file, isReplacing: isReplacing) }
                self?.toast("\(count) \(export.noun) saved to \(path)", .ok)
            } catch {
                guard let self else { return }
                guard error.errno == EEXIST, !isReplacing else { return toast("\(path) was not saved: \(error.reason)", .error) }
                askToReplace(export, path)
            }
        }
    }

    private func askToReplace(_ export: FileExport, _ path: String) {
        guard modal == nil else { return toast("\(path) is there already: nothing was saved", .warning) }
        modal = .dialog(
            DialogModel(
                title: "Replace this file?", body: [[TextSpan(path, .accent)], [TextSpan("It is there already. Nothing of it is kept.")]], binding: nil,
                choices: [
                    DialogChoice(id: "no", title: "No", key: "n"), DialogChoice(id: "yes", title: "Replace", key: "y", isDestructive: true),
                ], defaultChoice: 0
            ) { [weak self] id in
                self?.modal = nil
                if id == "yes" { self?.save(export, to: path, isReplacing: true) }
            })
    }

    /// Saves the rows that are shown, with the columns that are shown, as comma-separated values (RFC 4180).
    func saveTable() {
        guard list.count > 0 else { return toast("there is no row to save", .dim) }
        askToSave(as: "\(kindPlural)\(scope.single.map { "-\($0)" } ?? "").csv") { [list] in Self.export(list) }
    }

    private static func export(_ table: ResourcesModel) -> FileExport {
        let titles = table.columns.map(\.title)
        let rows = (0..<table.count).map { table.row(at: $0).cells }
        return FileExport(noun: rows.count == 1 ? "row" : "rows") { (file: borrowing FileDescriptor) throws(SystemError) in
            var buffer = line(titles)
            for row in rows {
                buffer += line(row.map(text))
                guard buffer.count > 1 << 20 else { continue }
                try file.writeAll(buffer)
                buffer.removeAll(keepingCapacity: true)
            }
            try file.writeAll(buffer)
            return rows.count
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
