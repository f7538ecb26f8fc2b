import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Synchronization

/// A small API server in memory: get, list, watch, create, update and delete of any kind, with versions, dry runs and preconditions.
final class MemoryServer: RequestPipeline {
    private struct Watch {
        let prefix: String
        let selection: Selection
        let channel: ByteChannel
        /// Whether objects come as tables of one row.
        let isTable: Bool

        func send(_ type: String, _ value: JSONValue) {
            guard selection.matches(value) else { return }
            let object = isTable ? MemoryServer.table([value], revision: value["metadata", "resourceVersion"]?.stringValue ?? "") : value
            channel.send(JSON.encode(["type": .string(type), "object": object]) + [0x0A])
        }
    }

    private struct State {
        var objects: [String: JSONValue] = [:]
        var revision = 100
        var watches: [Watch] = []
        /// Everything that happened, so that a watch starts where its list ended.
        var history: [(revision: Int, path: String, type: String, value: JSONValue)] = []
        var requests: [APIRequest] = []
        var refusals: [String: APIStatus] = [:]
        var documents: [String: JSONValue] = [:]
        var histories: [String: JSONValue] = [:]
        var logs: [String: [ByteChannel]] = [:]
        /// What waits, by method and path; an entry alone makes the next requests wait.
        var held: [String: [@Sendable () -> Void]] = [:]
    }
    private let state = Mutex(State())

    /// The label and field conditions of a list or watch; of fields only the name.
    private struct Selection {
        var labels = LabelSelector.everything
        var name: String?

        init(_ request: APIRequest) {
            if let text = request.queryValue("labelSelector") { labels = (try? LabelSelector(parsing: text)) ?? .nothing }
            name = request.queryValue("fieldSelector").flatMap { $0.hasPrefix("metadata.name=") ? String($0.dropFirst(14)) : nil }
        }

        func matches(_ value: JSONValue) -> Bool {
            let object = KubeObject(value)
            return labels.matches(object.labels) && (name ?? object.name) == object.name
        }
    }

    var requests: [APIRequest] { state.withLock { $0.requests } }
    /// What changed something.
    var writes: [APIRequest] { requests.filter { $0.method != .get && $0.queryValue("dryRun") == nil } }

    func client(gate: ContextGate = .open) -> KubeClient {
        KubeClient(transport: InProcessTransport(pipeline: self, user: .loopback), gate: gate)
    }

    /// Answers a method on a path with a refusal from now on; nil takes it away.
    func refuse(_ method: APIRequest.Method, _ path: String, _ status: APIStatus?) {
        state.withLock { $0.refusals["\(method.rawValue) \(path)"] = status }
    }

    /// Keeps what reads or changes something at a path waiting until ``release(_:_:)``; dry runs pass.
    func hold(_ method: APIRequest.Method, _ path: String) { state.withLock { $0.held["\(method.rawValue) \(path)"] = [] } }

    /// Whether a held request has arrived.
    func isHolding(_ method: APIRequest.Method, _ path: String) -> Bool {
        state.withLock { $0.held["\(method.rawValue) \(path)"]?.isEmpty == false }
    }

    /// Answers what waits, and lets what comes after pass.
    func release(_ method: APIRequest.Method, _ path: String) {
        let waiting = state.withLock { $0.held.removeValue(forKey: "\(method.rawValue) \(path)") } ?? []
        for answer in waiting { answer() }
    }

    /// Answers reads of a path with a document that is no object.
    func answer(_ path: String, _ document: JSONValue) { state.withLock { $0.documents[path] = document } }

    /// Answers questions about the history of a path with a document, its items as far back as is asked.
    func answerHistory(_ path: String, _ document: JSONValue) { state.withLock { $0.histories[path] = document } }

    private static func history(_ document: JSONValue, _ request: APIRequest) -> JSONValue {
        var document = document
        let before = request.queryValue("continue").flatMap { Int64($0) } ?? .max
        let items = (document["items"]?.arrayValue ?? []).filter { Int64($0["revision"]?.stringValue ?? "") ?? 0 < before }
        document["items"] = .array(Array(items.prefix(request.queryValue("limit").flatMap { Int($0) } ?? .max)))
        return document
    }

    /// The next streams of a pod's log, in order.
    func setLogs(_ pod: String, _ channels: [ByteChannel]) { state.withLock { $0.logs[pod] = channels } }

    func object(_ path: String) -> JSONValue? { state.withLock { $0.objects[path] } }

    /// Puts an object, as another client would.
    @discardableResult
    func put(_ path: String, _ value: JSONValue) -> JSONValue { state.withLock { store(path, value, &$0) } }

