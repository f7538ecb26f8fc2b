import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import Synchronization

/// A server with fixed lists and live watches that records bindings, status patches and deletions.
final class RecordingServer: KubeTransport {
    private struct State {
        var revision: Int64 = 1
        var lists: [String: [KubeObject]] = [:]
        var watches: [String: [ByteChannel]] = [:]
        /// All events so far: a watch begins with those since its list.
        var events: [String: [(revision: Int64, line: [UInt8])]] = [:]
        var bindings: [(pod: String, node: String)] = []
        var messages: [String] = []
        var patches: [JSONValue] = []
        var deletions: [String] = []
        var marks: [JSONValue] = []
        var refusals = 0
    }

    private let state = Mutex(State())
    var serverDescription: String { "the recording server" }

    var bindings: [String] { state.withLock { $0.bindings.map { "\($0.pod) on \($0.node)" } } }
    var messages: [String] { state.withLock { $0.messages } }

    /// The status patches in their order.
    var patches: [JSONValue] { state.withLock { $0.patches } }
    /// The names of what was deleted.
    var deletions: [String] { state.withLock { $0.deletions } }

    /// The patches of claims in their order.
    var marks: [JSONValue] { state.withLock { $0.marks } }

    /// Refuses the next bindings.
    func refuseBindings(_ count: Int) { state.withLock { $0.refusals = count } }

    /// Adds or changes an object, as another client would.
    func put(_ view: some KubeView) {
        state.withLock { store(view.object, type(of: view).resource.resource, &$0) }
    }

    private func store(_ object: KubeObject, _ collection: String, _ state: inout State) {
        state.revision += 1
        var object = object
        object.revision = state.revision
        state.lists[collection, default: []].removeAll { $0.name == object.name }
        state.lists[collection, default: []].append(object)
        let line = JSON.encode(["type": "MODIFIED", "object": object.value]) + [0x0A]
        state.events[collection, default: []].append((state.revision, line))
        for watch in state.watches[collection] ?? [] { watch.send(line) }
    }

    func send(_ request: APIRequest) async throws(APIStatus) -> APIResponse {
        let parts = request.path.split(separator: "/").map(String.init)
        let body: JSONValue
        do { body = request.body.isEmpty ? .null : try JSON.parse(request.body) } catch { throw APIStatus.badRequest("\(error)") }
        let answer = state.withLock { state -> Result<JSONValue, APIStatus> in
            if request.method == .get {
                let items = (state.lists[parts.last ?? ""] ?? []).map(\.value)
                return .success([
                    "kind": "List", "apiVersion": "v1", "metadata": ["resourceVersion": .string(String(state.revision))],
                    "items": .array(items),
                ])
            }
            if request.method == .delete { state.deletions.append(parts.last ?? "") }
            if parts.dropLast().last == "persistentvolumeclaims" { return .success(mark(parts.last ?? "", body, &state)) }
            if parts.last == "status" { state.patches.append(body) }
            if parts.last == "binding" {
                if state.refusals > 0 {
                    state.refusals -= 1
                    return .failure(APIStatus.internalError("refused by the test"))
                }
                state.bindings.append((parts[parts.count - 2], body["target", "name"]?.stringValue ?? ""))
            } else if parts.last == "status", let message = body["status", "conditions"]?[0]?["message"]?.stringValue {
                state.messages.append(message)
            }
            return .success(["kind": "Status", "apiVersion": "v1", "status": "Success"])
        }
        return APIResponse(status: 200, body: .bytes(JSON.encode(try answer.get())))
    }

    /// Annotates a claim.
    private func mark(_ name: String, _ patch: JSONValue, _ state: inout State) -> JSONValue {
        state.marks.append(patch)
        guard var claim = state.lists["persistentvolumeclaims"]?.first(where: { $0.name == name }) else { return .null }
        claim["metadata", "annotations"] = patch["metadata", "annotations"]
        store(claim, "persistentvolumeclaims", &state)
        return state.lists["persistentvolumeclaims"]?.last?.value ?? .null
    }

    func stream(_ request: APIRequest) async throws(APIStatus) -> any ByteSource {
        let channel = ByteChannel()
        let collection = request.path.split(separator: "/").last.map(String.init) ?? ""
        let from = request.queryValue("resourceVersion").flatMap { Int64($0) } ?? 0
        state.withLock { state in
            for event in state.events[collection] ?? [] where event.revision > from { channel.send(event.line) }
            state.watches[collection, default: []].append(channel)
        }
        return channel
    }

    func connect(_ request: APIRequest) async throws(APIStatus) -> any StreamSession {
        throw APIStatus.badRequest("the recording server has no sessions")
    }
}
