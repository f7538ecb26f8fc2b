import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel

/// What is said of a text while it is written: by the schemas at once, by the server's dry run once typing rests.
extension ClusterSession {
    /// How long typing rests before the text is checked.
    static let checkDelay = Duration.milliseconds(120)
    /// How long it rests after that before the server is asked.
    static let dryRunDelay = Duration.milliseconds(500)

    private var editor: EditorModel { app.editor }

    func textChanged() {
        followJoins()
        if let hint = editing.hint, editor.banner == hint { editor.banner = nil }
        keepDraft()
        noteSettled()
        tasks.cancel(.dryRun)
        if editor.verdict != .none { editor.verdict = .none }
        guard editor.state == .editing else { return }
        let revision = editor.revision
        tasks.run(.check) { [weak self, time] in
            do { try await time.sleep(for: Self.checkDelay) } catch { return }
            guard let self, editor.revision == revision else { return }
            if let said = editing.changeBanner, editor.banner == said { tellChange() }
            await check(revision)
            if !Task.isCancelled, editor.revision == revision { askServer(revision) }
        }
        cursorMoved()
        updateOwners()
    }

    /// The cluster that the text belongs to, when that is the shown one.
    var editorCluster: ConnectedCluster? {
        guard let target = editor.target, target.binding.context == app.context.name else { return nil }
        return cluster
    }

    /// The kinds that the text may have.
    var editorSchemas: SchemaRegistry { knowledge.schemas(editor.target?.binding.context ?? app.context.name) }

    // MARK: - Schemas

    private func check(_ revision: Int) async {
        let wanted = DocumentPath.groupVersions(editor.buffer.lines)
        var schemas = editorSchemas
        let cluster = editorCluster
        func isKnown(_ groupVersion: GroupVersion) -> Bool {
            schemas.groups.contains { $0.name == groupVersion.group && $0.versions.contains(groupVersion.version) }
        }
        // What is known answers at once; only about a group that nobody knows the server is asked first.
        if let cluster, !wanted.allSatisfy(isKnown) { schemas = await knowledge.load(wanted, cluster, now: time.monotonic()) }
        await show(revision, schemas)
        guard let cluster, !Task.isCancelled, editor.revision == revision else { return }
        let fresh = await knowledge.load(wanted, cluster, now: time.monotonic())
        if fresh !== schemas { await show(revision, fresh) }
    }

    private func show(_ revision: Int, _ schemas: SchemaRegistry, isAsked: Bool = false) async {
        guard !Task.isCancelled, editor.revision == revision else { return }
        let (lines, cursor, isTyping) = (editor.buffer.lines, editor.cursor, editor.isTyping)
        let (diagnostics, place) = await Self.check(lines, isTyping ? cursor : nil, editing.bases.values.map(\.live), schemas, isAsked)
        guard !Task.isCancelled, editor.revision == revision else { return }
        if editing.refusedRevision != revision {
            editing.complaints = diagnostics
            editor.diagnostics = Self.joined(diagnostics, editing.findings.kept(in: lines))
        }
        guard editor.isTyping, editor.cursor == cursor, editor.selection == nil else { return }
        guard let place else {
            editor.completion = nil
            return
        }
        let names = await names(at: place, schemas)
        guard !Task.isCancelled, editor.revision == revision, editor.isTyping, editor.cursor == cursor else { return }
        editor.completion = Completion.model(place, names: names)
        if isAsked, editor.completion == nil { app.toast("the schema has nothing for this place", .dim) }
    }

    @concurrent nonisolated private static func check(
        _ lines: [String], _ cursor: TextPosition?, _ known: [JSONValue], _ schemas: SchemaRegistry, _ isAsked: Bool
    ) async -> ([Diagnostic], Completion.Place?) {
        let manifest = Manifest(lines.joined(separator: "\n"), known: known, schemas: schemas)
        return (manifest.diagnostics, cursor.flatMap { Completion.place(lines, $0, schemas: schemas, isAsked: isAsked) })
    }

    /// The names of the objects that the field at a place refers to.
    private func names(at place: Completion.Place, _ schemas: SchemaRegistry) async -> [String] {
        guard place.isValue, let cluster = editorCluster,
            let reference = ObjectReference.at(place.pointer.tokens, kind: place.siblings["kind"], schemas)
        else { return [] }
        let namespace = editor.target?.binding.namespace ?? app.namespace ?? "default"
        return await knowledge.names(reference, namespace: namespace, cluster, now: time.monotonic())
    }

    /// What the schemas say, beside what the server says of other lines.
    private static func joined(_ complaints: [Diagnostic], _ findings: [Diagnostic]) -> [Diagnostic] {
        guard !findings.isEmpty else { return complaints }
        let others = complaints.filter { complaint in !findings.contains { $0.line == complaint.line } }
        return (findings + others).sorted { ($0.line, $0.severity == .error ? 0 : 1) < ($1.line, $1.severity == .error ? 0 : 1) }
    }

