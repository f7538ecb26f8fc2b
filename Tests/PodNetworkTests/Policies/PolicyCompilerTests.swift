import LinuxKernel
import Testing

@testable import PodNetwork

struct PolicyCompilerTests {
    /// A connection and whether it passes both sides.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let specs: [String]
        let passing: [(IPv4Address, IPv4Address, UInt16)]
        let denied: [(IPv4Address, IPv4Address, UInt16)]
        var transport: UInt8 = 6
        var testDescription: String { name }
    }

    private typealias F = PolicyFixture

    static let cases: [Case] = [
        Case(name: "without policies everything passes", specs: [], passing: [(F.client, F.web, 80), (F.outside, F.db, 1)], denied: []),
        Case(
            name: "an empty ingress closes the selected pods and no others", specs: [#"{"podSelector":{"matchLabels":{"app":"web"}}}"#],
            passing: [(F.client, F.db, 80), (F.web, F.db, 80), (F.web, F.outside, 443), (F.node, F.web, 80), (F.web, F.web, 80)],
            denied: [(F.db, F.web, 80), (F.client, F.web, 80), (F.outside, F.web, 80)]),
        Case(
            name: "an empty rule opens to everybody", specs: [#"{"podSelector":{},"ingress":[{}]}"#],
            passing: [(F.client, F.web, 80), (F.outside, F.db, 1)], denied: []),
        Case(
            name: "a pod selector means pods of the policy's namespace",
            specs: [#"{"podSelector":{"matchLabels":{"app":"db"}},"ingress":[{"from":[{"podSelector":{"matchLabels":{"app":"web"}}}]}]}"#],
            passing: [(F.web, F.db, 5432)], denied: [(F.client, F.db, 5432), (F.job, F.db, 5432)]),
        Case(
            name: "a namespace selector means every pod there",
            specs: [#"{"podSelector":{},"ingress":[{"from":[{"namespaceSelector":{"matchLabels":{"team":"ops"}}}]}]}"#],
            passing: [(F.job, F.web, 80), (F.job, F.db, 80)], denied: [(F.client, F.web, 80), (F.web, F.db, 80)]),
        Case(
            name: "both selectors of one peer have to hold, and peers add up",
            specs: [
                #"{"podSelector":{},"ingress":[{"from":[{"namespaceSelector":{},"podSelector":{"matchLabels":{"app":"web"}}},{"ipBlock":{"cidr":"192.0.2.0/24"}}]}]}"#
            ],
            passing: [(F.client, F.db, 80), (F.web, F.db, 80), (F.outside, F.db, 80)], denied: [(F.job, F.db, 80)]),
        Case(
            name: "exceptions of a range are not in it",
            specs: [#"{"podSelector":{},"ingress":[{"from":[{"ipBlock":{"cidr":"0.0.0.0/0","except":["10.42.0.4/31"]}}]}]}"#],
            passing: [(F.outside, F.db, 80), (F.web, F.db, 80)], denied: [(F.job, F.db, 80), (F.client, F.db, 80)]),
        Case(
            name: "ports by number, by range and by name",
            specs: [
                #"{"podSelector":{},"ingress":[{"ports":[{"port":80},{"protocol":"TCP","port":1000,"endPort":1002},{"port":"sql"},{"protocol":"UDP","port":53}]}]}"#
            ],
            passing: [(F.job, F.web, 80), (F.job, F.web, 1000), (F.job, F.web, 1002), (F.job, F.db, 5432)],
            denied: [(F.job, F.web, 81), (F.job, F.web, 999), (F.job, F.web, 1003), (F.job, F.web, 5432), (F.job, F.web, 53)]),
        Case(
            name: "a protocol without a port is all of its ports", specs: [#"{"podSelector":{},"ingress":[{"ports":[{"protocol":"UDP"}]}]}"#],
            passing: [(F.job, F.web, 7)], denied: [], transport: 17),
        Case(
            name: "ICMP passes only where no ports are named",
            specs: [
                #"{"podSelector":{"matchLabels":{"app":"web"}},"ingress":[{"ports":[{"port":80}]}]}"#,
                #"{"podSelector":{"matchLabels":{"app":"db"}},"ingress":[{}]}"#,
            ],
            passing: [(F.job, F.db, 0)], denied: [(F.job, F.web, 0)], transport: 1),
        Case(
            name: "egress alone leaves ingress open",
            specs: [#"{"podSelector":{"matchLabels":{"app":"web"}},"policyTypes":["Egress"],"egress":[{"to":[{"podSelector":{}}],"ports":[{"port":"sql"}]}]}"#],
            passing: [(F.web, F.db, 5432), (F.client, F.web, 80), (F.db, F.outside, 443), (F.web, F.web, 1)],
            denied: [(F.web, F.outside, 443), (F.web, F.db, 80), (F.web, F.job, 5432), (F.web, F.node, 10250)]),
        Case(
            name: "a named port of egress is the answering pod's",
            specs: [#"{"podSelector":{"matchLabels":{"app":"db"}},"policyTypes":["Egress"],"egress":[{"ports":[{"port":"http"}]}]}"#],
            passing: [(F.db, F.web, 8080), (F.db, F.job, 9090)], denied: [(F.db, F.web, 9090), (F.db, F.outside, 8080)]),
        Case(
            name: "policies add up",
            specs: [
                #"{"podSelector":{}}"#, #"{"podSelector":{"matchLabels":{"app":"db"}},"ingress":[{"from":[{"podSelector":{"matchLabels":{"app":"web"}}}]}]}"#,
            ],
            passing: [(F.web, F.db, 1)], denied: [(F.job, F.db, 1), (F.db, F.web, 1)]),
        Case(
            name: "without policyTypes egress isolates only where it says something",
            specs: [#"{"podSelector":{"matchLabels":{"app":"web"}},"egress":[{"to":[{"ipBlock":{"cidr":"192.0.2.0/24"}}]}]}"#],
            passing: [(F.web, F.outside, 443)], denied: [(F.web, F.db, 443), (F.job, F.web, 80)]),
        Case(
            name: "what is not understood opens nothing",
            specs: [
                #"{"podSelector":{},"ingress":[{"from":[{"ipBlock":{"cidr":"fd00::/8"}}]},{"ports":[{"protocol":"X","port":80}]},{"ports":[{"port":70000}]}]}"#
            ],
            passing: [], denied: [(F.job, F.web, 80), (F.outside, F.web, 80)]),
    ]

    @Test(arguments: cases) func `connections pass as networking v1 says`(_ testCase: Case) throws {
        let policies = try F.compile(testCase.specs)
        func passes(_ way: (IPv4Address, IPv4Address, UInt16)) -> Bool {
            NetworkPolicy.Direction.allCases.allSatisfy {
                policies.decide($0, from: way.0, to: way.1, transport: testCase.transport, port: way.2).passes
            }
        }
        for way in testCase.passing { #expect(passes(way), "\(way.0) to \(way.1) port \(way.2)") }
        for way in testCase.denied { #expect(!passes(way), "\(way.0) to \(way.1) port \(way.2)") }
    }

    @Test func `a decision names the rule or the policies`() throws {
        let policies = try F.compile([
            #"{"podSelector":{}}"#, #"{"podSelector":{},"ingress":[{"ports":[{"port":1}]},{"ports":[{"port":80}]}]}"#,
        ])
        guard case .allowed(let origin) = policies.decide(.ingress, from: F.job, to: F.web, transport: 6, port: 80) else {
            Issue.record("the connection is allowed")
            return
        }
        #expect("\(origin)" == "shop/p2 ingress rule 2")
        #expect(policies.decide(.ingress, from: F.job, to: F.web, transport: 6, port: 81) == .denied(["shop/p1", "shop/p2"]))
        #expect(policies.decide(.ingress, from: F.node, to: F.web, transport: 6, port: 81) == .exempt)
        #expect(policies.decide(.egress, from: F.web, to: F.job, transport: 6, port: 81) == .open)
    }
}
