import APIMachinery
import JSONCore
import KubeClient
import TestSupport
import Testing

@testable import APIServer

struct FlowSchemaKeeperTests {
    @Test func `a flow schema says whether its level is there`() async throws {
        try await TestServer.with { api async throws in
            let (schemas, levels) = (
                "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas", "/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations"
            )
            func dangling() async throws -> JSONValue? {
                try await api.call(.get, "\(schemas)/mine").object.array("status", "conditions").first { $0["type"] == "Dangling" }
            }
            let schema = """
                {"metadata":{"name":"mine"},"spec":{"priorityLevelConfiguration":{"name":"own"},"matchingPrecedence":9000}}
                """
            let made = try await api.call(.post, schemas, schema)
            #expect(made.status == 201, "\(made.message)")
            try await eventually("the schema is told to dangle") { try await dangling()?["status"] == "True" }
            let message = "This FlowSchema references the PriorityLevelConfiguration object named \"own\" but there is no such object"
            #expect(try await dangling()?["message"] == .string(message))
            let level = "{\"metadata\":{\"name\":\"own\"},\"spec\":{\"type\":\"Limited\",\"limited\":{\"limitResponse\":{\"type\":\"Reject\"}}}}"
            #expect(try await api.call(.post, levels, level).status == 201)
            try await eventually("the schema is told to hang on something") { try await dangling()?["reason"] == "Found" }
        }
    }
}
