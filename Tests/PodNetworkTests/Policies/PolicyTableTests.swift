import Glibc
import LinuxKernel
import Testing

@testable import PodNetwork

@Suite(.enabled(if: SimulatedNetwork.isPossible, "needs root: makes network namespaces"))
struct PolicyTableTests {
    private typealias F = PolicyFixture

    /// A node with the fixture's pods, of which web listens on 8080 and db on 5432.
    private struct Pods {
        let network: SimulatedNetwork
        let namespaces: [IPv4Address: NetworkNamespace]
        let listeners: [Listener]
        let table: PolicyTable

        init(_ network: SimulatedNetwork) throws {
            self.network = network
            _ = try NodeLink.establish(network.configuration)
            namespaces = Dictionary(uniqueKeysWithValues: try F.pods.map { ($0.address, try network.pod($0.address)) })
            listeners = [
                try Listener(in: namespaces[F.web]!, port: 8080), try Listener(in: namespaces[F.db]!, port: 5432),
                try Listener(in: network.node, port: 10250), try Listener(in: network.outside, port: 443),
            ]
            table = PolicyTable(netfilter: try .open(.netfilter, in: network.node))
        }

        func apply(_ specs: String...) throws { try table.apply(try F.compile(specs)) }

        func passes(_ source: IPv4Address, _ target: IPv4Address, _ port: UInt16) throws -> Bool {
            try passes(namespaces[source]!, target, port)
        }

        func passes(_ source: NetworkNamespace, _ target: IPv4Address, _ port: UInt16) throws -> Bool {
            do {
                try connectTCP(from: source, to: target, port: port)
                return true
            } catch let error as SystemError where error.errno == EINPROGRESS || error.errno == ETIMEDOUT || error.errno == EAGAIN {
                return false
            }
        }
    }

    private let closed = #"{"podSelector":{}}"#

    @Test func `a closed pod is reached by its node and itself alone, until the policy goes`() throws {
        try SimulatedNetwork.with { network in
            let pods = try Pods(network)
            try pods.apply()
            #expect(try pods.passes(F.client, F.web, 8080))
            try pods.apply(closed)
            #expect(try !pods.passes(F.client, F.web, 8080))
            #expect(try pods.passes(F.web, F.web, 8080))
            #expect(try pods.passes(network.node, F.web, 8080))
            #expect(try pods.passes(F.web, F.outside, 443), "it may go out, and answers come back")
            let denied = try pods.table.denied()
            #expect(denied.map(\.source) == [F.client])
            #expect(denied.map(\.destination) == [F.web])
            #expect(denied.map(\.port) == [8080])
            #expect(denied.first?.transport == 6)
            #expect(denied.first.map { $0.packets > 0 && $0.age < .seconds(60) } == true)
            try pods.apply()
            #expect(try pods.passes(F.client, F.web, 8080))
        }
    }

