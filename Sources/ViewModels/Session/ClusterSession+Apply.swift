import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel

extension ClusterSession {
    private var editor: EditorModel { app.editor }

    package func apply() {
        guard let target = editor.target else { return app.toast("there is nothing to apply", .dim) }
        switch editor.state {
        case .editing: break
        case .viewing: return app.toast("nothing was changed: press \(app.editKey) to edit", .dim)
        case .checking, .applying: return
        case .empty, .loading: return app.toast("there is nothing to apply", .dim)
        }
        tasks.cancel(.dryRun)
        editor.state = .checking
        editing.conflict = nil
        let (text, bases, token) = (editor.text, editing.bases, editing.token)
        let (namespace, schemas) = (target.binding.namespace ?? "default", editorSchemas)
        tasks.run(.apply) { [weak self] in
            guard let client = await self?.originClient(target, token) else { return }
            let plan = await ApplyPlan.make(text, namespace: namespace, bases: bases, client: client, schemas: schemas)
            let same = plan.steps.map { ($0, $0.live ?? $0.manifest) }
            let joined = plan.isChangeless ? await ApplyStep.joined(text, same) : nil
            // Another text may be shown by now; this answer is not about it.
            guard let self, editing.token === token, editor.state == .checking else { return }
            editor.state = .editing
            guard editor.text == text else { return app.toast("the text changed meanwhile: apply again", .warning) }
            if plan.isChangeless {
                finish(same, text, joined: joined, target, client)
                return app.toast(joined == nil ? "the cluster has exactly this already" : "the cluster has this already, and more", .ok)
            }
            propose(plan, target, client)
        }
    }

    /// The client of the cluster that a text belongs to; says why when there is none.
    private func originClient(_ target: EditorTarget, _ token: EditingToken) async -> KubeClient? {
        do {
            return try await client(of: target)
        } catch {
            if editing.token === token, editor.state == .checking { editor.state = .editing }
            app.toast("not applied: \(error.reason); \(error.remedy)", .error)
            return nil
        }
    }

    private func propose(_ plan: ApplyPlan, _ target: EditorTarget, _ client: KubeClient) {
        if !plan.faults.isEmpty || !plan.messages.isEmpty { return refuse(plan) }
        if let hint = editing.hint, editor.banner == hint { editor.banner = nil }
        if let namesake = plan.namesakes.first { return ask(about: namesake, target, client) { [weak self] in self?.apply() } }
        if let conflict = plan.conflicts.first {
            editing.conflict = conflict
            let what = conflict.uid == target.binding.uid ? "it" : "\(conflict.kind.lowercased()) \(conflict.name)"
            editor.banner = TextSpan("\(what) changed in the cluster at the same places: \(mergeKeys) merges; your text is kept", .warning)
            return app.toast("not applied: changed in the cluster", .warning)
        }
        guard !plan.steps.isEmpty else { return app.toast("there is nothing to apply", .dim) }
        let model = DiffModel(title: "Apply in context \(target.binding.context)", binding: plan.binding(target), lines: plan.lines)
        model.state = .ready(plan.summary)
        model.onCancel = { [weak self] in self?.app.modal = nil }
        model.onConfirm = { [weak self] in
            self?.app.modal = nil
            self?.write(plan.steps, target, client)
        }
        app.modal = .diff(model)
    }

    private func refuse(_ plan: ApplyPlan) {
        // What was said while typing stays beside it.
        let others = plan.complaints.filter { complaint in !plan.faults.contains { $0.line == complaint.line } }
        editor.diagnostics = (plan.faults + others).sorted { $0.line < $1.line }
        editing.refusedRevision = editor.revision
        if let first = plan.faults.first {
            editor.place(TextPosition(line: first.line, column: first.columns?.lowerBound ?? 0), selecting: false)
        }
        editing.hint = plan.messages.first.map { TextSpan($0, .error) }
        editor.banner = editing.hint
        let count = editor.diagnostics.count { $0.severity == .error } + plan.messages.count
        app.toast(count == 1 ? "not applied: \(plan.faults.first?.message ?? plan.messages[0])" : "not applied: \(count) errors", .error)
    }

    private func write(_ steps: [ApplyStep], _ target: EditorTarget, _ client: KubeClient) {
        editor.state = .applying
        let (text, token) = (editor.text, editing.token)
        // What was begun is finished and told, whatever is opened meanwhile.
        tasks.add { [weak self, time] in
            var done: [(ApplyStep, KubeObject)] = []
            var failed: [(ApplyStep, APIStatus)] = []
            for step in steps {
                do throws(APIStatus) { done.append((step, try await step.write(client, time: time))) } catch { failed.append((step, error)) }
            }
            if let (step, status) = failed.first {
                self?.writeFailed(status, step, done, token)
                if steps.count > 1 { self?.showResults(steps, done, failed, token) }
                return
            }
            let joined = await ApplyStep.joined(text, done)
            guard let self else { return }
            if editing.token === token { finish(done, text, joined: joined, target, client) }
            app.toast(done.count == 1 ? "applied \(done[0].0.title)" : "applied \(done.count) objects", .ok)
        }
    }

