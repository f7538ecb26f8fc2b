import APIMachinery
import Glibc
import JSONCore
import KubeClient
import LinuxKernel
import Synchronization
import Testing

@testable import ClusterOperations
@testable import ViewModels

/// Opens no ports, and notes which were asked for.
private final class FakePorts: LocalPorts {
    let opened = Mutex<[UInt16]>([])
    let closed = Mutex<[UInt16]>([])
    let arriving = Mutex<[AsyncStream<any StreamSession>.Continuation]>([])

    func listen(_ port: UInt16) async throws(APIStatus) -> LocalListener {
        if port == 7 { throw .badRequest("port 7 of 127.0.0.1 is in use") }
        let (connections, continuation) = AsyncStream.makeStream(of: (any StreamSession).self)
        opened.withLock { $0.append(port) }
        arriving.withLock { $0.append(continuation) }
        let real = port == 0 ? 40_000 : port
        return LocalListener(port: real, connections: connections) { [weak self] in
            continuation.finish()
            self?.closed.withLock { $0.append(real) }
        }
    }
}

@MainActor @Suite struct ForwardListTests {
    private let service = ObjectBinding(context: "kdash", namespace: "default", kind: "Service", name: "web", uid: "u-web")

    private func with(_ body: (Fixture, FakePorts) async throws -> Void) async throws {
        try await Fixture.with { fixture in
            let ports = FakePorts()
            fixture.session.localPorts = ports
            fixture.server.put(
                "/api/v1/namespaces/default/services/web",
                [
                    "apiVersion": "v1", "kind": "Service", "metadata": ["name": "web", "namespace": "default", "uid": "u-web"],
                    "spec": ["selector": ["app": "web"], "ports": [["port": 80, "name": "http", "protocol": "TCP"]]],
                ])
            try await body(fixture, ports)
        }
    }

    private func words(_ fixture: Fixture) -> String { (fixture.app.detail?.lines ?? []).map { $0.map(\.text).joined() }.joined(separator: "\n") }

    /// All that the file has, whoever has it open.
    private func kept(_ fixture: Fixture) throws -> [SavedForward] {
        let value = try JSON.parse(Array(try FileSystem.readText("\(fixture.directory)/forwards.json").utf8))
        return (value["forwards"]?.arrayValue ?? []).compactMap { SavedForward($0) }
    }

    /// Answers the questions about a forward; the local port last.
    private func open(_ fixture: Fixture, local: String) async throws {
        fixture.session.perform(.forward, on: [service])
        try await fixture.until("it asks which port") { if case .palette? = fixture.app.modal { true } else { false } }
        guard case .palette(let palette)? = fixture.app.modal else { return }
        palette.accept()
        let prompt = try #require(fixture.app.prompt)
        #expect(prompt.label.contains("service default/web:80"))
        prompt.input.text = local
        prompt.submit()
    }

    @Test func `the ports of a service are offered, and the forward stands in the list until it is stopped`() async throws {
        try await with { fixture, ports in
            try await open(fixture, local: "8080")
            try await fixture.until("it is open") { fixture.app.toasts.contains { $0.text.contains("127.0.0.1:8080 leads to service default/web:80") } }
            fixture.run("forwards.list")
            #expect(words(fixture).contains("127.0.0.1:8080") && words(fixture).contains("service default/web:80"), "\(words(fixture))")
            #expect(fixture.app.detail?.selectedLink?.value == "127.0.0.1:8080")
            fixture.run("detail.stop")
            #expect(words(fixture).contains("No forward is open"))
            try await fixture.until("the port is given back") { ports.closed.withLock { $0 == [8080] } }
        }
    }

