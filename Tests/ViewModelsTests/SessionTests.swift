import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Testing

@testable import ViewModels

@MainActor @Suite struct SessionTests {
    @Test func `panes follow the cluster`() async throws {
        try await Fixture.with { fixture in
            let app = fixture.app
            #expect(app.pods.count == 1 && app.namespaces.rows.count == 2)
            fixture.addPod("web-2")
            try await fixture.until("the second pod") { app.pods.count == 2 }
            try await fixture.until("its count") { app.namespaces.rows.first { $0.name == "default" }?.podCount == 2 }
            #expect(app.quitLine == "kdash still runs 2 pods; stop it with: kdash down")
            fixture.server.remove(fixture.path("web-2"))
            try await fixture.until("it went") { app.pods.count == 1 }
        }
    }

    @Test func `a deletion goes to what was under the cursor at the key press, with its uid`() async throws {
        try await Fixture.with(pods: ["web-1", "web-2"]) { fixture in
            let app = fixture.app
            app.pods.select(uid: "uid-web-1")
            fixture.run("objects.delete")
            #expect(fixture.dialog?.focused == 0 && fixture.dialog?.choices[0].isDestructive == false)
            app.pods.select(uid: "uid-web-2")
            fixture.dialog?.choose("yes")
            try await fixture.until("it went") { fixture.server.object(fixture.path("web-1")) == nil }
            #expect(fixture.server.object(fixture.path("web-2")) != nil)
            let body = fixture.server.writes.last.flatMap { try? JSON.parse($0.body) }
            #expect(body?["preconditions", "uid"] == "uid-web-1")
        }
    }

    @Test func `a question about an object that went says so and does nothing`() async throws {
        try await Fixture.with(pods: ["web-1", "web-2"]) { fixture in
            fixture.app.pods.select(uid: "uid-web-1")
            fixture.run("objects.delete")
            fixture.server.remove(fixture.path("web-1"))
            try await fixture.until("the dialog knows") { fixture.dialog?.vanished != nil }
            #expect(fixture.dialog?.vanished?.contains("uid-web-1") == true)
            fixture.dialog?.choose("yes")
            #expect(fixture.server.writes.isEmpty)
        }
    }

