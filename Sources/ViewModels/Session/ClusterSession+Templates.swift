import APIMachinery
import KubeSchemas
import LinuxKernel

extension ClusterSession {
    private var editor: EditorModel { app.editor }

    /// Offers an example of every common kind, and of every kind of the server's own.
    package func newFromTemplate() {
        let token = editing.token
        tasks.run(.schemas) { [weak self, time] in
            guard let self else { return }
            var custom: [(title: String, detail: String, text: String)] = []
            if let cluster {
                let schemas = await knowledge.loadCustom(cluster, now: time.monotonic())
                let kinds = schemas.resources.filter { $0.type.custom == nil && builtinSchemas.resource($0.gvr) == nil && $0.verbs.contains("create") }
                custom = kinds.map { ($0.kind, $0.groupVersion.apiVersion, SampleObject.text($0)) }
            }
            guard !Task.isCancelled, editing.token === token, app.modal == nil, app.inputMode == .browse else { return }
            pick(TemplateLibrary.all.map { ($0.title, $0.detail, $0.text) } + custom)
        }
    }

    private func pick(_ templates: [(title: String, detail: String, text: String)]) {
        let items = templates.enumerated().map { PaletteItem(id: String($0), title: $1.title, detail: $1.detail) }
        app.pick("New", items) { [weak self] id in
            guard let self, let number = Int(id), templates.indices.contains(number) else { return }
            startManifest(templates[number].text)
        }
    }

    /// Starts a new text from an example, with its name selected.
    private func startManifest(_ text: String) {
        guard beginManifest(text) else { return }
        let lines = editor.buffer.lines
        guard let line = lines.firstIndex(where: { $0.hasPrefix("  name: ") }) else { return }
        editor.place(TextPosition(line: line, column: 8), selecting: false)
        editor.place(TextPosition(line: line, column: lines[line].count), selecting: true)
    }
}