    private func writeFailed(_ status: APIStatus, _ step: ApplyStep, _ done: [(ApplyStep, KubeObject)], _ token: EditingToken) {
        let prefix = done.isEmpty ? "" : "\(done.count) applied, but "
        guard editing.token === token else {
            return app.toast("\(prefix)\(step.title) was not applied: \(status.message)", .error)
        }
        editor.state = .editing
        remember(done)
        guard status.code == 409 else {
            editor.banner = TextSpan("\(prefix)\(step.title): \(status.message)", .error)
            return app.toast("\(prefix)not applied: \(status.message)", .error)
        }
        editor.banner = TextSpan(
            "\(prefix)\(step.title) changed in the cluster: apply again, or \(mergeKeys) merges; your text is kept", .warning)
        app.toast("\(prefix)not applied: changed in the cluster", .warning)
    }

    /// What became of each document.
    private func showResults(_ steps: [ApplyStep], _ done: [(ApplyStep, KubeObject)], _ failed: [(ApplyStep, APIStatus)], _ token: EditingToken) {
        guard editing.token === token, app.modal == nil else { return }
        let model = DetailModel(title: "\(done.count) of \(steps.count) documents applied", binding: nil)
        model.isLive = false
        model.lines = steps.map { step in
            if let status = failed.first(where: { $0.0.title == step.title })?.1 {
                return [TextSpan("not applied  ", .error), TextSpan(step.title), TextSpan(": \(status.message)", .error)]
            }
            return [TextSpan(step.live == nil ? "created      " : "applied      ", .ok), TextSpan(step.title)]
        }
        model.lines += [[], [TextSpan("Apply again sends those that are missing; what is there already stays as it is.", .dim)]]
        app.detail = model
    }

    private func remember(_ done: [(ApplyStep, KubeObject)]) {
        editing.bases = bases(done, isJoined: false)
        // What was joined before is in the cluster now, and the text's own.
        editing.joins = []
    }

    private func bases(_ done: [(ApplyStep, KubeObject)], isJoined: Bool) -> [String: EditBase] {
        var bases = editing.bases
        for (step, result) in done {
            var whole = KubeObject(isJoined ? step.change(result).wanted : step.manifest.value)
            if let namespace = step.namespace { whole["metadata", "namespace"] = .string(namespace) }
            bases[step.title] = EditBase(text: EditForm.value(whole), live: EditForm.value(result), uid: result.uid)
        }
        return bases
    }

    /// `text` is what the cluster has now: it stays as it was written, comments and all, but for what others changed, which `joined` has. What was
    /// typed since then is not applied yet, and not joined either.
    private func finish(_ done: [(ApplyStep, KubeObject)], _ text: String, joined: String?, _ target: EditorTarget, _ client: KubeClient) {
        let shown = editor.text == text ? joined : nil
        remember(done)
        editor.banner = nil
        editor.state = .editing
        if let shown { join(shown, bases(done, isJoined: true)) }
        if target.file != nil { return finishFile() }
        editor.markClean(as: shown ?? text)
        editing.baseText = shown ?? text
        if shown != nil {
            editing.hint = TextSpan("the text has what others changed in the cluster, too; u brings the text before back", .ok)
            editor.banner = editing.hint
        } else if joined != nil {
            editor.banner = TextSpan("applied; others changed it in the cluster, too: \(mergeKeys) merges", .warning)
        }
        if editor.isDirty {
            textChanged()
        } else {
            removeDraft()
            editor.diagnostics = []
            editor.isTyping = false
        }
        guard let (step, object) = done.first(where: { $0.1.uid == target.binding.uid }) ?? done.first else { return }
        let binding = ObjectBinding(
            context: target.binding.context, namespace: step.namespace, kind: step.descriptor.kind, name: object.name, uid: object.uid,
            resource: builtinSchemas.resource(step.descriptor.gvr) == nil ? step.descriptor.gvr : nil)
        editing.live = object
        editor.target = EditorTarget(binding: binding, resourceVersion: object.resourceVersion)
        if step.descriptor.kind != "Pod", !object.uid.isEmpty { followTarget(binding, step.descriptor.gvr, client) }
    }

    /// A text of a file stays one: only saving makes it clean.
    private func finishFile() {
        editor.diagnostics = []
        editor.isTyping = false
        guard editor.isDirty else { return }
        editing.hint = TextSpan("applied; the file has an older text: Ctrl-s saves it", .warning)
        editor.banner = editing.hint
    }