    /// Breaks every watch off, as a daemon that is killed does.
    func breakWatches() {
        let watches = state.withLock { state in
            defer { state.watches = [] }
            return state.watches
        }
        for watch in watches { watch.channel.fail(.serviceUnavailable("connection refused")) }
    }

    func remove(_ path: String) {
        state.withLock { state in
            guard var old = state.objects.removeValue(forKey: path) else { return }
            state.revision += 1
            old["metadata", "resourceVersion"] = .string("\(state.revision)")
            notify("DELETED", path, old, &state)
        }
    }

    func handle(_ request: APIRequest, as user: UserInfo, reply: @escaping @Sendable (APIResponse) -> Void) {
        let key = "\(request.method.rawValue) \(request.path)"
        let isHeld = state.withLock { state in
            guard state.held[key] != nil, request.queryValue("dryRun") == nil else { return false }
            state.held[key]?.append { [self] in reply(answer(request)) }
            return true
        }
        if !isHeld { reply(answer(request)) }
    }

    private func answer(_ request: APIRequest) -> APIResponse { state.withLock { answer(request, &$0) } }

    func connect(_ request: APIRequest, as user: UserInfo) async throws(APIStatus) -> any StreamSession {
        throw APIStatus.badRequest("no sessions here")
    }

    private func answer(_ request: APIRequest, _ state: inout State) -> APIResponse {
        state.requests.append(request)
        if let status = state.refusals["\(request.method.rawValue) \(request.path)"] { return .status(status) }
        if request.queryValue("kdashHistory") != nil, let document = state.histories[request.path] {
            return .json(Self.history(document, request))
        }
        if request.method == .get || request.path.hasPrefix("/kdash/"), let document = state.documents[request.path] { return .json(document) }
        if request.path.hasSuffix("/log") {
            let pod = request.pathSegments?.dropLast().last ?? ""
            guard let channel = state.logs[pod]?.first else {
                return .status(.badRequest("container \"app\" in pod \"\(pod)\" is waiting to start: ContainerCreating"))
            }
            state.logs[pod]?.removeFirst()
            return APIResponse(body: .stream(channel))
        }
        let isCollection = Self.isCollection(request.path)
        switch request.method {
        case .get where request.queryFlag("watch"):
            let channel = ByteChannel()
            let from = request.queryValue("resourceVersion").flatMap { Int($0) } ?? state.revision
            let watch = Watch(prefix: request.path, selection: Selection(request), channel: channel, isTable: Self.wantsTable(request))
            for event in state.history where event.revision > from && Self.matches(event.path, request.path) { watch.send(event.type, event.value) }
            state.watches.append(watch)
            return APIResponse(body: .stream(channel))
        case .get where request.path == "/api" || request.path == "/apis": return Self.discovery(request.path)
        case .get where isCollection: return list(request, state)
        case .get:
            return state.objects[request.path].map { .json($0) } ?? .status(.notFound(Self.resource(request.path), Self.name(request.path)))
        case .post: return create(request, &state)
        case .put: return update(request, &state)
        case .patch: return patch(request, &state)
        case .delete: return delete(request, &state)
        default: return .status(.methodNotAllowed)
        }
    }

    private static func wantsTable(_ request: APIRequest) -> Bool { request.accept?.contains("as=Table") == true }

    private func list(_ request: APIRequest, _ state: State) -> APIResponse {
        let selection = Selection(request)
        let items = state.objects.filter { Self.matches($0.key, request.path) && selection.matches($0.value) }.sorted { $0.key < $1.key }
            .map(\.value)
        if Self.wantsTable(request) { return .json(Self.table(items, revision: "\(state.revision)")) }
        return .json([
            "apiVersion": "v1", "kind": "List", "metadata": ["resourceVersion": .string("\(state.revision)")], "items": .array(items),
        ])
    }

    private func create(_ request: APIRequest, _ state: inout State) -> APIResponse {
        guard let value = try? JSON.parse(request.body) else { return .status(.badRequest("no JSON")) }
        let path = "\(request.path)/\(KubeObject(value).name)"
        if state.objects[path] != nil { return .status(.alreadyExists(Self.resource(path), Self.name(path))) }
        if request.queryValue("dryRun") == "All" { return .json(value, status: 201) }
        return .json(store(path, value, &state), status: 201)
    }

    private func update(_ request: APIRequest, _ state: inout State) -> APIResponse {
        guard var value = try? JSON.parse(request.body), let old = state.objects[request.path] else {
            return .status(.notFound(Self.resource(request.path), Self.name(request.path)))
        }
        if let version = value["metadata", "resourceVersion"], version != old["metadata", "resourceVersion"] {
            return .status(.conflict(Self.resource(request.path), Self.name(request.path)))
        }
        value["status"] = old["status"]
        if request.queryValue("dryRun") == "All" { return .json(value) }
        return .json(store(request.path, value, &state))
    }

