import Glibc
import LinuxKernel
import Testing

@testable import PodNetwork

@Suite(.enabled(if: SimulatedNetwork.isPossible, "needs root: makes network namespaces"))
struct ServiceRulesTests {
    private let vip = IPv4Address(10, 97, 3, 4)

    private func service(
        _ endpoints: [UInt8], port: UInt16 = 80, at frontend: ServicePort.Frontend? = nil, over transport: ServicePort.TransportProtocol = .tcp,
        affinity: Duration? = nil
    ) -> ServicePort {
        ServicePort(
            frontend ?? .cluster(vip), transport: transport, port: port,
            endpoints: endpoints.map { .init(address: IPv4Address(10, 42, 0, $0), port: 8080) }, affinity: affinity)
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
                    .cluster(IPv4Address(10, 98, UInt8(index / 250), UInt8(index % 250))), transport: .tcp, port: 80,
                    endpoints: [.init(address: IPv4Address(10, 42, 0, 2), port: 1), .init(address: IPv4Address(10, 42, 0, 3), port: 2)])
            }
            try rules.apply(many)
            try rules.apply(many.dropLast(250) + [service([2])])
            let socket = try NetlinkSocket.open(.netfilter, in: network.node)
            #expect(try socket.ruleCount(in: "10.98.0.7/tcp/80", of: ServiceTable("kdash-services").table) == 1)
        }
    }

    @Test func `other ports of a service's address are refused, and so are ports of the node without endpoints`() throws {
        try SimulatedNetwork.with { network in
            _ = try NodeLink.establish(network.configuration)
            let pod = try network.pod(IPv4Address(10, 42, 0, 2))
            try ServiceRules(netfilter: try .open(.netfilter, in: network.node)).apply([service([2]), service([], port: 30080, at: .node)])
            for (target, port) in [(vip, UInt16(81)), (IPv4Address(10, 42, 0, 1), 30080)] {
                for place in [pod, network.node, network.host] {
                    let refusal = #expect(throws: SystemError.self) { try connectTCP(from: place, to: target, port: port) }
                    #expect(refusal?.errno == ECONNREFUSED)
                }
            }
        }
    }

    @Test func `elements that several services need stay as long as one of them does`() {
        var elements = CountedElements()
        func changes(_ body: (inout CountedElements) -> Void) -> Int {
            body(&elements)
            return elements.changes(ServiceTable("kdash-services").hairpin).count
        }
        let element = [UInt8](repeating: 1, count: 8)
        #expect(changes { $0.need([element, element]) } == 1)
        #expect(changes { $0.leave([element]) } == 0)
        #expect(
            changes {
                $0.leave([element])
                $0.need([element])
            } == 0)
        #expect(changes { $0.leave([element]) } == 1)
        #expect(changes { $0.leave([element]) } == 0)
    }

    @Test func `the node's address leads to a service from host, node and pods`() throws {
        try SimulatedNetwork.with { network in
            _ = try NodeLink.establish(network.configuration)
            let pods = try [UInt8(2), 3].map { try network.pod(IPv4Address(10, 42, 0, $0)) }
            let listener = try Listener(in: pods[0], port: 8080)
            let rules = ServiceRules(netfilter: try .open(.netfilter, in: network.node))
            try rules.apply([service([2], port: 30080, at: .node)])
            for place in [network.host, network.node] + pods { try connectTCP(from: place, to: IPv4Address(10, 42, 0, 1), port: 30080) }
            #expect(try listener.acceptPeer() == IPv4Address(10, 96, 0, 1))
            try rules.apply([])
            #expect(throws: SystemError.self) { try connectTCP(from: network.host, to: IPv4Address(10, 42, 0, 1), port: 30080) }
        }
    }

    @Test func `a client keeps its endpoint as long as that is there`() throws {
        try SimulatedNetwork.with { network in
            _ = try NodeLink.establish(network.configuration)
            let pods = try [UInt8(2), 3, 4].map { try network.pod(IPv4Address(10, 42, 0, $0)) }
            let listeners = try [Listener(in: pods[1], port: 8080), Listener(in: pods[2], port: 8080)]
            let rules = ServiceRules(netfilter: try .open(.netfilter, in: network.node))
            func reached() throws -> [Bool] {
                for _ in 0..<20 { try connectTCP(from: pods[0], to: vip, port: 80) }
                let ready = try pollReadable(listeners.map { $0.file.raw }, timeout: .zero)
                for (listener, isReady) in zip(listeners, ready) where isReady { try listener.drain() }
                return ready
            }
            try rules.apply([service([3, 4], affinity: .seconds(600))])
            let first = try reached()
            #expect(first.count { $0 } == 1)
            #expect(try reached() == first)
            let left: UInt8 = first[0] ? 4 : 3
            try rules.apply([service([left], affinity: .seconds(600))])
            #expect(try reached() == first.map { !$0 })
            try rules.apply([service([3, 4], affinity: .seconds(600))])
            #expect(try reached() == first.map { !$0 }, "the new one is kept, too")
            try rules.apply([service([3, 4], affinity: .seconds(60))])
            try rules.apply([service([3, 4])])
            #expect(try reached() == [true, true])
        }
    }

    @Test func `a daemon that starts again leaves no gap and no second table`() throws {
        try SimulatedNetwork.with { network in
            let netfilter = try NetlinkSocket.open(.netfilter, in: network.node)
            for round in 0..<4 {
                try ServiceRules(netfilter: netfilter).apply([service([2]), service([2, 3], port: UInt16(81 + round))])
                #expect(try netfilter.tables(.ipv4) == [ServiceTable.names[round % 2]])
            }
            // One that was killed before its table was whole.
            try netfilter.commit(ServiceTable(ServiceTable.names[0]).foundation)
            try ServiceRules(netfilter: netfilter).apply([service([2])])
            #expect(try netfilter.tables(.ipv4) == [ServiceTable.names[0]])
        }
    }

    @Test func `packets of UDP follow their service to where it leads now`() throws {
        try SimulatedNetwork.with { network in
            _ = try NodeLink.establish(network.configuration)
            let pods = try [UInt8(2), 3, 4].map { try network.pod(IPv4Address(10, 42, 0, $0)) }
            let receivers = try [DatagramSocket(in: pods[1], port: 8080), DatagramSocket(in: pods[2], port: 8080)]
            let sender = try DatagramSocket(in: pods[0], port: 5000)
            let rules = ServiceRules(netfilter: try .open(.netfilter, in: network.node))
            for (round, receiver) in [0, 1, 0].enumerated() {
                try rules.apply([service([UInt8(3 + receiver)], over: .udp)])
                try sender.send([UInt8(round)], to: vip, port: 80)
                #expect(try receivers[receiver].receive() == [UInt8(round)])
            }
        }
    }

    @Test func `a host port is reached at the node's address by everybody and at 127.0.0.1 by the node`() throws {
        try SimulatedNetwork.with { network in
            let node = try NodeLink.establish(network.configuration).nodeAddress
            let pods = try [UInt8(2), 3].map { try network.pod(IPv4Address(10, 42, 0, $0)) }
            let listener = try Listener(in: pods[0], port: 8080)
            let rules = ServiceRules(netfilter: try .open(.netfilter, in: network.node))
            let loopback = IPv4Address(127, 0, 0, 1)
            try rules.apply([service([2], port: 80, at: .external(node)), service([2], port: 80, at: .external(loopback))])
            for (place, seen) in [(network.host, IPv4Address(10, 96, 0, 1)), (pods[1], IPv4Address(10, 42, 0, 3)), (network.node, node), (pods[0], node)] {
                try connectTCP(from: place, to: node, port: 80)
                #expect(try listener.acceptPeer() == seen)
            }
            try connectTCP(from: network.node, to: loopback, port: 80)
            #expect(try listener.acceptPeer() == node, "a pod could not answer 127.0.0.1")
            let refusal = #expect(throws: SystemError.self) { try connectTCP(from: pods[1], to: loopback, port: 80) }
            #expect(refusal?.errno == ECONNREFUSED)
            try rules.apply([])
            for target in [node, loopback] { #expect(throws: SystemError.self) { try connectTCP(from: network.node, to: target, port: 80) } }
        }
    }

    @Test func `pods do not reach what listens on the node's loopback only`() throws {
        try SimulatedNetwork.with { network in
            let node = try NodeLink.establish(network.configuration).nodeAddress
            let pod = try network.pod(IPv4Address(10, 42, 0, 2))
            let receiver = try DatagramSocket(in: network.node, port: 5353)
            let local = try DatagramSocket(in: network.node, port: 5354)
            for target in [IPv4Address(127, 0, 0, 1), node] {
                try sendForged(from: pod, IPv4Address(10, 42, 0, 2), to: target, port: 5353, [target.bytes[0]])
            }
            try sendForged(from: pod, IPv4Address(127, 0, 0, 1), to: node, port: 5353, [1])
            #expect(try receiver.receive() == [10], "what was sent to 127.0.0.1 came first and was dropped")
            try local.send([2], to: IPv4Address(127, 0, 0, 1), port: 5353)
            #expect(try receiver.receive() == [2], "what came from 127.0.0.1 of elsewhere was dropped")
        }
    }

    @Test func `a connection is stale when its service leads elsewhere`() {
        func connection(_ destination: IPv4Address, _ port: UInt16, to target: IPv4Address, transport: UInt8 = 17) -> TrackedConnection {
            let client = IPv4Address(10, 42, 0, 9)
            return TrackedConnection(
                transport: transport, original: .init(source: client, sourcePort: 1, destination: destination, destinationPort: port),
                reply: .init(source: target, sourcePort: 8080, destination: client, destinationPort: 1), tcpState: nil, hasReply: false, sent: nil,
                received: nil)
        }
        let pod = IPv4Address(10, 42, 0, 3)
        let other = IPv4Address(192, 0, 2, 7)
        let ports = [service([3], over: .udp), service([3], port: 30053, at: .node, over: .udp)]
        let connections = [
            connection(vip, 80, to: pod), connection(vip, 80, to: other), connection(vip, 81, to: other), connection(other, 30053, to: pod),
            connection(other, 30053, to: IPv4Address(10, 42, 0, 4)), connection(other, 30053, to: other),
            connection(vip, 80, to: other, transport: 6),
        ]
        #expect(StaleConnections.find(connections, ports) == [connections[1], connections[4]])
    }
}
