import APIMachinery
import JSONCore
import KubeClient
import ObjectStore
import Testing

@testable import APIServer

struct EndpointAddressTests {
    @Test(arguments: [
        ("0.0.0.0", "unspecified"), ("::", "unspecified"), ("0:0::0", "unspecified"), ("127.0.0.1", "loopback"), ("127.9.9.9", "loopback"),
        ("::1", "loopback"), ("0:0:0:0:0:0:0:1", "loopback"), ("::ffff:127.0.0.1", "loopback"), ("169.254.169.254", "link-local range"),
        ("FE80::1", "link-local range"), ("febf::1", "link-local range"), ("224.0.0.5", "multicast"), ("ff02::1", "multicast"),
        ("10.0.0", "must be a valid IP address"),
    ])
    func `an address that each machine has for itself is none for a service`(text: String, word: String) {
        let problems = EndpointAddress.problems(text)
        #expect(problems.count == 1 && problems[0].contains(word), "\(problems)")
    }

    @Test(arguments: ["10.0.0.1", "1.127.0.1", "169.253.0.1", "224.0.1.1", "fec0::1", "fe8::1", "1::", "::2", "::ffff:10.0.0.1", "2001:db8::1"])
    func `others are`(text: String) { #expect(EndpointAddress.problems(text).isEmpty) }

    @Test func `slices and endpoints are checked`() async throws {
        try await TestServer.with { api async throws in
            let slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
            let slice = try await api.call(
                .post, slices, #"{"metadata":{"name":"s"},"addressType":"IPv4","endpoints":[{"addresses":["127.0.0.1"]}]}"#)
            #expect(slice.status == 422 && slice.message.contains("endpoints[0].addresses[0]: Invalid value: \"127.0.0.1\": may not be in the loopback"))
            func make(_ subset: String) async throws -> TestServer.Answer {
                try await api.call(.put, "\(Self.endpoints)/e", #"{"metadata":{"name":"e"},"subsets":[\#(subset)]}"#)
            }
            let local = try await make(#"{"notReadyAddresses":[{"ip":"169.254.169.254"}],"ports":[{"port":80}]}"#)
            #expect(local.status == 422 && local.message.contains("subsets[0].notReadyAddresses[0].ip: Invalid value"), "\(local.message)")
            #expect(try await make(#"{"ports":[{"port":80}]}"#).message.contains("must specify `addresses` or `notReadyAddresses`"))
            let nameless = try await make(#"{"addresses":[{"ip":"10.0.0.1"}],"ports":[{"port":80},{"name":"b","port":81}]}"#)
            #expect(nameless.message.contains("subsets[0].ports[0].name: Required value"), "\(nameless.message)")
            let fine = try await make(#"{"addresses":[{"ip":"10.0.0.1"}],"ports":[{"port":80}]}"#)
            #expect(fine.status == 201, "\(fine.message)")
        }
    }

    @Test(arguments: [
        (#"{"addresses":[],"notReadyAddresses":[]}"#, "subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`"),
        (port(#"{"port":80,"name":"A"}"#), #"subsets[0].ports[0].name: Invalid value: "A": a lowercase RFC 1123 label must consist of"#),
        (port(#"{"port":80},{"port":81,"name":"b"}"#), "subsets[0].ports[0].name: Required value"),
        (port(#"{"port":0}"#), "subsets[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"),
        (port(#"{"port":65536}"#), "subsets[0].ports[0].port: Invalid value: 65536: must be between"),
        (port(#"{"port":80,"protocol":"ICMP"}"#), #"subsets[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP""#),
        (port(#"{"port":80,"appProtocol":"a b"}"#), #"subsets[0].ports[0].appProtocol: Invalid value: "a b": name part must consist of"#),
        (#"{"addresses":[{"ip":"10.0.0.1","hostname":"a.b"}]}"#, #"subsets[0].addresses[0].hostname: Invalid value: "a.b": a lowercase RFC 1123 label"#),
        (
            #"{"notReadyAddresses":[{"ip":"10.0.0.1","nodeName":"A_"}]}"#,
            #"subsets[0].notReadyAddresses[0].nodeName: Invalid value: "A_": a lowercase RFC 1123 subdomain"#
        ),
    ])
    func `a subset of endpoints is checked`(subset: String, text: String) async throws {
        try await TestServer.with { api async throws in
            let refused = try await api.call(.post, Self.endpoints, #"{"metadata":{"name":"e"},"subsets":[\#(subset)]}"#)
            #expect(refused.status == 422 && refused.message.contains(text), "\(refused.message)")
        }
    }

    private static func port(_ ports: String) -> String { #"{"addresses":[{"ip":"10.0.0.1"}],"ports":[\#(ports)]}"# }
    private static let endpoints = "/api/v1/namespaces/default/endpoints"

    @Test func `subsets that were let pass once stay`() async throws {
        try await TestServer.with { api async throws in
            var object = try await api.call(.post, Self.endpoints, #"{"metadata":{"name":"e"}}"#).object
            (object.name, object.uid, object.resourceVersion) = ("old", "u", "")
            object["subsets"] = [["addresses": [["ip": "127.0.0.1"]]]]
            let (bytes, splice) = ObjectCoding.encode(object)
            let key = ObjectKey(group: "", resource: "endpoints", namespace: "default", name: "old")
            let write = ObjectWrite(key: key, bytes: bytes, spliceOffset: splice, precondition: .mustNotExist, writer: "test")
            await withCheckedContinuation { done in api.store.submit([write]) { _ in done.resume() } }
            let merge = "application/merge-patch+json"
            let labelled = try await api.call(.patch, "\(Self.endpoints)/old", #"{"metadata":{"labels":{"a":"b"}}}"#, type: merge)
            #expect(labelled.status == 200, "\(labelled.message)")
            let other = #"{"subsets":[{"addresses":[{"ip":"127.0.0.2"}]}]}"#
            #expect(try await api.call(.patch, "\(Self.endpoints)/old", other, type: merge).status == 422)
        }
    }

    @Test(arguments: [
        (
            #""type":"kubernetes.io/dockerconfigjson","data":{".dockerconfigjson":"eA=="}"#,
            "data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\""
        ),
        (#""type":"kubernetes.io/dockercfg","data":{".dockercfg":"W10="}"#, "data[.dockercfg]: Invalid value"),
        (#""type":"kubernetes.io/basic-auth","data":{}"#, "[data[username]: Required value, data[password]: Required value]"),
    ])
    func `a secret of a type holds what the type says`(fields: String, text: String) async throws {
        try await TestServer.with { api async throws in
            let secrets = "/api/v1/namespaces/default/secrets"
            let refused = try await api.call(.post, secrets, #"{"metadata":{"name":"s"},\#(fields)}"#)
            #expect(refused.status == 422 && refused.message.contains(text), "\(refused.message)")
            let named = #"{"metadata":{"name":"s"},"type":"kubernetes.io/basic-auth","stringData":{"username":""}}"#
            #expect(try await api.call(.post, secrets, named).status == 201)
            let signed = #"{"metadata":{"name":"t"},"type":"kubernetes.io/dockerconfigjson","stringData":{".dockerconfigjson":"{}"}}"#
            #expect(try await api.call(.post, secrets, signed).status == 201)
        }
    }
}
