import APIMachinery
import KubeClient
import Testing

@testable import ViewModels

@MainActor @Suite struct CommandLogTests {
    private func text(_ model: DetailModel?) -> String { (model?.lines ?? []).map { $0.map(\.text).joined() }.joined(separator: "\n") }

    @Test func `a deletion stands in the log with its answer and its kubectl form`() async throws {
        try await Fixture.with { fixture in
            fixture.run("objects.delete")
            fixture.dialog?.choose("yes")
            try await fixture.until("the deletion") { fixture.server.object(fixture.path("web-1")) == nil }
            fixture.run("history.log")
            try await fixture.until("the answer") { text(fixture.app.detail).contains("200") }
            #expect(text(fixture.app.detail).contains("delete pods/web-1 in default"))
            #expect(fixture.session.commandForms()?.kubectl == "kubectl --context kdash delete pods web-1 --namespace default --wait=false")
            fixture.run("detail.open")
            #expect(fixture.app.detail?.kind == .sentRequest)
            #expect(text(fixture.app.detail).contains("DELETE /api/v1/namespaces/default/pods/web-1"))
            #expect(fixture.session.commandForms() != nil)
            fixture.run("app.back")
            #expect(fixture.app.detail?.kind == .commandLog)
            fixture.run("app.back")
            #expect(fixture.app.detail == nil && fixture.session.commandForms() == nil)
        }
    }

    @Test func `a refusal is told with its words, and an open log grows by itself`() async throws {
        try await Fixture.with { fixture in
            fixture.server.refuse(.delete, fixture.path("web-1"), .forbidden(GroupResource(group: "", resource: "pods"), "web-1", "no deletions today"))
            fixture.run("history.log")
            #expect(text(fixture.app.detail).contains("Nothing was changed yet"))
            fixture.session.askDelete([fixture.app.selectedPodBinding!], isForced: false)
            fixture.dialog?.choose("yes")
            try await fixture.until("the refusal") { text(fixture.app.detail).contains("no deletions today") }
            #expect(text(fixture.app.detail).contains("403"))
        }
    }

    @Test func `reads stand in the log only when asked for`() async throws {
        try await Fixture.with { fixture in
            #expect(fixture.session.requests.entries.isEmpty)
            fixture.run("history.log")
            fixture.run("log.reads")
            fixture.session.openYAML(
                ObjectBinding(context: "kdash", namespace: nil, kind: "Namespace", name: "default", uid: nil), isEditing: false)
            try await fixture.until("the read") { text(fixture.app.detail).contains("get namespaces/default") }
        }
    }

    @Test func `what an undo brings back is named`() async throws {
        try await Fixture.with { fixture in
            let resource = GroupVersionResource(group: "", version: "v1", resource: "configmaps")
            fixture.run("history.log")
            let client = try #require(fixture.session.cluster?.client)
            // best effort: the server of the tests brings nothing back; what was sent is in the log all the same.
            _ = try? await client.restore(resource, namespace: "default", name: "settings", uid: "u", with: [])
            try await fixture.until("the request") { text(fixture.app.detail).contains("configmaps/settings") }
        }
    }

    @Test func `the cursor stays on its line when others come`() {
        let model = DetailModel(title: "List", binding: nil)
        func show(_ ids: [String]) {
            model.show(ids.map { [TextSpan($0)] }, stops: ids.enumerated().map { DetailStop(line: $0.offset, id: $0.element) })
        }
        show(["c", "b", "a"])
        #expect(model.selected == "c")
        model.moveSelection(by: 1)
        show(["d", "c", "b", "a"])
        #expect(model.selected == "b" && model.selectedIndex == 2)
        show(["d", "a"])
        #expect(model.selected == "a", "the nearest one when its own is gone")
        model.moveSelection(by: .max)
        #expect(model.selected == "a")
        model.moveSelection(by: .min)
        #expect(model.selected == "d")
        show([])
        #expect(model.selected == nil)
        model.moveSelection(by: 1)
        #expect(model.selected == nil)
    }
}
