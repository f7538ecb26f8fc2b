import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Synchronization
import Testing

@testable import APIServer

/// A node whose use a test sets.
final class MeteredNode: NodeConnection {
    private let state: Mutex<NodeStats>
    private let count = Mutex(0)

    init(_ stats: NodeStats) { state = Mutex(stats) }

    var stats: NodeStats {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
    /// How often it was asked.
    var samples: Int { count.withLock { $0 } }

    func stats() async -> NodeStats {
        count.withLock { $0 += 1 }
        return stats
    }

    func logs(_ request: LogRequest) async throws(APIStatus) -> any ByteSource { throw .internalError("not here") }
    func exec(_ request: ExecRequest) async throws(APIStatus) -> any StreamSession { throw .internalError("not here") }
    func attach(_ request: ExecRequest) async throws(APIStatus) -> any StreamSession { throw .internalError("not here") }
    func portForward(podUID: String, port: UInt16) async throws(APIStatus) -> any StreamSession { throw .internalError("not here") }
    func keptLogs() async -> [KeptLog] { [] }
    func logInstances(_ request: LogRequest) async -> [LogInstance] { [] }
}

struct ResourceMetricsTests {
    private static func stats(node: Int64, containers: [(String, Int64)], uid: String = "u1", isMeasured: Bool = true) -> NodeStats {
        func sample(_ cpu: Int64) -> UsageSample {
            UsageSample(cpuNanoseconds: cpu, workingSet: .mebibytes(8), isMeasured: isMeasured)
        }
        let pod = PodStats(
            namespace: "default", name: "p", uid: uid, usage: sample(0),
            containers: containers.map { ContainerStats(name: $0.0, usage: sample($0.1)) })
        return NodeStats(node: "n1", sampledAt: Timestamp(seconds: 1_767_225_600), usage: sample(node), pods: [pod])
    }

    private static func window(_ time: ManualTimeSource, _ meter: UsageMeter, _ nodes: NodeDirectory, asleep: Int = 1) async throws -> UsageWindow {
        async let found = meter.windows(nodes, time)
        await time.waitForSleepers(asleep)
        time.advance(by: .seconds(1))
        return try #require(await found["n1"])
    }

    @Test func `who asks first waits for a second sample, who asks again gets what came since`() async throws {
        let (time, meter, nodes) = (ManualTimeSource(), UsageMeter(), NodeDirectory())
        let node = MeteredNode(Self.stats(node: 1_000_000_000, containers: [("a", 500)]))
        nodes.register("n1", node)
        let first = try await Self.window(time, meter, nodes)
        #expect(first.length == .seconds(1) && first.node == 0 && node.samples == 2)
        // At once again: the same answer, and the node is left alone.
        #expect(await meter.windows(nodes, time)["n1"]?.length == .seconds(1))
        #expect(node.samples == 2)
        time.advance(by: .seconds(10))
        node.stats = Self.stats(node: 6_000_000_000, containers: [("a", 500)])
        let second = try #require(await meter.windows(nodes, time)["n1"])
        #expect(second.length == .seconds(10) && second.node == 500_000_000 && node.samples == 3)
        // What is older says nothing of now.
        time.advance(by: .seconds(61))
        #expect(try await Self.window(time, meter, nodes).length == .seconds(1))
        nodes.unregister("n1")
        #expect(await meter.windows(nodes, time).isEmpty)
    }

    private static let rates: [([(String, Int64)], String, Int64)] = [
        ([("a", 3_000_000_000)], "u1", Int64(1_000_000_000)),
        // Restarted: its counter began anew.
        ([("a", 1_000_000_000)], "u1", 500_000_000),
        // Came in between, as a container or with a pod of the same name.
        ([("b", 1_000_000_000)], "u1", 500_000_000), ([("a", 1_000_000_000)], "u2", 500_000_000),
        // Nonsense stays a number.
        ([("a", -5)], "u1", 0), ([("a", Int64.max)], "u1", 1_000_000_000_000_000),
    ]

    @Test(arguments: rates)
    func `a rate is what was used over the time between`(containers: [(String, Int64)], uid: String, rate: Int64) throws {
        let before = UsageWindow.Sample(stats: Self.stats(node: 0, containers: [("a", 1_000_000_001)]), takenAt: .seconds(5))
        let after = UsageWindow.Sample(stats: Self.stats(node: 0, containers: containers, uid: uid), takenAt: .seconds(7))
        let pod = try #require(after.stats.pods.first)
        let found = UsageWindow(earlier: before, later: after).rate(pod.containers[0], of: pod)
        #expect(abs(found - rate) <= 1)
    }

    @Test func `nodes and pods are listed, selected and got with what they use`() async throws {
        let time = ManualTimeSource()
        try await TestServer.with(time: time) { api async throws in
            let path = "/apis/metrics.k8s.io/v1beta1"
            _ = try await api.call(.post, "/api/v1/nodes", #"{"metadata":{"name":"n1","labels":{"l":"n"}}}"#)
            let spec = #""nodeName":"n1","containers":[{"name":"a","image":"x"}]"#
            let uid = try await api.call(.post, pods, TestServer.pod("p", spec: spec)).object.uid
            _ = try await api.call(.post, pods, TestServer.pod("unmeasured", spec: spec))
            let node = MeteredNode(Self.stats(node: 0, containers: [("a", 0)], uid: uid))
            api.nodes.register("n1", node)
            let asleep = time.sleeperCount
            async let first = api.call(.get, "\(path)/nodes")
            await time.waitForSleepers(asleep + 1)
            node.stats = Self.stats(node: 2_000_000, containers: [("a", 1_000_000)], uid: uid)
            time.advance(by: .seconds(1))
            let listed = try await first
            #expect(listed.status == 200 && listed.value["kind"] == "NodeMetricsList" && listed.value["apiVersion"] == "metrics.k8s.io/v1beta1")
            let item = try #require(listed.value["items"]?.arrayValue?.first)
            #expect(item["metadata", "labels", "l"] == "n" && item["window"] == "1s" && item["timestamp"] == "2026-01-01T00:00:00Z")
            #expect(item["usage"] == ["cpu": "2000000n", "memory": "8192Ki"])
            let got = try await api.call(.get, "\(path)/namespaces/default/pods/p")
            #expect(got.value["kind"] == "PodMetrics" && got.value["metadata", "namespace"] == "default")
            #expect(got.value["containers"] == [["name": "a", "usage": ["cpu": "1000000n", "memory": "8192Ki"]]])
            for (query, count) in [("", 1), ("?labelSelector=no%3Dsuch", 0), ("?fieldSelector=metadata.name%3Dp", 1), ("?fieldSelector=metadata.name%3Dq", 0)] {
                #expect(try await api.call(.get, "\(path)/pods\(query)").value["items"]?.arrayValue?.count == count, "\(query)")
            }
            let missing = try await api.call(.get, "\(path)/namespaces/default/pods/unmeasured")
            #expect(missing.status == 404 && missing.message == "pods.metrics.k8s.io \"unmeasured\" not found")
            #expect(try await api.call(.get, "\(path)/pods?watch=true").status == 405)
            #expect(try await api.call(.post, "\(path)/namespaces/default/pods", "{}").status == 405)
            #expect(try await api.call(.get, "\(path)/nodes", as: RBACTests.bob).status == 403)
            node.stats = Self.stats(node: 0, containers: [("a", 0)], uid: uid, isMeasured: false)
            time.advance(by: .seconds(2))
            #expect(try await api.call(.get, "\(path)/pods").value["items"] == [])
        }
    }
}