    /// Every patch is a merge patch here.
    private func patch(_ request: APIRequest, _ state: inout State) -> APIResponse {
        guard let change = try? JSON.parse(request.body), let old = state.objects[request.path] else {
            return .status(.notFound(Self.resource(request.path), Self.name(request.path)))
        }
        if let uid = change["metadata", "uid"], uid != old["metadata", "uid"] {
            return .status(.conflict(Self.resource(request.path), Self.name(request.path)))
        }
        guard let merged = try? MergePatch.apply(change, to: old) else { return .status(.badRequest("no merge patch")) }
        if request.queryValue("dryRun") == "All" { return .json(merged) }
        return .json(store(request.path, merged, &state))
    }

    /// Lets the kinds with objects here be discovered, as old servers list them.
    func putDiscovery() {
        state.withLock { state in
            var byVersion: [String: [JSONValue]] = [:]
            for descriptor in builtinSchemas.resources {
                byVersion[descriptor.groupVersion.apiVersion, default: []].append(
                    ["name": .string(descriptor.plural), "kind": .string(descriptor.kind), "namespaced": .bool(descriptor.isNamespaced), "verbs": ["list"]])
            }
            state.objects["/api"] = ["kind": "APIVersions", "versions": ["v1"]]
            let groups = byVersion.keys.filter { $0.contains("/") }.sorted()
            state.objects["/apis"] = [
                "kind": "APIGroupList", "groups": .array(groups.map { ["versions": [["groupVersion": .string($0)]]] }),
            ]
            for (version, resources) in byVersion {
                state.objects[version.contains("/") ? "/apis/\(version)" : "/api/\(version)"] = ["kind": "APIResourceList", "resources": .array(resources)]
            }
        }
    }

    private func delete(_ request: APIRequest, _ state: inout State) -> APIResponse {
        guard let old = state.objects[request.path] else { return .status(.notFound(Self.resource(request.path), Self.name(request.path))) }
        let options = try? JSON.parse(request.body)
        if let uid = options?["preconditions", "uid"], uid != old["metadata", "uid"] {
            return .status(.conflict(Self.resource(request.path), Self.name(request.path)))
        }
        state.objects[request.path] = nil
        state.revision += 1
        var last = old
        last["metadata", "resourceVersion"] = .string("\(state.revision)")
        notify("DELETED", request.path, last, &state)
        return .json(["kind": "Status", "apiVersion": "v1", "status": "Success"])
    }

    private func store(_ path: String, _ value: JSONValue, _ state: inout State) -> JSONValue {
        var value = value
        let old = state.objects[path]
        state.revision += 1
        value["metadata", "resourceVersion"] = .string("\(state.revision)")
        if value["metadata", "uid"] == nil {
            value["metadata", "uid"] = old?["metadata", "uid"] ?? .string("uid-\(Self.name(path))-\(state.revision)")
        }
        state.objects[path] = value
        notify(old == nil ? "ADDED" : "MODIFIED", path, value, &state)
        return value
    }

    private func notify(_ type: String, _ path: String, _ value: JSONValue, _ state: inout State) {
        state.history.append((state.revision, path, type, value))
        for watch in state.watches where Self.matches(path, watch.prefix) { watch.send(type, value) }
    }

    /// Whether an object is in `/api/v1/pods` or `/api/v1/namespaces/x/pods`.
    private static func matches(_ path: String, _ collection: String) -> Bool {
        if path.hasPrefix("\(collection)/"), !path.dropFirst(collection.count + 1).contains("/") { return true }
        let wanted = collection.split(separator: "/")
        let parts = path.split(separator: "/")
        guard let kind = wanted.last, !wanted.contains("namespaces") || kind == "namespaces", parts.count == wanted.count + 3 else {
            return false
        }
        return parts.dropLast().last == kind && path.hasPrefix("/\(wanted.dropLast().joined(separator: "/"))/")
    }

    private static func isCollection(_ path: String) -> Bool {
        guard let descriptor = path.split(separator: "/").last else { return false }
        return builtinSchemas.resources.contains { $0.plural == descriptor }
    }

    private static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? "" }
    private static func resource(_ path: String) -> GroupResource {
        GroupResource(group: "", resource: path.split(separator: "/").dropLast().last.map(String.init) ?? "")
    }
}

extension APIResponse {
    static func json(_ value: JSONValue, status: Int = 200) -> APIResponse { APIResponse(status: status, body: .bytes(JSON.encode(value))) }
    static func status(_ status: APIStatus) -> APIResponse { .json(status.value, status: status.code) }
}
