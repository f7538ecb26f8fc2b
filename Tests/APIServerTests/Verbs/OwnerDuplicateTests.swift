import APIMachinery
import JSONCore
import KubeClient
import Testing

@testable import APIServer

struct OwnerDuplicateTests {
    private static let words =
        "API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: u"

    private static func body(_ name: String, _ owners: String) -> String {
        "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"\(name)\",\"ownerReferences\":[\(owners)]}}"
    }

    private static let owner = "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":\"p\",\"uid\":\"u\"}"
    private static let other = "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":\"p\",\"uid\":\"u\",\"blockOwnerDeletion\":true}"

    @Test func `an owner named twice counts once, and the client is told`() async throws {
        try await TestServer.with { api async throws in
            let twice = "\(Self.owner),\(Self.other),\(Self.owner)"
            let made = try await api.call(.post, configMaps, Self.body("a", twice))
            #expect(made.object.ownerReferences.count == 2)
            #expect(made.warnings == ["299 - \".metadata.ownerReferences contains duplicate entries; \(Self.words)\""])
            let put = try await api.call(.put, "\(configMaps)/a", Self.body("a", twice))
            #expect(put.object.ownerReferences.count == 2)
            #expect(put.warnings == made.warnings)
            let patch = "[{\"op\":\"add\",\"path\":\"/metadata/ownerReferences/-\",\"value\":\(Self.owner)}]"
            let patched = try await api.call(.patch, "\(configMaps)/a", patch, type: "application/json-patch+json")
            #expect(patched.object.ownerReferences.count == 2)
            #expect(
                patched.warnings
                    == ["299 - \".metadata.ownerReferences contains duplicate entries after mutating admission happens; \(Self.words)\""])
            let plain = try await api.call(.put, "\(configMaps)/a", Self.body("a", "\(Self.owner),\(Self.other)"))
            #expect(plain.warnings.isEmpty)
        }
    }
}
