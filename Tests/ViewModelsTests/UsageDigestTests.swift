import KubeClient
import LinuxKernel
import Synchronization
import Testing

@testable import ViewModels

@MainActor @Suite struct UsageDigestTests {
    nonisolated private static let now = Timestamp(seconds: 1_000_000)

    nonisolated private static func samples(_ count: Int, at time: Timestamp = now) -> [NodeStats] {
        var usage = UsageSample(workingSet: ByteCount(64 << 20))
        usage.cpuRate = 250_000_000
        let pods = (0..<count).map {
            PodStats(namespace: "default", name: "web-\($0)", uid: "", usage: usage, containers: [ContainerStats(name: "app", usage: usage)])
        }
        return [
            NodeStats(node: "", sampledAt: time, usage: UsageSample(isMeasured: false), pods: pods),
            NodeStats(node: "node", sampledAt: time, usage: usage),
        ]
    }

    @Test func `while what 100,000 pods use is digested, the main actor goes on`() async throws {
        let server = MemoryServer()
        let samples = await ClusterSession.detached { Self.samples(100_000) }
        let cluster = ConnectedCluster(
            client: server.client(), contextName: "kdash", access: .writable, isEmbedded: true, server: "memory",
            usage: { samples })
        let digest = UsageDigest(try #require(UsageSource(cluster, time: ManualTimeSource(at: Self.now))))
        let result = Mutex<UsageLook?>(nil)
        let done = try EventFD()
        Task.detached {
            let look = await digest.look(.all, for: UsageHistory(), isSeen: true)
            result.withLock { $0 = look }
            done.signal()
        }
        // The main actor does not move until then: what needed it would never end.
        #expect(try pollReadable([done.raw], timeout: .seconds(60)) == [true], "digested without the main actor")
        let look = try #require(result.withLock { $0 })
        #expect(look.isTold && look.pods?.samples.count == 100_000 && look.nodes["/node"]?.cpu == 250)
        #expect(look.reading.samples.map(\.pods.count) == [UsageHistory.capacity, 0], "what charts have no room for does not come to the main actor")
        let table = PodsModel(signal: ChangeSignal())
        table.upsert([ResourceRow(uid: "u", namespace: "default", name: "web-7", cells: [.usage(Usage(unit: .milliCPU))])], now: Self.now)
        table.setUsage(try #require(look.pods))
        #expect(table.row(uid: "u").map { table.cells($0) } == [.usage(Usage(used: 250, unit: .milliCPU))])
    }

    @Test nonisolated func `charts know the same of the part that they have room for as of the whole`() {
        var (whole, part) = (UsageHistory(), UsageHistory())
        for second in [0, 15, 30] as [Int64] {
            // The order is another one each time, and pods come and go.
            var samples = Self.samples(3000 + Int(second), at: Self.now.advanced(by: .seconds(second)))
            if second == 15 { samples[0].pods.reverse() }
            whole.take(samples)
            let taken = part.part(of: samples)
            #expect(taken[0].pods.count == UsageHistory.capacity)
            part.take(taken)
        }
        let now = Self.now.advanced(by: .seconds(30))
        for pod in [0, 1999, 2000, 2999] {
            let identity = PodStats.identity(namespace: "default", name: "web-\(pod)")
            #expect(whole.container(identity, "app", now: now) == part.container(identity, "app", now: now))
        }
        #expect(whole.cluster(now: now) == part.cluster(now: now))
    }
}
