import APIMachinery
import JSONCore
import KubeClient
import Testing

@testable import APIServer

struct DeviceRulesTests {
    @Test(arguments: ["1.2.3", "0.0.0", "1.2.3-alpha.1", "1.2.3-0a", "1.2.3+build.007", "1.2.3-x-y.z+a-b"])
    func `a semantic version is one`(text: String) { #expect(DeviceAttributeRules.isSemantic(text)) }

    @Test(arguments: ["", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3+", "1.2.3-a..b", "1.2.3 ", "v1.2.3", "1.2.3-ä"])
    func `other texts are none`(text: String) { #expect(!DeviceAttributeRules.isSemantic(text)) }

    @Test(arguments: ["iqn.2001-04.com.example:disk", "iqn.2001-04.a:b:c", "eui.0123456789abcdef", "naa.0123456789abcdef0123456789abcdef"])
    func `a name of an initiator is one`(text: String) { #expect(VolumeSourceValidation.isInitiator(text)) }

    @Test(arguments: [
        "iqn", "iqn.", "iqn.2001-04.com.example", "iqn.2001-04.com.example:", "iqn.2001-4.a:b", "iqn.2001-04.:b", "iqn.2001-04.a:b c", "eui.1", "naa.",
    ])
    func `a name of an initiator that is none is refused`(text: String) { #expect(!VolumeSourceValidation.isInitiator(text)) }

    private static func slice(_ device: String) -> String {
        """
        {"metadata":{"name":"s"},"spec":{"driver":"d.example.com","nodeName":"n","pool":{"name":"p","generation":1,"resourceSliceCount":1},
        "devices":[{"name":"gpu"\(device)}]}}
        """
    }

    @Test(
        arguments: [
            (#","attributes":{"a/b/c":{"int":1}}"#, #"spec.devices[0].attributes[a/b/c]: Invalid value: "a/b/c": must not contain more than one slash"#),
            (#","attributes":{"/b":{"int":1}}"#, #"spec.devices[0].attributes[/b]: Invalid value: "": the domain must not be empty"#),
            (#","attributes":{"1st":{"int":1}}"#, #"spec.devices[0].attributes[1st]: Invalid value: "1st": a valid C identifier must start with"#),
            (
                #","attributes":{"v":{"version":"1.2"}}"#,
                #"spec.devices[0].attributes[v].version: Invalid value: "1.2": must be a string compatible with semver.org spec 2.0.0"#
            ), (#","attributes":{"v":{}}"#, "spec.devices[0].attributes[v]: Required value: exactly one value must be specified"),
            (#","capacity":{"a-b":{"value":"1"}}"#, #"spec.devices[0].capacity[a-b]: Invalid value: "a-b": a valid C identifier"#),
        ])
    func `what a device has is named and valued in order`(device: String, message: String) async throws {
        try await TestServer.with { api async throws in
            let answer = try await api.call(.post, "/apis/resource.k8s.io/v1/resourceslices", Self.slice(device))
            #expect(answer.status == 422)
            #expect(answer.message.contains(message), "\(answer.message)")
            let long = #","attributes":{"s":{"string":"\#(String(repeating: "x", count: 65))"}}"#
            let refused = try await api.call(.post, "/apis/resource.k8s.io/v1/resourceslices", Self.slice(long))
            #expect(refused.message.contains("spec.devices[0].attributes[s].string: Too long: may not be more than 64 bytes"))
            let fine = #","attributes":{"d.example.com/model":{"string":"x"},"v":{"version":"1.2.3"}},"capacity":{"memory":{"value":"1Gi"}}"#
            let made = try await api.call(.post, "/apis/resource.k8s.io/v1/resourceslices", Self.slice(fine))
            #expect(made.status == 201, "\(made.message)")
        }
    }

    private static let result = #"{"request":"r","driver":"d.example.com","pool":"p","device":"gpu"}"#

    @Test(
        arguments: [
            (#"{"reservedFor":[{"resource":"pods","name":"a","uid":"u"}]}"#, "status.reservedFor: Forbidden: may not be specified when `allocated` is not set"),
            (
                #"{"allocation":{"devices":{"results":[{"request":"x","driver":"d.example.com","pool":"p","device":"gpu"}]}}}"#,
                #"status.allocation.devices.results[0].request: Invalid value: "x": must be the name of a request in the claim"#
            ),
            (
                #"{"allocation":{"devices":{"results":[\#(result)]}},"reservedFor":[{"resource":"","name":"a","uid":"u"}]}"#,
                "status.reservedFor[0].resource: Required value"
            ),
            (
                #"{"devices":[{"driver":"d.example.com","pool":"p","device":"other"}],"allocation":{"devices":{"results":[\#(result)]}}}"#,
                "status.devices[0]: Invalid value: \"d.example.com/p/other\": must be an allocated device in the claim"
            ),
        ])
    func `the status of a claim is held to the claim`(status: String, message: String) async throws {
        try await TestServer.with { api async throws in
            let claims = "/apis/resource.k8s.io/v1/namespaces/default/resourceclaims"
            let claim = #"{"metadata":{"name":"c"},"spec":{"devices":{"requests":[{"name":"r","exactly":{"deviceClassName":"gpu"}}]}}}"#
            #expect(try await api.call(.post, claims, claim).status == 201)
            func put(_ status: String) async throws -> TestServer.Answer {
                try await api.call(.patch, "\(claims)/c/status", "{\"status\":\(status)}", type: "application/merge-patch+json")
            }
            let answer = try await put(status)
            #expect(answer.status == 422)
            #expect(answer.message.contains(message), "\(answer.message)")
            let fine = try await put(#"{"allocation":{"devices":{"results":[\#(Self.result)]}},"reservedFor":[{"resource":"pods","name":"a","uid":"u"}]}"#)
            #expect(fine.status == 200, "\(fine.message)")
            let moved = try await put(#"{"allocation":{"devices":{"results":[]}}}"#)
            #expect(moved.message.contains("status.allocation: Invalid value"), "\(moved.message)")
            #expect(moved.message.contains("field is immutable"))
        }
    }
}
