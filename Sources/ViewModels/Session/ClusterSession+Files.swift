import KubeClient
import LinuxKernel

/// Texts that come from files and go back to them.
extension ClusterSession {
    private var editor: EditorModel { app.editor }

    // MARK: - Opening

    package func askForFile() { askForPath("open a file or folder (Tab completes)", "") { [weak self] in self?.openFile($0) } }

    private func askForPath(_ label: String, _ text: String, _ onSubmit: @escaping (String) -> Void) {
        app.openPrompt(.line, label, text, { _ in }, { if !$0.isEmpty { onSubmit($0) } })
        let prompt = app.prompt
        prompt?.onKey = { [weak self, weak prompt] key in
            guard key == "tab", let self, let prompt else { return key == "shift-tab" }
            complete(prompt)
            return true
        }
    }

    private func complete(_ prompt: PromptModel) {
        let typed = prompt.input.text
        tasks.run(.file) { [weak self] in
            let found = await KernelThread.run("kdash-files") { ManifestFiles.completions(typed) }
            guard let self, !Task.isCancelled, app.prompt === prompt, prompt.input.text == typed else { return }
            guard found.text == typed else {
                prompt.input = LineInput(found.text)
                return
            }
            app.toast(found.names.isEmpty ? "nothing there begins so" : found.names.prefix(12).joined(separator: "  "), .dim)
        }
    }

    package func openFile(_ path: String) {
        tasks.run(.file) { [weak self] in
            do throws(FileProblem) {
                let found = try await KernelThread.run("kdash-files") { () throws(FileProblem) in try ManifestFiles.open(path) }
                guard let self, !Task.isCancelled else { return }
                switch found {
                case .file(let text, let origin): show(text, origin)
                case .folder(let folder, let files): pick(files, in: folder)
                }
            } catch {
                guard !Task.isCancelled else { return }
                self?.app.toast("\(error)", .error)
            }
        }
    }

    private func pick(_ files: [String], in folder: String) {
        guard !files.isEmpty else { return app.toast("\(folder) has no .yaml, .yml or .json files", .warning) }
        let items = files.map { PaletteItem(id: $0, title: FileSystem.name(of: $0)) }
        app.pick("Files of \(folder)", items) { [weak self] in self?.openFile($0) }
    }

    private func show(_ text: String, _ origin: FileOrigin) {
        guard setAside() else { return }
        stopOpening()
        editing = EditingState()
        editing.cluster = clusterID
        editor.target = EditorTarget(
            binding: ObjectBinding(
                context: app.context.name, namespace: app.namespace ?? "default", kind: "File", name: origin.name, uid: nil),
            isNew: true, file: origin)
        editor.isTyping = false
        editor.diagnostics = []
        editor.state = .editing
        editor.setText(text)
        editing.baseText = editor.text
        app.focus = .yaml
        let count = documents.count
        editing.hint = TextSpan(
            "\(count == 1 ? "1 document" : "\(count) documents"): \(app.editKey) edits, \(app.keyText("yaml.apply")) applies all, \(app.keyText("yaml.save")) saves the file",
            .dim)
        editor.banner = editing.hint
    }

    // MARK: - Documents

    /// Where each document of the text begins, and what it is.
    private var documents: [(line: Int, title: String)] {
        let lines = editor.buffer.lines
        let starts = [0] + lines.indices.filter { $0 > 0 && lines[$0].hasPrefix("---") }.map { $0 + 1 }
        return starts.compactMap { start in
            guard start < lines.count else { return nil }
            let range = start..<(lines[start...].firstIndex { $0.hasPrefix("---") && $0 != lines[start] } ?? lines.count)
            guard range.contains(where: { !lines[$0].isEmpty && !lines[$0].hasPrefix("#") && !lines[$0].hasPrefix("---") }) else { return nil }
            let kind = DocumentPath.kind(lines, start).kind
            let metadata = range.first { lines[$0].hasPrefix("metadata:") } ?? start
            let name = lines[metadata..<range.upperBound].first { $0.hasPrefix("  name:") || $0.contains("{name:") }
            let words = name.flatMap { line in
                line.firstRange(of: "name:").map { line[$0.upperBound...].drop { $0 == " " }.prefix { !" ,}".contains($0) } }
            }
            return (start, "\(kind.isEmpty ? "no kind" : kind) \(words ?? "without a name")")
        }
    }

