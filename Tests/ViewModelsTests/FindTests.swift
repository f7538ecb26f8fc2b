import APIMachinery
import JSONCore
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
}
