import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import PodNetwork
import Testing

@testable import NodeAgent

struct PolicyFactsTests {
    private func object(_ text: String) throws -> KubeObject { KubeObject(try YAML.parseSingle(text).value) }

    private func pod(_ name: String, uid: String, address: String? = nil, app: String = "web", phase: String = "Running") throws -> KubeObject {
        try object(
            """
            metadata: {name: \(name), namespace: shop, uid: '\(uid)', labels: {app: \(app)}}
            spec: {containers: [{name: main, ports: [{name: http, containerPort: 8080}]}]}
            status: {phase: \(phase), podIP: \(address.map { "\"\($0)\"" } ?? "\"\"")}
            """)
    }

    private func policy(_ revision: Int, spec: String = "{podSelector: {}}") throws -> KubeObject {
        try object("metadata: {name: p, namespace: shop, uid: pu, resourceVersion: '\(revision)'}\nspec: \(spec)")
    }

    private let first = IPv4Address(10, 42, 0, 2)

    @Test func `a pod is isolated at the address that the node gave it, before its status says so`() throws {
        var facts = PolicyFacts()
        let change1 = facts.note(policy: .added(try policy(1)))
        #expect(change1)
        let change2 = facts.note(pod: .added(try pod("a", uid: "1")))
        #expect(!change2)
        #expect(facts.compile(node: [], services: []).isolations.isEmpty)
        let isNew = facts.give(first, to: try pod("a", uid: "1"))
        #expect(isNew)
        #expect(facts.compile(node: [], services: []).isolations[.ingress]?[first]?.policies == ["shop/p"])
        let change3 = facts.note(pod: .added(try pod("a", uid: "1", address: "10.42.0.2")))
        #expect(!change3, "a status that says the same changes nothing")
        #expect(facts.names == [first: "shop/a"])
        let change4 = facts.takeBack("1")
        #expect(change4)
        #expect(facts.compile(node: [], services: []).isolations.isEmpty)
    }

    @Test func `an address that was given again is the new pod's`() throws {
        var facts = PolicyFacts()
        _ = facts.note(policy: .added(try policy(1, spec: "{podSelector: {matchLabels: {app: web}}}")))
        _ = facts.note(pod: .added(try pod("old", uid: "1", address: "10.42.0.2")))
        _ = facts.give(first, to: try pod("new", uid: "2", app: "db"))
        #expect(facts.compile(node: [], services: []).isolations.isEmpty)
        #expect(facts.names == [first: "shop/new"])
    }

    @Test(arguments: ["Succeeded", "Failed"]) func `a pod that has ended has no rules`(phase: String) throws {
        var facts = PolicyFacts()
        _ = facts.note(policy: .added(try policy(1)))
        let before = try pod("a", uid: "1", address: "10.42.0.2")
        _ = facts.note(pod: .added(before))
        let isChanged = facts.note(pod: .updated(old: before, new: try pod("a", uid: "1", address: "10.42.0.2", phase: phase)))
        #expect(isChanged)
        #expect(facts.compile(node: [], services: []).isolations.isEmpty)
    }

    @Test func `an older version of a policy changes nothing, and a deleted one is gone`() throws {
        var facts = PolicyFacts()
        _ = facts.note(pod: .added(try pod("a", uid: "1", address: "10.42.0.2")))
        let change5 = facts.note(policy: try policy(5, spec: "{podSelector: {}, policyTypes: [Egress]}"))
        #expect(change5)
        let isChanged = facts.note(policy: try policy(4))
        #expect(!isChanged)
        #expect(facts.compile(node: [], services: []).isolations.keys.sorted { $0.rawValue < $1.rawValue } == [.egress])
        let change6 = facts.note(policy: .deleted(try policy(6)))
        #expect(change6)
        #expect(facts.compile(node: [], services: []).isolations.isEmpty)
    }

    @Test func `labels of namespaces count`() throws {
        var facts = PolicyFacts()
        _ = facts.note(pod: .added(try pod("a", uid: "1", address: "10.42.0.2")))
        _ = facts.note(policy: .added(try policy(1, spec: "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: ops}}}]}]}")))
        let space = try object("metadata: {name: shop, labels: {team: ops}}")
        let change7 = facts.note(namespace: .added(try object("metadata: {name: shop}")))
        #expect(change7)
        #expect(facts.compile(node: [], services: []).rules.values.first?.addresses == [])
        let change8 = facts.note(namespace: .updated(old: space, new: space))
        #expect(change8)
        #expect(facts.compile(node: [], services: []).rules.values.first?.addresses == [first])
        let change9 = facts.note(namespace: .deleted(space))
        #expect(change9)
        #expect(facts.compile(node: [], services: []).rules.values.first?.addresses == [])
    }
}
