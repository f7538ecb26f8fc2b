import APIMachinery
import JSONCore
import KubeClient
import Synchronization
import Testing

@testable import APIServer

/// Writes down what it is asked about, and refuses what it is told to.
private final class Recorder: AdmissionStep {
    private let seen = Mutex<[String]>([])
    let refused: String

    init(refusing refused: String = "") { self.refused = refused }

    private static func line(_ request: AdmissionRequest, _ object: KubeObject) -> String {
        let path = [request.descriptor.plural, request.subresource].compactMap { $0 }.joined(separator: "/")
        let old = request.old.map { " from \($0.kind)" } ?? ""
        return "\(request.operation.rawValue) \(path) \(request.kind.kind) \(request.name) \(object.kind)\(old)"
    }

    func mutate(_ object: inout KubeObject, _ request: AdmissionRequest) throws(APIStatus) {
        let line = Self.line(request, object)
        seen.withLock { $0.append("mutate \(line)") }
    }

    func validate(_ object: KubeObject, _ request: AdmissionRequest) throws(APIStatus) {
        let line = Self.line(request, object)
        seen.withLock { $0.append("validate \(line)") }
        if !refused.isEmpty, line.contains(refused) { throw request.forbidden("not today") }
    }

    /// What has been seen since the last look, without what the test's own preparations cause.
    func take() -> [String] {
        seen.withLock { seen in
            defer { seen = [] }
            return seen
        }
    }
}

struct SubresourceAdmissionTests {
    static let pod = "\(pods)/p"
    private static let eviction = "{\"kind\":\"Eviction\",\"apiVersion\":\"policy/v1\",\"metadata\":{\"name\":\"p\"}}"
    private static let binding =
        "{\"kind\":\"Binding\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"p\"},\"target\":{\"kind\":\"Node\",\"name\":\"n\"}}"
    private static let merge = "application/merge-patch+json"
    /// A pod whose class of service stays the same when it is given more.
    private static let burstable = TestServer.pod(
        "p", spec: "\"containers\":[{\"name\":\"c\",\"image\":\"busybox\",\"resources\":{\"requests\":{\"cpu\":\"500m\"}}}]")

    @Test func `creates below an object are asked about as what they are`() async throws {
        let recorder = Recorder()
        try await TestServer.with(admission: [recorder]) { api async throws in
            func expect(
                _ method: APIRequest.Method, _ target: String, _ body: String, type: String? = nil, _ status: Int, _ lines: [String],
                _ place: SourceLocation = #_sourceLocation
            ) async throws {
                _ = recorder.take()
                let answer = try await api.call(method, target, body, type: type)
                #expect(answer.status == status, "\(answer.message)", sourceLocation: place)
                #expect(recorder.take() == lines, sourceLocation: place)
            }
            _ = try await api.call(.post, pods, TestServer.pod("p"))
            try await expect(
                .post, "\(Self.pod)/binding", Self.binding, 201,
                ["mutate CREATE pods/binding Binding p Binding", "validate CREATE pods/binding Binding p Binding"])
            try await expect(
                .post, "/api/v1/namespaces/default/serviceaccounts/default/token",
                "{\"kind\":\"TokenRequest\",\"apiVersion\":\"authentication.k8s.io/v1\",\"spec\":{\"audiences\":[]}}", 201,
                [
                    "mutate CREATE serviceaccounts/token TokenRequest default TokenRequest",
                    "validate CREATE serviceaccounts/token TokenRequest default TokenRequest",
                ])
            // The deletion that an eviction stands for is not asked about again.
            try await expect(
                .post, "\(Self.pod)/eviction", Self.eviction, 201,
                ["mutate CREATE pods/eviction Eviction p Eviction", "validate CREATE pods/eviction Eviction p Eviction"])
            _ = try await api.call(.post, pods, TestServer.pod("q"))
            try await expect(
                .post, "/api/v1/namespaces/default/bindings", Self.binding.replacing("\"p\"", with: "\"q\""), 201,
                ["mutate CREATE bindings Binding q Binding", "validate CREATE bindings Binding q Binding"])
            let review = "{\"kind\":\"SelfSubjectReview\",\"apiVersion\":\"authentication.k8s.io/v1\"}"
            try await expect(
                .post, "/apis/authentication.k8s.io/v1/selfsubjectreviews", review, 201,
                [
                    "mutate CREATE selfsubjectreviews SelfSubjectReview  SelfSubjectReview",
                    "validate CREATE selfsubjectreviews SelfSubjectReview  SelfSubjectReview",
                ])
        }
    }

