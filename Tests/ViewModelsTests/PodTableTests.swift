import APIMachinery
import JSONCore
import KubeClient
import Testing

@testable import ViewModels

@MainActor @Suite struct PodTableTests {
    private func pod(_ name: String, uid: String? = nil, revision: Int) -> KubeObject {
        KubeObject([
            "kind": "Pod", "apiVersion": "v1",
            "metadata": ["name": .string(name), "namespace": "default", "uid": .string(uid ?? "uid-\(name)"), "resourceVersion": .string("\(revision)")],
        ])
    }

    @Test func `only pods that are wanted are kept, and never an older state in place of a newer one`() {
        let kept = KeptPods()
        kept.see(pod("a", revision: 1))
        #expect(kept.get(uid: "uid-a") == nil)
        kept.want(uid: "uid-a")
        // What changed while it was read came first.
        kept.see(pod("a", revision: 7))
        kept.see(pod("a", revision: 5))
        #expect(kept.get(uid: "uid-a")?.resourceVersion == "7")
        #expect(kept.get(namespace: "default", name: "a")?.uid == "uid-a" && kept.get(namespace: "other", name: "a") == nil)
        kept.forget(uid: "uid-a")
        kept.see(pod("a", revision: 9))
        #expect(kept.get(uid: "uid-a") == nil)
    }

    @Test func `the pod that nobody has asked for longest goes first`() {
        let kept = KeptPods()
        for number in 0..<KeptPods.limit {
            kept.want(uid: "uid-\(number)")
            kept.see(pod("\(number)", revision: 1))
        }
        #expect(kept.get(uid: "uid-0") != nil)
        kept.want(uid: "one more")
        #expect(kept.get(uid: "uid-0") != nil && kept.get(uid: "uid-1") == nil && kept.get(uid: "uid-2") != nil)
    }

    @Test func `the pod under the cursor is kept whole and current, others are not`() async throws {
        try await Fixture.with(pods: ["web-1", "web-2"]) { fixture in
            fixture.app.pods.select(uid: "uid-web-1")
            try await fixture.until("it is kept") { fixture.session.keptPods.get(uid: "uid-web-1") != nil }
            fixture.addPod("web-1", labels: ["tier": "new"])
            try await fixture.until("its change") { fixture.session.keptPods.get(uid: "uid-web-1")?.labels["tier"] == "new" }
            try await fixture.until("its YAML") { fixture.app.editor.text.contains("tier: new") }
            #expect(fixture.session.keptPods.get(uid: "uid-web-2") == nil)
        }
    }

    @Test func `who may list neither pods nor namespaces sees the pods of a namespace that is chosen`() async throws {
        let fixture = Fixture()
        for (pod, namespace) in [("web-1", "demo"), ("web-2", "demo"), ("db-1", "data")] { fixture.addPod(pod, namespace: namespace) }
        fixture.server.refuse(.get, "/api/v1/pods", .forbidden(GroupResource(group: "", resource: "pods"), "", "not for you"))
        fixture.server.refuse(.get, "/api/v1/namespaces", .forbidden(GroupResource(group: "", resource: "namespaces"), "", "not for you"))
        try await fixture.run { fixture in
            let app = fixture.app
            try await fixture.until("the reason") { app.pods.notice?.contains("not for you: press n") == true }
            fixture.run("app.namespace")
            guard case .palette(let palette)? = app.modal else {
                Issue.record("no list of namespaces")
                return
            }
            // None is listed, so any name may be typed.
            for character in "demo" { palette.query.insert(String(character)) }
            #expect(palette.results.first?.item.title == "demo")
            palette.accept()
            try await fixture.until("its pods") { app.pods.count == 2 }
            #expect(app.namespaces.rows.map(\.name) == ["demo"] && app.connection == .ready)
            app.show(namespace: "data")
            try await fixture.until("the other's") { app.pods.count == 1 && app.pods.selectedPod?.name == "db-1" }
            fixture.addPod("db-2", namespace: "data")
            try await fixture.until("what comes later") { app.pods.count == 2 }
        }
    }

    @Test func `a log that waits tells the events about its pod, and no others are asked for`() async throws {
        try await Fixture.with(pods: []) { fixture in
            fixture.addPod("web-1", status: ["phase": "Pending"])
            fixture.server.put(
                "/api/v1/namespaces/default/events/one",
                [
                    "kind": "Event", "apiVersion": "v1", "metadata": ["name": "one", "namespace": "default"], "type": "Warning", "reason": "FailedMount",
                    "message": "the volume is not there", "involvedObject": ["kind": "Pod", "namespace": "default", "name": "web-1", "uid": "uid-web-1"],
                    "lastTimestamp": "2026-03-01T09:59:00Z",
                ])
            try await fixture.until("the pod") { fixture.app.pods.selectedPod != nil }
            try await fixture.until("the event") {
                fixture.app.logs.explanation.contains { $0.map(\.text).joined().contains("the volume is not there") }
            }
            let asked = fixture.server.requests.filter { $0.path.hasSuffix("/events") }
            #expect(!asked.isEmpty && asked.allSatisfy { $0.queryValue("fieldSelector") == "involvedObject.uid=uid-web-1" })
        }
    }
}