    @Test func `a namesake made meanwhile survives`() async throws {
        try await Fixture.with { fixture in
            fixture.run("objects.delete")
            let dialog = fixture.dialog
            fixture.server.put(
                fixture.path("web-1"),
                ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": "web-1", "namespace": "default", "uid": "other"]])
            dialog?.choose("yes")
            try await fixture.until("it is said") { fixture.app.toasts.contains { $0.text.contains("is gone") } }
            #expect(fixture.server.object(fixture.path("web-1")) != nil)
        }
    }

    @Test func `force and namespace deletion ask for the name`() async throws {
        try await Fixture.with { fixture in
            fixture.run("pods.deleteNow")
            #expect(fixture.dialog?.typedName == "web-1" && fixture.dialog?.canConfirm == false)
            fixture.dialog?.choose("yes")
            #expect(fixture.app.modal != nil && fixture.server.writes.isEmpty)
            fixture.dialog?.typed = LineInput("web-1")
            fixture.dialog?.choose("yes")
            try await fixture.until("it went") { fixture.server.object(fixture.path("web-1")) == nil }
            #expect(fixture.server.writes.last.flatMap { try? JSON.parse($0.body) }?["gracePeriodSeconds"] == 0)
            fixture.app.namespaces.point(to: "default")
            fixture.run("namespaces.delete")
            #expect(fixture.dialog?.typedName == "default")
        }
    }

    @Test func `marks that are not in the list delete nothing, and it is said`() async throws {
        try await Fixture.with(pods: ["web-1", "web-2"]) { fixture in
            fixture.app.pods.select(uid: "uid-web-1")
            fixture.run("objects.mark")
            fixture.app.pods.filter = "web-2"
            fixture.run("objects.delete")
            #expect(fixture.dialog == nil && fixture.app.toasts.last?.text.contains("not in this list") == true)
            fixture.app.pods.filter = ""
            fixture.run("objects.delete")
            #expect(fixture.dialog?.binding?.name == "web-1")
        }
    }

    @Test func `a namespace that does not exist is named as such`() async throws {
        let fixture = Fixture()
        fixture.addPod("web-1")
        fixture.app.namespace = "typo"
        try await fixture.run { fixture in
            try await fixture.until("it is said") { fixture.app.toasts.contains { $0.text == "there is no namespace typo" } }
            #expect(fixture.app.pods.notice == "there is no namespace typo: press n to choose one, 0 to see all")
            fixture.run("app.allNamespaces")
            #expect(fixture.app.pods.notice == nil && fixture.app.pods.count == 1)
        }
    }

    @Test func `the last line names the command that stops this cluster`() async throws {
        let fixture = Fixture()
        fixture.addPod("web-1")
        fixture.session.stopCommand = "kdash down --data-dir /x"
        try await fixture.run { fixture in
            #expect(fixture.app.quitLine == "kdash still runs 1 pod; stop it with: kdash down --data-dir /x")
        }
        let gone = Fixture()
        gone.session.stopCommand = nil
        try await gone.run { #expect($0.app.quitLine.isEmpty) }
    }

    @Test func `a protected context sends nothing but reads`() async throws {
        try await Fixture.with(access: .protected) { fixture in
            for id in ["objects.delete", "pods.deleteNow", "pods.shell", "objects.edit", "objects.new", "yaml.apply"] { fixture.run(id) }
            #expect(fixture.app.modal == nil && fixture.workspace.splits.count == 1 && !fixture.app.editor.isTyping)
            #expect(fixture.server.writes.isEmpty)
        }
    }

    @Test func `a description stays with its pod and says when it is gone`() async throws {
        try await Fixture.with(pods: ["web-1", "web-2"]) { fixture in
            fixture.app.pods.select(uid: "uid-web-1")
            fixture.run("objects.describe")
            try await fixture.until("its text") { (fixture.app.detail?.lines.count ?? 0) > 3 }
            #expect(fixture.app.detail?.binding?.name == "web-1")
            fixture.server.remove(fixture.path("web-1"))
            try await fixture.until("it is said") { fixture.app.detail?.vanished != nil }
            #expect(fixture.app.detail?.binding?.name == "web-1" && fixture.app.detail?.lines.isEmpty == false)
        }
    }

    @Test func `the demo is offered once on an empty cluster`() async throws {
        let fixture = Fixture()
        try await fixture.run { fixture in
            try await fixture.until("the offer") { if case .demoOffer? = fixture.app.modal { true } else { false } }
            guard case .demoOffer(let offer)? = fixture.app.modal else { return }
            offer.answer(true)
            try await fixture.until("the pod") { fixture.server.object("/api/v1/namespaces/demo/pods/giant") != nil }
            #expect(fixture.server.object("/apis/batch/v1/namespaces/demo/jobs/sum") != nil)
            try await fixture.until("it is shown") { fixture.app.namespace == "demo" }
            try await fixture.until("the first pod") { fixture.app.pods.selectedPod?.name == "giant" }
            fixture.addPod("web-1", namespace: "demo")
            try await fixture.until("the cursor goes to a pod that logs") { fixture.app.logs.target?.pod == "web-1" }
            #expect(FileSystem.exists("\(fixture.directory)/demo-answer"))
        }
    }

    @Test func `the offer of the demo goes when somebody else fills the cluster`() async throws {
        let fixture = Fixture()
        try await fixture.run { fixture in
            try await fixture.until("the offer") { if case .demoOffer? = fixture.app.modal { true } else { false } }
            fixture.addPod("coredns", namespace: "kube-system")
            try await fixture.until("the pod") { fixture.app.pods.count == 1 }
            guard case .demoOffer? = fixture.app.modal else { return #expect(Bool(false), "the cluster's own pods are nothing to look at") }
            fixture.addPod("web-1")
            try await fixture.until("no offer") { fixture.app.modal == nil }
            #expect(fixture.app.toasts.contains { $0.text.contains("not empty any more") })
            // Nobody has answered: the next empty cluster offers it again.
            #expect(!FileSystem.exists("\(fixture.directory)/demo-answer"))
        }
    }
}
