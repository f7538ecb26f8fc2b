import Glibc
import LinuxKernel
import Testing

@testable import PodNetwork

@Suite(.enabled(if: SimulatedNetwork.isPossible, "needs root: makes network namespaces"))
struct NodeLinkTests {
    @Test func `pods reach each other, the host, the API address and the outside`() throws {
        try SimulatedNetwork.with { network in
            let link = try NodeLink.establish(network.configuration)
            let (a, b) = (try network.pod(IPv4Address(10, 42, 0, 2)), try network.pod(IPv4Address(10, 42, 0, 3)))
            let inB = try Listener(in: b, port: 80)
            let onHost = try Listener(in: network.host, port: 6443)
            let outside = try Listener(in: network.outside, port: 443)
            try connectTCP(from: a, to: IPv4Address(10, 42, 0, 3), port: 80)
            #expect(try inB.acceptPeer() == IPv4Address(10, 42, 0, 2))
            try connectTCP(from: network.host, to: IPv4Address(10, 42, 0, 3), port: 80)
            #expect(try inB.acceptPeer() == IPv4Address(10, 96, 0, 1))
            try connectTCP(from: a, to: IPv4Address(10, 96, 0, 1), port: 6443)
            #expect(try onHost.acceptPeer() == IPv4Address(10, 42, 0, 2))
            try connectTCP(from: a, to: IPv4Address(192, 0, 2, 1), port: 443)
            #expect(try outside.acceptPeer() == IPv4Address(192, 0, 2, 2), "the outside sees the host's address")
            try connectTCP(from: network.node, to: IPv4Address(10, 42, 0, 3), port: 80)
            #expect(try inB.acceptPeer() == IPv4Address(10, 42, 0, 1), "the node comes as itself")
            #expect(link.mtu == 1400 && link.hostInterface == "kd0badcafen0" && link.nodeAddress == IPv4Address(10, 42, 0, 1))
            #expect(link.announce().count == 3)
        }
    }

    @Test func `a node without a link has its addresses and leads its pods to each other`() throws {
        try SimulatedNetwork.with { network in
            // Twice, as after a restart of the daemon.
            _ = try NodeLink.enclose(network.configuration)
            let link = try NodeLink.enclose(network.configuration)
            let (a, b) = (try network.pod(IPv4Address(10, 42, 0, 2)), try network.pod(IPv4Address(10, 42, 0, 3)))
            let inB = try Listener(in: b, port: 80)
            let inNode = try Listener(in: network.node, port: 6443)
            try connectTCP(from: a, to: IPv4Address(10, 42, 0, 3), port: 80)
            #expect(try inB.acceptPeer() == IPv4Address(10, 42, 0, 2))
            try connectTCP(from: a, to: IPv4Address(10, 96, 0, 1), port: 6443)
            #expect(try inNode.acceptPeer() == IPv4Address(10, 42, 0, 2))
            try connectTCP(from: network.node, to: IPv4Address(10, 42, 0, 3), port: 80)
            #expect(try inB.acceptPeer() == IPv4Address(10, 42, 0, 1))
            #expect(link.hostInterface == nil && link.announce().isEmpty)
            #expect(try link.forwardObstacle() == nil)
            #expect(try !NetlinkSocket.open(.route, in: network.host).links().contains { $0.name.hasPrefix("kd") })
        }
    }

    @Test func `reserved addresses are refused in the node instead of leaving it`() throws {
        try SimulatedNetwork.with { network in
            _ = try NodeLink.establish(network.configuration)
            let pod = try network.pod(IPv4Address(10, 42, 0, 2))
            let refusal = #expect(throws: SystemError.self) { try connectTCP(from: pod, to: IPv4Address(241, 0, 1, 1), port: 80) }
            #expect(refusal?.errno == EHOSTUNREACH)
        }
    }

    @Test func `establishing again adopts the living link`() throws {
        try SimulatedNetwork.with { network in
            _ = try NodeLink.establish(network.configuration)
            let pod = try network.pod(IPv4Address(10, 42, 0, 9))
            let listener = try Listener(in: network.host, port: 6443)
            let socket = try NetlinkSocket.open(.route, in: network.host)
            let before = try socket.links()
            _ = try NodeLink.establish(network.configuration)
            #expect(try socket.links() == before)
            try connectTCP(from: pod, to: IPv4Address(10, 96, 0, 1), port: 6443)
            #expect(try listener.acceptPeer() == IPv4Address(10, 42, 0, 9))
        }
    }

