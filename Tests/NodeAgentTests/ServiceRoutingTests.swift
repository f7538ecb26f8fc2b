import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import PodNetwork
import Testing

@testable import NodeAgent

struct ServiceRoutingTests {
    private static let routing = ServiceRouting(
        nodeName: "node-0", ranges: ClusterRanges(podCIDR: IPv4Network("10.42.0.0/16")!, serviceCIDR: IPv4Network("10.96.0.0/12")!))

    private static let web: JSONValue = ["name": "http", "port": 80, "protocol": "TCP"]

    private static func service(_ spec: JSONObject, status: JSONValue = [:]) -> Service {
        var whole: JSONObject = ["type": "ClusterIP", "clusterIP": "10.97.0.1", "ports": [web]]
        for member in spec { whole[member.key] = member.value }
        return Service(KubeObject(["metadata": ["name": "web", "namespace": "default"], "spec": .object(whole), "status": status]))
    }

    private static func slice(
        _ endpoints: [JSONValue], port: JSONValue = ["name": "http", "port": 8080, "protocol": "TCP"], type: String = "IPv4"
    ) -> EndpointSlice {
        EndpointSlice(KubeObject(["addressType": .string(type), "endpoints": .array(endpoints), "ports": [port]]))
    }

    private static func endpoint(
        _ address: String, ready: Bool? = true, serving: Bool? = nil, terminating: Bool? = nil, node: String = "node-0", hostname: String? = nil
    ) -> JSONValue {
        var conditions = JSONObject()
        for (name, value) in [("ready", ready), ("serving", serving), ("terminating", terminating)] { conditions[name] = value.map { .bool($0) } }
        var result: JSONObject = ["addresses": [.string(address)], "conditions": .object(conditions), "nodeName": .string(node)]
        result["hostname"] = hostname.map { .string($0) }
        return .object(result)
    }

    /// The rules as text, for example `10.97.0.1:80 to 10.42.0.2:8080`.
    private static func text(_ ports: [PodNetwork.ServicePort]) -> [String] {
        ports.map { port in
            let place =
                switch port.frontend {
                case .cluster(let address): "\(address)"
                case .external(let address): "external \(address)"
                case .node: "node"
                }
            let targets = port.endpoints.map { "\($0.address):\($0.port)" }.joined(separator: " ")
            return "\(place):\(port.port)\(port.transport == .tcp ? "" : "/\(port.transport)") to \(targets.isEmpty ? "nothing" : targets)"
        }
    }

    private static let selections: [(String, [EndpointSlice], String)] = [
        ("no slices", [], "nothing"),
        (
            "ready ones of all slices, once each", [slice([endpoint("10.42.0.3"), endpoint("10.42.0.2")]), slice([endpoint("10.42.0.3")])],
            "10.42.0.2:8080 10.42.0.3:8080"
        ),
        ("ready where nothing is said", [slice([["addresses": ["10.42.0.2"]]])], "10.42.0.2:8080"),
        ("not those that are not ready", [slice([endpoint("10.42.0.2", ready: false), endpoint("10.42.0.3")])], "10.42.0.3:8080"),
        (
            "those that end and still serve, when nothing is ready",
            [
                slice([
                    endpoint("10.42.0.2", ready: false, serving: true, terminating: true), endpoint("10.42.0.3", ready: false),
                    endpoint("10.42.0.4", ready: false, serving: false, terminating: true),
                ])
            ], "10.42.0.2:8080"
        ),
        (
            "not those that end while something is ready",
            [slice([endpoint("10.42.0.2", ready: false, serving: true, terminating: true), endpoint("10.42.0.3")])], "10.42.0.3:8080"
        ),
        (
            "a named port that differs between pods",
            [slice([endpoint("10.42.0.2")]), slice([endpoint("10.42.0.3")], port: ["name": "http", "port": 9090, "protocol": "TCP"])],
            "10.42.0.2:8080 10.42.0.3:9090"
        ),
        ("no port of another name", [slice([endpoint("10.42.0.2")], port: ["name": "x", "port": 1, "protocol": "TCP"])], "nothing"),
        ("no port of another protocol", [slice([endpoint("10.42.0.2")], port: ["name": "http", "port": 1, "protocol": "UDP"])], "nothing"),
        ("no impossible port", [slice([endpoint("10.42.0.2")], port: ["name": "http", "port": 65536, "protocol": "TCP"])], "nothing"),
        ("no other family, no names", [slice([endpoint("fd00::1")], type: "IPv6"), slice([endpoint("a.b")], type: "FQDN")], "nothing"),
        (
            "no address that nobody can be sent to",
            [slice(["127.0.0.1", "169.254.1.1", "224.0.0.1", "0.0.0.0", "x"].map { endpoint($0) } + [["addresses": []], "x", [:]])], "nothing"
        ),
    ]

    @Test(arguments: selections) func `connections go to endpoints that may have them`(what: String, slices: [EndpointSlice], targets: String) {
        #expect(Self.text(Self.routing.ports(of: Self.service([:]), slices)) == ["10.97.0.1:80 to \(targets)"], "\(what)")
    }

