import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Testing

@testable import ViewModels

@MainActor @Suite struct NamespaceFeedsTests {
    private static let refusal = APIStatus(code: 403, reason: .forbidden, message: "not for you")

    /// A cluster where pods and ConfigMaps may be listed in `demo` and `data` alone.
    private static func fixture() -> Fixture {
        let fixture = Fixture()
        for (name, namespace) in [("web-1", "demo"), ("db-1", "data"), ("key-1", "secret")] {
            fixture.addPod(name, namespace: namespace)
            addSettings(name, namespace, fixture)
        }
        for plural in ["pods", "configmaps"] {
            fixture.server.refuse(.get, "/api/v1/\(plural)", refusal)
            fixture.server.refuse(.get, "/api/v1/namespaces/secret/\(plural)", refusal)
        }
        return fixture
    }

    private static func addSettings(_ name: String, _ namespace: String, _ fixture: Fixture) {
        fixture.server.put(
            "/api/v1/namespaces/\(namespace)/configmaps/\(name)",
            ["kind": "ConfigMap", "apiVersion": "v1", "metadata": ["name": .string(name), "namespace": .string(namespace), "uid": .string("cm-\(name)")]])
    }

    private static func names(_ table: ResourcesModel) -> [String] { (0..<table.count).compactMap { table.row(uid: table.row(at: $0).uid)?.name } }

    @Test func `each chosen namespace is followed where all may not be listed, and which refuse is said`() async throws {
        try await Self.fixture().run { fixture in
            let app = fixture.app
            try await fixture.until("the refusal") { app.pods.notice?.contains("not for you") == true }
            app.show(scope: .only(["demo", "data"]))
            try await fixture.until("both") { Self.names(app.pods) == ["db-1", "web-1"] }
            #expect(app.pods.trouble == nil && app.pods.notice == nil && app.connection == .ready)
            fixture.addPod("web-2", namespace: "demo")
            try await fixture.until("what comes later") { app.pods.count == 3 }
            fixture.server.remove("/api/v1/namespaces/demo/pods/web-2")
            try await fixture.until("what goes") { app.pods.count == 2 }
            app.show(scope: .only(["demo", "secret"]))
            try await fixture.until("the one that may be read") { Self.names(app.pods) == ["web-1"] && app.pods.trouble == "namespace secret: not for you" }
            #expect(app.pods.countByNamespace["data"] == 0, "of what is not followed any more nothing is known")
            #expect(fixture.session.arePodsKnown(in: "demo") && !fixture.session.arePodsKnown(in: "data"))
            app.show(scope: .only(["secret"]))
            try await fixture.until("nothing") { app.pods.count == 0 && app.pods.notice?.contains("not for you") == true }
        }
    }

    @Test func `tables of the server are followed in each chosen namespace, and all at once when that may be again`() async throws {
        try await Self.fixture().run { fixture in
            let app = fixture.app
            try await fixture.until("the kinds") { app.kinds.count > 30 }
            app.show(scope: .only(["demo", "data", "secret"]))
            app.run(line: "cm")
            try await fixture.until("both") { Self.names(app.list) == ["db-1", "web-1"] && app.list.trouble == "namespace secret: not for you" }
            Self.addSettings("web-2", "demo", fixture)
            try await fixture.until("what comes later") { app.list.count == 3 }
            app.kindCounts = [:]
            fixture.session.count(app.kind)
            try await fixture.until("their number") { app.kindCounts["configmaps"] != nil }
            fixture.server.refuse(.get, "/api/v1/configmaps", nil)
            app.show(scope: .all)
            try await fixture.until("all") { app.list.count == 4 && app.list.trouble == nil }
        }
    }

    @Test func `a list of one namespace takes nothing of another away`() {
        let table = ResourcesModel(signal: ChangeSignal(), title: "Pods", layout: [])
        let now = Timestamp(seconds: 1)
        func row(_ uid: String, _ namespace: String) -> ResourceRow { ResourceRow(uid: uid, namespace: namespace, name: uid, cells: []) }
        table.upsert([row("a", "one"), row("b", "one"), row("c", "two")], now: now)
        let part = TablePart(isOwn: { $1 == "one" })
        #expect(part.apply(ResourceFeed.Batch(isListBegun: true, rows: ["a": row("a", "one")]), to: table, now: now).isEmpty && !part.isListed)
        #expect(part.apply(ResourceFeed.Batch(isListEnded: true), to: table, now: now) == ["b"] && part.isListed)
        #expect(table.row(uid: "a") != nil && table.row(uid: "c") != nil)
    }
}
