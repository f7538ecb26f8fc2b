import APIMachinery
import JSONCore
import KubeClient

/// What becomes of the text when its object changes in the cluster.
extension ClusterSession {
    private var editor: EditorModel { app.editor }

    /// Whoever made one state of another: of the entries that are new the latest, scale's too. Nobody edits a status here.
    nonisolated static func writer(from before: KubeObject, to object: KubeObject) -> String? {
        let old = before.array("metadata", "managedFields")
        let all = object.array("metadata", "managedFields").filter { $0["subresource"]?.stringValue != "status" }
        let new = all.filter { !old.contains($0) }
        return (new.isEmpty ? all : new).max { ($0["time"]?.stringValue ?? "") < ($1["time"]?.stringValue ?? "") }?["manager"]?.stringValue
    }

    /// Says who changed the object behind the text, and what apply will make of it.
    func tellChange() {
        guard let target = editor.target, let live = editing.live else { return }
        let (text, token, base) = (editor.text, editing.token, editing.bases[Self.title(target.binding)])
        tasks.run(.change) { [weak self] in
            let isMet = await Self.meets(text, target.binding, base, live)
            guard let self, !Task.isCancelled, editing.token === token, editor.isDirty, editing.conflict == nil else { return }
            let writer = editing.lastWriter.map { " by \($0)" } ?? ""
            let merge = editor.isTyping ? "Esc m" : "m"
            editing.changeBanner = TextSpan(
                isMet
                    ? "changed in the cluster\(writer) at the same place: apply refuses; \(merge) merges and shows both"
                    : "changed in the cluster\(writer) at other places: apply joins both changes", .warning)
            editor.banner = editing.changeBanner
        }
    }

    @concurrent nonisolated private static func meets(_ text: String, _ binding: ObjectBinding, _ base: EditBase?, _ live: KubeObject) async -> Bool {
        guard let base else { return false }
        // best effort: what cannot be read meets nothing, and its lines say what is wrong.
        let documents = ((try? EditForm.parse(text)) ?? []).map { KubeObject($0.value) }
        guard let mine = documents.first(where: { $0.kind == binding.kind && $0.name == binding.name }) else { return false }
        return base.isInConflict(text: EditForm.value(mine), live: EditForm.value(live))
    }

    /// A text that was opened or applied and not touched since shows what the cluster has; somebody who types is not disturbed.
    func refreshClean(_ object: KubeObject) {
        guard editor.state == .editing, !editor.isTyping, let target = editor.target else { return }
        let (text, token, title) = (editor.text, editing.token, Self.title(target.binding))
        guard let base = editing.bases[title] else { return }
        let schemas = editorSchemas
        tasks.run(.change) { [weak self] in
            guard let fresh = await ApplyStep.refreshed(text, base: base, object, schemas: schemas) else { return }
            guard let self, !Task.isCancelled, editing.token === token, editor.text == text, !editor.isDirty, !editor.isTyping,
                editor.state == .editing
            else { return }
            editor.target?.resourceVersion = object.resourceVersion
            join(fresh.text, editing.bases.merging([title: fresh.base]) { $1 })
            editor.markClean()
            editing.baseText = fresh.text
            removeDraft()
        }
    }
}
