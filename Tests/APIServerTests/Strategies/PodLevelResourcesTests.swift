import APIMachinery
import JSONCore
import KubeClient
import ObjectStore
import Testing

@testable import APIServer

/// What a pod says of itself as a whole, against what its containers say; and the devices that they use.
struct PodLevelResourcesTests {
    private static func container(_ name: String, _ resources: String) -> String { #"{"name":"\#(name)","image":"x","resources":{\#(resources)}}"# }

    @Test(arguments: [
        (
            #""resources":{"requests":{"cpu":"2"}},"containers":[\#(container("a", #""requests":{"cpu":"1"}"#)),\#(container("b", #""requests":{"cpu":"1500m"}"#))]"#,
            #"spec.resources.requests[cpu]: Invalid value: "2": must be greater than or equal to aggregate container requests of 2500m"#
        ),
        (
            #""resources":{"requests":{"memory":"1Gi"}},"containers":[{"name":"a","image":"x"}],"initContainers":[\#(container("i", #""requests":{"memory":"2Gi"}"#))]"#,
            #"spec.resources.requests[memory]: Invalid value: "1Gi": must be greater than or equal to aggregate container requests of 2Gi"#
        ),
        (
            #""resources":{"limits":{"cpu":"1"}},"containers":[{"name":"a","image":"x"},\#(container("b", #""limits":{"cpu":"2"},"requests":{"cpu":"1"}"#))]"#,
            #"spec.resources.containers[1][cpu].limits: Invalid value: "2": must be less than or equal to pod limits of 1"#
        ),
        (
            #""resources":{"limits":{"hugepages-2Mi":"2Mi","cpu":"1"}},"containers":[\#(container("a", #""limits":{"hugepages-2Mi":"2Mi","cpu":"500m"}"#)),"#
                + #"\#(container("b", #""limits":{"hugepages-2Mi":"2Mi","cpu":"500m"}"#))]"#,
            #"spec.resources.limits[hugepages-2Mi]: Invalid value: "2Mi": must be greater than or equal to aggregate container limits of 4Mi"#
        ),
        (
            // What the containers ask for becomes what the pod asks for, which is more than it may use.
            #""resources":{"limits":{"cpu":"1"}},"containers":[\#(container("a", #""requests":{"cpu":"2"}"#))]"#,
            #"spec.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1"#
        ),
        (
            #""resources":{"claims":[{"name":"c"}]},"resourceClaims":[{"name":"c","resourceClaimName":"d"}],"containers":[{"name":"a","image":"x"}]"#,
            "spec.resources.claims: Forbidden: claims may not be set for Resources at pod-level"
        ),
        (
            #""containers":[\#(container("a", #""claims":[{"name":"c"}]"#))]"#,
            #"spec.containers[0].resources.claims[0]: Not found: "c": must be one of the names in pod.spec.resourceClaims which is empty"#
        ),
        (
            #""resourceClaims":[{"name":"z","resourceClaimName":"d"},{"name":"b","resourceClaimName":"d"}],"containers":[{"name":"a","image":"x"}],"#
                + #""initContainers":[\#(container("i", #""claims":[{"name":"c"}]"#))]"#,
            #"spec.initContainers[0].resources.claims[0]: Not found: "c": must be one of the names in pod.spec.resourceClaims: b, z"#
        ),
        (
            #""resourceClaims":[{"name":"c","resourceClaimName":"d"}],"containers":[\#(container("a", #""claims":[{"name":"c"},{"name":"c","request":"r"}]"#))]"#,
            #"spec.containers[0].resources.claims[1]: Duplicate value: "c""#
        ),
        (
            #""resourceClaims":[{"name":"c","resourceClaimName":"d"}],"containers":[\#(container("a", #""claims":[{"name":"c","request":"r"},{"name":"c"}]"#))]"#,
            #"spec.containers[0].resources.claims[1]: Duplicate value: "c""#
        ),
        (
            #""resourceClaims":[{"name":"c","resourceClaimName":"d"}],"containers":[\#(container("a", #""claims":[{"name":"c","request":"R"}]"#))]"#,
            #"spec.containers[0].resources.claims[0].request: Invalid value: "R": a lowercase RFC 1123 label must consist of"#
        ),
        (
            #""resourceClaims":[{"name":"c"}],"containers":[{"name":"a","image":"x"}]"#,
            #"spec.resourceClaims[0]: Invalid value: {"name":"c"}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"#
        ),
        (
            #""resourceClaims":[{"name":"c","resourceClaimName":"d","resourceClaimTemplateName":"e"}],"containers":[{"name":"a","image":"x"}]"#,
            "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
        ),
        (
            #""resourceClaims":[{"name":"c","resourceClaimName":"D"},{"name":"c","resourceClaimName":"d"}],"containers":[{"name":"a","image":"x"}]"#,
            #"spec.resourceClaims[0].resourceClaimName: Invalid value: "D""#
        ),
        (
            #""resourceClaims":[{"name":"c","resourceClaimName":"d"},{"name":"c","resourceClaimName":"d"}],"containers":[{"name":"a","image":"x"}]"#,
            #"spec.resourceClaims[1].name: Duplicate value: "c""#
        ),
    ])
    func `containers fit into their pod, and use its devices`(spec: String, text: String) async throws {
        try await TestServer.with { api async throws in
            let refused = try await api.call(.post, pods, TestServer.pod("p", spec: spec))
            #expect(refused.status == 422 && refused.message.contains(text), "\(refused.message)")
        }
    }

    @Test(
        arguments: [
            (
                #""resources":{"limits":{"cpu":"4","memory":"1Gi"}},"containers":[\#(container("a", #""requests":{"cpu":"1"}"#)),\#(container("b", #""limits":{"cpu":"2"}"#))]"#,
                ["requests": ["cpu": "3", "memory": "1Gi"], "limits": ["cpu": "4", "memory": "1Gi"]]
            ),
            (
                #""resources":{"limits":{"cpu":"4"}},"containers":[\#(container("a", #""limits":{"hugepages-2Mi":"2Mi","cpu":"1"}"#))]"#,
                ["requests": ["cpu": "1", "hugepages-2Mi": "2Mi"], "limits": ["cpu": "4", "hugepages-2Mi": "2Mi"]]
            ),
            (#""resources":{"requests":{"cpu":"4"}},"containers":[\#(container("a", #""requests":{"memory":"1Gi"}"#))]"#, ["requests": ["cpu": "4"]]),
            (
                #""resources":{"limits":{"cpu":"4"},"requests":{"cpu":"2"}},"containers":[\#(container("a", #""requests":{"cpu":"1"}"#))]"#,
                ["limits": ["cpu": "4"], "requests": ["cpu": "2"]]
            ),
        ] as [(String, JSONValue)])
    func `a pod asks for what its containers ask for, else for its limit`(spec: String, resources: JSONValue) async throws {
        try await TestServer.with { api async throws in
            let made = try await api.call(.post, pods, TestServer.pod("p", spec: spec))
            let has = made.object["spec", "resources"]
            for kind in ["requests", "limits"] {
                let (one, other) = (has?[kind]?.objectValue ?? JSONObject(), resources[kind]?.objectValue ?? JSONObject())
                #expect(one.count == other.count && one.allSatisfy { other[$0.key] == $0.value }, "\(made.message)\(has ?? .null)")
            }
            let labelled = try await api.call(.patch, "\(pods)/p", #"{"metadata":{"labels":{"a":"b"}}}"#, type: "application/merge-patch+json")
            #expect(labelled.status == 200, "\(labelled.message)")
        }
    }

    @Test(
        arguments: [
            // Of an older program.
            (["limits": ["cpu": "1"]], nil),
            // Its container got something of the namespace's limits after the pod was complete.
            (["limits": ["cpu": "1"], "requests": ["cpu": "1"]], ["requests": ["memory": "256Mi"]]),
        ] as [(JSONValue, JSONValue?)])
    func `a pod that was stored with less can still be changed`(resources: JSONValue, ofContainer: JSONValue?) async throws {
        try await TestServer.with { api async throws in
            var old = try await api.call(.post, pods, TestServer.pod("new")).object
            (old.name, old.uid, old.resourceVersion) = ("old", "u", "")
            old["spec", "resources"] = resources
            if let ofContainer {
                var containers = old.array("spec", "containers")
                containers[0]["resources"] = ofContainer
                old["spec", "containers"] = .array(containers)
            }
            let (bytes, splice) = ObjectCoding.encode(old)
            let key = ObjectKey(group: "", resource: "pods", namespace: "default", name: "old")
            let write = ObjectWrite(key: key, bytes: bytes, spliceOffset: splice, precondition: .mustNotExist, writer: "test")
            await withCheckedContinuation { done in api.store.submit([write]) { _ in done.resume() } }
            let labelled = try await api.call(.patch, "\(pods)/old", #"{"metadata":{"labels":{"a":"b"}}}"#, type: "application/merge-patch+json")
            #expect(labelled.status == 200 && labelled.object["spec", "resources"] == resources, "\(labelled.message)")
        }
    }

    @Test func `a claim is used whole, or by some of its requests`() async throws {
        try await TestServer.with { api async throws in
            let claims = #""resourceClaims":[{"name":"c","resourceClaimName":"d"},{"name":"e","resourceClaimTemplateName":"t"}]"#
            let used = Self.container("a", #""claims":[{"name":"c"},{"name":"e","request":"r"},{"name":"e","request":"s"}]"#)
            let made = try await api.call(.post, pods, TestServer.pod("p", spec: "\(claims),\"containers\":[\(used)]"))
            #expect(made.status == 201, "\(made.message)")
        }
    }
}
