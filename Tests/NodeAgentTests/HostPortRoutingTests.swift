import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import PodNetwork
import Testing

@testable import NodeAgent

struct HostPortRoutingTests {
    private static let routing = HostPortRouting(nodeName: "node-0", address: IPv4Address(10, 42, 0, 1))
    private static let web: JSONValue = ["containerPort": 80, "hostPort": 8080, "protocol": "TCP"]

    private static func rules(_ ports: [JSONValue], spec: JSONObject = [:], status: JSONValue = ["podIP": "10.42.0.9", "phase": "Running"]) -> [String] {
        var whole: JSONObject = ["nodeName": "node-0", "containers": [["name": "c", "ports": .array(ports)]]]
        for member in spec { whole[member.key] = member.value }
        return routing.ports(of: Pod(KubeObject(["metadata": ["name": "p"], "spec": .object(whole), "status": status]))).map { port in
            guard case .external(let address) = port.frontend, let target = port.endpoints.first else { return "nothing" }
            return "\(port.transport) \(address):\(port.port) to \(target.address):\(target.port)"
        }
    }

    @Test func `a host port leads from the node's address and from its loopback`() {
        #expect(Self.rules([Self.web]) == ["tcp 10.42.0.1:8080 to 10.42.0.9:80", "tcp 127.0.0.1:8080 to 10.42.0.9:80"])
        #expect(Self.rules([["containerPort": 80]]).isEmpty)
    }

    private static let addresses: [(String, [String])] = [
        ("0.0.0.0", ["10.42.0.1", "127.0.0.1"]), ("::", ["10.42.0.1", "127.0.0.1"]), ("127.0.0.1", ["127.0.0.1"]), ("127.0.0.5", ["127.0.0.5"]),
        ("10.42.0.1", ["10.42.0.1"]), ("10.96.0.10", []), ("192.0.2.1", []), ("::1", []), ("nonsense", []),
    ]

    @Test(arguments: addresses)
    func `a host address is used when it is the node's`(hostIP: String, wanted: [String]) {
        let port: JSONValue = ["containerPort": 53, "hostPort": 53, "protocol": "UDP", "hostIP": .string(hostIP)]
        #expect(Self.rules([port]) == wanted.map { "udp \($0):53 to 10.42.0.9:53" })
    }

    @Test func `sidecars count, other init containers do not`() {
        func spec(_ policy: JSONValue) -> JSONObject {
            ["containers": [["name": "c"]], "initContainers": [["name": "i", "ports": [Self.web], "restartPolicy": policy]]]
        }
        #expect(Self.rules([], spec: spec("Always")).count == 2)
        #expect(Self.rules([], spec: spec(.null)).isEmpty)
    }

    private static let nobody: [(String, JSONObject, JSONValue)] = [
        ("on the node's network", ["hostNetwork": true], ["podIP": "10.42.0.1", "phase": "Running"]),
        ("of another node", ["nodeName": "node-1"], ["podIP": "10.42.1.2", "phase": "Running"]),
        ("that waits for an address", [:], ["phase": "Pending"]),
        ("that has ended", [:], ["podIP": "10.42.0.9", "phase": "Succeeded"]),
        ("that has failed", [:], ["podIP": "10.42.0.9", "phase": "Failed"]),
    ]

    @Test(arguments: nobody)
    func `there are no rules for a pod`(that: String, spec: JSONObject, status: JSONValue) {
        #expect(Self.rules([Self.web], spec: spec, status: status).isEmpty, "\(that)")
    }

    private static let impossible: [JSONValue] = [
        ["containerPort": 80, "hostPort": 65536], ["containerPort": 0, "hostPort": 80], ["containerPort": 80, "hostPort": -1],
        ["containerPort": 80, "hostPort": 80, "protocol": "ICMP"],
    ]

    @Test(arguments: impossible)
    func `what is no port makes no rule`(port: JSONValue) { #expect(Self.rules([port]).isEmpty) }
}
