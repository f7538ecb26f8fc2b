import APIMachinery
import KubeClient

/// Editing Secrets with their values as text.
extension ClusterSession {
    package func openDecoded(_ binding: ObjectBinding) {
        openYAML(binding, isEditing: true)
        guard editor.target?.binding == binding else { return }
        awaitedDecoding = binding
        // What is there already is not read again.
        if editor.state == .editing, let shown = editor.target?.binding { decodeAwaited(shown) }
    }

    /// Shows an object's values as text where that was asked for.
    func decodeAwaited(_ binding: ObjectBinding) {
        guard let awaited = awaitedDecoding else { return }
        awaitedDecoding = nil
        guard awaited.context == binding.context, awaited.kind == binding.kind, awaited.namespace == binding.namespace, awaited.name == binding.name else {
            return
        }
        if !SecretForm.isDecoded(editor.text) { toggleDecoded() }
    }

    package func toggleDecoded() {
        if case .viewing = editor.state {
            startEditing()
            editor.isTyping = false
        }
        guard editor.state == .editing else { return app.toast("there is no Secret in this text", .dim) }
        let wasDirty = editor.isDirty
        switch SecretForm.converted(editor.text) {
        case .nothing(let reason): app.toast(reason, .dim)
        case .failed(let reason): app.toast("not converted: \(reason)", .error)
        case .text(let text, let isDecoded, let losesComments):
            editor.replaceAll(text)
            if case .text(let base, isDecoded: isDecoded, losesComments: _) = SecretForm.converted(editing.baseText) { editing.baseText = base }
            if !wasDirty {
                editor.markClean()
                removeDraft()
            }
            let form = isDecoded ? "values as text: \(app.editKey) types, apply makes base64 of them" : "values as base64"
            guard losesComments else { return app.toast(form, .dim) }
            app.toast("\(form); the comments are dropped: \(app.keyText("yaml.undo")) brings them back", .warning)
        }
    }

    private var editor: EditorModel { app.editor }
}
