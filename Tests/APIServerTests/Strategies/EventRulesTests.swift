import APIMachinery
import JSONCore
import KubeClient
import Testing

@testable import APIServer

struct EventRulesTests {
    private static let old = "/api/v1/namespaces/default/events"
    private static let new = "/apis/events.k8s.io/v1/namespaces/default/events"
    private static let pod = "{\"kind\":\"Pod\",\"name\":\"p\",\"namespace\":\"default\"}"

    private static func old(_ rest: String) -> String { "{\"metadata\":{\"name\":\"e\"},\(rest)}" }

    private static func new(_ changes: [String: String] = [:]) -> String {
        var fields = [
            "metadata": "{\"name\":\"e\"}", "regarding": pod, "eventTime": "\"2026-01-02T03:04:05.000000Z\"", "type": "\"Normal\"",
            "reason": "\"r\"", "action": "\"a\"", "reportingController": "\"example.com/c\"", "reportingInstance": "\"i\"",
        ]
        fields.merge(changes) { $1 }
        return "{\(fields.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ","))}"
    }

    @Test(arguments: [
        (old, old("\"involvedObject\":{\"namespace\":\"other\"}"), "involvedObject.namespace: Invalid value: \"other\": does not match event.namespace"),
        (
            old, old("\"involvedObject\":\(pod),\"eventTime\":\"2026-01-02T03:04:05.000000Z\""),
            "[reportingComponent: Required value, reportingComponent: Invalid value: \"\""
        ),
        (new, new(["eventTime": "null"]), "eventTime: Required value"),
        (new, new(["type": "\"Bogus\""]), "type: Invalid value: \"\": has invalid value: Bogus"), (new, new(["action": "\"\""]), "action: Required value"),
        (new, new(["reportingController": "\"\""]), "reportingController: Required value"),
        (new, new(["note": "\"\(String(repeating: "x", count: 1025))\""]), "message: Invalid value: \"\": can have at most 1024 characters"),
        (new, new(["deprecatedCount": "2"]), "count: Invalid value: \"\": needs to be unset"),
        (new, new(["series": "{\"count\":1,\"lastObservedTime\":\"2026-01-02T03:04:05.000000Z\"}"]), "series.count: Invalid value: \"\": should be at least 2"),
    ]) func `an event that says too little is refused`(path: String, body: String, text: String) async throws {
        try await TestServer.with { api async throws in
            let answer = try await api.call(.post, path, body)
            #expect(answer.status == 422)
            #expect(answer.message.contains(text), "\(answer.message)")
        }
    }

    @Test func `an event of the new version is fixed but for its series, one of the old is not`() async throws {
        try await TestServer.with { api async throws in
            #expect(try await api.call(.post, Self.new, Self.new()).status == 201)
            let merge = "application/merge-patch+json"
            let reason = try await api.call(.patch, "\(Self.new)/e", "{\"reason\":\"other\"}", type: merge)
            #expect(reason.status == 422)
            #expect(reason.message.contains("reason: Invalid value: \"other\": field is immutable"), "\(reason.message)")
            let series = "{\"series\":{\"count\":2,\"lastObservedTime\":\"2026-01-02T03:04:06.000000Z\"}}"
            #expect(try await api.call(.patch, "\(Self.new)/e", series, type: merge).status == 200)
            #expect(try await api.call(.patch, "\(Self.old)/e", "{\"reason\":\"other\"}", type: merge).status == 200)
        }
    }

    @Test func `an old event needs little`() async throws {
        try await TestServer.with { api async throws in
            #expect(try await api.call(.post, Self.old, Self.old("\"involvedObject\":{}")).status == 201)
        }
    }
}
