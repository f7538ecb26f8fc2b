import JSONCore
import KubeClient
import Testing

@testable import APIServer

struct PrettyFormTests {
    private static let path = "/api/v1/namespaces/default/configmaps"

    private func text(_ api: TestServer, _ target: String, accept: String? = nil, agent: String? = nil) async throws -> String {
        var request = api.request(.get, target, accept: accept)
        request.userAgent = agent
        switch await api.raw(request).body {
        case .bytes(let bytes): return String(decoding: bytes, as: UTF8.self)
        case .stream(let source): return String(decoding: try await source.collect(), as: UTF8.self)
        }
    }

    @Test(
        arguments: [
            ("?pretty=true", nil, "kubectl/v1.33", true), ("?pretty=1", nil, nil, true), ("", nil, "curl/8.0", true), ("", nil, "Mozilla/5.0 (X11)", true),
            ("", "application/json;pretty=1", nil, true), ("", nil, nil, false), ("?pretty=false", nil, "curl/8.0", false), ("", nil, "kubectl/v1.33", false),
        ] as [(String, String?, String?, Bool)])
    func `people get indented answers`(query: String, accept: String?, agent: String?, isPretty: Bool) async throws {
        try await TestServer.with { api async throws in
            let answer = try await text(api, "/api/v1/namespaces/default\(query)", accept: accept, agent: agent)
            #expect(answer.hasPrefix(isPretty ? "{\n  \"kind\": \"Namespace\"," : "{\"kind\":\"Namespace\","), "\(answer.prefix(80))")
            let missing = try await text(api, "\(Self.path)/none\(query)", accept: accept, agent: agent)
            #expect(missing.contains("\n") == isPretty)
        }
    }

    @Test func `a large list is indented whole, and a watch is not`() async throws {
        try await TestServer.with { api async throws in
            let padding = String(repeating: "x", count: 20_000)
            for index in 0..<20 {
                #expect(try await api.call(.post, Self.path, TestServer.configMap("m\(index)", data: "{\"k\":\"\(padding)\"}")).status == 201)
            }
            let plain = try await text(api, Self.path)
            let pretty = try await text(api, "\(Self.path)?pretty=true")
            #expect(pretty.utf8.count > plain.utf8.count && pretty.hasPrefix("{\n  \"kind\": \"ConfigMapList\","))
            #expect(try JSON.parse(pretty) == JSON.parse(plain))
            let watch = try await api.watch("\(Self.path)?watch=true&pretty=true")
            #expect(try await watch.next()?.type == "ADDED")
        }
    }
}
