import LinuxKernel

/// Another program edits the text, in the terminal that the screen gives up meanwhile.
extension ClusterSession {
    private var editor: EditorModel { app.editor }
    /// The largest text that is taken back.
    private static let mostBytes = 16 << 20

    package func openExternalEditor() {
        guard editor.state == .editing else { return app.toast("press \(app.editKey) to edit first", .dim) }
        guard let host = app.host else { return }
        if let error = saveDraftNow() { return app.toast("not opened, since the text cannot be kept meanwhile: \(error)", .error) }
        let folder = "\(stateDirectory)/edit-\(SecureRandom.hex(8))"
        let path = "\(folder)/\(Self.fileName(editor.target)).yaml"
        let text = editor.text
        do throws(SystemError) {
            try FileSystem.makeDirectories(folder, mode: 0o700)
            try FileSystem.writeAtomically(path, Array((text + "\n").utf8), mode: 0o600)
        } catch {
            return app.toast("not opened: \(error)", .error)
        }
        let status = host.edit(path)
        take(path, folder, was: text, status)
    }

    /// A name that says what is edited, and that no shell and no folder gives a meaning.
    private static func fileName(_ target: EditorTarget?) -> String {
        let words = [target?.binding.kind.lowercased() ?? "", target?.binding.name ?? ""].filter { !$0.isEmpty }.joined(separator: "-")
        let name = String(words.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "-" }.prefix(100))
        return name.isEmpty ? "manifest" : name
    }

    private func take(_ path: String, _ folder: String, was text: String, _ status: Int32?) {
        do throws(SystemError) {
            let bytes = try FileSystem.readFile(path, limit: Self.mostBytes)
            guard let read = String(validating: bytes, as: UTF8.self) else {
                return app.toast("the text is not UTF-8 and was not taken: it is still in \(path)", .error)
            }
            let new = read.hasSuffix("\n") ? String(read.dropLast()) : read
            if new != text { editor.replaceAll(new) }
            LocalFile.remove(folder)
            tell(isChanged: new != text, status)
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
