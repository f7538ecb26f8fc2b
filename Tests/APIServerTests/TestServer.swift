import APIMachinery
import Glibc
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging
import ObjectStore

@testable import APIServer

/// An API server over a store in memory, called as in-process clients call it; everything is gone at the end.
struct TestServer {
    let directory: String
    let server: APIServer
    let store: ObjectStore
    let nodes: NodeDirectory

    static let user = UserInfo(name: "tester", groups: ["system:masters", "system:authenticated"])

    static func with<Result>(
        time: any TimeSource = SystemTimeSource(), bookmarkInterval: Duration = .seconds(60), extensions: [any ExtensionEndpoint] = [],
        auditLog: String? = nil, admission: [any AdmissionStep] = [], revisionPatience: Duration = .milliseconds(20), dnsAddress: String? = nil,
        logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
        _ body: (TestServer) async throws -> Result
    ) async throws -> Result {
        let root = FileSystem.isDirectory("/dev/shm") ? "/dev/shm" : "/tmp"
        let directory = "\(root)/kdash-api-\(SecureRandom.hex(8))"
        try FileSystem.makeDirectories(directory, mode: 0o700)
        defer { try? FileSystem.removeTree(directory) }  // best effort: the test has said what it had to say
        let store = try ObjectStore.open(directory: directory, time: time, options: ObjectStore.Options())
        defer { store.close() }
        var configuration = APIServerConfiguration(
            pkiDirectory: "\(directory)/pki", clusterID: "0badcafe", schemas: builtinSchemas, time: time, logger: logger)
        configuration.bookmarkInterval = bookmarkInterval
        configuration.auditLog = auditLog
        configuration.admissionSteps = admission
        configuration.dnsAddress = dnsAddress
        configuration.revisionPatience = revisionPatience
        let nodes = NodeDirectory()
        let server = APIServer(configuration: configuration, store: store, nodes: nodes, extensions: extensions)
        try await server.bootstrap()
        let fixture = TestServer(directory: directory, server: server, store: store, nodes: nodes)
        do {
            let result = try await body(fixture)
            await server.stop()
            return result
        } catch {
            await server.stop()
            throw error
        }
    }

    /// What came back.
    struct Answer {
        let status: Int
        let value: JSONValue
        let response: APIResponse

        var message: String { value["message"]?.stringValue ?? "" }
        var reason: String { value["reason"]?.stringValue ?? "" }
        var object: KubeObject { KubeObject(value) }
        var warnings: [String] { response.headers.filter { $0.0 == "warning" }.map(\.1) }
    }

    /// Sends a request with a JSON body given as text.
    func call(
        _ method: APIRequest.Method, _ target: String, _ body: String = "", type: String? = nil, accept: String? = nil,
        as user: UserInfo = TestServer.user, headers: [(String, String)] = []
    ) async throws -> Answer {
        let response = await raw(request(method, target, body, type: type, accept: accept, headers: headers), as: user)
        var bytes: [UInt8] = []
        switch response.body {
        case .bytes(let all): bytes = all
        case .stream(let source): bytes = try await source.collect()
        }
        let value = bytes.isEmpty ? .null : (try? JSON.parse(bytes)) ?? .string(String(decoding: bytes, as: UTF8.self))
        return Answer(status: response.status, value: value, response: response)
    }

    func request(
        _ method: APIRequest.Method, _ target: String, _ body: String = "", type: String? = nil, accept: String? = nil,
        headers: [(String, String)] = []
    ) -> APIRequest {
        let parts = target.split(separator: "?", maxSplits: 1)
        return APIRequest(
            method, path: String(parts[0]), query: parts.count > 1 ? QueryItem.parse(parts[1]) ?? [] : [],
            contentType: type ?? (body.isEmpty ? nil : "application/json"), accept: accept, body: Array(body.utf8), headers: headers)
    }

    func raw(_ request: APIRequest, as user: UserInfo = TestServer.user) async -> APIResponse {
        await withCheckedContinuation { continuation in
            server.handle(request, as: user) { continuation.resume(returning: $0) }
        }
    }

    /// Opens a watch.
    func watch(_ target: String, accept: String? = nil, as user: UserInfo = TestServer.user) async throws -> TestWatch {
        let response = await raw(request(.get, target, "", accept: accept), as: user)
        switch response.body {
        case .stream(let source): return TestWatch(source: source)
        case .bytes(let bytes): throw APIResponse.failure(status: response.status, body: bytes)
        }
    }

    static func configMap(_ name: String, labels: String = "{}", data: String = "{\"k\":\"v\"}") -> String {
        "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"\(name)\",\"labels\":\(labels)},\"data\":\(data)}"
    }

    static func pod(_ name: String, spec: String = "\"containers\":[{\"name\":\"c\",\"image\":\"busybox\"}]") -> String {
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"\(name)\"},\"spec\":{\(spec)}}"
    }

    static func deployment(_ name: String, replicas: Int = 2) -> String {
        """
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"\(name)"},"spec":{"replicas":\(replicas),
        "selector":{"matchLabels":{"app":"\(name)"}},"template":{"metadata":{"labels":{"app":"\(name)"}},
        "spec":{"containers":[{"name":"c","image":"nginx:1.25"}]}}}}
        """
    }
}

/// The lines of a watch, one by one.
final class TestWatch {
    private let source: any ByteSource
    private var buffer: [UInt8] = []

    init(source: any ByteSource) { self.source = source }

    /// The next event as type and object; nil at the end.
    func next() async throws -> (type: String, object: KubeObject)? {
        while true {
            if let newline = buffer.firstIndex(of: 10) {
                let value = try JSON.parse(Array(buffer[..<newline]))
                buffer.removeFirst(newline + 1)
                return (value["type"]?.stringValue ?? "", KubeObject(value["object"] ?? .null))
            }
            guard let bytes = try await source.next() else { return nil }
            buffer += bytes
        }
    }

    func cancel() { source.cancel() }
}

let configMaps = "/api/v1/namespaces/default/configmaps"
let pods = "/api/v1/namespaces/default/pods"
let deployments = "/apis/apps/v1/namespaces/default/deployments"
