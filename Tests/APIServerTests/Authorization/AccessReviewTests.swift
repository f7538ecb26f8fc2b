import APIMachinery
import JSONCore
import KubeClient
import Testing

@testable import APIServer

/// What the SubjectAccessReview family refuses to answer.
struct AccessReviewTests {
    private static let path = "/apis/authorization.k8s.io/v1"
    private static let who = "\"user\":\"bob\""

    private static func review(_ kind: String, _ spec: String, metadata: String = "{}") -> String {
        "{\"kind\":\"\(kind)\",\"apiVersion\":\"authorization.k8s.io/v1\",\"metadata\":\(metadata),\"spec\":{\(spec)}}"
    }

    private static func resource(_ more: String = "", namespace: String = "default") -> String {
        "\"resourceAttributes\":{\"verb\":\"get\",\"resource\":\"pods\",\"namespace\":\"\(namespace)\"\(more)}"
    }

    @Test(arguments: [
        (review("SubjectAccessReview", "\(who),\(resource())", metadata: "{\"name\":\"x\"}"), "metadata: Invalid value: {\"name\":\"x\"}: must be empty"),
        (review("SubjectAccessReview", resource()), "spec.user: Invalid value: \"\": at least one of user or group must be specified"),
        (
            review("SubjectAccessReview", who),
            "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified"
        ),
        (
            review("SubjectAccessReview", "\(who),\(resource()),\"nonResourceAttributes\":{\"verb\":\"get\",\"path\":\"/\"}"),
            "cannot be specified in combination with resourceAttributes"
        ),
        (
            review(
                "SubjectAccessReview",
                "\(who),\(resource(",\"fieldSelector\":{\"rawSelector\":\"a=b\",\"requirements\":[{\"key\":\"a\",\"operator\":\"Exists\"}]}"))"),
            "spec.resourceAttributes.fieldSelector.rawSelector: Invalid value: \"a=b\": may not specified at the same time as requirements"
        ),
        (
            review("SubjectAccessReview", "\(who),\(resource(",\"labelSelector\":{}"))"),
            "spec.resourceAttributes.labelSelector.requirements: Required value: when spec.resourceAttributes.labelSelector is specified, requirements or rawSelector is required"
        ),
        (
            review("SubjectAccessReview", "\(who),\(resource(",\"labelSelector\":{\"requirements\":[{\"key\":\"a\",\"operator\":\"In\"}]}"))"),
            "labelSelector.requirements[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"
        ),
    ])
    func `a question that cannot be answered is refused`(body: String, text: String) async throws {
        try await TestServer.with { api async throws in
            let answer = try await api.call(.post, "\(Self.path)/subjectaccessreviews", body)
            #expect(answer.status == 422, "\(answer.message)")
            #expect(answer.message.contains(text), "\(answer.message)")
        }
    }

    @Test func `operators of newer clients are let pass`() async throws {
        try await TestServer.with { api async throws in
            for field in ["fieldSelector", "labelSelector"] {
                let selector = ",\"\(field)\":{\"requirements\":[{\"key\":\"a\",\"operator\":\"Near\",\"values\":[\"b\"]}]}"
                let body = Self.review("SelfSubjectAccessReview", Self.resource(selector))
                let answer = try await api.call(.post, "\(Self.path)/selfsubjectaccessreviews", body)
                #expect(answer.status == 201, "\(answer.message)")
            }
        }
    }

    @Test func `a local review asks about the namespace of its request`() async throws {
        try await TestServer.with { api async throws in
            let path = "\(Self.path)/namespaces/default/localsubjectaccessreviews"
            func ask(_ metadata: String, _ namespace: String) async throws -> TestServer.Answer {
                let body = Self.review("LocalSubjectAccessReview", "\(Self.who),\(Self.resource(namespace: namespace))", metadata: metadata)
                return try await api.call(.post, path, body)
            }
            let plain = try await ask("{}", "default")
            #expect(plain.status == 201, "\(plain.message)")
            #expect(plain.object.namespace == "default")
            #expect(try await ask("{\"namespace\":\"default\"}", "default").status == 201)
            let other = try await ask("{\"namespace\":\"other\"}", "other")
            #expect(other.status == 400)
            #expect(other.message == "the namespace of the provided object does not match the namespace sent on the request")
            let elsewhere = try await ask("{}", "other")
            #expect(elsewhere.status == 422)
            #expect(elsewhere.message.contains("spec.resourceAttributes.namespace: Invalid value: \"other\": must match metadata.namespace"))
            #expect(try await ask("{\"name\":\"x\"}", "default").message.contains("must be empty except for namespace"))
        }
    }
}
