import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel

extension ClusterSession {
    /// Changes reach the disk this long after they were made, which leaves room within the promised second for a slow disk.
    static let draftDelay = Duration.milliseconds(400)

    private var editor: EditorModel { app.editor }

    /// Sees to it that the present text is on disk soon, or that nothing is there when nothing is unsaved.
    func keepDraft() {
        guard editor.isDirty else {
            if editing.draftID != nil { removeDraft() }
            return
        }
        editor.draft = .saving
        // Never put off by more typing: the text of this moment is saved when the delay ends.
        guard !tasks.isRunning(.saveDraft) else { return }
        tasks.run(.saveDraft) { [weak self, time] in
            while true {
                do { try await time.sleep(for: Self.draftDelay) } catch { return }
                guard let self, editor.isDirty, let draft = currentDraft() else { return }
                let (revision, turn) = (editor.revision, drafts.turn(draft.id))
                let outcome = await save(draft, turn)
                if Task.isCancelled { return }
                note(outcome, revision)
                if editor.revision == revision { return }
            }
        }
    }

    private func save(_ draft: Draft, _ turn: DraftStore.Turn) async -> Result<Bool, SystemError> {
        do throws(SystemError) {
            return .success(try await KernelThread.run("kdash-draft") { [drafts] () throws(SystemError) in try drafts.save(draft, turn) })
        } catch {
            return .failure(error)
        }
    }

    private func note(_ outcome: Result<Bool, SystemError>, _ revision: Int) {
        switch outcome {
        case .success(true):
            editing.savedRevision = revision
            editor.draft = .saved
        case .success(false): break  // Whoever took the next turn tells how that went.
        case .failure(let error): editor.draft = .failed("\(error)")
        }
    }

    private func currentDraft() -> Draft? {
        guard let target = editor.target else { return nil }
        let id = editing.draftID ?? SecureRandom.hex(8)
        editing.draftID = id
        return Draft(
            id: id, cluster: editing.cluster, target: target, savedAt: time.now(), text: editor.text, baseText: editing.baseText,
            bases: editing.bases)
    }

    /// Writes unsaved text before this returns: the process is about to end. Says why when that cannot be done.
    @discardableResult
    func saveDraftNow() -> SystemError? {
        guard editor.isDirty, editing.savedRevision != editor.revision, let draft = currentDraft() else { return nil }
        tasks.cancel(.saveDraft)
        do throws(SystemError) {
            note(.success(try drafts.save(draft, drafts.turn(draft.id))), editor.revision)
            return nil
        } catch {
            note(.failure(error), editor.revision)
            return error
        }
    }

    /// Applied or discarded: nothing is to be offered again.
    func removeDraft() {
        tasks.cancel(.saveDraft)
        editor.draft = .none
        editing.savedRevision = nil
        guard let id = editing.draftID else { return }
        editing.draftID = nil
        delete(id)
    }

    /// Deletes a draft's file; says why when that cannot be done. A write of it that is going on is waited for elsewhere, never here.
    private func delete(_ id: String, then: @escaping @MainActor () -> Void = {}) {
        drafts.end(id)
        tasks.add { [weak self, drafts] in
            do throws(SystemError) {
                try await KernelThread.run("kdash-draft") { () throws(SystemError) in try drafts.remove(id) }
                then()
            } catch {
                self?.app.toast("a draft was not deleted and will be offered again: \(error)", .error)
            }
        }
    }

    /// Keeps unsaved text as a draft because something else is to be shown. False, and said why, when it cannot be kept: then it stays.
    func setAside() -> Bool {
        guard editor.isDirty, let target = editor.target else { return true }
        if let error = saveDraftNow() {
            app.toast("nothing else is opened, since the unsaved text cannot be kept: \(error)", .error)
            return false
        }
        editor.isTyping = false
        app.toast("the unsaved text of \(target.binding.text) is kept: see Drafts in the palette", .warning)
        editing.draftID = nil
        editor.markClean()
        return true
    }

    // MARK: - Offering

    package func openDrafts() { offerDrafts(isAsked: true) }

    /// Shows the texts that were never applied, each with its difference to the cluster.
    func offerDrafts(isAsked: Bool) {
        let present = (app.workspace?.openDrafts ?? []).union([editing.draftID].compactMap { $0 })
        let store = drafts
        let (connected, context, clusterID) = (cluster, app.context.name, clusterID)
        let load: @MainActor @Sendable (Set<GroupVersion>) async -> SchemaRegistry = { [knowledge, time] wanted in
            guard let connected else { return knowledge.schemas(context) }
            return await knowledge.load(wanted, connected, now: time.monotonic())
        }
        tasks.run(.listDrafts) { [weak self] in
            let found = await Self.summaries(store, except: present, connected?.client, context, clusterID, load)
            guard let self, !Task.isCancelled, isAsked || hasKeys else { return }
            guard !found.isEmpty else {
                guard isAsked else { return offerDemo() }
                return app.toast(
                    present.isEmpty ? "there are no drafts" : "there are no drafts but that of the text that is open", .dim)
            }
            guard isAsked ? app.modal == nil : mayInterrupt else {
                return app.toast("there is unsaved text from an earlier session: Ctrl-t in Browse shows it", .warning)
            }
            show(found)
        }
    }

