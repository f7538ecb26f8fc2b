import LinuxKernel
import Testing

@testable import PodNetwork

/// Two nodes of one cluster on a simulated machine.
@Suite(.enabled(if: SimulatedNetwork.isPossible, "needs root: makes network namespaces"))
struct NodesLinkTests {
    private static let vip = IPv4Address(10, 97, 3, 4)

    private struct Pair {
        let network: SimulatedNetwork
        let second: NetworkNamespace
        /// On the first node, 10.42.0.2, and on the second, 10.42.1.2.
        let pods: [NetworkNamespace]

        init(_ network: SimulatedNetwork) throws {
            self.network = network
            second = try .create()
            let first = network.configuration
            let links = [
                try NodeLink.establish(first),
                try NodeLink.establish(
                    .init(
                        clusterID: first.clusterID, nodeIndex: 1, ranges: first.ranges, node: second, host: first.host, shared: first.shared)),
            ]
            #expect(links.map(\.nodeAddress) == [IPv4Address(10, 42, 0, 1), IPv4Address(10, 42, 1, 1)])
            let other = try NetworkNamespace.create()
            try PodLink.attach(
                address: IPv4Address(10, 42, 1, 2), node: try .open(.route, in: second), pod: try .open(.route, in: other), podNamespace: other.raw,
                mtu: links[1].mtu)
            pods = [try network.pod(IPv4Address(10, 42, 0, 2)), other]
        }

        /// Makes both nodes lead to a pod of the second one.
        func serve(_ frontend: ServicePort.Frontend, port: UInt16) throws {
            let endpoint = ServicePort.Endpoint(address: IPv4Address(10, 42, 1, 2), port: 8080)
            for (index, node) in [network.node, second].enumerated() {
                let rules = ServiceRules(netfilter: try .open(.netfilter, in: node), own: network.configuration.ranges.podCIDR(ofNode: index))
                try rules.apply([ServicePort(frontend, transport: .tcp, port: port, endpoints: [endpoint])])
            }
        }
    }

    @Test func `pods of different nodes see each other's own addresses`() throws {
        try SimulatedNetwork.with { network in
            let pair = try Pair(network)
            let there = try Listener(in: pair.pods[1], port: 80)
            try connectTCP(from: pair.pods[0], to: IPv4Address(10, 42, 1, 2), port: 80)
            #expect(try there.acceptPeer() == IPv4Address(10, 42, 0, 2))
            try connectTCP(from: network.node, to: IPv4Address(10, 42, 1, 2), port: 80)
            #expect(try there.acceptPeer() == IPv4Address(10, 42, 0, 1), "the node itself")
            try connectTCP(from: network.host, to: IPv4Address(10, 42, 1, 2), port: 80)
            #expect(try there.acceptPeer() == IPv4Address(10, 96, 0, 1))
            let onNode = try Listener(in: pair.second, port: 9000)
            try connectTCP(from: pair.pods[0], to: IPv4Address(10, 42, 1, 1), port: 9000)
            #expect(try onNode.acceptPeer() == IPv4Address(10, 42, 0, 2))
            let outside = try Listener(in: network.outside, port: 443)
            try connectTCP(from: pair.pods[1], to: IPv4Address(192, 0, 2, 1), port: 443)
            #expect(try outside.acceptPeer() == IPv4Address(192, 0, 2, 2), "the way out is the machine's")
        }
    }

    @Test func `a service leads to a pod of another node, from pods, nodes and the host`() throws {
        try SimulatedNetwork.with { network in
            let pair = try Pair(network)
            try pair.serve(.cluster(Self.vip), port: 80)
            let there = try Listener(in: pair.pods[1], port: 8080)
            try connectTCP(from: pair.pods[0], to: Self.vip, port: 80)
            #expect(try there.acceptPeer() == IPv4Address(10, 42, 0, 2), "a pod keeps its address")
            try connectTCP(from: network.node, to: Self.vip, port: 80)
            #expect(try there.acceptPeer() == IPv4Address(10, 42, 0, 1))
            try connectTCP(from: network.host, to: Self.vip, port: 80)
            #expect(try there.acceptPeer() == IPv4Address(10, 42, 0, 1), "the node that leads it on speaks for the host")
        }
    }

    @Test func `every node's port leads to the pod, and the answer comes back the same way`() throws {
        try SimulatedNetwork.with { network in
            let pair = try Pair(network)
            try pair.serve(.node, port: 30080)
            let there = try Listener(in: pair.pods[1], port: 8080)
            let (first, second) = (IPv4Address(10, 42, 0, 1), IPv4Address(10, 42, 1, 1))
            for node in [first, second] { try connectTCP(from: network.host, to: node, port: 30080) }
            #expect(try [there.acceptPeer(), there.acceptPeer()] == [first, IPv4Address(10, 96, 0, 1)])
            try connectTCP(from: pair.pods[0], to: second, port: 30080)
            #expect(try there.acceptPeer() == IPv4Address(10, 42, 0, 2))
            // From the pod's own neighbour's node, back to where it came from.
            try connectTCP(from: pair.pods[1], to: first, port: 30080)
            #expect(try there.acceptPeer() == first)
        }
    }

    @Test func `a sweep takes the links of all nodes`() throws {
        try SimulatedNetwork.with { network in
            let route = try NetlinkSocket.open(.route, in: network.host)
            let before = (try route.links(), try route.routes())
            let pair = try Pair(network)
            #expect(try route.links().map(\.name).filter { $0.hasPrefix("kd0badcafe") }.sorted() == ["kd0badcafen0", "kd0badcafen1"])
            try NodeLink.sweep(clusterID: "0badcafe", host: network.host, shared: SharedDirectory(network.folder))
            #expect(try route.links() == before.0 && route.routes() == before.1)
            _ = pair
        }
    }
}
