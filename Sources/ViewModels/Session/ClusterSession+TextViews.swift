import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel

/// What is shown beside and over a text: who owns its fields, and how it differs from what is elsewhere.
extension ClusterSession {
    private var editor: EditorModel { app.editor }

    // MARK: - Owners

    /// Keeps the owners beside the lines current while they are shown.
    func updateOwners() {
        guard editor.areOwnersShown else { return }
        guard let live = editing.live else {
            editor.owners = [:]
            return
        }
        let text = editor.text
        tasks.run(.owners) { [weak self] in
            let owners = await Self.owners(text, live)
            guard let self, !Task.isCancelled, editor.areOwnersShown else { return }
            editor.owners = owners
        }
    }

    @concurrent nonisolated private static func owners(_ text: String, _ live: KubeObject) async -> [Int: [FieldOwner]] {
        FieldOwners.lines(text, of: live)
    }

    package func toggleOwners() {
        guard editor.areOwnersShown || editing.live != nil else { return app.toast("only an object of the cluster has field owners", .dim) }
        editor.areOwnersShown.toggle()
        updateOwners()
    }

    // MARK: - Differences

    package func showDifference(to other: TextSource) {
        guard let target = editor.target, editor.state != .loading else { return app.toast("there is nothing to compare", .dim) }
        switch other {
        case .live: showDifferenceToLive(target)
        case .lastApplied: showDifferenceToLastApplied(target)
        case .opened:
            show(title: "Changes since it was opened or applied", target, UnifiedDiff.lines(from: editing.baseText, to: editor.text))
        }
    }

    private func showDifferenceToLive(_ target: EditorTarget) {
        let draft = Draft(
            id: "", cluster: nil, target: target, savedAt: time.now(), text: Self.shown(editor.text), baseText: editing.baseText, bases: editing.bases)
        let schemas = editorSchemas
        tasks.run(.difference) { [weak self] in
            do {
                guard let client = try await self?.client(of: target) else { return }
                let lines = await Self.difference(draft, client, schemas)
                guard let self, !Task.isCancelled, editor.target == target else { return }
                show(title: "Difference to the cluster", target, lines)
            } catch {
                self?.app.toast("the cluster was not asked: \(error)", .error)
            }
        }
    }

    @concurrent nonisolated private static func difference(_ draft: Draft, _ client: KubeClient, _ schemas: SchemaRegistry) async -> [DiffLine] {
        preview(of: draft, await liveText(draft, client, schemas))
    }

    /// A text that is read shows what only the server writes; that is no difference.
    private static func shown(_ text: String) -> String {
        // best effort: what cannot be read is compared as it is.
        guard let documents = try? EditForm.parse(text), documents.count == 1, documents[0].value["metadata", "uid"] != nil else { return text }
        return EditForm.text(KubeObject(documents[0].value))
    }

    private func showDifferenceToLastApplied(_ target: EditorTarget) {
        guard let live = editing.live else { return app.toast("\(target.binding.text) is not in the cluster", .warning) }
        guard let last = FieldOwners.lastApplied(live) else {
            return app.toast("nothing tells what was applied last: no annotation of kubectl, and no field is kdash's or an applier's", .warning)
        }
        let text = Self.shown(editor.text)
        tasks.run(.difference) { [weak self] in
            let lines = await Self.difference(from: last, to: text)
            guard let self, !Task.isCancelled, editor.target == target else { return }
            show(title: "Difference to what was applied last", target, lines)
        }
    }

    @concurrent nonisolated private static func difference(from last: KubeObject, to text: String) async -> [DiffLine] {
        UnifiedDiff.lines(from: EditForm.text(last, like: text), to: text)
    }

    /// Shows how the text differs from one that is at hand.
    func showDifference(from other: String, title: String) {
        guard let target = editor.target else { return }
        show(title: title, target, UnifiedDiff.lines(from: other, to: editor.text))
    }

    private func show(title: String, _ target: EditorTarget, _ lines: [DiffLine]) {
        let model = DetailModel(title: title, binding: target.isNew ? nil : target.binding)
        model.isLive = false
        model.lines = lines.isEmpty ? [[TextSpan("There is no difference.", .ok)]] : lines.map(Self.spans)
        app.detail = model
    }

    private static func spans(_ line: DiffLine) -> [TextSpan] {
        switch line.kind {
        case .context: [TextSpan("  \(line.text)")]
        case .added: [TextSpan("+ \(line.text)", .ok)]
        case .removed: [TextSpan("- \(line.text)", .error)]
        case .header: [TextSpan(line.text, .accent)]
        case .note: [TextSpan("  \(line.text)", .dim)]
        }
    }
}