    package func pickDocument() {
        let found = documents
        guard found.count > 1 else { return app.toast("the text is one document", .dim) }
        let items = found.map { PaletteItem(id: String($0.line), title: $0.title, detail: "line \($0.line + 1)") }
        app.pick("Documents", items) { [weak self] id in
            if let line = Int(id) { self?.editor.place(TextPosition(line: line, column: 0), selecting: false) }
        }
    }

    // MARK: - Saving

    package func saveFile() {
        guard let target = editor.target, editor.state == .editing || editor.state == .viewing else { return app.toast("there is no text to save", .dim) }
        guard let origin = target.file else {
            return askForPath("save as (Tab completes)", "\(target.binding.kind.lowercased())-\(target.binding.name).yaml") { [weak self] path in
                self?.save { text throws(FileProblem) in
                    try ManifestFiles.create(text, at: path)
                } orForced: {
                    FileOrigin(path: ManifestFiles.expanded(path), digest: 0, hasReturns: false)
                }
            }
        }
        save { text throws(FileProblem) in
            try ManifestFiles.save(text, to: origin, isForced: false)
        } orForced: {
            origin
        }
    }

    private func save(_ write: @escaping @Sendable (String) throws(FileProblem) -> ManifestFiles.Saved, orForced origin: @escaping @Sendable () -> FileOrigin) {
        let (text, token) = (editor.text, editing.token)
        tasks.add { [weak self] in
            do throws(FileProblem) {
                let saved = try await KernelThread.run("kdash-files") { () throws(FileProblem) in try write(text) }
                guard let self else { return }
                switch saved {
                case .saved(let origin): noteSaved(text, origin, token)
                case .changed(let present): if editing.token === token { ask(aboutChanged: origin(), present) }
                }
            } catch {
                self?.app.toast("\(error)", .error)
            }
        }
    }

    private func noteSaved(_ text: String, _ origin: FileOrigin, _ token: EditingToken) {
        app.toast("saved \(origin.path)", .ok)
        guard editing.token === token, let target = editor.target, target.isNew else { return }
        editor.target?.file = origin
        editor.target?.binding.kind = "File"
        editor.target?.binding.name = origin.name
        editing.baseText = text
        editor.markClean(as: text)
        if editor.isDirty { keepDraft() } else { removeDraft() }
    }

    private func ask(aboutChanged origin: FileOrigin, _ present: String?) {
        let isThere = present != nil
        app.modal = .dialog(
            DialogModel(
                title: isThere ? "Overwrite \(origin.name)?" : "Write \(origin.name) again?",
                body: [[TextSpan(origin.path, .accent), TextSpan(isThere ? " has another text than the one that was read." : " was removed meanwhile.")]],
                binding: nil,
                choices: [
                    DialogChoice(id: "no", title: "No", key: "n"), DialogChoice(id: "show", title: "Show the difference", key: "d"),
                    DialogChoice(id: "yes", title: isThere ? "Overwrite" : "Write", key: "y", isDestructive: true),
                ],
                defaultChoice: 0
            ) { [weak self] id in
                guard let self else { return }
                app.modal = nil
                switch id {
                case "yes":
                    save { text throws(FileProblem) in
                        try ManifestFiles.save(text, to: origin, isForced: true)
                    } orForced: {
                        origin
                    }
                case "show": showDifference(from: present ?? "", title: "Difference to \(origin.name) on disk")
                default: break
                }
            })
    }
}