    private static let one = [slice([endpoint("10.42.0.2"), endpoint("10.42.1.2", node: "node-1")])]
    private static let both = "10.42.0.2:8080 10.42.1.2:8080"

    private static let frontends: [(JSONObject, [String])] = [
        (["type": "ExternalName", "externalName": "a.b", "clusterIP": ""] as JSONObject, []),
        (["clusterIP": "None"], []), (["clusterIP": ""], []), (["clusterIP": "fd00::1"], []),
        (["clusterIP": "10.96.0.1"], []), (["clusterIP": "10.96.0.10"], []),
        (["internalTrafficPolicy": "Local"], ["10.97.0.1:80 to 10.42.0.2:8080"]),
        (
            ["type": "NodePort", "ports": [["name": "http", "port": 80, "protocol": "TCP", "nodePort": 30080]], "externalTrafficPolicy": "Local"],
            ["10.97.0.1:80 to \(both)", "node:30080 to 10.42.0.2:8080"]
        ),
        (["ports": [["name": "http", "port": 80, "protocol": "TCP", "nodePort": 30080]]], ["10.97.0.1:80 to \(both)"]),
        (
            ["externalIPs": ["192.0.2.7", "10.96.0.5", "10.42.0.9", "10.96.0.1", "x", "192.0.2.7"]],
            ["10.97.0.1:80 to \(both)", "external 192.0.2.7:80 to \(both)"]
        ),
        (
            ["ports": [["name": "http", "port": 80, "protocol": "UDP"], ["name": "http", "port": 80, "protocol": "QUIC"], ["name": "http", "port": 0]]],
            ["10.97.0.1:80/udp to nothing"]
        ),
    ]

    @Test(arguments: frontends) func `a service is reached where its type says`(spec: JSONObject, rules: [String]) {
        #expect(Self.text(Self.routing.ports(of: Self.service(spec), Self.one)) == rules)
    }

    @Test func `a load balancer's address leads to the service, too`() {
        let status: JSONValue = ["loadBalancer": ["ingress": [["ip": "192.0.2.8"], ["hostname": "x"]]]]
        #expect(
            Self.text(Self.routing.ports(of: Self.service(["type": "LoadBalancer"], status: status), Self.one)).last == "external 192.0.2.8:80 to \(Self.both)")
        #expect(Self.routing.ports(of: Self.service([:], status: status), Self.one).count == 1)
    }

    @Test(
        arguments: [
            ([:] as JSONObject, nil), (["sessionAffinity": "None"], nil), (["sessionAffinity": "ClientIP"], .seconds(10800)),
            (["sessionAffinity": "ClientIP", "sessionAffinityConfig": ["clientIP": ["timeoutSeconds": 7]]], .seconds(7)),
            (["sessionAffinity": "ClientIP", "sessionAffinityConfig": ["clientIP": ["timeoutSeconds": -1]]], .seconds(1)),
        ] as [(JSONObject, Duration?)])
    func `clients keep their endpoint when the service says so`(spec: JSONObject, affinity: Duration?) {
        #expect(Self.routing.ports(of: Self.service(spec), Self.one).map(\.affinity) == [affinity])
    }

    @Test func `a thousand endpoints are enough`() {
        let slices = (0..<30).map { part in Self.slice((0..<100).map { Self.endpoint("10.42.\(part).\($0)") }) }
        let ports = Self.routing.ports(of: Self.service([:]), slices)
        #expect(ports.map(\.endpoints.count) == [1000])
        #expect(ports[0].endpoints.last?.address == IPv4Address(10, 42, 9, 99))
    }

    @Test func `names are those of endpoints that are ready, with their ports and host names`() {
        let slices = [
            Self.slice([Self.endpoint("10.42.0.2", hostname: "DB-0"), Self.endpoint("10.42.0.3", ready: false)]),
            Self.slice([Self.endpoint("10.42.0.2", hostname: "db-0")], port: ["name": "x", "port": 1, "protocol": "UDP"]),
        ]
        let names = Self.routing.names(of: Self.service(["clusterIP": "None"]), slices)
        let ports = [DNSService.Port(name: "http", transport: "tcp", number: 8080), .init(name: "x", transport: "udp", number: 1)]
        #expect(names?.kind == .headless)
        #expect(names?.endpoints == [.init(address: IPv4Address(10, 42, 0, 2), hostname: "db-0", ports: ports)])
        let all = Self.routing.names(of: Self.service(["clusterIP": "None", "publishNotReadyAddresses": true]), slices)
        #expect(all?.endpoints.count == 2)
    }

    @Test func `a name is what the service stands for`() {
        #expect(Self.routing.names(of: Self.service([:]), [])?.kind == .address(IPv4Address(10, 97, 0, 1)))
        #expect(Self.routing.names(of: Self.service([:]), [])?.ports == [.init(name: "http", transport: "tcp", number: 80)])
        #expect(Self.routing.names(of: Self.service(["type": "ExternalName", "externalName": "a.b"]), [])?.kind == .alias("a.b"))
        #expect(Self.routing.names(of: Self.service(["clusterIP": ""]), []) == nil)
    }
}
