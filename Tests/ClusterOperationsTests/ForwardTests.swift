import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Synchronization
import TestSupport
import Testing

@testable import ClusterOperations

/// A session whose two ends a test holds.
private final class FakeSession: StreamSession {
    let arriving = ByteChannel()
    let written = Mutex<[UInt8]>([])
    let end = Mutex<APIStatus>(APIStatus(code: 200, reason: nil, message: "", isFailure: false))
    let isCancelled = Atomic<Bool>(false)
    let isInputClosed = Atomic<Bool>(false)
    let tellsInputEnd: Bool
    init(tellsInputEnd: Bool = true) { self.tellsInputEnd = tellsInputEnd }

    var output: any ByteSource { arriving }
    var errorOutput: (any ByteSource)? { nil }
    func write(_ bytes: [UInt8]) async throws(APIStatus) { written.withLock { $0 += bytes } }
    func closeInput() async { isInputClosed.store(true, ordering: .relaxed) }
    func resize(columns: Int, rows: Int) {}
    func result() async -> APIStatus { end.withLock(\.self) }
    func cancel() {
        isCancelled.store(true, ordering: .relaxed)
        arriving.finish()
    }
    var isEnded: Bool { isCancelled.load(ordering: .relaxed) }
    var text: String { written.withLock { String(decoding: $0, as: UTF8.self) } }
}

/// Answers port-forward sessions with a session of its own and notes where they went; everything else goes on.
private final class ForwardingTransport: KubeTransport {
    let inner: any KubeTransport
    let opened = Mutex<[(path: String, ports: [String], session: FakeSession)]>([])
    let tellsInputEnd: Bool
    init(_ inner: any KubeTransport, tellsInputEnd: Bool = true) { (self.inner, self.tellsInputEnd) = (inner, tellsInputEnd) }
    var serverDescription: String { inner.serverDescription }
    func send(_ request: APIRequest) async throws(APIStatus) -> APIResponse { try await inner.send(request) }
    func stream(_ request: APIRequest) async throws(APIStatus) -> any ByteSource { try await inner.stream(request) }
    func connect(_ request: APIRequest) async throws(APIStatus) -> any StreamSession {
        let session = FakeSession(tellsInputEnd: tellsInputEnd)
        opened.withLock { $0.append((request.path, request.queryValues("ports"), session)) }
        return session
    }
    var paths: [String] { opened.withLock { $0.map { "\($0.path.split(separator: "/").dropLast().last ?? ""):\($0.ports.joined())" } } }
}

