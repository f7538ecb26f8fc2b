import LinuxKernel
import Synchronization
import Testing

@testable import PodNetwork

@Suite(.enabled(if: SimulatedNetwork.isPossible, "needs root: network namespaces"))
struct RangeClaimTests {
    private func claimant(_ id: String, _ network: SimulatedNetwork) -> RangeClaim.Claimant {
        .init(clusterID: id, directory: "/data/\(id)", shared: SharedDirectory(network.folder), host: network.host)
    }

    private func names(_ network: SimulatedNetwork) throws -> [String] {
        FileSystem.exists(network.folder) ? try FileSystem.names(in: network.folder) : []
    }

    @Test func `clusters that choose at the same moment get ranges that do not overlap`() throws {
        try SimulatedNetwork.with { network in
            let claims = Mutex<[Result<RangeClaim, PodNetworkError>]>([])
            let count = 4
            let done = try EventFD()
            for number in 0..<count {
                let claimant = claimant("0000000\(number)", network)
                KernelThread.start("claims") {
                    let claim = Result { () throws(PodNetworkError) in try RangeClaim.take(claimant) }
                    claims.withLock { $0.append(claim) }
                    done.signal()
                }
            }
            while claims.withLock({ $0.count }) < count {
                _ = try pollReadable([done.raw], timeout: .seconds(5))
                done.drain()
            }
            let ranges = try claims.withLock { try $0.map { try $0.get().ranges } }.flatMap { [$0.podCIDR, $0.serviceCIDR] }
            for (index, one) in ranges.enumerated() {
                for other in ranges[(index + 1)...] { #expect(!one.overlaps(other), "\(ranges)") }
            }
            withExtendedLifetime(claims) {}
        }
    }

    @Test func `who wants what another cluster has is told which`() throws {
        try SimulatedNetwork.with { network in
            let first = try RangeClaim.take(claimant("aaaaaaaa", network))
            let error = #expect(throws: PodNetworkError.self) { try RangeClaim.take(claimant("bbbbbbbb", network), stored: first.ranges) }
            #expect(error?.code == .rangeTaken)
            #expect(error?.message.contains("the cluster in /data/aaaaaaaa") == true)
            #expect(error?.message.contains("kdash down --data-dir /data/aaaaaaaa") == true)
            #expect(try names(network) == ["aaaaaaaa.ranges", "lock"], "a refusal leaves nothing")
            first.withdraw()
            #expect(try RangeClaim.take(claimant("bbbbbbbb", network), stored: first.ranges).ranges == first.ranges)
        }
    }

    @Test func `the claim of a daemon that was killed holds while its node has a link`() throws {
        try SimulatedNetwork.with { network in
            let shared = SharedDirectory(network.folder)
            let ranges = network.configuration.ranges
            do {
                let killed = try RangeClaim.take(claimant("0badcafe", network))
                #expect(killed.ranges == ranges)
                _ = try NodeLink.establish(network.configuration)
            }
            // All of the range, and not only what the node has a route for.
            let wanted = try #require(ranges.podCIDR(ofNode: 200))
            #expect(throws: PodNetworkError.self) { try RangeClaim.take(claimant("bbbbbbbb", network), wantedPods: wanted) }
            #expect(try RangeClaim.take(claimant("0badcafe", network), stored: ranges).ranges == ranges, "its own daemon comes back")
            try NodeLink.sweep(clusterID: "0badcafe", host: network.host, shared: shared)
            let next = try RangeClaim.take(claimant("bbbbbbbb", network), wantedPods: wanted)
            #expect(next.ranges.podCIDR == wanted)
            next.withdraw()
            #expect(!FileSystem.exists(network.folder), "the last one takes the directory along")
        }
    }

    @Test func `a claim of nobody goes`() throws {
        try SimulatedNetwork.with { network in
            do { _ = try RangeClaim.take(claimant("aaaaaaaa", network)) }
            let next = try RangeClaim.take(claimant("bbbbbbbb", network))
            #expect("\(next.ranges.podCIDR)" == "10.42.0.0/16")
            #expect(try names(network) == ["bbbbbbbb.ranges", "lock"])
        }
    }

    @Test func `a copy of a cluster that runs is refused`() throws {
        try SimulatedNetwork.with { network in
            let original = try RangeClaim.take(claimant("aaaaaaaa", network))
            let error = #expect(throws: PodNetworkError.self) { try RangeClaim.take(claimant("aaaaaaaa", network)) }
            #expect(error?.message.contains("copy") == true)
            #expect(try names(network) == ["aaaaaaaa.ranges", "lock"])
            withExtendedLifetime(original) {}
        }
    }
}
