import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import Synchronization

/// As much of an API server as controllers need, with watches that a test can hold back.
final class ToyServer: KubeTransport {
    private struct Event {
        let revision: Int64
        let line: [UInt8]
    }

    private struct State {
        var revision: Int64 = 1
        var objects: [String: [String: KubeObject]] = [:]
        var watches: [String: [ByteChannel]] = [:]
        /// All events told so far: a watch begins with those since its list.
        var events: [String: [Event]] = [:]
        var held: [String: [Event]] = [:]
        var heldCollections: Set<String> = []
        var creations: [String: Int] = [:]
        var refusals: [String: Int] = [:]
        var deletions: [String] = []
    }

    private let state = Mutex(State())
    var serverDescription: String { "the toy server" }

    /// How many objects of a resource were created through the API.
    func creations(_ resource: GroupVersionResource) -> Int { state.withLock { $0.creations[resource.resource] ?? 0 } }
    /// Names that were deleted through the API.
    var deletions: [String] { state.withLock { $0.deletions } }
    /// The objects of a resource.
    func objects(_ resource: GroupVersionResource) -> [KubeObject] {
        state.withLock { Array(($0.objects[resource.resource] ?? [:]).values).sorted { $0.name < $1.name } }
    }

    /// Puts an object in, as another client would.
    func put(_ resource: GroupVersionResource, _ object: KubeObject) {
        state.withLock { state in
            let isNew = state.objects[resource.resource]?[object.name] == nil
            store(object, resource.resource, isNew ? "ADDED" : "MODIFIED", &state)
        }
    }

    /// Refuses the next creations of a resource.
    func refuse(_ resource: GroupVersionResource, times: Int) { state.withLock { $0.refusals[resource.resource] = times } }

    /// Keeps the events of a resource back until they are released.
    func hold(_ resource: GroupVersionResource) { state.withLock { _ = $0.heldCollections.insert(resource.resource) } }

    /// Delivers what was kept back.
    func release(_ resource: GroupVersionResource) {
        state.withLock { state in
            state.heldCollections.remove(resource.resource)
            for event in state.held.removeValue(forKey: resource.resource) ?? [] { tell(event, resource.resource, &state) }
        }
    }

    func send(_ request: APIRequest) async throws(APIStatus) -> APIResponse {
        let (collection, name, _) = Self.place(request.path)
        let body: JSONValue
        do { body = request.body.isEmpty ? .null : try JSON.parse(request.body) } catch { throw APIStatus.badRequest("\(error)") }
        let answer = state.withLock { state -> Result<JSONValue, APIStatus> in
            switch request.method {
            case .get where name == nil:
                let items = (state.objects[collection] ?? [:]).values.map(\.value)
                return .success([
                    "kind": "List", "apiVersion": "v1", "metadata": ["resourceVersion": .string(String(state.revision))],
                    "items": .array(items),
                ])
            case .get:
                guard let found = state.objects[collection]?[name ?? ""] else { return .failure(Self.missing(collection, name)) }
                return .success(found.value)
            case .post:
                if let left = state.refusals[collection], left > 0 {
                    state.refusals[collection] = left - 1
                    return .failure(APIStatus.internalError("refused by the test"))
                }
                var object = KubeObject(body)
                state.creations[collection, default: 0] += 1
                if object.name.isEmpty { object.name = "\(object.generateName)\(state.revision)" }
                object.uid = "\(collection)-\(object.name)"
                return .success(store(object, collection, "ADDED", &state).value)
            case .put:
                return .success(store(KubeObject(body), collection, "MODIFIED", &state).value)
            case .delete:
                guard let old = state.objects[collection]?[name ?? ""] else { return .failure(Self.missing(collection, name)) }
                state.deletions.append(old.name)
                state.objects[collection]?[old.name] = nil
                store(old, collection, "DELETED", &state)
                return .success(["kind": "Status", "apiVersion": "v1", "status": "Success"])
            default: return .success(body)
            }
        }
        return APIResponse(status: 200, body: .bytes(JSON.encode(try answer.get())))
    }

    func stream(_ request: APIRequest) async throws(APIStatus) -> any ByteSource {
        let channel = ByteChannel()
        let (collection, _, _) = Self.place(request.path)
        let from = request.queryValue("resourceVersion").flatMap { Int64($0) } ?? 0
        state.withLock { state in
            for event in state.events[collection] ?? [] where event.revision > from { channel.send(event.line) }
            state.watches[collection, default: []].append(channel)
        }
        return channel
    }

    private func tell(_ event: Event, _ collection: String, _ state: inout State) {
        state.events[collection, default: []].append(event)
        for watch in state.watches[collection] ?? [] { watch.send(event.line) }
    }

    func connect(_ request: APIRequest) async throws(APIStatus) -> any StreamSession {
        throw APIStatus.badRequest("the toy server has no sessions")
    }

    @discardableResult
    private func store(_ object: KubeObject, _ collection: String, _ type: String, _ state: inout State) -> KubeObject {
        state.revision += 1
        var object = object
        object.revision = state.revision
        if type != "DELETED" { state.objects[collection, default: [:]][object.name] = object }
        let event = Event(revision: state.revision, line: JSON.encode(["type": .string(type), "object": object.value]) + [0x0A])
        if state.heldCollections.contains(collection) {
            state.held[collection, default: []].append(event)
        } else {
            tell(event, collection, &state)
        }
        return object
    }

    private static func missing(_ collection: String, _ name: String?) -> APIStatus {
        APIStatus.notFound(GroupResource(group: "", resource: collection), name ?? "")
    }

    /// Collection, name and subresource of a path; namespaces have none of their own here but in `/api/v1/namespaces`.
    private static func place(_ path: String) -> (String, String?, String?) {
        var parts = path.split(separator: "/").map(String.init)
        parts.removeFirst(parts.first == "api" ? 2 : 3)
        if parts.first == "namespaces", parts.count > 2, parts[2] != "status", parts[2] != "finalize" { parts.removeFirst(2) }
        return (parts[0], parts.count > 1 ? parts[1] : nil, parts.count > 2 ? parts[2] : nil)
    }
}
