import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel

/// What a document's text was made from.
struct EditBase: Sendable, Hashable {
    /// What the text said when it was opened or applied last.
    var text: JSONValue
    /// What the cluster had then.
    var live: JSONValue
    /// The object that had it; nil when that is not known.
    var uid: String?

    /// Whether an object only has the name of the one that the text was made from.
    func isNamesake(_ object: KubeObject) -> Bool { uid.map { $0 != object.uid } ?? false }

    /// Whether changes made in the cluster since then meet changes made in the text. Changes apart from each other are joined.
    func isInConflict(text new: JSONValue, live present: JSONValue) -> Bool {
        guard present != live else { return false }
        return Self.overlap(MergePatch.diff(from: text, to: new), MergePatch.diff(from: live, to: present), new, present)
    }

    /// A text that was made from this base, joined line by line with what became of the object since. Also what the cluster's side says alone.
    func joined(_ own: String, live present: JSONValue, type: TypeSchema) throws(APIStatus) -> (text: String, conflicts: Int, theirs: JSONValue) {
        let theirs =
            text == live ? present : try StrategicMergePatch.apply(StrategicMergePatch.diff(from: live, to: present, type: type), to: text, type: type)
        func lines(_ value: JSONValue) -> [String] {
            EditForm.text(KubeObject(value), like: own).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        }
        let mine = own.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let result = ThreeWay.merge(base: lines(text), mine: mine, theirs: lines(theirs)).withoutDuplicates(mine: mine)
        return (result.lines.joined(separator: "\n"), result.conflicts, theirs)
    }

    private static func overlap(_ mine: JSONValue, _ theirs: JSONValue, _ new: JSONValue?, _ present: JSONValue?) -> Bool {
        guard case .object(let a) = mine, case .object(let b) = theirs else { return new != present }
        return a.contains { member in
            b[member.key].map { overlap(member.value, $0, new?[member.key], present?[member.key]) } ?? false
        }
    }
}

/// One document on its way to the server. Works off the main actor and changes nothing until ``write(_:)``.
struct ApplyStep: Sendable {
    /// What the dry run found.
    enum Outcome: Sendable {
        /// The server accepts it; how the object changes, and what it is warned of.
        case accepted(ApplyStep, [DiffLine], warnings: [String])
        /// The server refuses it.
        case refused(APIStatus)
        /// It changed in the cluster since the text was opened; the object as it is now.
        case conflict(KubeObject)
        /// The object that the text was made from is gone; another one has its name.
        case replaced(KubeObject)
    }

    let descriptor: ResourceDescriptor
    let namespace: String?
    /// What the text says.
    let manifest: KubeObject
    /// What the text was made from; nil when it was written from nothing.
    let base: EditBase?
    /// The object as it is in the cluster; nil when it is to be created.
    private(set) var live: KubeObject?
    /// What will be sent.
    private(set) var sent: KubeObject
    /// Whether its kind is made by an earlier step, and served a little after that.
    private var awaitsKind = false

    /// A step for a document; `namespace` is where objects go that name none.
    init(_ document: Manifest.Document, _ descriptor: ResourceDescriptor, namespace: String, base: EditBase?) {
        self.descriptor = descriptor
        self.base = base
        manifest = document.object
        self.namespace = descriptor.isNamespaced ? document.object.namespace ?? namespace : nil
        sent = manifest
        if let namespace = self.namespace { sent["metadata", "namespace"] = .string(namespace) }
    }

    /// `Deployment demo/web`.
    var title: String {
        "\(descriptor.kind) \(namespace.map { "\($0)/" } ?? "")\(manifest.name.isEmpty ? manifest.generateName : manifest.name)"
    }

    /// Reads the live object, joins the text with it and asks the server, which keeps nothing.
    func check(_ client: KubeClient) async -> Outcome {
        var step = self
        // Somebody may write between reading and asking: then the newer state is read again.
        for _ in 0..<3 {
            do throws(APIStatus) {
                if let obstacle = try await step.prepare(client) { return obstacle }
                let result = try await step.send(client, WriteOptions.strictDryRun)
                let before = step.live.map { EditForm.text($0) } ?? ""
                return .accepted(step, UnifiedDiff.lines(from: before, to: EditForm.text(result.object)), warnings: result.warnings)
            } catch {
                guard error.code == 409, step.live != nil else { return .refused(error) }
            }
        }
        return step.live.map { .conflict($0) } ?? .refused(.conflict(descriptor.groupResource, manifest.name))
    }

    /// The same step of a kind that an earlier one makes.
    var awaitingKind: ApplyStep {
        var step = self
        step.awaitsKind = true
        return step
    }

    /// How long a kind may take to be served once it is defined, and how often that is looked at.
    private static let kindDelay = Duration.milliseconds(200)
    private static let mostKindDelays = 50

    /// Writes what was checked, once its kind is served.
    func write(_ client: KubeClient, time: any TimeSource) async throws(APIStatus) -> KubeObject {
        guard awaitsKind else { return try await write(client) }
        for _ in 0..<Self.mostKindDelays {
            do throws(APIStatus) { return try await write(client) } catch { guard error.code == 404 else { throw error } }
            // best effort: who is cancelled is told what the server says.
            try? await time.sleep(for: Self.kindDelay)
        }
        return try await write(client)
    }