    @Test func `selectors, names of ports, ranges and both directions hold for packets`() throws {
        try SimulatedNetwork.with { network in
            let pods = try Pods(network)
            try pods.apply(
                #"{"podSelector":{"matchLabels":{"app":"db"}},"ingress":[{"from":[{"podSelector":{"matchLabels":{"app":"web"}}}],"ports":[{"port":"sql"}]}]}"#)
            #expect(try pods.passes(F.web, F.db, 5432))
            #expect(try !pods.passes(F.client, F.db, 5432))
            try pods.apply(
                #"{"podSelector":{"matchLabels":{"app":"web"}},"policyTypes":["Egress"],"egress":[{"to":[{"ipBlock":{"cidr":"10.42.0.0/16","except":["10.42.0.0/31"]}},{"podSelector":{}}],"ports":[{"port":5000,"endPort":6000},{"port":1}]}]}"#
            )
            #expect(try pods.passes(F.web, F.db, 5432))
            #expect(try pods.passes(F.client, F.web, 8080))
            #expect(try !pods.passes(F.web, F.outside, 443))
            #expect(try !pods.passes(F.web, F.node, 10250), "what a pod sends to its node passes the input hook")
            try pods.apply(#"{"podSelector":{"matchLabels":{"app":"web"}},"policyTypes":["Egress"],"egress":[{"to":[{"ipBlock":{"cidr":"192.0.2.0/24"}}]}]}"#)
            #expect(try pods.passes(F.web, F.outside, 443))
            #expect(try !pods.passes(F.web, F.db, 5432))
        }
    }

    @Test func `egress is judged by the address that a service leads to, and a pod reaches itself through its service`() throws {
        try SimulatedNetwork.with { network in
            let pods = try Pods(network)
            let (first, second) = (IPv4Address(10, 97, 3, 4), IPv4Address(10, 97, 3, 5))
            try ServiceRules(netfilter: try .open(.netfilter, in: network.node)).apply([
                ServicePort(.cluster(first), transport: .tcp, port: 80, endpoints: [.init(address: F.db, port: 5432)]),
                ServicePort(.cluster(second), transport: .tcp, port: 80, endpoints: [.init(address: F.web, port: 8080)]),
            ])
            try pods.apply(
                #"{"podSelector":{"matchLabels":{"app":"web"}},"policyTypes":["Ingress","Egress"],"egress":[{"to":[{"podSelector":{"matchLabels":{"app":"db"}}}]}]}"#
            )
            #expect(try pods.passes(F.web, first, 80))
            #expect(try pods.passes(F.web, second, 80))
            #expect(try !pods.passes(F.client, second, 80))
        }
    }

    @Test func `a daemon that starts again takes over what is enforced`() throws {
        try SimulatedNetwork.with { network in
            let pods = try Pods(network)
            try pods.apply(closed)
            let next = PolicyTable(netfilter: try .open(.netfilter, in: network.node))
            try next.apply(try F.compile([closed, #"{"podSelector":{},"ingress":[{"from":[{"namespaceSelector":{"matchLabels":{"team":"ops"}}}]}]}"#]))
            #expect(try pods.passes(F.job, F.web, 8080))
            #expect(try !pods.passes(F.client, F.web, 8080))
        }
    }

    @Test func `connections are told with their translation, state and bytes`() throws {
        try SimulatedNetwork.with { network in
            let pods = try Pods(network)
            let address = IPv4Address(10, 97, 3, 4)
            try ServiceRules(netfilter: try .open(.netfilter, in: network.node)).apply([
                ServicePort(.cluster(address), transport: .tcp, port: 80, endpoints: [.init(address: F.db, port: 5432)])
            ])
            try pods.apply()
            try network.node.run { () throws(SystemError) in try FileSystem.write("1", to: "/proc/sys/net/netfilter/nf_conntrack_acct") }
            #expect(try pods.passes(F.web, address, 80))
            let found = try #require(try pods.table.connections().first { $0.original.destination == address })
            #expect(found.original.source == F.web)
            #expect(found.original.destinationPort == 80)
            #expect(found.reply.source == F.db)
            #expect(found.reply.sourcePort == 5432)
            #expect(found.transport == 6)
            #expect(found.tcpState != nil)
            #expect(found.hasReply)
            #expect(found.sent.map { $0.packets >= 2 } == true)
        }
    }

    @Test func `hundreds of pods and policies load in one transaction, and change in small ones`() throws {
        try SimulatedNetwork.with { network in
            let pods = (0..<500).map { index in
                PolicyPod(
                    namespace: "shop", name: "p\(index)", labels: ["app": "a\(index % 50)"],
                    address: IPv4Address(10, 42, UInt8(1 + index / 250), UInt8(index % 250)))
            }
            let policies = try (0..<100).map { index in
                try F.policy(
                    #"{"podSelector":{"matchLabels":{"app":"a\#(index % 50)"}},"ingress":[{"from":[{"podSelector":{}}],"ports":[{"port":80},{"port":443}]}]}"#,
                    name: "p\(index)")
            }
            let table = PolicyTable(netfilter: try .open(.netfilter, in: network.node))
            let all = PolicyCompiler(pods: pods, namespaces: F.namespaces)
            try table.apply(all.compile(policies, node: [F.node]))
            let fewer = PolicyCompiler(pods: Array(pods.dropLast(10)), namespaces: F.namespaces)
            try table.apply(fewer.compile(policies.dropLast(), node: [F.node]))
            try table.apply(EnforcedPolicies())
            try table.apply(all.compile(policies, node: [F.node]))
            let socket = try NetlinkSocket.open(.netfilter, in: network.node)
            #expect(try socket.ruleCount(in: "ingress/10.42.1.7", of: PolicyRuleset.table) == 4)
        }
    }

    @Test func `a change tells the kernel only what differs`() throws {
        let before = PolicyRuleset(try F.compile([closed]))
        let after = PolicyRuleset(
            try F.compile([closed, #"{"podSelector":{"matchLabels":{"app":"db"}},"ingress":[{"from":[{"podSelector":{"matchLabels":{"app":"web"}}}]}]}"#]))
        #expect(after.changes(from: after).isEmpty)
        let labels = after.changes(from: before).map { $0.label.split(separator: " ").dropLast(2).joined(separator: " ") }
        #expect(
            labels == [
                "NFT_MSG_NEWSET uid-p2/ingress/1", "NFT_MSG_NEWSETELEM uid-p2/ingress/1", "NFT_MSG_NEWCHAIN uid-p2/ingress/1",
                "NFT_MSG_DELRULE ingress/10.42.0.3", "NFT_MSG_NEWRULE ingress/10.42.0.3", "NFT_MSG_NEWRULE ingress/10.42.0.3",
                "NFT_MSG_NEWRULE ingress/10.42.0.3", "NFT_MSG_NEWRULE uid-p2/ingress/1",
            ])
    }
}