    @Test func `a forward that was stopped begins again, and one of the session before when it is asked for`() async throws {
        try await with { fixture, ports in
            try await open(fixture, local: "8080")
            try await fixture.until("it is open") { fixture.session.operations.forwards.count == 1 }
            let file = "\(fixture.directory)/forwards.json"
            try await fixture.until("it is kept") { FileSystem.exists(file) }
            #expect(try FileSystem.status(file)?.st_mode == S_IFREG | 0o600)
            let saved = try #require(try kept(fixture).first)
            #expect(saved.port == 8080 && saved.target.text == "service default/web:80" && saved.context == "kdash")
            fixture.run("forwards.list")
            fixture.run("detail.stop")
            #expect(words(fixture).contains("Stopped"))
            try await fixture.until("it is not kept") { (try? kept(fixture).isEmpty) == true }
            fixture.run("forwards.beginAgain")
            try await fixture.until("it is open again") { fixture.session.operations.forwards.map(\.forward.port) == [8080] }
            // Open ones begin anew at their port.
            try await fixture.until("the list says so") { !words(fixture).contains("Stopped") }
            fixture.run("forwards.beginAgain")
            try await fixture.until("it is open anew") { ports.opened.withLock { $0 == [8080, 8080, 8080] } && fixture.session.operations.forwards.count == 1 }
            try await fixture.until("it is listed") { !words(fixture).contains("No forward is open") }

            // Another kdash finds it, and one of a context that is not open.
            var other = saved
            other.context = "prod"
            try await fixture.until("all is written") { !fixture.session.operations.forwardsFile(fixture.directory).isBehind }
            fixture.session.operations.forwards[0].stop()
            try FileSystem.writeAtomically(file, JSON.encode(["forwards": [saved.value, other.value]]), mode: 0o600)
            fixture.session.operations.forwards = []
            fixture.session.operations.stoppedForwards = []
            fixture.session.operations.leftForwards = nil
            fixture.run("forwards.list")
            try await fixture.until("they are read") { words(fixture).contains("Of the session before") }
            #expect(fixture.session.operations.forwards.isEmpty)
            fixture.run("forwards.beginAll")
            try await fixture.until("it is open") { fixture.session.operations.forwards.count == 1 }
            #expect(fixture.app.toasts.contains { $0.text.contains("open context prod first") })
            #expect(fixture.session.operations.leftForwards == [other])
            try await fixture.until("both are kept") { (try? kept(fixture).count) == 2 }
        }
    }

    @Test func `what is older is never written over what is newer, and a quit leaves nothing unwritten`() async throws {
        try await with { fixture, _ in
            try await open(fixture, local: "8080")
            try await fixture.until("it is open") { fixture.session.operations.forwards.count == 1 }
            fixture.session.prepareToQuit()
            #expect(try kept(fixture).map(\.port) == [8080])
        }
    }

    @Test func `what is no forward is not read`() {
        for value in [[:], ["port": 0, "remotePort": 1, "context": "a", "namespace": "b", "selector": "c"], ["port": 70000, "remotePort": 1, "context": "a"]]
            as [JSONValue]
        {
            #expect(SavedForward(value) == nil)
        }
        let pods = SavedForward(port: 1, target: ForwardTarget(.pods(namespace: "n", selector: "a=b"), port: 2), context: "c")
        #expect(SavedForward(pods.value) == pods)
    }

    @Test func `a forward outlives the text that lists it and the way into another context`() async throws {
        try await with { fixture, ports in
            try await open(fixture, local: "0")
            try await fixture.until("it is open") { fixture.session.operations.forwards.count == 1 }
            fixture.session.contexts = ["kdash", "other"]
            fixture.session.connectTo = { _ in throw ConnectionFailure(reason: "away", remedy: "") }
            fixture.session.use(context: "other")
            #expect(fixture.session.operations.forwards.map(\.context) == ["kdash"] && ports.closed.withLock(\.isEmpty))
            fixture.run("forwards.list")
            #expect(words(fixture).contains("127.0.0.1:40000"))
        }
    }

    @Test(arguments: [("7", "port 7 of 127.0.0.1 is in use"), ("web", "\"web\" is not a port"), ("70000", "\"70000\" is not a port"), ("-1", "is not a port")])
    func `a port that cannot be had is said`(text: String, message: String) async throws {
        try await with { fixture, _ in
            try await open(fixture, local: text)
            try await fixture.until("it is said") { fixture.app.toasts.contains { $0.text.contains(message) } }
            #expect(fixture.session.operations.forwards.isEmpty)
            #expect(UInt16(text) != nil || fixture.app.prompt?.input.text == text, "what is no port can be corrected")
        }
    }

    @Test func `connections that wait and fail are told`() {
        var traffic = PortForward.Traffic()
        (traffic.open, traffic.total, traffic.waiting, traffic.lastError) = (2, 9, 1, "no pod of service default/web is ready")
        (traffic.sent, traffic.received, traffic.pod) = (1536, 20 << 20, "web-1")
        let text = ForwardText.list([ShownForward(port: 8080, target: "service default/web:80", context: "kdash", traffic: traffic)])
        let words = text.lines.map { $0.map(\.text).joined() }.joined(separator: "\n")
        for part in ["waiting", "1.5 KiB", "20 MiB", "web-1", "127.0.0.1:8080: no pod of service default/web is ready"] {
            #expect(words.contains(part), "\(words)")
        }
    }
}