    // MARK: - Merging

    /// What to press to merge: in Type the letter would be text.
    private var mergeKeys: String { editor.isTyping ? "Esc m" : "m" }

    package func merge() {
        guard let target = editor.target, editor.state == .editing else { return app.toast("there is nothing to merge", .dim) }
        let (text, bases, namespace, token) = (editor.text, editing.bases, target.binding.namespace ?? "default", editing.token)
        let schemas = editorSchemas
        tasks.run(.apply) { [weak self] in
            guard let client = await self?.originClient(target, token) else { return }
            let merged = await ApplyPlan.merge(text, namespace: namespace, bases: bases, client: client, schemas: schemas)
            // Apply may have been asked for since; what it shows is about the text as it is.
            guard let self, !Task.isCancelled, editing.token === token else { return }
            guard editor.text == text else { return app.toast("the text changed meanwhile: merge again", .warning) }
            switch merged {
            case .failed(let reason): app.toast("not merged: \(reason)", .error)
            case .replaced(let namesake): ask(about: namesake, target, client) { [weak self] in self?.merge() }
            case .text(let result, let bases, let conflicts): take(merged: result, bases, conflicts)
            }
        }
    }

    private func take(merged text: String, _ bases: [String: EditBase], _ conflicts: Int) {
        guard text != editor.text || editing.conflict != nil else { return app.toast("nothing to merge", .dim) }
        guard text != editor.text else {
            (editing.bases, editing.conflict) = (bases, nil)
            editor.banner = TextSpan("the text has what changed in the cluster already: apply shows what it changes", .ok)
            return
        }
        join(text, bases)
        guard conflicts > 0 else {
            editor.banner = TextSpan("merged; u brings the text before back", .ok)
            return
        }
        editor.isTyping = false
        editor.place(TextPosition(line: 0, column: 0), selecting: false)
        editor.nextConflict(orHere: true)
        sayConflicts()
    }

    /// Shows a text that what changed in the cluster was joined into.
    func join(_ text: String, _ bases: [String: EditBase]) {
        let (before, conflict, banner) = (editing.bases, editing.conflict, editor.banner)
        (editing.bases, editing.conflict) = (bases, nil)
        editor.replaceAll(text)
        editing.joins.append(EditJoin(state: editor.history.state, before: before, after: bases, conflict: conflict, banner: banner))
    }

    /// After undo and redo: a text without what others changed is not one that was made from it, or apply would take that back.
    func followJoins() {
        for index in editing.joins.indices.reversed() where editing.joins[index].isDone && editor.history.includes(editing.joins[index].state) == false {
            let join = editing.joins[index]
            editing.joins[index].isDone = false
            (editing.bases, editing.conflict, editing.conflictBanner, editor.banner) = (join.before, join.conflict, nil, join.banner)
        }
        for index in editing.joins.indices where !editing.joins[index].isDone && editor.history.includes(editing.joins[index].state) == true {
            editing.joins[index].isDone = true
            (editing.bases, editing.conflict, editor.banner) = (editing.joins[index].after, nil, nil)
            if editor.conflictCount > 0 { sayConflicts() }
        }
    }

    /// Says how many places are to be settled, and how.
    private func sayConflicts() {
        let count = editor.conflictCount
        let places = count == 1 ? "1 place was changed by both" : "\(count) places were changed by both"
        editing.conflictBanner = TextSpan("\(places): M m keeps mine, M c the cluster's, M b both, M n goes on; u takes it back", .warning)
        editor.banner = editing.conflictBanner
    }

    /// Keeps what is said about places that both changed true.
    func noteSettled() {
        guard let said = editing.conflictBanner, editor.banner == said else { return }
        guard editor.conflictCount == 0 else { return sayConflicts() }
        editing.conflictBanner = nil
        editor.banner = TextSpan("every place is settled: apply shows what it changes", .ok)
    }

    package func discardEdits() {
        guard editor.isDirty, let target = editor.target else { return closeText() }
        app.modal = .dialog(
            DialogModel(
                title: "Discard the changes?",
                body: [
                    [
                        TextSpan("The unsaved "),
                        TextSpan(target.isNew ? "new manifest" : "text of \(target.binding.text)", .accent), TextSpan(" is lost."),
                    ]
                ],
                binding: nil,
                choices: [
                    DialogChoice(id: "no", title: "No", key: "n"), DialogChoice(id: "yes", title: "Discard", key: "y", isDestructive: true),
                ],
                defaultChoice: 0
            ) { [weak self] id in
                self?.app.modal = nil
                if id == "yes" { self?.closeText() }
            })
    }

    /// The pane shows what the cursor is on again.
    private func closeText() {
        removeDraft()
        closeEditor()
        guard let binding = app.selectedListBinding else { return }
        showInEditor(binding)
        followSelected()
    }
}
