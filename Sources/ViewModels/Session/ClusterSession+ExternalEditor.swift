import LinuxKernel

/// Another program edits the text, in the terminal that the screen gives up meanwhile.
extension ClusterSession {
    private var editor: EditorModel { app.editor }

    package func openExternalEditor() {
        if case .viewing = editor.state {
            startEditing()
            editor.isTyping = false
        }
        guard editor.state == .editing else { return app.toast("press \(app.editKey) to edit first", .dim) }
        guard let host = app.host, let target = editor.target else { return }
        if let error = saveDraftNow() { return app.toast("not opened, since the text cannot be kept meanwhile: \(error)", .error) }
        let draft = Draft(
            id: "", cluster: editing.cluster, target: target, savedAt: time.now(), text: editor.text, baseText: editing.baseText, bases: editing.bases)
        do throws(SystemError) {
            let folder = try EditFolder(stateDirectory: stateDirectory, name: "\(Self.fileName(editor.target)).yaml", draft: draft)
            take(folder, was: draft.text, host.edit(folder.file, holding: folder.lock))
        } catch {
            app.toast("not opened: \(error)", .error)
        }
    }

    /// A name that says what is edited, and that no shell and no folder gives a meaning.
    private static func fileName(_ target: EditorTarget?) -> String {
        let words = [target?.binding.kind.lowercased() ?? "", target?.binding.name ?? ""].filter { !$0.isEmpty }.joined(separator: "-")
        let name = String(words.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "-" }.prefix(100))
        return name.isEmpty ? "manifest" : name
    }

    private func take(_ folder: EditFolder, was text: String, _ status: Int32?) {
        let path = folder.file
        do throws(SystemError) {
            let bytes = try FileSystem.readFile(path, limit: EditFolder.mostBytes)
            guard let read = String(validating: bytes, as: UTF8.self) else {
                return app.toast("the text is not UTF-8 and was not taken: it is still in \(path)", .error)
            }
            let new = read.hasSuffix("\n") ? String(read.dropLast()) : read
            if new != text { editor.replaceAll(new) }
            // A program that was killed may have left what it had not saved.
            let left = (status ?? 0) > 128 ? folder.leftovers : []
            if left.isEmpty { folder.remove() }
            tell(isChanged: new != text, status)
            if let first = left.first { app.toast("the editor was killed: what it had not saved may be in \(folder.path)/\(first)", .warning) }
        } catch {
            app.toast("the text was not taken from \(path): \(error)", .error)
        }
    }

    private func tell(isChanged: Bool, _ status: Int32?) {
        switch status {
        case nil: app.toast("no editor could be started", .error)
        case 126?, 127?: app.toast("the editor was not found: set EDITOR to a program that is there", .error)
        case 0?: app.toast(isChanged ? "taken from the editor; u takes it back" : "nothing was changed", .dim)
        case let code?:
            app.toast("the editor ended with \(code); \(isChanged ? "its text was taken, u takes it back" : "nothing was changed")", .warning)
        }
    }
}
