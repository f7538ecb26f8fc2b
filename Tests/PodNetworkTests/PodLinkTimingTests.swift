import Glibc
import LinuxKernel
import Testing

@testable import PodNetwork

@Suite(.enabled(if: SimulatedNetwork.isPossible, "needs root: makes network namespaces"))
struct PodLinkTimingTests {
    @Test func `a hundred pods are attached`() throws {
        try SimulatedNetwork.with { network in
            _ = try NodeLink.establish(network.configuration)
            let node = try NetlinkSocket.open(.route, in: network.node)
            let pool = PodAddressPool(range: IPv4Network("10.42.0.0/24")!)
            let clock = SystemTimeSource()
            var pods: [NetworkNamespace] = []
            var times: [Duration] = []
            for _ in 0..<100 {
                let pod = try NetworkNamespace.create()
                let socket = try NetlinkSocket.open(.route, in: pod)
                let start = clock.monotonic()
                try PodLink.attach(address: try #require(pool.allocate()), node: node, pod: socket, podNamespace: pod.raw, mtu: 1400)
                times.append(clock.monotonic() - start)
                pods.append(pod)
            }
            times.sort()
            print("pod link: min \(times[0]), p50 \(times[50]), p90 \(times[90])")
            #expect(try node.links().count == 102)
        }
    }
}
