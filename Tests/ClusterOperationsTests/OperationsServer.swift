import APIMachinery
import APIServer
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging
import ObjectStore
import Synchronization

@testable import ClusterOperations

/// A real API server over a store in memory, without controllers, and a client that notes what it sends.
struct OperationsServer {
    let client: KubeClient
    let recorder: Recorder

    static func with(_ body: (OperationsServer) async throws -> Void) async throws {
        let root = FileSystem.isDirectory("/dev/shm") ? "/dev/shm" : "/tmp"
        let directory = "\(root)/kdash-ops-\(SecureRandom.hex(8))"
        try FileSystem.makeDirectories(directory, mode: 0o700)
        defer { try? FileSystem.removeTree(directory) }  // best effort: the test has said what it had to say
        let store = try ObjectStore.open(directory: directory, time: SystemTimeSource(), options: ObjectStore.Options())
        defer { store.close() }
        let configuration = APIServerConfiguration(
            pkiDirectory: "\(directory)/pki", clusterID: "0badcafe", schemas: builtinSchemas, time: SystemTimeSource(),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let server = APIServer(configuration: configuration, store: store, nodes: NodeDirectory())
        try await server.bootstrap()
        let recorder = Recorder(InProcessTransport(pipeline: server, user: UserInfo(name: "tester", groups: ["system:masters", "system:authenticated"])))
        do {
            try await body(OperationsServer(client: KubeClient(transport: recorder), recorder: recorder))
            await server.stop()
        } catch {
            await server.stop()
            throw error
        }
    }

    /// Creates objects from YAML documents, in namespace default unless they name one.
    func apply(_ yaml: String) async throws {
        for document in try YAML.parse(yaml) {
            let object = KubeObject(document.value)
            guard let descriptor = builtinSchemas.resource(kind: object.gvk) else { throw APIStatus.badRequest("no kind \(object.gvk)") }
            let namespace = descriptor.isNamespaced ? object.namespace ?? "default" : nil
            let created = try await client.create(descriptor.gvr, object, namespace: namespace)
            guard let status = object["status"], descriptor.subresource("status") != nil else { continue }
            var second = created
            second["status"] = status
            _ = try await client.updateStatus(descriptor.gvr, second)
        }
    }

    /// The object of a kind and name, as a target with its present uid.
    func target(_ kind: String, _ name: String, namespace: String? = "default") async throws -> ObjectTarget {
        let descriptor = builtinSchemas.resources.first { $0.kind == kind }!
        let namespace = descriptor.isNamespaced ? namespace : nil
        let object = try await client.get(descriptor.gvr, namespace: namespace, name: name)
        return ObjectTarget(descriptor.gvr, kind: kind, namespace: namespace, name: name, uid: object.uid)
    }

    func object(_ kind: String, _ name: String, namespace: String? = "default") async throws -> KubeObject {
        let target = try await target(kind, name, namespace: namespace)
        return try await client.get(target.resource, namespace: target.namespace, name: target.name)
    }
}

/// A transport that notes the writes that pass through it.
final class Recorder: KubeTransport {
    private let inner: any KubeTransport
    private let sent = Mutex<[APIRequest]>([])

    init(_ inner: any KubeTransport) { self.inner = inner }

    var writes: [APIRequest] { sent.withLock { $0.filter { $0.method != .get && $0.queryValue("dryRun") == nil } } }
    /// What was written since the last call: `PATCH /apis/apps/v1/namespaces/default/deployments/web`.
    func takeWrites() -> [String] {
        sent.withLock { sent in
            defer { sent = [] }
            return sent.filter { $0.method != .get && $0.queryValue("dryRun") == nil }.map { "\($0.method.rawValue) \($0.path)" }
        }
    }

    var serverDescription: String { inner.serverDescription }
    func send(_ request: APIRequest) async throws(APIStatus) -> APIResponse {
        sent.withLock { $0.append(request) }
        return try await inner.send(request)
    }
    func stream(_ request: APIRequest) async throws(APIStatus) -> any ByteSource { try await inner.stream(request) }
    func connect(_ request: APIRequest) async throws(APIStatus) -> any StreamSession { try await inner.connect(request) }
}

/// Manifests that many tests use.
enum Manifest {
    static func deployment(_ name: String = "web", replicas: Int = 2, image: String = "demo:1") -> String {
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: \(name)}
        spec:
          replicas: \(replicas)
          selector: {matchLabels: {app: \(name)}}
          template:
            metadata: {labels: {app: \(name)}}
            spec: {containers: [{name: app, image: "\(image)"}]}
        """
    }

    static func pod(_ name: String, labels: String = "{}", node: String? = nil, owner: String = "", extra: String = "") -> String {
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: \(name), labels: \(labels)\(owner.isEmpty ? "" : ", ownerReferences: [\(owner)]")}
        spec:
          \(node.map { "nodeName: \($0)" } ?? "restartPolicy: Always")
          containers: [{name: app, image: "demo:1"}]
          \(extra)
        """
    }
}