    @Test func `updates of a part are asked about with the part and the object they carry`() async throws {
        let recorder = Recorder()
        try await TestServer.with(admission: [recorder]) { api async throws in
            func lines(_ method: APIRequest.Method, _ target: String, _ body: String, type: String? = nil) async throws -> [String] {
                _ = recorder.take()
                let answer = try await api.call(method, target, body, type: type)
                #expect(answer.status == 200, "\(target): \(answer.message)")
                return recorder.take()
            }
            _ = try await api.call(.post, deployments, TestServer.deployment("d"))
            let scale = "{\"kind\":\"Scale\",\"apiVersion\":\"autoscaling/v1\",\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":3}}"
            let wanted = ["mutate UPDATE deployments/scale Scale d Scale from Scale", "validate UPDATE deployments/scale Scale d Scale from Scale"]
            #expect(try await lines(.put, "\(deployments)/d/scale", scale) == wanted)
            #expect(try await lines(.patch, "\(deployments)/d/scale", "{\"spec\":{\"replicas\":4}}", type: Self.merge) == wanted)
            let status = try await lines(.patch, "\(deployments)/d/status", "{\"status\":{\"replicas\":1}}", type: Self.merge)
            #expect(
                status == [
                    "mutate UPDATE deployments/status Deployment d Deployment from Deployment",
                    "validate UPDATE deployments/status Deployment d Deployment from Deployment",
                ])
            _ = try await api.call(.post, pods, Self.burstable)
            let ephemeral = "{\"spec\":{\"ephemeralContainers\":[{\"name\":\"e\",\"image\":\"busybox\"}]}}"
            let resize = "{\"spec\":{\"containers\":[{\"name\":\"c\",\"resources\":{\"requests\":{\"cpu\":\"1\"}}}]}}"
            let strategic = "application/strategic-merge-patch+json"
            for (part, body) in [("ephemeralcontainers", ephemeral), ("resize", resize)] {
                let found = try await lines(.patch, "\(Self.pod)/\(part)", body, type: strategic)
                #expect(found == ["mutate UPDATE pods/\(part) Pod p Pod from Pod", "validate UPDATE pods/\(part) Pod p Pod from Pod"])
            }
        }
    }

    @Test(arguments: ["CREATE pods/binding", "CREATE pods/eviction", "UPDATE pods/resize"])
    func `a refusal leaves everything as it was`(refused: String) async throws {
        try await TestServer.with(admission: [Recorder(refusing: refused)]) { api async throws in
            _ = try await api.call(.post, pods, Self.burstable)
            let before = try await api.call(.get, Self.pod).value
            let answer =
                switch refused {
                case "CREATE pods/binding": try await api.call(.post, "\(Self.pod)/binding", Self.binding)
                case "CREATE pods/eviction": try await api.call(.post, "\(Self.pod)/eviction", Self.eviction)
                default:
                    try await api.call(
                        .patch, "\(Self.pod)/resize",
                        "{\"spec\":{\"containers\":[{\"name\":\"c\",\"resources\":{\"requests\":{\"cpu\":\"1\"}}}]}}",
                        type: "application/strategic-merge-patch+json")
                }
            #expect(answer.status == 403)
            #expect(answer.message == "pods \"p\" is forbidden: not today")
            #expect(try await api.call(.get, Self.pod).value == before)
        }
    }

    @Test func `a namespace that goes takes no binding and no eviction`() async throws {
        try await TestServer.with { api async throws in
            let namespace = "/api/v1/namespaces/n"
            _ = try await api.call(.post, "/api/v1/namespaces", "{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n\"}}")
            #expect(try await api.call(.post, "\(namespace)/pods", TestServer.pod("p")).status == 201)
            #expect(try await api.call(.delete, namespace).status == 200)
            for (part, body) in [("binding", Self.binding), ("eviction", Self.eviction)] {
                let answer = try await api.call(.post, "\(namespace)/pods/p/\(part)", body)
                #expect(answer.status == 403)
                #expect(answer.message == "pods \"p\" is forbidden: unable to create new content in namespace n because it is being terminated")
                #expect(answer.value["details", "causes"]?[0]?["reason"] == "NamespaceTerminating")
            }
        }
    }

    @Test(
        arguments: [
            ("exec?command=ls&stdout=true", "PodExecOptions"), ("attach?stdout=true", "PodAttachOptions"),
            ("portforward?ports=80", "PodPortForwardOptions"),
        ])
    func `a stream is asked about as a connection`(target: String, kind: String) async throws {
        let part = String(target.prefix { $0 != "?" })
        let recorder = Recorder(refusing: "CONNECT pods/\(part)")
        try await TestServer.with(admission: [recorder]) { api async throws in
            _ = try await api.call(.post, pods, TestServer.pod("p"))
            _ = recorder.take()
            await #expect {
                _ = try await api.server.connect(api.request(.get, "\(Self.pod)/\(target)"), as: TestServer.user)
            } throws: { error in
                (error as? APIStatus)?.message == "pods \"p\" is forbidden: not today"
            }
            #expect(recorder.take() == ["mutate CONNECT pods/\(part) \(kind) p \(kind)", "validate CONNECT pods/\(part) \(kind) p \(kind)"])
        }
    }

    @Test(arguments: [("services/s", "ServiceProxyOptions"), ("pods/s", "PodProxyOptions")])
    func `a proxied request of this process is asked about too`(place: String, kind: String) async throws {
        let resource = String(place.prefix { $0 != "/" })
        try await TestServer.with(admission: [Recorder(refusing: "CONNECT \(resource)/proxy \(kind) s")]) { api async throws in
            let answer = try await api.call(.get, "/api/v1/namespaces/default/\(place)/proxy/x")
            #expect(answer.status == 403)
            #expect(answer.message == "\(resource) \"s\" is forbidden: not today")
        }
    }
}
