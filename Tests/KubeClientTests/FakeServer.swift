import APIMachinery
import JSONCore
import KubeClient
import Synchronization

/// A pipeline that answers as a test says, and remembers what arrived.
final class FakeServer: RequestPipeline {
    let requests = Mutex<[APIRequest]>([])
    let users = Mutex<[UserInfo]>([])
    let sessions = Mutex<[APIRequest]>([])
    private let answer: @Sendable (APIRequest) -> APIResponse

    init(_ answer: @escaping @Sendable (APIRequest) -> APIResponse = { _ in .json([:]) }) {
        self.answer = answer
    }

    func handle(_ request: APIRequest, as user: UserInfo, reply: @escaping @Sendable (APIResponse) -> Void) {
        requests.withLock { $0.append(request) }
        users.withLock { $0.append(user) }
        reply(answer(request))
    }

    func connect(_ request: APIRequest, as user: UserInfo) async throws(APIStatus) -> any StreamSession {
        sessions.withLock { $0.append(request) }
        throw APIStatus.badRequest("no sessions here")
    }

    func client(gate: ContextGate = .open) -> KubeClient {
        KubeClient(transport: InProcessTransport(pipeline: self, user: .loopback), gate: gate)
    }
}

extension APIResponse {
    static func json(_ value: JSONValue, status: Int = 200) -> APIResponse {
        APIResponse(status: status, body: .bytes(JSON.encode(value)))
    }

    static func failure(_ status: APIStatus) -> APIResponse {
        .json(status.value, status: status.code)
    }

    static func lines(_ channel: ByteChannel) -> APIResponse {
        APIResponse(body: .stream(channel))
    }
}

let podResource = GroupVersionResource(group: "", version: "v1", resource: "pods")

func pod(_ name: String, revision: Int, uid: String? = nil, node: String = "") -> JSONValue {
    [
        "apiVersion": "v1", "kind": "Pod",
        "metadata": [
            "namespace": "default", "name": .string(name), "uid": .string(uid ?? "uid-\(name)"),
            "resourceVersion": .string(String(revision)),
        ],
        "spec": ["nodeName": .string(node)],
    ]
}

func podList(_ items: [JSONValue], revision: Int, next: String? = nil) -> JSONValue {
    var list: JSONValue = [
        "apiVersion": "v1", "kind": "PodList", "metadata": ["resourceVersion": .string(String(revision))], "items": .array(items),
    ]
    if let next { list["metadata", "continue"] = .string(next) }
    return list
}

func line(_ type: String, _ object: JSONValue) -> [UInt8] {
    JSON.encode(["type": .string(type), "object": object]) + [0x0A]
}
