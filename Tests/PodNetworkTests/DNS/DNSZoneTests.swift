import LinuxKernel
import Testing

@testable import PodNetwork

struct DNSZoneTests {
    private static func zone() -> DNSZone {
        let zone = DNSZone(ranges: ClusterRanges(podCIDR: IPv4Network("10.42.0.0/16")!, serviceCIDR: IPv4Network("10.96.0.0/12")!))
        zone.setNamespaces(["default", "empty"])
        let ports = [DNSService.Port(name: "http", transport: "tcp", number: 80), DNSService.Port(name: "", transport: "udp", number: 53)]
        let own = [DNSService.Port(name: "sql", transport: "tcp", number: 5432)]
        let services = [
            DNSService(namespace: "default", name: "web", kind: .address(IPv4Address(10, 97, 0, 1)), ports: ports),
            DNSService(
                namespace: "default", name: "db", kind: .headless,
                endpoints: [
                    .init(address: IPv4Address(10, 42, 0, 7), hostname: "db-0", ports: own), .init(address: IPv4Address(10, 42, 0, 8), ports: own),
                ]),
            DNSService(namespace: "default", name: "none", kind: .headless),
            DNSService(namespace: "default", name: "out", kind: .alias("example.org")),
            DNSService(namespace: "default", name: "in", kind: .alias("web.default.svc.cluster.local")),
            DNSService(namespace: "default", name: "lost", kind: .alias("nowhere.default.svc.cluster.local")),
            DNSService(namespace: "default", name: "circle", kind: .alias("circle.default.svc.cluster.local")),
        ]
        for service in services { zone.set(service, namespace: service.namespace, name: service.name) }
        return zone
    }

    /// The answer as text: its code, or its records in order.
    private static func look(_ name: String, _ type: DNSType, _ zone: DNSZone = zone()) throws -> String {
        guard let answer = zone.answer(DNSQuestion(try #require(DNSName(name)), type)) else { return "not ours" }
        let text = answer.answers.map { "\($0.type) \($0.text)" }.sorted().joined(separator: ", ")
        let end = answer.continuation.map { " then \($0)" } ?? ""
        if text.isEmpty || answer.code != .noError { #expect(answer.code == .serverFailure || answer.authorities.first?.type == .soa) }
        return (answer.code != .noError ? "\(answer.code)\(text.isEmpty ? "" : " after \(text)")" : text.isEmpty ? "nothing" : text) + end
    }

    private static let questions: [(String, DNSType, String)] = [
        ("web.default.svc.cluster.local", .a, "A 10.97.0.1"),
        ("WEB.Default.svc.cluster.LOCAL", .a, "A 10.97.0.1"),
        ("web.default.svc.cluster.local", .aaaa, "nothing"),
        ("web.default.svc.cluster.local", .srv, "SRV 0 50 53 web.default.svc.cluster.local, SRV 0 50 80 web.default.svc.cluster.local"),
        ("_http._tcp.web.default.svc.cluster.local", .srv, "SRV 0 100 80 web.default.svc.cluster.local"),
        ("_http._tcp.web.default.svc.cluster.local", .a, "nothing"),
        ("_http._udp.web.default.svc.cluster.local", .srv, "NXDOMAIN"),
        ("_tcp.web.default.svc.cluster.local", .srv, "nothing"),
        ("nope.default.svc.cluster.local", .a, "NXDOMAIN"),
        ("web.other.svc.cluster.local", .a, "NXDOMAIN"),
        ("default.svc.cluster.local", .a, "nothing"),
        ("other.svc.cluster.local", .a, "NXDOMAIN"),
        ("svc.cluster.local", .a, "nothing"),
        ("cluster.local", .a, "nothing"),
        ("cluster.local", .soa, "SOA ns.dns.cluster.local hostmaster.cluster.local"),
        ("cluster.local", .ns, "NS ns.dns.cluster.local"),
        ("ns.dns.cluster.local", .a, "A 10.96.0.10"),
        ("dns-version.cluster.local", .txt, "TXT 6 bytes"),
        ("db.default.svc.cluster.local", .a, "A 10.42.0.7, A 10.42.0.8"),
        ("db-0.db.default.svc.cluster.local", .a, "A 10.42.0.7"),
        ("10-42-0-8.db.default.svc.cluster.local", .a, "A 10.42.0.8"),
        ("db-1.db.default.svc.cluster.local", .a, "NXDOMAIN"),
        (
            "_sql._tcp.db.default.svc.cluster.local", .srv,
            "SRV 0 50 5432 10-42-0-8.db.default.svc.cluster.local, SRV 0 50 5432 db-0.db.default.svc.cluster.local"
        ),
        ("none.default.svc.cluster.local", .a, "NXDOMAIN"),
        ("out.default.svc.cluster.local", .a, "CNAME example.org then example.org"),
        ("out.default.svc.cluster.local", .cname, "CNAME example.org"),
        ("in.default.svc.cluster.local", .a, "A 10.97.0.1, CNAME web.default.svc.cluster.local"),
        ("in.default.svc.cluster.local", .aaaa, "CNAME web.default.svc.cluster.local"),
        ("lost.default.svc.cluster.local", .a, "NXDOMAIN after CNAME nowhere.default.svc.cluster.local"),
        ("circle.default.svc.cluster.local", .a, "SERVFAIL"),
        ("10-42-0-5.default.pod.cluster.local", .a, "A 10.42.0.5"),
        ("10-42-0-5.other.pod.cluster.local", .a, "NXDOMAIN"),
        ("10-42-0.default.pod.cluster.local", .a, "NXDOMAIN"),
        ("1.0.97.10.in-addr.arpa", .ptr, "PTR web.default.svc.cluster.local"),
        ("7.0.42.10.in-addr.arpa", .ptr, "PTR db-0.db.default.svc.cluster.local"),
        ("9.0.42.10.in-addr.arpa", .ptr, "NXDOMAIN"),
        ("1.1.168.192.in-addr.arpa", .ptr, "not ours"),
        ("example.org", .a, "not ours"),
        ("mycluster.local", .a, "not ours"),
        ("local", .a, "not ours"),
    ]

    @Test(arguments: questions) func `names of the cluster are answered`(name: String, type: DNSType, answer: String) throws {
        #expect(try Self.look(name, type) == answer)
    }

    @Test func `a port's targets come with their addresses`() throws {
        let answer = try #require(Self.zone().answer(DNSQuestion(DNSName("_sql._tcp.db.default.svc.cluster.local")!, .srv)))
        #expect(Set(answer.additionals.map(\.text)) == ["10.42.0.7", "10.42.0.8"])
    }

    @Test func `a service that changes or goes takes its names along`() throws {
        let zone = Self.zone()
        let moved = DNSService(namespace: "default", name: "web", kind: .address(IPv4Address(10, 97, 0, 9)))
        zone.set(moved, namespace: "default", name: "web")
        #expect(try Self.look("1.0.97.10.in-addr.arpa", .ptr, zone) == "NXDOMAIN")
        #expect(try Self.look("9.0.97.10.in-addr.arpa", .ptr, zone) == "PTR web.default.svc.cluster.local")
        zone.set(nil, namespace: "default", name: "web")
        #expect(try Self.look("web.default.svc.cluster.local", .a, zone) == "NXDOMAIN")
        #expect(try Self.look("9.0.97.10.in-addr.arpa", .ptr, zone) == "NXDOMAIN")
    }
}
