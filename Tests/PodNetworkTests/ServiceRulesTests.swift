import Glibc
import LinuxKernel
import Testing

@testable import PodNetwork

@Suite(.enabled(if: SimulatedNetwork.isPossible, "needs root: makes network namespaces"))
struct ServiceRulesTests {
    private let vip = IPv4Address(10, 97, 3, 4)

    private func service(_ endpoints: [UInt8], port: UInt16 = 80) -> ServicePort {
        ServicePort(
            clusterIP: vip, transport: .tcp, port: port,
            endpoints: endpoints.map { .init(address: IPv4Address(10, 42, 0, $0), port: 8080) })
    }

    @Test func `connections to a service reach every endpoint, from pods, node and host`() throws {
        try SimulatedNetwork.with { network in
            _ = try NodeLink.establish(network.configuration)
            let pods = try [UInt8(2), 3, 4].map { try network.pod(IPv4Address(10, 42, 0, $0)) }
            let listeners = try [Listener(in: pods[1], port: 8080), Listener(in: pods[2], port: 8080)]
            let rules = ServiceRules(netfilter: try .open(.netfilter, in: network.node))
            try rules.apply([service([3, 4])])
            for _ in 0..<40 { try connectTCP(from: pods[0], to: vip, port: 80) }
            let ready = try pollReadable(listeners.map { $0.file.raw }, timeout: .zero)
            #expect(ready == [true, true])
            try connectTCP(from: network.node, to: vip, port: 80)
            try connectTCP(from: network.host, to: vip, port: 80)
        }
    }

    @Test func `a pod reaches itself through its service`() throws {
        try SimulatedNetwork.with { network in
            _ = try NodeLink.establish(network.configuration)
            let pod = try network.pod(IPv4Address(10, 42, 0, 2))
            let listener = try Listener(in: pod, port: 8080)
            try ServiceRules(netfilter: try .open(.netfilter, in: network.node)).apply([service([2])])
            try connectTCP(from: pod, to: vip, port: 80)
            #expect(try listener.acceptPeer() == IPv4Address(10, 42, 0, 1), "its node speaks for it")
        }
    }

    @Test func `changes replace what they concern and refuse what has no endpoints`() throws {
        try SimulatedNetwork.with { network in
            _ = try NodeLink.establish(network.configuration)
            let pod = try network.pod(IPv4Address(10, 42, 0, 2))
            let other = try network.pod(IPv4Address(10, 42, 0, 3))
            let listener = try Listener(in: other, port: 8080)
            let rules = ServiceRules(netfilter: try .open(.netfilter, in: network.node))
            try rules.apply([service([]), service([3], port: 81)])
            let refusal = #expect(throws: SystemError.self) { try connectTCP(from: pod, to: vip, port: 80) }
            #expect(refusal?.errno == ECONNREFUSED)
            try rules.apply([service([3]), service([3, 2], port: 81)])
            try connectTCP(from: pod, to: vip, port: 80)
            #expect(try listener.acceptPeer() == IPv4Address(10, 42, 0, 2))
            try rules.apply([])
            try rules.apply([])
            #expect(throws: SystemError.self) { try connectTCP(from: pod, to: vip, port: 80) }
            // A daemon that starts again knows nothing of what is there.
            try ServiceRules(netfilter: try .open(.netfilter, in: network.node)).apply([service([3])])
            try connectTCP(from: pod, to: vip, port: 80)
        }
    }

    @Test func `five hundred services load in one transaction`() throws {
        try SimulatedNetwork.with { network in
            let rules = ServiceRules(netfilter: try .open(.netfilter, in: network.node))
            let many = (0..<500).map { index in
                ServicePort(
                    clusterIP: IPv4Address(10, 98, UInt8(index / 250), UInt8(index % 250)), transport: .tcp, port: 80,
                    endpoints: [.init(address: IPv4Address(10, 42, 0, 2), port: 1), .init(address: IPv4Address(10, 42, 0, 3), port: 2)])
            }
            try rules.apply(many)
            try rules.apply(many.dropLast(250) + [service([2])])
            let socket = try NetlinkSocket.open(.netfilter, in: network.node)
            #expect(try socket.ruleCount(in: "10.98.0.7/tcp/80", of: ServiceRules.table) == 1)
        }
    }
}
