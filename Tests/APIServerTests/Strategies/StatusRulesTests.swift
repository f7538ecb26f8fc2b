import APIMachinery
import JSONCore
import KubeClient
import Testing

@testable import APIServer

/// What the status of a kind may not say.
struct StatusRulesTests {
    private static let merge = "application/merge-patch+json"
    private static let services = "/api/v1/namespaces/default/services"
    private static let ingresses = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"
    private static let revisions = "/apis/apps/v1/namespaces/default/controllerrevisions"

    private func tell(_ api: TestServer, _ object: String, _ entry: String) async throws -> TestServer.Answer {
        try await api.call(.patch, "\(object)/status", #"{"status":{"loadBalancer":{"ingress":[\#(entry)]}}}"#, type: Self.merge)
    }

    @Test(arguments: [
        (#"{"ip":"no"}"#, #"status.loadBalancer.ingress[0].ip: Invalid value: "no": must be a valid IP address"#),
        (#"{"hostname":"10.0.0.1"}"#, "must be a DNS name, not an IP address"),
        (#"{"hostname":"A_"}"#, #"status.loadBalancer.ingress[0].hostname: Invalid value: "A_""#),
    ])
    func `an address of a load balancer is one`(entry: String, text: String) async throws {
        try await TestServer.with { api async throws in
            let ingress = #"{"metadata":{"name":"i"},"spec":{"defaultBackend":{"service":{"name":"s","port":{"number":80}}}}}"#
            #expect(try await api.call(.post, Self.ingresses, ingress).status == 201)
            let service = #"{"metadata":{"name":"s"},"spec":{"type":"LoadBalancer","ports":[{"port":80}]}}"#
            #expect(try await api.call(.post, Self.services, service).status == 201)
            for object in ["\(Self.ingresses)/i", "\(Self.services)/s"] {
                let refused = try await tell(api, object, entry)
                #expect(refused.status == 422 && refused.message.contains(text), "\(refused.message)")
                let taken = try await tell(api, object, #"{"ip":"203.0.113.1"},{"hostname":"a.example"}"#)
                #expect(taken.status == 200, "\(taken.message)")
            }
        }
    }

    @Test func `a service says how its address is reached, and has one only behind a load balancer`() async throws {
        try await TestServer.with { api async throws in
            for (name, type) in [("a", "LoadBalancer"), ("b", "ClusterIP")] {
                _ = try await api.call(.post, Self.services, #"{"metadata":{"name":"\#(name)"},"spec":{"type":"\#(type)","ports":[{"port":80}]}}"#)
            }
            let told = try await tell(api, "\(Self.services)/a", #"{"ip":"203.0.113.1"}"#)
            #expect(told.object.array("status", "loadBalancer", "ingress") == [["ip": "203.0.113.1", "ipMode": "VIP"]])
            let stray = try await tell(api, "\(Self.services)/a", #"{"hostname":"a.example","ipMode":"VIP"}"#)
            #expect(stray.message.contains("ingress[0].ipMode: Forbidden: may not be specified when `ip` is not set"), "\(stray.message)")
            let other = try await api.call(.patch, "\(Self.services)/a", #"{"spec":{"loadBalancerClass":"example.com/x"}}"#, type: Self.merge)
            #expect(other.message.contains("spec.loadBalancerClass: Invalid value: \"example.com/x\": may not change once set"), "\(other.message)")
            _ = try await api.call(.patch, "\(Self.services)/a", #"{"spec":{"type":"ClusterIP"}}"#, type: Self.merge)
            let noted = try await api.call(.patch, "\(Self.services)/a/status", #"{"metadata":{"annotations":{"a":"b"}}}"#, type: Self.merge)
            #expect(noted.status == 200, "\(noted.message)")
            let wrong = try await tell(api, "\(Self.services)/b", #"{"ip":"203.0.113.1"}"#)
            #expect(wrong.message.contains("status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"))
        }
    }

    @Test(arguments: [
        ("/apis/apps/v1/namespaces/default/deployments/w", #"{"replicas":-1}"#, "status.replicas: Invalid value: -1: must be greater than or equal to 0"),
        (
            "/apis/apps/v1/namespaces/default/deployments/w", #"{"replicas":1,"readyReplicas":2}"#,
            "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas"
        ),
        (
            "/apis/apps/v1/namespaces/default/replicasets/w", #"{"replicas":2,"readyReplicas":1,"availableReplicas":2}"#,
            "status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas"
        ),
        (
            "/api/v1/namespaces/default/replicationcontrollers/w", #"{"fullyLabeledReplicas":1}"#,
            "status.fullyLabeledReplicas: Invalid value: 1: cannot be greater than status.replicas"
        ), ("/apis/apps/v1/namespaces/default/daemonsets/w", #"{"numberReady":-1}"#, "status.numberReady: Invalid value: -1"),
        ("/apis/apps/v1/namespaces/default/statefulsets/w", #"{"currentReplicas":-1}"#, "status.currentReplicas: Invalid value: -1"),
        (
            "/apis/apps/v1/namespaces/default/statefulsets/w", #"{"availableReplicas":1}"#,
            "status.availableReplicas: Invalid value: 1: cannot be greater than status.replicas"
        ),
        (
            "/apis/apps/v1/namespaces/default/statefulsets/w", #"{"replicas":1,"availableReplicas":1}"#,
            "status.availableReplicas: Invalid value: 1: cannot be greater than status.readyReplicas"
        ), ("/apis/apps/v1/namespaces/default/replicasets/w", #"{"terminatingReplicas":-1}"#, "status.terminatingReplicas: Invalid value: -1"),
    ])
    func `numbers of a workload's status are possible`(object: String, status: String, text: String) async throws {
        try await TestServer.with { api async throws in
            let collection = String(object.dropLast(2))
            let selector = collection.contains("/api/") ? #"{"a":"b"}"# : #"{"matchLabels":{"a":"b"}}"#
            let spec = #"{"selector":\#(selector),"serviceName":"s","template":\#(Self.template)}"#
            let made = try await api.call(.post, "\(collection)?fieldValidation=Ignore", #"{"metadata":{"name":"w"},"spec":\#(spec)}"#)
            #expect(made.status == 201, "\(made.message)")
            let refused = try await api.call(.patch, "\(object)/status", #"{"status":\#(status)}"#, type: Self.merge)
            #expect(refused.status == 422 && refused.message.contains(text), "\(refused.message)")
            let fine = #"{"status":{"replicas":2,"readyReplicas":1,"availableReplicas":1}}"#
            #expect(try await api.call(.patch, "\(object)/status?fieldValidation=Ignore", fine, type: Self.merge).status == 200)
        }
    }

    @Test(arguments: ["deployments", "statefulsets", "daemonsets"]) func `a count of collisions does not go back`(kind: String) async throws {
        try await TestServer.with { api async throws in
            let path = "/apis/apps/v1/namespaces/default/\(kind)"
            let spec = #"{"selector":{"matchLabels":{"a":"b"}},"template":\#(Self.template)}"#
            #expect(try await api.call(.post, path, #"{"metadata":{"name":"w"},"spec":\#(spec)}"#).status == 201)
            func tell(_ count: String) async throws -> TestServer.Answer {
                try await api.call(.patch, "\(path)/w/status", #"{"status":{"collisionCount":\#(count)}}"#, type: Self.merge)
            }
            for count in ["2", "2", "3"] { #expect(try await tell(count).status == 200) }
            for (count, shown) in [("2", "2"), ("null", "0")] {
                let refused = try await tell(count)
                #expect(refused.status == 422, "\(refused.message)")
                #expect(refused.message.contains("status.collisionCount: Invalid value: \(shown): cannot be decremented"), "\(refused.message)")
            }
        }
    }

    private static let template = #"{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}"#

    @Test func `a budget's numbers are not negative, and a node's ranges say the same`() async throws {
        try await TestServer.with { api async throws in
            let budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
            _ = try await api.call(.post, budgets, #"{"metadata":{"name":"b"},"spec":{"minAvailable":1}}"#)
            let refused = try await api.call(.patch, "\(budgets)/b/status", #"{"status":{"disruptionsAllowed":-1}}"#, type: Self.merge)
            #expect(refused.status == 422 && refused.message.contains("status.disruptionsAllowed: Invalid value: -1"), "\(refused.message)")
            let node = try await api.call(.post, "/api/v1/nodes", #"{"metadata":{"name":"n"},"spec":{"podCIDR":"10.9.0.0/24"}}"#).object
            #expect(node.array("spec", "podCIDRs") == ["10.9.0.0/24"])
        }
    }

    @Test func `a driver's node stays what it was, but for its room`() async throws {
        try await TestServer.with { api async throws in
            let nodes = "/apis/storage.k8s.io/v1/csinodes"
            let node = #"{"metadata":{"name":"n"},"spec":{"drivers":[{"name":"d","nodeID":"x","topologyKeys":["a"],"allocatable":{"count":1}}]}}"#
            #expect(try await api.call(.post, nodes, node).status == 201)
            func change(_ driver: String) async throws -> TestServer.Answer {
                try await api.call(.patch, "\(nodes)/n", #"{"spec":{"drivers":[\#(driver)]}}"#, type: Self.merge)
            }
            let more = try await change(#"{"name":"d","nodeID":"x","topologyKeys":["a"],"allocatable":{"count":2}},{"name":"e","nodeID":"y"}"#)
            #expect(more.status == 200, "\(more.message)")
            let other = try await change(#"{"name":"d","nodeID":"z","topologyKeys":["a"]}"#)
            #expect(other.status == 422 && other.message.contains("field is immutable"), "\(other.message)")
            #expect(try await change("").status == 200)
        }
    }

    @Test func `a revision has data and a number that is not negative`() async throws {
        try await TestServer.with { api async throws in
            let bare = try await api.call(.post, Self.revisions, #"{"metadata":{"name":"r"},"revision":1}"#)
            #expect(bare.status == 422 && bare.message.contains("data: Required value: data is mandatory"), "\(bare.message)")
            let made = try await api.call(.post, Self.revisions, #"{"metadata":{"name":"r"},"data":{"a":1},"revision":1}"#)
            #expect(made.status == 201, "\(made.message)")
            let back = try await api.call(.patch, "\(Self.revisions)/r", #"{"revision":-1}"#, type: Self.merge)
            #expect(back.status == 422 && back.message.contains("revision: Invalid value: -1: must be greater than or equal to 0"), "\(back.message)")
        }
    }
}
