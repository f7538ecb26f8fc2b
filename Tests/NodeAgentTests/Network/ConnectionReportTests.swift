import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import PodNetwork
import Testing

@testable import NodeAgent

struct ConnectionReportTests {
    private let web = IPv4Address(10, 42, 0, 2)
    private let db = IPv4Address(10, 42, 0, 3)
    private let node = IPv4Address(10, 42, 0, 1)
    private let service = IPv4Address(10, 96, 0, 20)
    private let outside = IPv4Address(192, 0, 2, 1)

    private var report: ConnectionReport {
        let policy = NetworkPolicy(
            KubeObject([
                "metadata": ["name": "db", "namespace": "shop", "uid": "u"],
                "spec": ["podSelector": ["matchLabels": ["app": "db"]], "ingress": [["ports": [["port": 5432]]]]],
            ]))
        let pods = [
            PolicyPod(namespace: "shop", name: "web", labels: [:], address: web),
            PolicyPod(namespace: "shop", name: "db", labels: ["app": "db"], address: db),
        ]
        let policies = PolicyCompiler(pods: pods, namespaces: [:]).compile([policy], node: [node])
        return ConnectionReport(policies: policies, names: [web: "shop/web", db: "shop/db"], services: [service: "shop/sql"])
    }

    private func tracked(
        _ source: IPv4Address, to original: IPv4Address, _ port: UInt16, answered by: IPv4Address, _ answering: UInt16, transport: UInt8 = 6,
        state: UInt8? = 3, volume: TrackedConnection.Volume? = .init(packets: 4, bytes: 240)
    ) -> TrackedConnection {
        TrackedConnection(
            transport: transport, original: .init(source: source, sourcePort: 40000, destination: original, destinationPort: port),
            reply: .init(source: by, sourcePort: answering, destination: source, destinationPort: 40000), tcpState: state, hasReply: true,
            sent: volume, received: volume)
    }

    @Test func `a connection is told with its service, its ends and the rule that lets it pass`() throws {
        let found = report.make([tracked(web, to: service, 80, answered: db, 5432)], denied: [], .all)
        let one = try #require(found.connections.first)
        #expect(one.source == .init(address: "10.42.0.2", port: 40000, name: "shop/web"))
        #expect(one.destination == .init(address: "10.42.0.3", port: 5432, name: "shop/db"))
        #expect(one.service == "shop/sql:80")
        #expect(one.transport == "TCP" && one.state == "ESTABLISHED")
        #expect(one.sent == .init(packets: 4, bytes: 240))
        #expect(one.egress == NetworkVerdict(.open))
        #expect(one.ingress == NetworkVerdict(.allowed, policies: ["shop/db"], rule: 1))
        #expect(!one.isDenied && !one.isOutlived)
        #expect(found.notes.isEmpty)
    }

    @Test func `what was not let through comes first and names the policies`() throws {
        let denied = DeniedConnection(direction: .ingress, source: web, destination: db, transport: 6, port: 22, packets: 3, age: .seconds(7))
        let found = report.make([tracked(node, to: db, 22, answered: db, 22)], denied: [denied], .all)
        #expect(found.connections.map(\.state) == ["DENIED", "ESTABLISHED"])
        #expect(found.connections.first?.ingress == NetworkVerdict(.denied, policies: ["shop/db"]))
        #expect(found.connections.first?.deniedAgo == 7)
        #expect(found.connections.last?.ingress == NetworkVerdict(.exempt))
        #expect(found.connections.last?.source.name == "node")
    }

    @Test func `a connection that policies would not let through any more is marked`() {
        let found = report.make([tracked(web, to: db, 22, answered: db, 22)], denied: [], .all)
        #expect(found.connections.first?.isOutlived == true)
    }

    @Test(arguments: [
        (ConnectionReport.Filter.pod("shop/db"), 1), (.pod("shop/web"), 2), (.pods(inNamespace: "shop"), 2), (.pods(inNamespace: "sho"), 0),
        (.service("shop/sql"), 1), (.service("shop/sq"), 0), (.all, 3),
    ])
    func `filters keep what belongs to a pod, a namespace or a service`(filter: ConnectionReport.Filter, count: Int) {
        let all = [
            tracked(web, to: service, 80, answered: db, 5432), tracked(web, to: outside, 53, answered: outside, 53, transport: 17, state: nil),
            tracked(node, to: outside, 443, answered: outside, 443),
        ]
        #expect(report.make(all, denied: [], filter).connections.count == count)
    }

    @Test func `a node that does not count says so`() {
        let found = report.make([tracked(web, to: outside, 53, answered: outside, 53, transport: 17, state: nil, volume: nil)], denied: [], .all)
        #expect(found.notes.count == 1)
        #expect(found.connections.first?.state == "REPLIED")
        #expect(found.connections.first?.sent == nil)
    }

    @Test func `what is told survives JSON`() {
        let denied = DeniedConnection(direction: .egress, source: web, destination: db, transport: 1, port: 0, packets: 3, age: .seconds(7))
        let found = report.make([tracked(web, to: service, 80, answered: db, 5432)], denied: [denied], .all)
        #expect(NetworkConnections(found.value) == found)
    }
}
