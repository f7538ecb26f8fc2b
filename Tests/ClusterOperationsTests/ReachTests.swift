import APIMachinery
import JSONCore
import Testing

@testable import ClusterOperations

@Suite struct ReachTests {
    private func end(
        _ name: String, _ namespace: String = "demo", labels: [String: String] = [:], ip: String = "10.1.0.5", in namespaceLabels: [String: String] = [:]
    ) -> NetworkEnd {
        var pod = KubeObject(["kind": "Pod", "metadata": ["name": .string(name), "namespace": .string(namespace)], "status": ["podIP": .string(ip)]])
        pod.labels = labels
        return NetworkEnd(pod: pod, namespaceLabels: namespaceLabels)
    }

    private func policy(_ name: String, _ spec: JSONValue, namespace: String = "demo") -> KubeObject {
        KubeObject(["kind": "NetworkPolicy", "metadata": ["name": .string(name), "namespace": .string(namespace)], "spec": spec])
    }

    private func ingress(_ spec: JSONValue, from other: NetworkEnd, port: NetworkPort = NetworkPort(number: 80), namespace: String = "demo") -> PolicyVerdict {
        PolicyVerdict(.ingress, of: end("web", labels: ["app": "web"]), with: other, port: port, policies: [policy("p", spec, namespace: namespace)])
    }

    @Test func `a pod that no policy selects takes everything`() {
        #expect(ingress(["podSelector": ["matchLabels": ["app": "db"]], "ingress": []], from: end("x")).isAllowed)
        #expect(ingress(["podSelector": [:]], from: end("x"), namespace: "other").isAllowed)
        #expect(ingress(["podSelector": [:], "policyTypes": ["Egress"]], from: end("x")).isAllowed)
    }

    @Test func `a policy without rules denies, and is named`() {
        let verdict = ingress(["podSelector": [:]], from: end("x"))
        #expect(!verdict.isAllowed && verdict.selecting == ["p"] && verdict.allowing == nil)
        #expect(ingress(["podSelector": [:], "ingress": [[:]]], from: end("x")).allowing?.rule == 1)
    }

    @Test func `peers are pods of the namespace, of other namespaces, and addresses`() {
        let rules = { (peer: JSONValue) -> JSONValue in ["podSelector": [:], "ingress": [["from": [peer]]]] }
        let same: JSONValue = ["podSelector": ["matchLabels": ["app": "a"]]]
        #expect(ingress(rules(same), from: end("a", labels: ["app": "a"])).isAllowed)
        #expect(!ingress(rules(same), from: end("a", "other", labels: ["app": "a"])).isAllowed)
        let both: JSONValue = ["namespaceSelector": ["matchLabels": ["team": "x"]], "podSelector": ["matchLabels": ["app": "a"]]]
        #expect(ingress(rules(both), from: end("a", "other", labels: ["app": "a"], in: ["team": "x"])).isAllowed)
        #expect(!ingress(rules(both), from: end("a", "other", in: ["team": "x"])).isAllowed)
        let block: JSONValue = ["ipBlock": ["cidr": "10.1.0.0/16", "except": ["10.1.9.0/24"]]]
        #expect(ingress(rules(block), from: end("a", ip: "10.1.8.1")).isAllowed)
        #expect(!ingress(rules(block), from: end("a", ip: "10.1.9.1")).isAllowed)
        #expect(!ingress(rules(["ipBlock": ["cidr": "nonsense"]]), from: end("a")).isAllowed)
    }

    struct PortCase: Sendable {
        let port: JSONValue
        let isAllowed: Bool
    }

    @Test(arguments: [
        PortCase(port: ["port": 80], isAllowed: true), PortCase(port: ["port": 81], isAllowed: false),
        PortCase(port: ["port": "http"], isAllowed: true), PortCase(port: ["port": 70, "endPort": 90], isAllowed: true),
        PortCase(port: ["port": 70, "endPort": 75], isAllowed: false), PortCase(port: ["port": 80, "protocol": "UDP"], isAllowed: false),
        PortCase(port: .object([:]), isAllowed: true),
    ]) func `rules name ports by number, name and range`(example: PortCase) {
        let spec: JSONValue = ["podSelector": .object([:]), "ingress": [["ports": [example.port]]]]
        #expect(ingress(spec, from: end("x"), port: NetworkPort(number: 80, name: "http")).isAllowed == example.isAllowed)
    }

    @Test func `egress asks the policies of the asking side`() {
        let spec: JSONValue = ["podSelector": [:], "egress": [["to": [["podSelector": ["matchLabels": ["app": "db"]]]]]]]
        let own = end("web", labels: ["app": "web"])
        func verdict(_ other: NetworkEnd) -> PolicyVerdict {
            PolicyVerdict(.egress, of: own, with: other, port: NetworkPort(number: 5432), policies: [policy("out", spec)])
        }
        #expect(verdict(end("db", labels: ["app": "db"])).allowing?.policy == "out")
        #expect(!verdict(end("x")).isAllowed)
    }

    @Test func `questions name services and pods`() throws {
        let question = try NetworkReach.Question(parsing: "svc/web:http", namespace: "demo")
        #expect(question.kind == "Service" && question.namespace == "demo" && question.name == "web" && question.port == "http")
        #expect(try NetworkReach.Question(parsing: "pod/other/db:5432", namespace: "demo").namespace == "other")
        #expect(try NetworkReach.Question(parsing: "svc/web", namespace: "demo").port == nil)
    }

    @Test(arguments: ["", "web", "svc/", "svc//web", "deploy/web", "svc/a/b/c", "svc/web:80:90", "pod/web:http"])
    func `what names nothing to reach is refused with what is expected`(text: String) {
        #expect(throws: APIStatus.self) { try NetworkReach.Question(parsing: text, namespace: "demo") }
    }
}
