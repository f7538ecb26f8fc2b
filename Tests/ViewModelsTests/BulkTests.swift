import APIMachinery
import ClusterOperations
import JSONCore
import KubeClient
import TestSupport
import Testing

@testable import ViewModels

@MainActor @Suite struct BulkTests {
    private static func path(_ name: String) -> String { "/apis/apps/v1/namespaces/default/deployments/\(name)" }

    private func binding(_ name: String) -> ObjectBinding {
        ObjectBinding(context: "kdash", namespace: "default", kind: "Deployment", name: name, uid: "u-\(name)")
    }

    private func with(_ names: [String] = ["a", "b", "c"], _ body: (Fixture) async throws -> Void) async throws {
        try await Fixture.with { fixture in
            for name in names {
                let container = name == "c" ? "other" : "app"
                fixture.server.put(
                    Self.path(name),
                    [
                        "apiVersion": "apps/v1", "kind": "Deployment",
                        "metadata": ["name": .string(name), "namespace": "default", "uid": .string("u-\(name)")],
                        "spec": ["replicas": 2, "template": ["spec": ["containers": [["name": .string(container), "image": "demo:1"]]]]],
                    ])
                fixture.server.put(
                    "\(Self.path(name))/scale",
                    [
                        "apiVersion": "autoscaling/v1", "kind": "Scale",
                        "metadata": ["name": .string(name), "namespace": "default", "uid": .string("u-\(name)")],
                        "spec": ["replicas": .integer(name == "b" ? 4 : 2)],
                    ])
            }
            try await body(fixture)
        }
    }

    private func lines(_ fixture: Fixture) -> [String] {
        (fixture.app.detail?.lines ?? []).map { $0.map(\.text).joined().split(separator: " ").joined(separator: " ") }
    }

    private func answer(_ fixture: Fixture, _ text: String) async throws {
        try await fixture.until("it asks") { fixture.app.prompt != nil }
        fixture.app.prompt?.input.text = text
        fixture.app.prompt?.submit()
    }

    @Test(arguments: [ObjectOperation.restart, .evict]) func `a question about several says in which context they are`(operation: ObjectOperation) async throws
    {
        try await with { fixture in
            fixture.session.perform(operation, on: ["a", "b"].map(binding))
            let words = try #require(fixture.dialog).body.map { $0.map(\.text).joined() }
            #expect(words.filter { $0 == "in context kdash" }.count == 1)
        }
    }

    @Test func `many are scaled after one question, and each says what became of it`() async throws {
        try await with { fixture in
            fixture.server.refuse(.put, "\(Self.path("b"))/scale", .forbidden(GroupResource(group: "apps", resource: "deployments"), "b", "not for you"))
            fixture.session.perform(.scale, on: ["a", "b", "c"].map(binding))
            try await fixture.until("it asks") { fixture.app.prompt?.label == "replicas of each of 3, now 2 to 4" }
            try await answer(fixture, "5")
            let dialog = try #require(fixture.dialog)
            #expect(dialog.bindings.count == 3 && dialog.choices[dialog.focused].id == "no" && fixture.server.writes.isEmpty)
            dialog.choose("yes")
            try await fixture.until("all had their turn") { lines(fixture).first == "2 of 3 done, 1 refused Enter opens the object" }
            let shown = lines(fixture)
            #expect(shown[2].hasPrefix("refused deployment default/b") && shown[2].contains("not for you"))
            #expect(shown[3] == "done deployment default/a 2 to 5 replicas" && shown[4] == "done deployment default/c 2 to 5 replicas")
            #expect(fixture.app.detail?.selectedLink?.binding?.name == "a" && fixture.app.toasts.isEmpty)
        }
    }

    @Test func `an image is set in those that have the container`() async throws {
        try await with { fixture in
            fixture.session.perform(.setImage, on: ["a", "b", "c"].map(binding))
            try await fixture.until("it asks") { if case .palette? = fixture.app.modal { true } else { false } }
            guard case .palette(let palette)? = fixture.app.modal else { return }
            #expect(palette.results.map(\.item.detail) == ["in 2 of 3  demo:1", "in 1 of 3  demo:1"])
            palette.accept()
            try await answer(fixture, "demo:2")
            #expect(fixture.dialog?.bindings.map(\.name) == ["a", "b"])
            fixture.dialog?.choose("yes")
            try await fixture.until("it is done") { lines(fixture).first?.hasPrefix("2 of 2 done") == true }
            #expect(fixture.server.writes.map(\.path) == [Self.path("a"), Self.path("b")])
        }
    }

    @Test func `a label is set in all, and what is none is asked again`() async throws {
        try await with { fixture in
            fixture.session.perform(.labels, on: ["a", "b"].map(binding))
            try await answer(fixture, "tier")
            #expect(fixture.app.prompt?.input.text == "tier" && fixture.app.toasts.last?.text.contains("neither key=value") == true)
            try await answer(fixture, "tier=web")
            fixture.dialog?.choose("yes")
            try await fixture.until("it is done") { lines(fixture).first?.hasPrefix("2 of 2 done") == true }
            #expect(["a", "b"].allSatisfy { fixture.server.object(Self.path($0))?["metadata", "labels", "tier"] == "web" })
        }
    }

    @Test func `what has not begun is stopped, and closing the text stops nothing`() async throws {
        try await with { fixture in
            fixture.server.hold(.patch, Self.path("a"))
            fixture.session.perform(.restart, on: ["a", "b", "c"].map(binding))
            fixture.dialog?.choose("yes")
            try await fixture.until("the first is sent") { fixture.server.isHolding(.patch, Self.path("a")) }
            fixture.run("detail.stop")
            fixture.server.release(.patch, Self.path("a"))
            try await fixture.until("the rest is left") { lines(fixture).first?.hasPrefix("1 of 3 done, 2 not begun") == true }
            #expect(fixture.server.writes.map(\.path) == [Self.path("a")])
            fixture.run("app.back")
            fixture.server.hold(.patch, Self.path("b"))
            fixture.session.perform(.restart, on: ["b", "c"].map(binding))
            fixture.dialog?.choose("yes")
            try await fixture.until("it is sent") { fixture.server.isHolding(.patch, Self.path("b")) }
            fixture.run("app.back")
            fixture.server.release(.patch, Self.path("b"))
            try await fixture.until("it says so") { fixture.app.toasts.contains { $0.text == "Restart: 2 of 2 done" } }
        }
    }

    @Test func `pods are deleted one by one, and one that is gone says so`() async throws {
        try await Fixture.with(pods: ["web-1", "web-2"]) { fixture in
            fixture.app.focus = .pods
            for _ in 0..<2 { fixture.run("objects.mark") }
            fixture.run("objects.delete")
            let gone = APIStatus.notFound(GroupResource(group: "", resource: "pods"), "web-1")
            fixture.server.refuse(.delete, fixture.path("web-1"), gone)
            fixture.dialog?.choose("yes")
            try await fixture.until("both had their turn") { lines(fixture).first?.hasPrefix("1 of 2 done, 1 refused") == true }
            #expect(lines(fixture)[2] == "refused pod default/web-1 it is gone: nothing was deleted")
            #expect(fixture.server.object(fixture.path("web-2")) == nil && fixture.app.list.markedCount == 0)
        }
    }
}
