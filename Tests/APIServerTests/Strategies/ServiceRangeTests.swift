import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import ObjectStore
import TestSupport
import Testing

@testable import APIServer

struct ServiceRangeTests {
    private static let services = "/api/v1/namespaces/default/services"
    private static let ranges = "/apis/networking.k8s.io/v1/servicecidrs"
    private static let addresses = "/apis/networking.k8s.io/v1/ipaddresses"

    private static func service(_ name: String, _ address: String = "") -> String {
        let extra = address.isEmpty ? "" : ",\"clusterIP\":\"\(address)\""
        return "{\"metadata\":{\"name\":\"\(name)\"},\"spec\":{\"ports\":[{\"port\":80}]\(extra)}}"
    }

    private static func range(_ name: String, _ cidr: String) -> String { "{\"metadata\":{\"name\":\"\(name)\"},\"spec\":{\"cidrs\":[\"\(cidr)\"]}}" }

    private static func ready(_ api: TestServer, _ name: String) async throws -> JSONValue? {
        try await api.call(.get, "\(ranges)/\(name)").object.array("status", "conditions").first { $0["type"] == "Ready" }
    }

    private static func becomesReady(_ api: TestServer, _ name: String) async throws {
        try await eventually("\(name) is ready") { try await ready(api, name)?["status"] == "True" }
    }

    @Test func `an address of a service is an object, as long as the service has it`() async throws {
        try await TestServer.with { api async throws in
            let made = try await api.call(.post, Self.services, Self.service("a", "10.96.0.9"))
            #expect(made.status == 201)
            let object = try await api.call(.get, "\(Self.addresses)/10.96.0.9").object
            #expect(object.labels == ["ipaddress.kubernetes.io/ip-family": "IPv4", "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io"])
            #expect(object["spec", "parentRef"] == ["resource": "services", "namespace": "default", "name": "a"])
            #expect(!object.uid.isEmpty)
            let outside = "{\"spec\":{\"type\":\"ExternalName\",\"externalName\":\"x.example.com\",\"clusterIP\":null,\"clusterIPs\":null}}"
            #expect(try await api.call(.patch, "\(Self.services)/a", outside, type: "application/merge-patch+json").status == 200)
            #expect(try await api.call(.get, "\(Self.addresses)/10.96.0.9").status == 404)
            let inside = "{\"spec\":{\"type\":\"ClusterIP\",\"externalName\":null,\"clusterIP\":\"10.96.0.9\"}}"
            #expect(try await api.call(.patch, "\(Self.services)/a", inside, type: "application/merge-patch+json").status == 200)
            #expect(try await api.call(.get, "\(Self.addresses)/10.96.0.9").status == 200)
            #expect(try await api.call(.delete, "\(Self.services)/a").status == 200)
            #expect(try await api.call(.get, "\(Self.addresses)/10.96.0.9").status == 404)
            #expect(try await api.call(.post, Self.services, Self.service("headless", "None")).status == 201)
            #expect(try await api.call(.post, "\(Self.services)?dryRun=All", Self.service("dry", "10.96.0.9")).status == 201)
            let all = try await api.call(.get, Self.addresses).object.array("items").map { $0["metadata", "name"] }
            #expect(all == ["10.96.0.1"])
        }
    }

    @Test func `an address that somebody else holds is not given to a service`() async throws {
        try await TestServer.with { api async throws in
            let foreign = """
                {"metadata":{"name":"10.96.0.20"},"spec":{"parentRef":{"group":"example.com","resource":"things","name":"x"}}}
                """
            #expect(try await api.call(.post, Self.addresses, foreign).status == 201)
            let refused = try await api.call(.post, Self.services, Self.service("a", "10.96.0.20"))
            #expect(refused.status == 422)
            #expect(refused.message.contains("provided IP is already allocated"))
            #expect(try await api.call(.delete, "\(Self.addresses)/10.96.0.20").status == 200)
            #expect(try await api.call(.post, Self.services, Self.service("a", "10.96.0.20")).status == 201)
        }
    }