    /// Writes what was checked. A change since then is a conflict, never an overwrite.
    func write(_ client: KubeClient) async throws(APIStatus) -> KubeObject {
        var step = self
        let options = WriteOptions(fieldManager: "kdash", fieldValidation: "Strict")
        for _ in 0..<5 {
            do throws(APIStatus) {
                return try await step.send(client, options).object
            } catch {
                guard error.code == 409, let seen = step.live else { throw error }
                // A status that moved on is no conflict; anything else is.
                let fresh = try await client.get(descriptor.gvr, namespace: namespace, name: seen.name)
                guard fresh.uid == seen.uid, EditForm.value(fresh) == EditForm.value(seen) else { throw error }
                step.live = fresh
                step.sent.resourceVersion = fresh.resourceVersion
            }
        }
        throw .conflict(descriptor.groupResource, manifest.name)
    }

    /// The live object with what the text changed since its base; without a base the text adds and replaces, and takes nothing away.
    static func merged(base: JSONValue?, text: JSONValue, live: JSONValue, type: TypeSchema) throws(APIStatus) -> JSONValue {
        let patch =
            base.map { StrategicMergePatch.diff(from: $0, to: text, type: type) }
            ?? StrategicMergePatch.threeWay(original: text, modified: text, current: live, type: type)
        return try StrategicMergePatch.apply(patch, to: live, type: type)
    }

    /// What the text says, and what it is to say once the cluster has `result`. A text that was opened from the cluster shows all that is there;
    /// one that was written shows what others made of the fields it names.
    func change(_ result: KubeObject) -> TextJoin.Change {
        let said = EditForm.value(manifest)
        return TextJoin.Change(said: said, wanted: Self.wanted(said, base, before: live, result, descriptor.type))
    }

    private static func wanted(_ said: JSONValue, _ base: EditBase?, before live: KubeObject?, _ result: KubeObject, _ type: TypeSchema) -> JSONValue {
        guard let base else { return said }
        if base.text == base.live { return EditForm.value(result) }
        guard let live else { return said }
        let theirs = StrategicMergePatch.diff(from: base.live, to: EditForm.value(live), type: type)
        do throws(APIStatus) {
            return TextJoin.limited(try StrategicMergePatch.apply(theirs, to: said, type: type), to: said)
        } catch {
            return said  // What cannot be joined is not shown.
        }
    }

    /// The text with what the cluster has, once the objects of these steps are there; nil when it says so already.
    @concurrent static func joined(_ text: String, _ done: [(ApplyStep, KubeObject)]) async -> String? {
        TextJoin.joined(text, done.map { $0.0.change($0.1) })
    }

    /// A text that nobody has changed since its object was opened or applied, with what others changed; nil when it says so already, or is
    /// more than that object.
    @concurrent static func refreshed(_ text: String, base: EditBase, _ object: KubeObject, schemas: SchemaRegistry) async -> (
        text: String, base: EditBase
    )? {
        let documents = Manifest(text, schemas: schemas).documents
        guard documents.count == 1, let descriptor = documents[0].descriptor, documents[0].object.name == object.name else { return nil }
        let said = EditForm.value(documents[0].object)
        let wanted = wanted(said, base, before: object, object, descriptor.type)
        guard let text = TextJoin.joined(text, [TextJoin.Change(said: said, wanted: wanted)]) else { return nil }
        return (text, EditBase(text: wanted, live: EditForm.value(object), uid: object.uid))
    }

    /// Joins the text with what is in the cluster; returns why that cannot be done without asking.
    private mutating func prepare(_ client: KubeClient) async throws(APIStatus) -> Outcome? {
        guard !manifest.name.isEmpty else { return nil }
        do throws(APIStatus) {
            live = try await client.get(descriptor.gvr, namespace: namespace, name: manifest.name)
        } catch {
            guard error.code == 404 else { throw error }
            live = nil
        }
        var whole = manifest
        if let namespace { whole["metadata", "namespace"] = .string(namespace) }
        guard let live else {
            // Bookkeeping of an object that is gone must not stop its successor.
            for field in ["uid", "resourceVersion", "creationTimestamp", "generation"] { whole["metadata", field] = nil }
            sent = whole
            return nil
        }
        if let base, base.isNamesake(live) { return .replaced(live) }
        let text = EditForm.value(whole)
        if let base, base.isInConflict(text: text, live: EditForm.value(live)) { return .conflict(live) }
        var merged = KubeObject(try Self.merged(base: base?.text, text: text, live: live.value, type: descriptor.type))
        merged["metadata", "managedFields"] = nil
        if let version = manifest.string("metadata", "resourceVersion"), base == nil { merged.resourceVersion = version }
        sent = merged
        return nil
    }

    private func send(_ client: KubeClient, _ options: WriteOptions) async throws(APIStatus) -> KubeClient.Written {
        try await client.write(descriptor.gvr, sent, namespace: live == nil ? namespace : nil, isNew: live == nil, options: options)
    }
}
