import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import ObjectStore
import Testing

@testable import APIServer

struct RoutingTests {
    @Test(arguments: [
        ("/api/v1/pods", ["", "v1", "pods", "-", "-", "-"]), ("/api/v1/namespaces", ["", "v1", "namespaces", "-", "-", "-"]),
        ("/api/v1/namespaces/a", ["", "v1", "namespaces", "-", "a", "-"]),
        ("/api/v1/namespaces/a/status", ["", "v1", "namespaces", "-", "a", "status"]),
        ("/api/v1/namespaces/a/finalize", ["", "v1", "namespaces", "-", "a", "finalize"]),
        ("/api/v1/namespaces/a/pods", ["", "v1", "pods", "a", "-", "-"]),
        ("/api/v1/namespaces/a/pods/p", ["", "v1", "pods", "a", "p", "-"]),
        ("/api/v1/namespaces/a/pods/p/log", ["", "v1", "pods", "a", "p", "log"]),
        ("/apis/apps/v1/deployments", ["apps", "v1", "deployments", "-", "-", "-"]),
        ("/apis/apps/v1/namespaces/a/deployments/d/scale", ["apps", "v1", "deployments", "a", "d", "scale"]),
        ("/api/v1/watch/namespaces/a/pods", ["", "v1", "pods", "a", "-", "-"]),
    ])
    func `a path names its parts`(path: String, parts: [String]) throws {
        let segments = try #require(APIRequest(path: path).pathSegments)
        guard case .resource(let found) = RequestPath(segments) else { return #expect(Bool(false)) }
        #expect(
            [found.group, found.version, found.resource, found.namespace ?? "-", found.name ?? "-", found.subresource ?? "-"] == parts)
    }

    @Test(arguments: ["/", "/api", "/apis/apps", "/apis/apps/v1", "/version", "/kdash/v1/images"])
    func `other paths are no resources`(path: String) throws {
        let segments = try #require(APIRequest(path: path).pathSegments)
        #expect(RequestPath(segments) == .other(segments))
    }

    @Test func `a continue token comes back as it went, and nothing else passes for one`() throws {
        let token = ContinueToken(revision: 77, after: "/pods/default/p")
        #expect(try ContinueToken(parsing: token.text) == token)
        for text in [
            "", "abc", "e30", Base64.encode(Array("{\"v\":\"meta.k8s.io/v1\",\"rv\":0,\"start\":\"a\\u0000\"}".utf8), isURL: true),
        ] {
            #expect(throws: (any Error).self) { try ContinueToken(parsing: text) }
        }
    }

    @Test(
        arguments: [
            ("invalid", "invalid duration \"invalid\""), ("-", "invalid duration \"-\""), (".s", "invalid duration \".s\""),
            ("60", "missing unit in duration \"60\""), ("1h1", "missing unit in duration \"1h1\""),
            ("5d", "unknown unit \"d\" in duration \"5d\""), ("1h 1m", "unknown unit \"h \" in duration \"1h 1m\""),
        ])
    func `a timeout that says no time is refused, whoever asks for what`(text: String, problem: String) async throws {
        #expect(RequestTimeout.problem(text) == problem)
        try await TestServer.with { api async throws in
            for path in ["/version", "/api/v1/pods"] {
                let answer = try await api.call(.get, "\(path)?timeout=\(text.replacing(" ", with: "%20"))")
                #expect(answer.status == 400)
                #expect(answer.message == "invalid timeout specified in the request URL - time: \(problem)")
            }
        }
    }

    @Test(arguments: ["", "0", "0s", "3m", "-1s", "1.5h", ".5s", "1h2m3s4ms5us6µs7ns"])
    func `a timeout that says a time is taken`(text: String) async throws {
        try await TestServer.with { api async throws in
            #expect(try await api.call(.get, "/version?timeout=\(text.replacing("µ", with: "%C2%B5"))").status == 200)
        }
    }

    @Test func `documents that are no resources are answered`() async throws {
        try await TestServer.with { api async throws in
            #expect(try await api.call(.get, "/version").value["major"] == "1")
            #expect(try await api.call(.get, "/readyz").value == "ok")
            #expect(try await api.call(.get, "/livez", as: .anonymous).status == 200)
            #expect(try await api.call(.get, "/api", as: .anonymous).status == 403)
            #expect(try await api.call(.get, "/api/v1").value["kind"] == "APIResourceList")
            #expect(try await api.call(.get, "/apis").value["kind"] == "APIGroupList")
            #expect(try await api.call(.get, "/apis/apps/").value["kind"] == "APIGroup")
            let aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
            let groups = try await api.call(.get, "/apis", accept: aggregated)
            #expect(groups.value["kind"] == "APIGroupDiscoveryList")
            #expect(groups.response.contentType.contains("apidiscovery"))
            let index = try await api.call(.get, "/openapi/v3")
            let url = try #require(index.value["paths"]?["api/v1"]?["serverRelativeURL"]?.stringValue)
            #expect(try await api.call(.get, url).value["openapi"]?.stringValue?.hasPrefix("3.") == true)
            #expect(try await api.call(.get, "/openapi/v2").value["swagger"] == "2.0")
            #expect(try await api.call(.get, "/openapi/v2", accept: "text/plain").status == 406)
            let binary = try await api.call(.get, "/openapi/v2", accept: "application/com.github.proto-openapi.spec.v2@v1.0+protobuf")
            #expect(binary.response.contentType == "application/com.github.proto-openapi.spec.v2.v1.0+protobuf")
            let gone = try await api.call(.get, "/apis/policy/v1beta1/poddisruptionbudgets")
            #expect(gone.status == 404)
            #expect(gone.value["message"]?.stringValue?.hasSuffix("policy/v1beta1 is not served; use policy/v1") == true)
            #expect(try await api.call(.post, "/version").status == 405)
        }
    }