    @Test func `an address object that somebody removes comes back, and one without a service goes`() async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, Self.services, Self.service("a", "10.96.0.9"))
            let first = try await api.call(.get, "\(Self.addresses)/10.96.0.9").object
            #expect(try await api.call(.delete, "\(Self.addresses)/10.96.0.9").status == 200)
            try await eventually("the address is back") {
                let object = try await api.call(.get, "\(Self.addresses)/10.96.0.9").object
                return !object.uid.isEmpty && object.uid != first.uid
            }
        }
    }

    @Test func `a further range becomes ready, gives addresses and stays while they are used`() async throws {
        try await TestServer.with { api async throws in
            #expect(try await api.call(.post, Self.services, Self.service("early", "10.200.1.7")).status == 422)
            #expect(try await api.call(.post, Self.ranges, Self.range("more", "10.200.1.0/28")).status == 201)
            try await Self.becomesReady(api, "more")
            let range = try await api.call(.get, "\(Self.ranges)/more").object
            #expect(range.finalizers == ["networking.k8s.io/service-cidr-finalizer"])
            #expect(try await Self.ready(api, "more")?["message"] == "Kubernetes Service CIDR is ready")
            #expect(try await api.call(.post, Self.services, Self.service("late", "10.200.1.7")).status == 201)
            #expect(try await api.call(.get, "\(Self.addresses)/10.200.1.7").status == 200)
            _ = try await api.call(.delete, "\(Self.ranges)/more")
            try await eventually("the range says that it is going") { try await Self.ready(api, "more")?["reason"] == "Terminating" }
            #expect(try await api.call(.post, Self.services, Self.service("last", "10.200.1.8")).status == 422)
            #expect(try await api.call(.delete, "\(Self.services)/late").status == 200)
            try await eventually("the range is gone") { try await api.call(.get, "\(Self.ranges)/more").status == 404 }
        }
    }

    @Test func `a range whose addresses another has as well goes at once`() async throws {
        try await TestServer.with { api async throws in
            for (name, cidr) in [("wide", "10.201.0.0/16"), ("narrow", "10.201.1.0/24")] {
                #expect(try await api.call(.post, Self.ranges, Self.range(name, cidr)).status == 201)
                try await Self.becomesReady(api, name)
            }
            #expect(try await api.call(.post, Self.services, Self.service("a", "10.201.1.7")).status == 201)
            _ = try await api.call(.delete, "\(Self.ranges)/narrow")
            try await eventually("the range is gone") { try await api.call(.get, "\(Self.ranges)/narrow").status == 404 }
            #expect(try await api.call(.post, Self.services, Self.service("b", "10.201.1.8")).status == 201)
        }
    }

    @Test func `a store that knows no address objects gets them`() async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, Self.services, Self.service("a", "10.96.0.9"))
            let key = ServiceAddressObject.key("10.96.0.9")
            let stale = ServiceAddressObject.object("10.96.0.33", namespace: "default", name: "gone")
            let (bytes, splice) = ObjectCoding.encode(stale)
            // As an older program has left it: written past the server, which starts anew on it.
            let missing = ObjectWrite(key: key, bytes: nil, spliceOffset: nil, precondition: .any, writer: "test")
            let orphan = ObjectWrite(
                key: ServiceAddressObject.key("10.96.0.33"), bytes: bytes, spliceOffset: splice, precondition: .mustNotExist, writer: "test")
            await withCheckedContinuation { done in api.store.submit([missing, orphan]) { _ in done.resume() } }
            let keeper = ServiceRangeKeeper(api.server.core)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await keeper.run() }
                try await eventually("what is missing is back and what is left over gone") {
                    let (back, gone) = (
                        try await api.call(.get, "\(Self.addresses)/10.96.0.9"), try await api.call(.get, "\(Self.addresses)/10.96.0.33")
                    )
                    return back.status == 200 && gone.status == 404
                }
                group.cancelAll()
            }
        }
    }
}
