import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas

/// Everything a text would do to the cluster, asked of the server before anything is sent.
struct ApplyPlan: Sendable {
    private(set) var steps: [ApplyStep] = []
    /// The difference to the cluster, all documents together.
    private(set) var lines: [DiffLine] = []
    /// What kdash's own schemas say of the text.
    private(set) var complaints: [Diagnostic] = []
    /// Refusals at their lines.
    private(set) var faults: [Diagnostic] = []
    /// What the server warns of, at its lines.
    private(set) var warnings: [Diagnostic] = []
    /// Refusals without a line.
    private(set) var messages: [String] = []
    private(set) var conflicts: [KubeObject] = []
    private(set) var namesakes: [Namesake] = []
    /// Whether the server could be asked: the text can be read, and it is known where it goes.
    private(set) var isReadable = true
    /// Why the server did not answer; nil when it did.
    private(set) var silence: String?
    private(set) var created = 0
    private(set) var changed = 0

    /// Whether the cluster has exactly this already.
    var isChangeless: Bool {
        created + changed == 0 && !steps.isEmpty && faults.isEmpty && messages.isEmpty && conflicts.isEmpty && namesakes.isEmpty
    }

    /// `the server accepts it: 1 object is created, 2 change`.
    var summary: String {
        var parts: [String] = []
        if created > 0 { parts.append(created == 1 ? "1 object is created" : "\(created) objects are created") }
        if changed > 0 { parts.append(changed == 1 ? "1 object changes" : "\(changed) objects change") }
        let same = steps.count - created - changed
        if same > 0 { parts.append("\(same) \(same == 1 ? "stays" : "stay") as \(same == 1 ? "it is" : "they are")") }
        return "the server accepts it: \(parts.joined(separator: ", "))"
    }

    /// What the question names: the object, or the first of several.
    func binding(_ target: EditorTarget) -> ObjectBinding {
        guard let first = steps.first else { return target.binding }
        return ObjectBinding(
            context: target.binding.context, namespace: first.namespace, kind: first.descriptor.kind,
            name: steps.count == 1 ? first.manifest.name : "\(first.manifest.name) and \(steps.count - 1) more", uid: first.live?.uid)
    }

    /// Checks every document, first here and then by a dry run on the server.
    @concurrent static func make(_ text: String, namespace: String, bases: [String: EditBase], client: KubeClient, schemas: SchemaRegistry = builtinSchemas)
        async -> ApplyPlan
    {
        var plan = ApplyPlan()
        let manifest = Manifest(text, known: bases.values.map(\.live), schemas: schemas)
        plan.complaints = manifest.diagnostics
        // What kdash's schemas refuse may be fine for a newer server; what it cannot read or route is not.
        guard manifest.isRoutable else {
            plan.isReadable = false
            plan.faults = manifest.diagnostics.filter { $0.severity == .error }
            return plan
        }
        for document in manifest.documents {
            guard let descriptor = document.descriptor else { continue }
            let bare = ApplyStep(document, descriptor, namespace: namespace, base: nil)
            let step = ApplyStep(document, descriptor, namespace: namespace, base: bases[bare.title])
            await plan.add(step, document, manifest, client)
        }
        return plan
    }

    private mutating func add(_ step: ApplyStep, _ document: Manifest.Document, _ manifest: Manifest, _ client: KubeClient) async {
        switch await step.check(client) {
        case .accepted(let checked, let difference, let said):
            steps.append(checked)
            warnings += said.map { manifest.place(warning: $0, in: document) }
            if checked.live == nil { created += 1 } else if !difference.isEmpty { changed += 1 }
            lines.append(DiffLine(kind: .header, text: step.title))
            lines += difference.isEmpty ? [DiffLine(kind: .note, text: "stays as it is")] : difference
        case .conflict(let live): conflicts.append(live)
        case .replaced(let live): namesakes.append(Namesake(title: step.title, object: live))
        case .refused(let status) where status.code == 404 && isKindComing(step.descriptor):
            wait(step.awaitingKind, for: "its CustomResourceDefinition")
        case .refused(let status) where status.code == 404 && isNamespaceComing(step.namespace):
            wait(step, for: "namespace \(step.namespace ?? "")")
        case .refused(let status):
            if [0, 429, 502, 503, 504].contains(status.code) { silence = status.message }
            let placed = manifest.place(status, in: document)
            faults += placed.lines
            // Of several documents it is the place that tells which one is meant.
            if manifest.documents.count == 1 { messages += placed.rest } else { faults += placed.rest.map { Self.fault($0, status, step, document) } }
        }
    }