    @Test func `every document of OpenAPI v3 is listed with its hash and served under it`() async throws {
        try await TestServer.with { api async throws in
            let paths = try #require(try await api.call(.get, "/openapi/v3").value["paths"]?.objectValue)
            let names = paths.map(\.key)
            #expect(names == names.sorted())
            for name in [
                ".well-known/openid-configuration", "api", "api/v1", "apis", "apis/apps", "apis/apps/v1", "apis/rbac.authorization.k8s.io",
                "openid/v1/jwks", "version",
            ] { #expect(names.contains(name)) }
            for member in paths where !member.key.contains("/v1") && !member.key.contains("/v2") {
                let url = try #require(member.value["serverRelativeURL"]?.stringValue)
                let document = try await api.call(.get, url)
                #expect(document.status == 200)
                #expect(document.value["openapi"] == "3.0.0")
                #expect(document.value["paths"]?["/\(member.key)/"]?["get", "operationId"] != nil)
                #expect(document.response.headers.contains { $0 == ("cache-control", "public, immutable") })
                let stale = try await api.call(.get, "/openapi/v3/\(member.key)?hash=OLD")
                #expect(stale.status == 301)
                #expect(stale.response.headers.contains { $0 == ("location", url) })
            }
            let group = try await api.call(.get, "/openapi/v3/apis/apps").value
            let reference = group["paths"]?["/apis/apps/"]?["get", "responses"]?["200"]?["content"]?["application/json"]?["schema"]
            let type = "io.k8s.apimachinery.pkg.apis.meta.v1.APIGroup"
            #expect(reference == ["$ref": .string("#/components/schemas/\(type)")])
            #expect(group["components", "schemas"]?[type]?["properties"]?["versions"] != nil)
            for path in ["nothing", "apis/nothing", "apis/apps/v1/x", "api/v1/x"] {
                #expect(try await api.call(.get, "/openapi/v3/\(path)").status == 404)
            }
        }
    }

    @Test(
        arguments: [
            ("/apis/apps/v1/namespaces/default/deployments", "extensions/v1beta1", "Deployment", "extensions/v1beta1 is not served; use apps/v1"),
            (
                "/apis/apps/v1/namespaces/default/deployments", "extensions/v1beta1", "Ingress",
                "extensions/v1beta1 is not served; use networking.k8s.io/v1"
            ),
            (
                "/apis/policy/v1/namespaces/default/poddisruptionbudgets", "policy/v1beta1", "PodDisruptionBudget",
                "policy/v1beta1 is not served; use policy/v1"
            ),
            ("/apis/batch/v1/namespaces/default/cronjobs", "batch/v1beta1", "CronJob", "batch/v1beta1 is not served; use batch/v1"),
        ])
    func `a body in a version that is gone is told which one to use`(path: String, version: String, kind: String, advice: String) async throws {
        try await TestServer.with { api async throws in
            let body = "{\"apiVersion\":\"\(version)\",\"kind\":\"\(kind)\",\"metadata\":{\"name\":\"x\"}}"
            let answer = try await api.call(.post, path, body)
            #expect(answer.status == 400)
            #expect(answer.message.hasSuffix(advice), "\(answer.message)")
            // A version that is served, but not here, needs no advice.
            let other = try await api.call(.post, path, body.replacing(version, with: "v1"))
            #expect(other.message.contains("does not match the expected API version"))
        }
    }

    @Test func `extensions are authorized as paths and get their body as a stream`() async throws {
        struct Echo: ExtensionEndpoint {
            let path = "/kdash/v1/echo"
            func handle(_ request: APIRequest, body: any ByteSource, as user: UserInfo) async throws(APIStatus) -> APIResponse {
                APIResponse(contentType: "text/plain", body: .bytes(try await body.collect()))
            }
        }
        try await TestServer.with(extensions: [Echo()]) { api async throws in
            #expect(try await api.call(.post, "/kdash/v1/echo/x", "hi").value == "hi")
            #expect(try await api.call(.post, "/kdash/v1/echo", "hi", as: RBACTests.bob).status == 403)
            #expect(try await api.call(.get, "/kdash/v1/other").status == 404)
        }
    }

    @Test(arguments: [configMaps, "\(configMaps)/c", "/api/v1/namespaces", "\(pods)/p/status", "/apis/apps/v1/deployments"])
    func `OPTIONS of a resource is a method that is not served`(path: String) async throws {
        try await TestServer.with { api async throws in
            let answer = try await api.call(.options, path)
            #expect(answer.status == 405)
            #expect(answer.reason == "MethodNotAllowed")
            #expect(answer.message == "the server does not allow this method on the requested resource")
            #expect(try await api.call(.options, path, as: RBACTests.bob).status == 403)
        }
    }

    @Test func `OPTIONS of what is not there is not found, and of a custom resource names it`() async throws {
        try await TestServer.with { api async throws in
            #expect(try await api.call(.options, "/apis/nosuch.example.com/v1/things").status == 404)
            try await api.define()
            let answer = try await api.call(.options, "/apis/stable.example.com/v1/namespaces/default/crontabs")
            #expect(answer.status == 405)
            #expect(answer.message == " is not supported on resources of kind \"crontabs.stable.example.com\"")
        }
    }
}