@Suite struct ForwardTests {
    private func pod(_ name: String, isReady: Bool, _ server: OperationsServer) async throws {
        try await server.apply(
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: \(name), labels: {app: web}}
            spec: {containers: [{name: a, image: i, ports: [{name: http, containerPort: 8080}]}]}
            """)
        var object = try await server.object("Pod", name)
        object["status"] = ["phase": "Running", "conditions": [["type": "Ready", "status": isReady ? "True" : "False"]]]
        _ = try await server.client.updateStatus(Pod.resource, object)
    }

    private static let service = """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{name: front, port: 80, targetPort: http}, {name: dns, port: 53, protocol: UDP}]}}
        """

    /// Runs a forward until the body is done; the body gets the ends of its listener.
    private func forwarding(
        _ target: ForwardTarget, _ transport: ForwardingTransport, isThere: Flag = Flag(true), time: any TimeSource = SystemTimeSource(),
        _ body: (PortForward, AsyncStream<any StreamSession>.Continuation) async throws -> Void
    ) async throws {
        let client = KubeClient(transport: transport)
        let (connections, arriving) = AsyncStream.makeStream(of: (any StreamSession).self)
        let isClosed = Flag(false)
        let listener = LocalListener(port: 8080, connections: connections) { isClosed.set(true) }
        let forward = PortForward(target, listener, time: time) { isThere.isSet ? client : nil }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await forward.run() }
            try await body(forward, arriving)
            group.cancelAll()
        }
        #expect(isClosed.isSet, "the port is given back")
    }

    @Test func `every connection goes to a pod that is ready then, by the port's name`() async throws {
        try await OperationsServer.with { server in
            try await server.apply(Self.service)
            try await pod("web-1", isReady: true, server)
            try await pod("web-2", isReady: false, server)
            let target = try await server.target("Service", "web")
            #expect(ForwardTarget.ports(try await target.read(server.client), target.groupKind) == [ForwardTarget.Port(number: 80, name: "front")])
            let transport = ForwardingTransport(server.recorder)
            try await forwarding(ForwardTarget(.object(target), port: 80), transport) { forward, arriving in
                let first = FakeSession()
                arriving.yield(first)
                try await eventually("it is opened") { transport.paths == ["web-1:8080"] }
                let remote = transport.opened.withLock { $0[0].session }
                first.arriving.send(Array("GET /".utf8))
                remote.arriving.send(Array("200 OK!".utf8))
                try await eventually("both ways are copied") { remote.text == "GET /" && first.text == "200 OK!" }
                #expect(forward.traffic.sent == 5 && forward.traffic.received == 7 && forward.traffic.pod == "web-1" && forward.traffic.open == 1)
                remote.arriving.finish()
                try await eventually("the other side is ended") { first.isEnded && forward.traffic.open == 0 }

                // The pod goes: a connection waits until another one is ready.
                try await server.client.delete(Pod.resource, namespace: "default", name: "web-1", DeleteOptions(gracePeriodSeconds: 0))
                let patient = FakeSession()
                arriving.yield(patient)
                try await eventually("it waits and says so") {
                    forward.traffic.waiting == 1 && forward.traffic.lastError == "no pod of service default/web is ready"
                }
                #expect(!patient.isEnded)
                try await self.pod("web-3", isReady: true, server)
                try await eventually("it goes to the new pod") {
                    transport.paths.last == "web-3:8080" && forward.traffic.lastError == nil && forward.traffic.waiting == 0
                }
            }
        }
    }

    @Test(arguments: [true, false])
    func `a program that has sent everything gets its answer, and one that has gone holds nothing`(isTold: Bool) async throws {
        try await OperationsServer.with { server in
            try await pod("web-1", isReady: true, server)
            let transport = ForwardingTransport(server.recorder, tellsInputEnd: isTold)
            let time = ManualTimeSource(at: Timestamp(seconds: 1_000_000))
            let patience = isTold ? PortForward.quietPatience.told : PortForward.quietPatience.untold
            try await forwarding(ForwardTarget(.pods(namespace: "default", selector: "app=web"), port: 8080), transport, time: time) { forward, arriving in
                let local = FakeSession()
                local.arriving.send(Array("sort this".utf8))
                local.arriving.finish()
                arriving.yield(local)
                try await eventually("the pod is told of the end") {
                    transport.opened.withLock { $0.first?.session.isInputClosed.load(ordering: .relaxed) } == true && time.sleeperCount == 1
                }
                let remote = transport.opened.withLock { $0[0].session }
                #expect(remote.text == "sort this" && !remote.isEnded && !local.isEnded)
                remote.arriving.send(Array("sorted".utf8))
                try await eventually("the answer comes") { local.text == "sorted" }
                time.advance(by: patience)
                try await eventually("something came meanwhile") { time.sleeperCount == 1 }
                #expect(!remote.isEnded)
                time.advance(by: patience)
                try await eventually("nothing came for long") { remote.isEnded && local.isEnded && forward.traffic.open == 0 }

                let second = FakeSession()
                second.arriving.finish()
                arriving.yield(second)
                try await eventually("it is open") { transport.opened.withLock { $0.count } == 2 && time.sleeperCount == 1 }
                transport.opened.withLock { $0[1].session }.arriving.finish()
                try await eventually("a pod that is through ends the whole at once") { second.isEnded && forward.traffic.open == 0 }
            }
        }
    }

    @Test func `a connection waits for a server that is started again`() async throws {
        try await OperationsServer.with { server in
            try await pod("web-1", isReady: true, server)
            let transport = ForwardingTransport(server.recorder)
            let isThere = Flag(false)
            let target = ForwardTarget(.pods(namespace: "default", selector: "app=web"), port: 8080)
            try await forwarding(target, transport, isThere: isThere) { forward, arriving in
                arriving.yield(FakeSession())
                try await eventually("it waits") { forward.traffic.waiting == 1 }
                #expect(transport.paths.isEmpty)
                isThere.set(true)
                try await eventually("it is opened") { transport.paths == ["web-1:8080"] && forward.traffic.waiting == 0 }
            }
        }
    }

    @Test func `more connections than the most are refused and said`() async throws {
        try await OperationsServer.with { server in
            let transport = ForwardingTransport(server.recorder)
            let target = ForwardTarget(.pods(namespace: "default", selector: "app=web"), port: 1)
            try await forwarding(target, transport, isThere: Flag(false)) { forward, arriving in
                for _ in 0..<PortForward.maximumOpen { arriving.yield(FakeSession()) }
                let last = FakeSession()
                arriving.yield(last)
                try await eventually("the last is refused") { last.isEnded }
                #expect(forward.traffic.open == PortForward.maximumOpen)
            }
        }
    }

    @Test func `what selects no pods says so`() async throws {
        try await OperationsServer.with { server in
            try await server.apply("{apiVersion: v1, kind: Service, metadata: {name: bare}, spec: {ports: [{port: 80}]}}")
            let target = ForwardTarget(.object(try await server.target("Service", "bare")), port: 80)
            await expectRefusal("has no selector") { _ = try await target.choose(0, server.client) }
            let gone = ForwardTarget(.object(ObjectTarget(Service.resource, kind: "Service", namespace: "default", name: "gone")), port: 80)
            await expectRefusal("not found") { _ = try await gone.choose(0, server.client) }
            let wrong = ForwardTarget(.pods(namespace: "default", selector: "app in"), port: 80)
            await #expect(throws: APIStatus.self) { _ = try await wrong.choose(0, server.client) }
        }
    }

    @Test func `a pod is forwarded to through what makes another one of it`() async throws {
        try await OperationsServer.with { server in
            let template = "selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: a, image: i}]}}"
            try await server.apply("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {\(template)}}")
            let deployment = try await server.target("Deployment", "web")
            func owner(_ kind: String, _ target: ObjectTarget) -> String {
                "ownerReferences: [{apiVersion: apps/v1, kind: \(kind), name: \(target.name), uid: \(target.uid ?? ""), controller: true}]"
            }
            try await server.apply("{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web-a, \(owner("Deployment", deployment))}, spec: {\(template)}}")
            let set = try await server.target("ReplicaSet", "web-a")
            try await server.apply(
                "{apiVersion: v1, kind: Pod, metadata: {name: web-a-1, labels: {app: web}, \(owner("ReplicaSet", set))}, spec: {containers: [{name: a, image: i}]}}"
            )
            try await pod("alone", isReady: true, server)
            let found = try await ForwardTarget.controller(of: try await server.object("Pod", "web-a-1"), server.client)
            #expect(found?.text == "deployment default/web")
            #expect(try await ForwardTarget.controller(of: try await server.object("Pod", "alone"), server.client) == nil)
        }
    }
}

private final class Flag: Sendable {
    private let value: Atomic<Bool>
    init(_ value: Bool) { self.value = Atomic(value) }
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set(_ new: Bool) { value.store(new, ordering: .relaxed) }
}
