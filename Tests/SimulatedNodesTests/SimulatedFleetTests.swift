import APIMachinery
import APIServer
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging
import ObjectStore
import Synchronization
import TestSupport
import Testing

@testable import SimulatedNodes

@Suite(.timeLimit(.minutes(5))) struct SimulatedFleetTests {
    /// A fleet at a real API server over a store in memory, and what it writes.
    private struct Bench: Sendable {
        let fleet: SimulatedFleet
        let client: KubeClient
        let writes: CountingTransport
        let time: ManualTimeSource

        func node(_ name: String) async -> Node? {
            do throws(APIStatus) { return Node(try await client.get(Node.resource, namespace: nil, name: name)) } catch { return nil }
        }

        func pod(_ name: String) async -> Pod? {
            do throws(APIStatus) { return Pod(try await client.get(Pod.resource, namespace: "default", name: name)) } catch { return nil }
        }

        func make(_ name: String, on node: String, owner: JSONValue? = nil) async throws {
            var object = KubeObject(Pod.kind, name: name, namespace: "default")
            object["metadata", "ownerReferences"] = owner.map { [$0] }
            object["spec"] = ["nodeName": .string(node), "containers": [["name": "a", "image": "i"]]]
            _ = try await client.create(Pod.resource, object)
        }
    }

    private func with(_ count: Int, _ body: @Sendable @escaping (Bench) async throws -> Void) async throws {
        let directory = "\(FileSystem.isDirectory("/dev/shm") ? "/dev/shm" : "/tmp")/kdash-fleet-\(SecureRandom.hex(8))"
        try FileSystem.makeDirectories(directory, mode: 0o700)
        defer { try? FileSystem.removeTree(directory) }  // best effort: the test has said what it had to say
        let store = try ObjectStore.open(directory: directory, time: SystemTimeSource(), options: ObjectStore.Options())
        defer { store.close() }
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let server = APIServer(
            configuration: APIServerConfiguration(
                pkiDirectory: "\(directory)/pki", clusterID: "0badcafe", schemas: builtinSchemas, time: SystemTimeSource(), logger: logger),
            store: store, nodes: NodeDirectory())
        try await server.bootstrap()
        let transport = InProcessTransport(pipeline: server, user: .loopback)
        let (writes, time) = (CountingTransport(transport), ManualTimeSource())
        let informers = SharedInformers(client: KubeClient(transport: transport), time: SystemTimeSource())
        let fleet = SimulatedFleet(client: KubeClient(transport: writes), informers: informers, count: count, time: time, logger: logger)
        let bench = Bench(fleet: fleet, client: KubeClient(transport: transport), writes: writes, time: time)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await informers.run() }
            group.addTask { await fleet.run() }
            do {
                try await body(bench)
            } catch {
                group.cancelAll()
                await server.stop()
                throw error
            }
            group.cancelAll()
        }
        await server.stop()
    }

    @Test func `nodes come as many as are wanted, ready, in zones and tainted`() async throws {
        try await with(4) { bench in
            try await eventually("the last node is there") { await bench.node("sim-0004")?.isReady == true }
            #expect(await comesTrue { bench.fleet.summary == .init(wanted: 4, nodes: 4, pods: 0) })
            let node = try #require(await bench.node("sim-0002"))
            #expect(node.labels["topology.kubernetes.io/zone"] == "sim-b" && node.labels["kubernetes.io/hostname"] == "sim-0002")
            #expect(node.spec.taints.map(\.key) == ["kdash.dev/simulated"] && node.spec.podCIDR == "241.0.2.0/24")
            #expect(await bench.node("sim-0005") == nil)
        }
    }

    @Test func `pods run, those of Jobs succeed, and what is deleted goes`() async throws {
        try await with(1) { bench in
            for name in ["a", "b"] { try await bench.make(name, on: "sim-0001") }
            try await bench.make("elsewhere", on: "sim-0002")
            let owner: JSONValue = ["apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "j", "controller": true]
            try await bench.make("j", on: "sim-0001", owner: owner)
            try await eventually("a runs") { await bench.pod("a")?.isReady == true }
            try await eventually("b runs") { await bench.pod("b")?.isReady == true }
            let addresses = [await bench.pod("a")?.status.podIP ?? "", await bench.pod("b")?.status.podIP ?? ""]
            #expect(Set(addresses).count == 2 && addresses.allSatisfy { $0.hasPrefix("241.0.1.") })
            try await eventually("the Job's pod succeeds") { await bench.pod("j")?.status.phase == "Succeeded" }
            #expect(await bench.pod("elsewhere")?.status.phase == "Pending")
            try await bench.client.delete(Pod.resource, namespace: "default", name: "a")
            try await eventually("a is gone") { await bench.pod("a") == nil }
            #expect(await comesTrue { bench.fleet.summary.pods == 2 })
        }
    }

    @Test func `nodes come and go by number, and a pod that waited on one is taken in`() async throws {
        try await with(0) { bench in
            try await bench.make("early", on: "sim-0003")
            try bench.fleet.resize(to: 3)
            try await eventually("the waiting pod runs") { await bench.pod("early")?.status.phase == "Running" }
            try bench.fleet.resize(to: 1)
            try await eventually("the third node is gone") { await bench.node("sim-0003") == nil }
            #expect(await comesTrue { bench.fleet.summary.nodes == 1 })
            #expect(await bench.node("sim-0001") != nil && bench.fleet.connection(named: "sim-0003") == nil)
            try bench.fleet.resize(to: 0)
            try await eventually("the first node is gone") { await bench.node("sim-0001") == nil }
        }
    }

    @Test func `a node that somebody removes comes back, and a marked one that nobody wants goes`() async throws {
        try await with(1) { bench in
            #expect(await comesTrue { bench.fleet.summary.nodes == 1 })
            let first = try #require(await bench.node("sim-0001"))
            try await bench.client.delete(Node.resource, namespace: nil, name: "sim-0001")
            try await eventually("another node is there") { await bench.node("sim-0001").map { $0.uid != first.uid } ?? false }
            var late = KubeObject(Node.kind, name: "sim-0009")
            late.labels = [SimulatedNode.mark: "true"]
            _ = try await bench.client.create(Node.resource, late)
            try await eventually("the node too many is gone") { await bench.node("sim-0009") == nil }
            #expect(await comesTrue { bench.fleet.summary.nodes == 1 })
        }
    }

    @Test func `somebody's node of that name stays what it is, until it goes`() async throws {
        try await with(0) { bench in
            _ = try await bench.client.create(Node.resource, KubeObject(Node.kind, name: "sim-0002"))
            try await bench.make("theirs", on: "sim-0002")
            try bench.fleet.resize(to: 3)
            #expect(await comesTrue { bench.fleet.summary == .init(wanted: 3, nodes: 2, pods: 0, inTheWay: ["sim-0002"]) })
            // Taken in after theirs, which would run by then.
            try await bench.make("ours", on: "sim-0003")
            try await eventually("our pod runs") { await bench.pod("ours")?.status.phase == "Running" }
            #expect(await bench.pod("theirs")?.status.phase == "Pending" && bench.fleet.connection(named: "sim-0002") == nil)
            #expect(await bench.node("sim-0002")?.labels[SimulatedNode.mark] == nil)
            try await bench.client.delete(Node.resource, namespace: nil, name: "sim-0002")
            try await eventually("a simulated node takes its place") { await bench.node("sim-0002")?.labels[SimulatedNode.mark] == "true" }
            try await eventually("the pod that waited there runs") { await bench.pod("theirs")?.status.phase == "Running" }
        }
    }

    @Test func `a full node refuses pods as a node does, and has room again when one ends`() async throws {
        try await with(1) { bench in
            for number in 1...SimulatedNode.podCapacity { try await bench.make("p\(number)", on: "sim-0001") }
            for number in 1...SimulatedNode.podCapacity {
                try await eventually("p\(number) runs") { await bench.pod("p\(number)")?.status.phase == "Running" }
            }
            try await bench.make("late", on: "sim-0001")
            try await eventually("it is refused") { await bench.pod("late")?.status.phase == "Failed" }
            let status = try #require(await bench.pod("late")).object["status"]
            #expect(status?["reason"] == "OutOfpods")
            #expect(
                status?["message"] == "Pod was rejected: Node didn't have enough resource: pods, requested: 1, used: 110, capacity: 110")
            try await bench.client.delete(Pod.resource, namespace: "default", name: "p7")
            try await eventually("p7 is gone") { await bench.pod("p7") == nil }
            #expect(await comesTrue { bench.fleet.summary.pods == SimulatedNode.podCapacity })
            try await bench.make("next", on: "sim-0001")
            try await eventually("the next one runs") { await bench.pod("next")?.status.phase == "Running" }
        }
    }

    @Test(arguments: [-1, 5001]) func `a number that cannot be is refused`(count: Int) async throws {
        try await with(0) { bench in
            #expect(throws: APIStatus.badRequest("\(count) simulated nodes: there can be 0 to 5000")) { try bench.fleet.resize(to: count) }
        }
    }

    @Test func `at rest only leases are renewed, every ten minutes`() async throws {
        try await with(3) { bench in
            try await eventually("all have come") { await bench.node("sim-0003")?.isReady == true }
            #expect(await comesTrue { bench.time.sleeperCount > 0 })
            let before = bench.writes.count
            bench.time.advance(by: .seconds(599))
            #expect(bench.writes.count == before)
            // In steps: who goes to sleep after the clock was moved wakes later.
            #expect(
                await comesTrue {
                    bench.time.advance(by: .milliseconds(100))
                    return bench.writes.count >= before + 3
                })
            #expect(bench.writes.count == before + 3)
        }
    }

    @Test func `a simulated node says that there is nothing to be had from it`() async throws {
        try await with(1) { bench in
            #expect(await comesTrue { bench.fleet.connection(named: "sim-0001") != nil })
            let connection = try #require(bench.fleet.connection(named: "sim-0001"))
            do throws(APIStatus) {
                _ = try await connection.portForward(podUID: "u", port: 80)
                Issue.record("a pretended pod listens")
            } catch {
                #expect(
                    error.code == 400
                        && error.message == "node \"sim-0001\" is simulated: its pods are only pretended, so that there is nothing that listens on port 80")
            }
            #expect(bench.fleet.connection(named: "kdash") == nil)
            try await bench.make("p", on: "sim-0001")
            let (pretended, other) = (
                ContainerTarget(namespace: "default", pod: "p", container: "a"), ContainerTarget(namespace: "default", pod: "q", container: "a")
            )
            #expect(await comesTrue { bench.fleet.refusal(pretended)?.message.contains("is simulated") == true })
            #expect(bench.fleet.refusal(other) == nil)
        }
    }
}

/// Counts the writes that pass.
final class CountingTransport: KubeTransport {
    private let inner: any KubeTransport
    private let writes = Mutex(0)

    init(_ inner: any KubeTransport) { self.inner = inner }

    var count: Int { writes.withLock { $0 } }
    var serverDescription: String { inner.serverDescription }

    func send(_ request: APIRequest) async throws(APIStatus) -> APIResponse {
        if request.method != .get { writes.withLock { $0 += 1 } }
        return try await inner.send(request)
    }

    func stream(_ request: APIRequest) async throws(APIStatus) -> any ByteSource { try await inner.stream(request) }
    func connect(_ request: APIRequest) async throws(APIStatus) -> any StreamSession { try await inner.connect(request) }
}