    @Test func `a sweep leaves the host as it was`() throws {
        try SimulatedNetwork.with { network in
            let route = try NetlinkSocket.open(.route, in: network.host)
            let netfilter = try NetlinkSocket.open(.netfilter, in: network.host)
            let before = (try route.links(), try route.routes(), try route.addresses(), try route.rules(), try netfilter.tables(.ipv4))
            let link = try NodeLink.establish(network.configuration)
            #expect(try netfilter.tables(.ipv4) == ["kdash_0badcafe"])
            #expect(try forwarding(network) == "1")
            try link.remove()
            try link.remove()
            #expect(try route.links() == before.0)
            #expect(try route.routes() == before.1)
            #expect(try route.addresses() == before.2)
            #expect(try route.rules() == before.3)
            #expect(try netfilter.tables(.ipv4) == before.4)
            #expect(try forwarding(network) == "0")
        }
    }

    @Test func `forwarding stays on until the last cluster leaves`() throws {
        try SimulatedNetwork.with { network in
            let forwarding = HostForwarding(directory: SharedDirectory(network.folder), namespace: network.host)
            #expect(try forwarding.acquire("aaaaaaaa"))
            #expect(try forwarding.acquire("bbbbbbbb"))
            try forwarding.release("aaaaaaaa")
            #expect(try self.forwarding(network) == "1")
            try forwarding.release("bbbbbbbb")
            #expect(try self.forwarding(network) == "0")
            #expect(try FileSystem.names(in: network.folder) == ["lock"])
        }
    }

    @Test func `a chain that drops forwarded packets is named with its remedy`() throws {
        try SimulatedNetwork.with { network in
            let link = try NodeLink.establish(network.configuration)
            #expect(try link.forwardObstacle() == nil)
            let table = NFTable(.ipv4, "filter")
            var chain = table.createBaseChain("FORWARD", .filter, .forward, priority: 0)
            chain.payload.attribute(5, bigEndian: UInt32(0))
            try NetlinkSocket.open(.netfilter, in: network.host).commit([table.create(), chain])
            let obstacle = try #require(try link.forwardObstacle())
            #expect(obstacle.remedy.hasPrefix("iptables -I FORWARD -s 10.42.0.0/16 -j ACCEPT"))
        }
    }

    @Test func `the address of a pod that died a moment ago can be used at once`() throws {
        try SimulatedNetwork.with { network in
            _ = try NodeLink.establish(network.configuration)
            let listener = try Listener(in: network.host, port: 6443)
            for _ in 0..<3 {
                let pod = try network.pod(IPv4Address(10, 42, 0, 5))
                try connectTCP(from: pod, to: IPv4Address(10, 96, 0, 1), port: 6443)
                #expect(try listener.acceptPeer() == IPv4Address(10, 42, 0, 5))
            }
        }
    }

    @Test func `a pod cannot send from another's address`() throws {
        try SimulatedNetwork.with { network in
            _ = try NodeLink.establish(network.configuration)
            let pod = try network.pod(IPv4Address(10, 42, 0, 2))
            _ = try Listener(in: network.host, port: 6443)
            let socket = try NetlinkSocket.open(.route, in: pod)
            try socket.send([
                RouteRequest.addAddress(IPv4Address(10, 42, 0, 77), to: 2),
                RouteRequest.addRoute(
                    to: IPv4Network("0.0.0.0/0")!, through: 2, gateway: PodLink.gateway, source: IPv4Address(10, 42, 0, 77)),
            ])
            #expect(throws: SystemError.self) { try connectTCP(from: pod, to: IPv4Address(10, 96, 0, 1), port: 6443) }
        }
    }

    private func forwarding(_ network: SimulatedNetwork) throws -> String {
        try network.host.run { () throws(SystemError) in try FileSystem.readText("/proc/sys/net/ipv4/ip_forward") }
    }
}