    // MARK: - The server

    /// Asks the server what it would say, in the background. Contexts that are not to be changed are not asked.
    private func askServer(_ revision: Int) {
        guard let target = editor.target, editor.isDirty, app.refusal == nil, let cluster = editorCluster else { return }
        let (text, bases, namespace) = (editor.text, editing.bases, target.binding.namespace ?? "default")
        let schemas = editorSchemas
        tasks.run(.dryRun) { [weak self, time] in
            do { try await time.sleep(for: Self.dryRunDelay) } catch { return }
            guard let self, editor.revision == revision, editor.state == .editing else { return }
            editor.verdict = .asking
            let plan = await ApplyPlan.make(text, namespace: namespace, bases: bases, client: cluster.client, schemas: schemas)
            guard !Task.isCancelled, editor.revision == revision, editor.state == .editing else { return }
            take(plan)
        }
    }

    private func take(_ plan: ApplyPlan) {
        guard plan.isReadable else {
            editor.verdict = .none
            return
        }
        if let silence = plan.silence {
            editor.verdict = .silent(silence)
            return
        }
        var findings = plan.faults + plan.warnings
        findings += plan.messages.map { Diagnostic(line: 0, severity: .error, message: $0) }
        let isAccepted = plan.faults.isEmpty && plan.messages.isEmpty
        editing.findings = ServerFindings(findings, editor.buffer.lines)
        editor.verdict = isAccepted ? .accepted : .refused
        guard editing.refusedRevision != editor.revision else { return }
        // What the server takes is no error, whatever older schemas say.
        let complaints = isAccepted && plan.conflicts.isEmpty ? editing.complaints.filter { $0.severity == .warning } : editing.complaints
        editor.diagnostics = Self.joined(complaints, findings)
    }

    // MARK: - Help

    /// Keeps what is said about the cursor's line current.
    func cursorMoved() {
        guard editor.isHelpShown else { return }
        let (lines, line, schemas) = (editor.buffer.lines, editor.cursor.line, editorSchemas)
        tasks.run(.help) { [weak self] in
            let help = await Self.help(lines, line, schemas)
            guard let self, !Task.isCancelled, editor.isHelpShown else { return }
            editor.help = help
        }
    }

    @concurrent nonisolated private static func help(_ lines: [String], _ line: Int, _ schemas: SchemaRegistry) async -> FieldHelp? {
        FieldHelp.at(lines, line, schemas)
    }
}

extension ClusterSession: EditorActions {
    package func completeAtCursor() {
        guard editor.isTyping, editor.state == .editing else { return }
        let (revision, schemas) = (editor.revision, editorSchemas)
        tasks.run(.check) { [weak self] in await self?.show(revision, schemas, isAsked: true) }
    }

    package func toggleFieldHelp() {
        editor.isHelpShown.toggle()
        guard editor.isHelpShown else { return }
        cursorMoved()
        // A text that is only looked at was never checked: its kinds may not be known yet.
        guard let cluster = editorCluster else { return }
        let wanted = DocumentPath.groupVersions(editor.buffer.lines)
        tasks.run(.schemas) { [weak self, time] in
            _ = await self?.knowledge.load(wanted, cluster, now: time.monotonic())
            self?.cursorMoved()
        }
    }

    package func offerFixes() {
        guard editor.state == .editing else { return app.toast("press \(app.editKey) to edit first", .dim) }
        let here = editor.diagnostics.filter { $0.line == editor.cursor.line && !$0.fixes.isEmpty }
        let all = here.isEmpty ? editor.diagnostics.filter { !$0.fixes.isEmpty } : here
        let fixes = all.flatMap { diagnostic in diagnostic.fixes.map { (diagnostic, $0) } }
        guard !fixes.isEmpty else {
            return app.toast(editor.diagnostics.isEmpty ? "nothing is wrong" : "no change is known that would help here", .dim)
        }
        let revision = editor.revision
        let items = fixes.enumerated().map { number, found in
            PaletteItem(id: String(number), title: "line \(found.0.line + 1): \(found.1.title)", detail: preview(found.1))
        }
        app.pick("Quick fix", items) { [weak self] id in
            guard let self, let number = Int(id), fixes.indices.contains(number) else { return }
            guard editor.revision == revision else { return app.toast("the text changed meanwhile: look again", .warning) }
            editor.apply(fixes[number].1)
        }
    }

    /// What the lines will be; hidden values stay hidden.
    private func preview(_ fix: QuickFix) -> String {
        guard !fix.lines.contains(where: { editor.maskedColumns(line: $0) != nil }) else { return "a hidden value" }
        let new = fix.replacement.map { String($0.drop { $0 == " " }) }.joined(separator: " ")
        return new.isEmpty ? "takes \(fix.lines.count == 1 ? "the line" : "\(fix.lines.count) lines") out" : new
    }
}