    /// What an earlier document makes is not there yet: the server can only check it then.
    private mutating func wait(_ step: ApplyStep, for what: String) {
        steps.append(step)
        created += 1
        lines.append(DiffLine(kind: .header, text: step.title))
        lines.append(DiffLine(kind: .note, text: "checked when \(what) exists"))
        lines += UnifiedDiff.lines(from: "", to: EditForm.text(step.sent))
    }

    private static func fault(_ message: String, _ status: APIStatus, _ step: ApplyStep, _ document: Manifest.Document) -> Diagnostic {
        let namespace = JSONPointer(["metadata", "namespace"])
        let isAboutNamespace = status.code == 404 && document.yaml.keyMark(of: namespace) != nil
        let pointer = isAboutNamespace ? namespace : JSONPointer(["metadata", "name"])
        return Manifest.diagnostic(pointer, "\(step.title): \(message)", .error, document.yaml)
    }

    private func isKindComing(_ descriptor: ResourceDescriptor) -> Bool {
        steps.contains {
            $0.descriptor.gvk == DefinedKinds.definition && $0.live == nil && $0.manifest.name == "\(descriptor.plural).\(descriptor.group)"
        }
    }

    private func isNamespaceComing(_ namespace: String?) -> Bool {
        steps.contains { $0.descriptor.kind == "Namespace" && $0.live == nil && $0.manifest.name == namespace }
    }

    /// How ``merge(_:namespace:bases:client:)`` ended.
    enum Merged: Sendable {
        case text(String, bases: [String: EditBase], conflicts: Int)
        /// What the text was made from is gone: somebody has to say whether the other one is meant.
        case replaced(Namesake)
        /// Why it cannot be done, for people.
        case failed(String)
    }

    /// Joins what changed in the cluster into a text. Where both changed the same, both stay between ``ConflictMarkers``.
    @concurrent static func merge(_ text: String, namespace: String, bases: [String: EditBase], client: KubeClient, schemas: SchemaRegistry = builtinSchemas)
        async -> Merged
    {
        let manifest = Manifest(text, schemas: schemas)
        var (parts, bases, conflicts): ([String], [String: EditBase], Int) = ([], bases, 0)
        // What is left out of the merged text would be lost.
        guard manifest.isRoutable else {
            let first = manifest.diagnostics.first { $0.severity == .error }
            return .failed(first.map { "line \($0.line + 1): \($0.message)" } ?? "the text is empty")
        }
        for document in manifest.documents {
            guard let descriptor = document.descriptor else { continue }
            let step = ApplyStep(document, descriptor, namespace: namespace, base: nil)
            do throws(APIStatus) {
                let object = try await client.get(descriptor.gvr, namespace: step.namespace, name: document.object.name)
                if bases[step.title]?.isNamesake(object) == true { return .replaced(Namesake(title: step.title, object: object)) }
                let live = EditForm.value(object)
                let own = manifest.text(of: document)
                if let base = bases[step.title], base.isInConflict(text: EditForm.value(step.sent), live: live) {
                    let joined = try base.joined(own, live: live, type: descriptor.type)
                    parts.append(joined.text)
                    conflicts += joined.conflicts
                    bases[step.title] = EditBase(text: joined.theirs, live: live, uid: object.uid)
                } else {
                    let mine = EditForm.value(step.sent)
                    let merged = try ApplyStep.merged(base: bases[step.title]?.text, text: mine, live: live, type: descriptor.type)
                    parts.append(TextJoin.joined(own, [TextJoin.Change(said: EditForm.value(document.object), wanted: merged)]) ?? own)
                    bases[step.title] = EditBase(text: live, live: live, uid: object.uid)
                }
            } catch {
                // Deleted meanwhile: the text is all there is.
                guard error.code == 404 else { return .failed("\(step.title): \(error.message)") }
                parts.append(manifest.text(of: document))
            }
        }
        return .text(EditForm.joined(parts), bases: bases, conflicts: conflicts)
    }
}
