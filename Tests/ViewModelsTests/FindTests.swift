import APIMachinery
import JSONCore
import KubeClient
import Testing

@testable import ViewModels

@MainActor @Suite struct FindTests {
    private func put(_ fixture: Fixture, _ name: String, _ namespace: String) {
        fixture.server.put(
            "/api/v1/namespaces/\(namespace)/configmaps/\(name)",
            ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name), "namespace": .string(namespace)]])
    }

    @Test(arguments: ["cm/kube-system/x", "kube-system/cm/x", "ConfigMap/kube-system/x", "configmaps kube-system x"])
    func `an object is named with its namespace`(text: String) async throws {
        try await Fixture.with { fixture in
            self.put(fixture, "x", "kube-system")
            fixture.app.namespace = "default"
            fixture.session.openYAML(named: text)
            try await fixture.until("it is open") { fixture.app.editor.state == .viewing && fixture.app.editor.target?.binding.kind == "ConfigMap" }
            #expect(fixture.app.editor.target?.binding.namespace == "kube-system")
        }
    }

    @Test func `where all namespaces are shown, all are searched, and several of a name are asked about`() async throws {
        try await Fixture.with { fixture in
            self.put(fixture, "x", "kube-system")
            fixture.session.openYAML(named: "cm/x")
            try await fixture.until("it is open") { fixture.app.editor.target?.binding.kind == "ConfigMap" && fixture.app.editor.state == .viewing }
            self.put(fixture, "x", "default")
            fixture.session.openYAML(named: "cm/x")
            try await fixture.until("it is asked") { if case .palette = fixture.app.modal { true } else { false } }
            fixture.app.modal = nil
            fixture.session.openYAML(named: "cm/none")
            try await fixture.until("it is said") { fixture.app.toasts.last?.text == "no configmap none in any namespace" }
        }
    }

    @Test(arguments: [("nosuch/web", "no kind nosuch"), ("deploy", "write KIND/NAME"), ("a/b/c/d", "write KIND/NAME"), ("", "write KIND/NAME")])
    func `what names nothing is said and can be corrected`(text: String, why: String) async throws {
        try await Fixture.with { fixture in
            fixture.session.openYAML(named: text)
            #expect(fixture.app.toasts.last?.text.hasPrefix(why) == true && fixture.app.prompt?.input.text == text)
        }
    }

    @Test func `what the palette does not list is looked for among the objects`() async throws {
        try await Fixture.with(pods: ["burst-1"]) { fixture in
            try await fixture.until("the kinds") { fixture.app.kinds.count > 30 }
            fixture.run("app.palette")
            guard case .palette(let palette)? = fixture.app.modal else { return #expect(Bool(false)) }
            palette.query = LineInput("burst-1")
            #expect(palette.results.map(\.item.title) == ["find burst-1"] && palette.results.map(\.item.keys) == ["g f"])
            palette.accept()
            guard case .palette(let found)? = fixture.app.modal else { return #expect(Bool(false)) }
            try await fixture.until("it is found") { found.results.map(\.item.title) == ["burst-1"] }
            palette.query = LineInput("quit")
            #expect(!palette.results.contains { $0.item.id == "find" })
        }
    }

    @Test(arguments: ["configmaps", "secrets", "services"])
    func `what is found stands by how well it matches, then by kind and name, whichever kind answers last`(late: String) async throws {
        try await Fixture.with(pods: ["a-web-1"]) { fixture in
            let (app, server) = (fixture.app, fixture.server)
            try await fixture.until("the kinds") { app.kinds.count > 30 }
            for name in ["web-b", "web-a", "web"] { put(fixture, name, "default") }
            put(fixture, "web-a", "kube-system")
            for (kind, resource, name) in [("Service", "services", "web"), ("Secret", "secrets", "web-a"), ("Secret", "secrets", "web")] {
                server.put(
                    "/api/v1/namespaces/default/\(resource)/\(name)",
                    ["apiVersion": "v1", "kind": .string(kind), "metadata": ["name": .string(name), "namespace": "default"]])
            }
            server.hold(.get, "/api/v1/\(late)")
            fixture.session.findObjects("")
            guard case .palette(let palette)? = app.modal else { return #expect(Bool(false)) }
            palette.query.text = "web"
            try await fixture.until("all but one kind") { palette.results.count > 2 && server.isHolding(.get, "/api/v1/\(late)") }
            server.release(.get, "/api/v1/\(late)")
            try await fixture.until("everything") { palette.results.count == 8 }
            #expect(
                palette.results.map { "\($0.item.title) \($0.item.detail)" } == [
                    "web ConfigMap in default", "web Secret in default", "web Service in default", "web-a ConfigMap in default",
                    "web-a ConfigMap in kube-system", "web-b ConfigMap in default", "web-a Secret in default", "a-web-1 Pod in default",
                ])
        }
    }
}
