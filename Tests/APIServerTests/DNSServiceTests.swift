import APIMachinery
import JSONCore
import KubeClient
import TestSupport
import Testing

@testable import APIServer

struct DNSServiceTests {
    private static let services = "/api/v1/namespaces/kube-system/services"

    private static func service(_ name: String, _ address: String) -> String {
        """
        {"apiVersion":"v1","kind":"Service","metadata":{"name":"\(name)"},"spec":{"clusterIP":"\(address)","ports":[{"port":53,"protocol":"UDP"}]}}
        """
    }

    @Test func `cluster DNS is found by the service that everybody expects, which comes back`() async throws {
        try await TestServer.with(dnsAddress: "10.96.0.10") { api async throws in
            let path = "\(Self.services)/kube-dns"
            let before = try await api.call(.get, path).object
            #expect(before["spec", "clusterIP"] == "10.96.0.10")
            #expect((before["spec", "ports"]?.arrayValue ?? []).map { $0["protocol"] } == ["UDP", "TCP"])
            #expect(try await api.call(.get, "/apis/networking.k8s.io/v1/ipaddresses/10.96.0.10").object["spec", "parentRef", "name"] == "kube-dns")
            let slice = try await api.call(.get, "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices/kube-dns").object
            #expect(slice["endpoints"]?[0]?["addresses"] == ["10.96.0.10"])
            #expect(try await api.call(.delete, path).status == 200)
            try await eventually("the service is there again") {
                let now = try await api.call(.get, path)
                return now.status == 200 && now.object.uid != before.uid
            }
            #expect(try await api.call(.post, Self.services, Self.service("other", "10.96.0.10")).status == 422)
        }
    }

    @Test func `a cluster without DNS has no such service, and its address is free`() async throws {
        try await TestServer.with { api async throws in
            #expect(try await api.call(.get, "\(Self.services)/kube-dns").status == 404)
            #expect(try await api.call(.post, Self.services, Self.service("other", "10.96.0.10")).status == 201)
        }
    }
}