    private func show(_ found: [(Draft, DraftSummary)]) {
        let model = DraftsModel(drafts: found.map(\.1))
        model.onClose = { [weak self] in self?.app.modal = nil }
        model.onOpen = { [weak self] id in
            self?.app.modal = nil
            if let (draft, summary) = found.first(where: { $0.0.id == id }) { self?.open(draft, isForeign: summary.isForeign) }
        }
        model.onDiscard = { [weak self, weak model] id in
            self?.delete(id) { if let model { self?.forget(id, in: model) } }
        }
        app.modal = .drafts(model)
    }

    private func forget(_ id: String, in model: DraftsModel) {
        model.drafts.removeAll { $0.id == id }
        model.selected = max(0, min(model.selected, model.drafts.count - 1))
        if model.drafts.isEmpty, case .drafts(let shown)? = app.modal, shown === model { app.modal = nil }
        app.signal.touch()
    }

    private func open(_ draft: Draft, isForeign: Bool) {
        guard setAside() else { return }
        stopOpening()
        editing = EditingState()
        editing.baseText = draft.baseText
        editor.target = draft.target
        editor.state = .editing
        editor.diagnostics = []
        editor.banner = nil
        if isForeign {
            // What that cluster had says nothing about this one.
            editing.cluster = clusterID
            editor.target?.binding.uid = nil
            editor.banner = TextSpan("written for another cluster: apply goes to the one that is shown", .warning)
        } else {
            editing.cluster = draft.cluster
            editing.bases = draft.bases
        }
        editor.restore(draft.text, base: draft.baseText)
        // Only now: the base alone counts as nothing unsaved, and would take the file away.
        editing.draftID = draft.id
        app.focus = .yaml
        let binding = draft.target.binding
        guard !draft.target.isNew, !isForeign, binding.context == app.context.name, let client = cluster?.client,
            let resource = resource(of: binding)
        else { return }
        followTarget(binding, resource, client)
    }

    @concurrent nonisolated private static func summaries(
        _ store: DraftStore, except present: Set<String>, _ client: KubeClient?, _ context: String, _ cluster: String?,
        _ load: @MainActor @Sendable (Set<GroupVersion>) async -> SchemaRegistry
    ) async -> [(Draft, DraftSummary)] {
        var result: [(Draft, DraftSummary)] = []
        store.adoptLeft()
        let drafts = store.all().filter { !present.contains($0.id) }
        let wanted = drafts.filter { $0.target.binding.context == context }.map { DocumentPath.groupVersions(TextBuffer.split($0.text)) }
        let schemas = await load(wanted.reduce(into: []) { $0.formUnion($1) })
        for draft in drafts {
            var live = LiveText.unknown("context \(draft.target.binding.context) is not asked")
            if let client, draft.target.binding.context == context { live = await liveText(draft, client, schemas) }
            let lines = preview(of: draft, live)
            // The contexts of two clusters of ours share a name.
            let isForeign = draft.target.binding.context == context && draft.cluster != nil && cluster != nil && draft.cluster != cluster
            let summary = DraftSummary(
                id: draft.id, binding: draft.target.binding, savedAt: draft.savedAt, preview: lines, isForeign: isForeign)
            result.append((draft, summary))
        }
        return result
    }

    /// What a draft's documents are in the cluster now.
    enum LiveText {
        /// Their text, and what is to be said of those that are not there.
        case text(String, missing: [String])
        /// Why it cannot be told.
        case unknown(String)
    }

    nonisolated static func preview(of draft: Draft, _ live: LiveText) -> [DiffLine] {
        switch live {
        case .text(let text, let missing):
            let lines = UnifiedDiff.lines(from: text, to: draft.text)
            let notes = missing.map { DiffLine(kind: .note, text: $0) }
            return notes + (lines.isEmpty ? [DiffLine(kind: .note, text: "the same as in the cluster")] : lines)
        case .unknown(let reason):
            let note = DiffLine(kind: .note, text: "\(reason): compared with what it was made from")
            return [note] + UnifiedDiff.lines(from: draft.baseText, to: draft.text)
        }
    }

    nonisolated static func liveText(_ draft: Draft, _ client: KubeClient, _ schemas: SchemaRegistry) async -> LiveText {
        let manifest = Manifest(draft.text, schemas: schemas)
        // A text that cannot be read would look as if it created everything.
        guard manifest.isRoutable else {
            let first = manifest.diagnostics.first { $0.severity == .error }
            return .unknown(first.map { "line \($0.line + 1) cannot be applied (\($0.message))" } ?? "the text is empty")
        }
        var (parts, missing): ([String], [String]) = ([], [])
        for document in manifest.documents {
            guard let descriptor = document.descriptor else { continue }
            let step = ApplyStep(document, descriptor, namespace: draft.target.binding.namespace ?? "default", base: nil)
            do throws(APIStatus) {
                let object = try await client.get(descriptor.gvr, namespace: step.namespace, name: document.object.name)
                parts.append(EditForm.text(object, like: draft.text))
            } catch {
                guard error.code == 404 else { return .unknown("\(step.title) cannot be read (\(error.message))") }
                let isKnown = draft.bases[step.title]?.uid != nil
                missing.append("\(step.title) is \(isKnown ? "no longer" : "not") in the cluster: apply creates it")
            }
        }
        return .text(EditForm.joined(parts), missing: missing)
    }
}
