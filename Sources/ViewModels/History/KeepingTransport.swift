import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel

/// The write that is being taken back by what the present task sends; nil for everything else.
enum UndoScope {
    @TaskLocal static var undoes: String?
}

/// A transport that keeps what each write finds in a journal. The write never fails for it: what cannot be read or kept is not kept.
struct KeepingTransport: KubeTransport {
    /// What is being written, as far as undo knows it.
    private enum Write {
        case create
        case change(subresource: String?)
        case delete
        case deleteAll
    }

    /// How long a write waits for the object as it is.
    private static let patience = Duration.seconds(3)
    /// The most objects of a collection that are kept before it is deleted.
    private static let collectionLimit = 100

    private let base: any KubeTransport
    private let context: String
    private let journal: UndoJournal
    private let time: any TimeSource

    init(_ base: any KubeTransport, context: String, journal: UndoJournal, time: any TimeSource) {
        self.base = base
        self.context = context
        self.journal = journal
        self.time = time
    }

    var serverDescription: String { base.serverDescription }

    func stream(_ request: APIRequest) async throws(APIStatus) -> any ByteSource { try await base.stream(request) }
    func connect(_ request: APIRequest) async throws(APIStatus) -> any StreamSession { try await base.connect(request) }

    func send(_ request: APIRequest) async throws(APIStatus) -> APIResponse {
        guard RequestClass(request) == .write, let target = ResourceTarget(request), let write = Self.write(request, target) else {
            return try await base.send(request)
        }
        let found = await before(write, target, request)
        let kept = found.map { entry($0, write, request, target) }
        await onDisk { for entry in kept { journal.keep(entry) } }
        let response: APIResponse
        do throws(APIStatus) {
            response = try await base.send(request)
        } catch {
            // Nobody knows whether it was carried out: it stays, and says so.
            await onDisk {
                for var entry in kept {
                    entry.isUncertain = true
                    journal.keep(entry)
                }
            }
            throw error
        }
        guard (200..<300).contains(response.status) else {
            await onDisk { for entry in kept { journal.drop(entry) } }
            return response
        }
        await finish(kept, write, request, target, response)
        return response
    }

    private static func write(_ request: APIRequest, _ target: ResourceTarget) -> Write? {
        switch (request.method, target.name, target.subresource) {
        case (.post, nil, nil): .create
        case (.post, .some, "eviction"?): .delete
        case (.put, .some, nil), (.patch, .some, nil): .change(subresource: nil)
        case (.put, .some, let below?), (.patch, .some, let below?):
            ["scale", "ephemeralcontainers", "resize"].contains(below) ? .change(subresource: below) : nil
        case (.delete, .some, nil): .delete
        case (.delete, nil, nil): .deleteAll
        default: nil
        }
    }

    // MARK: - Before

    private func before(_ write: Write, _ target: ResourceTarget, _ request: APIRequest) async -> [KubeObject] {
        switch write {
        case .create: return []
        case .change, .delete:
            guard let name = target.name else { return [] }
            let path = ResourcePath.path(target.resource, namespace: target.namespace, name: name)
            return await read(APIRequest(path: path, accept: "application/json")).map { [KubeObject($0)] } ?? []
        case .deleteAll:
            let query = request.query.filter { $0.name != "dryRun" } + [QueryItem("limit", String(Self.collectionLimit))]
            guard let list = await read(APIRequest(path: request.path, query: query, accept: "application/json")) else { return [] }
            let kind = list["kind"]?.stringValue.map { $0.hasSuffix("List") ? String($0.dropLast(4)) : $0 }
            return (list["items"]?.arrayValue ?? []).map { item in
                var object = KubeObject(item)
                if object["kind"] == nil, let kind { object["kind"] = .string(kind) }
                if object["apiVersion"] == nil { object["apiVersion"] = list["apiVersion"] }
                return object
            }
        }
    }

    /// Reads within a bound of time; nil when that does not work out.
    private func read(_ request: APIRequest) async -> JSONValue? {
        await withTaskGroup(of: JSONValue?.self) { group in
            group.addTask { [base] in
                // best effort: a write is not refused because its undo cannot be kept.
                guard let response = try? await base.send(request), response.status == 200, case .bytes(let bytes) = response.body,
                    bytes.count <= UndoJournal.objectLimit
                else { return nil }
                return try? JSON.parse(bytes)
            }
            group.addTask { [time] in
                try? await time.sleep(for: Self.patience)  // best effort: a cancelled sleep is over, too
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    private func entry(_ before: KubeObject?, _ write: Write, _ request: APIRequest, _ target: ResourceTarget) -> UndoEntry {
        let now = time.now()
        let verb: UndoEntry.Verb =
            switch write {
            case .create: .created
            case .change: .changed
            case .delete, .deleteAll: .deleted
            }
        return UndoEntry(
            id: "\(now.rfc3339Micro.filter { $0.isNumber })-\(SecureRandom.hex(4))", at: now, context: context,
            cluster: journal.cluster(of: context), verb: verb, method: request.method, path: request.path, resource: target.resource,
            namespace: target.namespace ?? before?.namespace, name: target.name ?? before?.name ?? "", before: before, after: nil,
            undoes: UndoScope.undoes, isUncertain: false)
    }

    // MARK: - After

    private func finish(
        _ kept: [UndoEntry], _ write: Write, _ request: APIRequest, _ target: ResourceTarget, _ response: APIResponse
    ) async {
        guard case .bytes(let bytes) = response.body, let answer = try? JSON.parse(bytes, limits: .unlimitedSize) else { return }
        let after = KubeObject(answer)
        switch write {
        case .delete, .deleteAll: return
        case .create: await keepCreated(after, request, target)
        case .change(let below):
            // An apply that found nothing has created.
            guard var entry = kept.first else {
                if below == nil, response.status == 201 { await keepCreated(after, request, target) }
                return
            }
            entry.after = below == "scale" ? Self.scaled(entry.before, after) : after
            let isSame = entry.after.map { EditForm.value($0) } == entry.before.map { EditForm.value($0) }
            let done = entry
            await onDisk { isSame ? journal.drop(done) : journal.keep(done) }
        }
    }

    private func keepCreated(_ after: KubeObject, _ request: APIRequest, _ target: ResourceTarget) async {
        guard !after.name.isEmpty, !after.uid.isEmpty else { return }
        var made = entry(nil, .create, request, target)
        made = UndoEntry(
            id: made.id, at: made.at, context: made.context, cluster: made.cluster, verb: .created, method: made.method, path: made.path,
            resource: made.resource, namespace: after.namespace ?? made.namespace, name: after.name, before: nil, after: after,
            undoes: made.undoes, isUncertain: false)
        let entry = made
        await onDisk { journal.keep(entry) }
    }

    private static func scaled(_ before: KubeObject?, _ scale: KubeObject) -> KubeObject? {
        guard var object = before, let replicas = scale["spec", "replicas"] else { return nil }
        object["spec", "replicas"] = replicas
        return object
    }

    private func onDisk(_ work: @escaping @Sendable () -> Void) async {
        await KernelThread.run("kdash-undo") { () throws(Never) in work() }
    }
}
