import APIMachinery
import ClusterOperations
import JSONCore
import KubeClient
import KubeSchemas
import Testing

@testable import ViewModels

@MainActor @Suite struct OperationTests {
    private static let path = "/apis/apps/v1/namespaces/default/deployments/web"
    private let web = ObjectBinding(context: "kdash", namespace: "default", kind: "Deployment", name: "web", uid: "u-web")

    private func deployment(image: String = "demo:2", replicas: Int64 = 2) -> JSONValue {
        [
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "web", "namespace": "default", "uid": "u-web", "generation": 3],
            "spec": [
                "replicas": .integer(replicas), "selector": ["matchLabels": ["app": "web"]],
                "template": ["metadata": ["labels": ["app": "web"]], "spec": ["containers": [["name": "app", "image": .string(image)]]]],
            ],
        ]
    }

    private func replicaSet(_ name: String, _ revision: String, _ image: String) -> JSONValue {
        [
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": [
                "name": .string(name), "namespace": "default", "uid": .string("u-\(name)"), "labels": ["app": "web"],
                "annotations": ["deployment.kubernetes.io/revision": .string(revision)],
                "ownerReferences": [["apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "u-web", "controller": true]],
            ],
            "spec": ["template": ["metadata": ["labels": ["app": "web"]], "spec": ["containers": [["name": "app", "image": .string(image)]]]]],
        ]
    }

    /// A server with a deployment that has two revisions.
    private func with(_ body: (Fixture) async throws -> Void) async throws {
        try await Fixture.with { fixture in
            fixture.server.put(Self.path, deployment())
            fixture.server.put(
                "\(Self.path)/scale",
                [
                    "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": ["name": "web", "namespace": "default", "uid": "u-web"],
                    "spec": ["replicas": 2],
                ])
            for (name, revision, image) in [("web-a", "1", "demo:1"), ("web-b", "2", "demo:2")] {
                fixture.server.put("/apis/apps/v1/namespaces/default/replicasets/\(name)", replicaSet(name, revision, image))
            }
            try await body(fixture)
        }
    }

    private func words(_ fixture: Fixture) -> String { (fixture.app.detail?.lines ?? []).map { $0.map(\.text).joined() }.joined(separator: "\n") }

    private func said(_ fixture: Fixture, _ text: String) async throws {
        try await fixture.until("it says \(text)") { fixture.app.toasts.contains { $0.text.contains(text) } }
    }

    @Test func `scaling asks with the present value and says what it did`() async throws {
        try await with { fixture in
            fixture.session.perform(.scale, on: [web])
            try await fixture.until("it asks") { fixture.app.prompt?.input.text == "2" }
            #expect(fixture.app.prompt?.label == "replicas of deployment default/web, now 2")
            fixture.app.prompt?.input.text = "5"
            fixture.app.prompt?.submit()
            try await said(fixture, "deployment default/web: 2 to 5 replicas")
            #expect(fixture.server.object("\(Self.path)/scale")?["spec", "replicas"] == 5)
        }
    }

    @Test(arguments: [
        (ObjectOperation.setImage, "two words", "is not the name of an image"), (.whoCan, "delete", "is no question"),
        (.whoCan, "delete nothings", "the server has no resource nothings"), (.can, "g:", "names nobody"), (.whyDenied, "s:default/a get", "is no question"),
        (.debug, "", "is not the name of an image"),
    ]) func `a line that is refused stays with its reason`(operation: ObjectOperation, text: String, reason: String) async throws {
        try await with { fixture in
            fixture.server.putDiscovery()
            let pod = ObjectBinding(context: "kdash", namespace: "default", kind: "Pod", name: "web-1", uid: "uid-web-1")
            fixture.session.perform(operation, on: [operation == .debug ? pod : web])
            try await fixture.until("it asks") { fixture.app.prompt != nil }
            fixture.app.prompt?.input.text = text
            fixture.app.prompt?.submit()
            try await said(fixture, reason)
            try await fixture.until("the line is there") { fixture.app.prompt?.input.text == text }
            #expect(fixture.app.detail == nil && fixture.server.writes.isEmpty)
        }
    }

    @Test func `an image that the node has is offered, and one that failed is not offered again`() async throws {
        try await with { fixture in
            fixture.server.put(
                "/api/v1/nodes/node",
                [
                    "apiVersion": "v1", "kind": "Node", "metadata": ["name": "node", "uid": "u-node"],
                    "status": [
                        "images": [["names": ["kdash.dev/demo:1"]], ["names": ["web@sha256:1", "web:1"]], ["names": ["alpine@sha256:2", "alpine:3"]]]
                    ],
                ])
            let pod = ObjectBinding(context: "kdash", namespace: "default", kind: "Pod", name: "web-1", uid: "uid-web-1")
            let node = ObjectBinding(context: "kdash", namespace: nil, kind: "Node", name: "node", uid: "u-node")
            fixture.server.refuse(.patch, "/api/v1/namespaces/default/pods/web-1/ephemeralcontainers", .badRequest("no such image"))
            fixture.session.perform(.debug, on: [pod])
            try await fixture.until("it asks") { fixture.app.prompt?.input.text == "alpine:3" }
            fixture.app.prompt?.input.text = "nothing:9"
            fixture.app.prompt?.submit()
            try await said(fixture, "no such image")
            for (operation, binding) in [(ObjectOperation.debug, pod), (.nodeShell, node)] {
                fixture.session.perform(operation, on: [binding])
                try await fixture.until("it asks again") { fixture.app.prompt?.input.text == "alpine:3" }
                fixture.app.prompt?.cancel()
            }
        }
    }

    @Test(arguments: ["-1", "many", "", "99999999999"]) func `what is no number of replicas changes nothing`(text: String) async throws {
        try await with { fixture in
            fixture.session.perform(.scale, on: [web])
            try await fixture.until("it asks") { fixture.app.prompt != nil }
            fixture.app.prompt?.input.text = text
            fixture.app.prompt?.submit()
            try await said(fixture, "\"\(text)\" is not a number of replicas")
            #expect(fixture.server.writes.isEmpty && fixture.app.prompt?.input.text == text, "what was typed is still there")
        }
    }

    @Test func `scaling to nothing asks once more`() async throws {
        try await with { fixture in
            fixture.session.perform(.scale, on: [web])
            try await fixture.until("it asks") { fixture.app.prompt != nil }
            fixture.app.prompt?.input.text = "0"
            fixture.app.prompt?.submit()
            let dialog = try #require(fixture.dialog)
            #expect(dialog.title == "Scale to 0?" && dialog.choices[dialog.focused].id == "no")
            dialog.choose("no")
            #expect(fixture.app.modal == nil && fixture.server.writes.isEmpty)
        }
    }

    @Test func `a restart asks, and only yes sends it`() async throws {
        try await with { fixture in
            fixture.session.perform(.restart, on: [web])
            #expect(fixture.dialog?.binding == web)
            fixture.dialog?.choose("yes")
            try await said(fixture, "its pods are being replaced")
            let patch = try #require(fixture.server.writes.last)
            let body = try JSON.parse(patch.body)
            #expect(patch.path == Self.path && body["metadata", "uid"] == "u-web")
            #expect(body["spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"]?.stringValue?.hasPrefix("2026-03-01T10:") == true)
        }
    }

    @Test func `what is done with a workload can be done from any of its pods`() async throws {
        try await with { fixture in
            let owned: JSONValue = [["apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-b", "uid": "u-web-b", "controller": true]]
            for name in ["web-b-1", "web-b-2", "bare"] {
                fixture.addPod(name)
                if name != "bare" {
                    var pod = try #require(fixture.server.object(fixture.path(name)))
                    pod["metadata", "ownerReferences"] = owned
                    fixture.server.put(fixture.path(name), pod)
                }
            }
            try await fixture.until("the pods are there") { fixture.app.pods.count == 4 }
            let pods = ["web-b-1", "web-b-2"].map { ObjectBinding(context: "kdash", namespace: "default", kind: "Pod", name: $0, uid: "uid-\($0)") }
            fixture.session.perform(.scale, on: [pods[0]])
            try await fixture.until("it asks") { fixture.app.prompt != nil }
            #expect(fixture.app.prompt?.label == "replicas of deployment default/web, now 2")
            fixture.app.prompt?.cancel()
            fixture.session.perform(.restart, on: pods)
            try await fixture.until("it asks") { fixture.dialog != nil }
            #expect(fixture.dialog?.binding?.kind == "Deployment" && fixture.dialog?.binding?.uid == "u-web")
            fixture.dialog?.choose("yes")
            try await said(fixture, "its pods are being replaced")
            #expect(fixture.server.writes.map(\.path) == [Self.path])
            let bare = ObjectBinding(context: "kdash", namespace: "default", kind: "Pod", name: "bare", uid: "uid-bare")
            fixture.session.perform(.restart, on: [bare])
            try await said(fixture, "nothing controls pod default/bare")
            let gone = ObjectBinding(context: "kdash", namespace: "default", kind: "Pod", name: "bare", uid: "another")
            fixture.session.perform(.scale, on: [gone])
            try await said(fixture, "is gone")
            #expect(fixture.server.writes.count == 1)
        }
    }

    @Test func `undo shows the difference, asks the server, and goes back when the user says so`() async throws {
        try await with { fixture in
            fixture.session.perform(.undo, on: [web])
            try await fixture.until("it asks which") { if case .palette? = fixture.app.modal { true } else { false } }
            guard case .palette(let palette)? = fixture.app.modal else { return }
            #expect(palette.results.map(\.item.title) == ["revision 1"], "what runs is not offered")
            palette.accept()
            try await fixture.until("the difference is shown") { fixture.diff?.canConfirm == true }
            let diff = try #require(fixture.diff)
            #expect(
                diff.lines.contains { $0.kind == .added && $0.text.contains("demo:1") }
                    && diff.lines.contains { $0.kind == .removed && $0.text.contains("demo:2") })
            #expect(diff.confirmTitle == "go back to it" && fixture.server.writes.isEmpty)
            diff.onConfirm()
            try await said(fixture, "goes back to revision 1")
            #expect(fixture.server.object(Self.path)?["spec", "template", "spec", "containers"]?[0]?["image"] == "demo:1")
        }
    }

    @Test func `the history shows what each revision changed, and Enter goes back to one`() async throws {
        try await with { fixture in
            fixture.session.perform(.history, on: [web])
            try await fixture.until("it was read") { words(fixture).contains("Revision 1") }
            #expect(words(fixture).contains("Revision 2  is what runs"), "\(words(fixture))")
            #expect(words(fixture).contains("image: demo:2") && words(fixture).contains("image: demo:1"), "\(words(fixture))")
            #expect(fixture.app.detail?.selectedLink?.value == "1")
            fixture.run("detail.open")
            try await fixture.until("the difference is shown") { fixture.diff != nil }
        }
    }

    @Test func `deleting says what goes with an object and deletes only that one`() async throws {
        try await with { fixture in
            fixture.server.putDiscovery()
            fixture.session.askDelete([web], isForced: false)
            try await fixture.until("it asks") { fixture.dialog != nil }
            let dialog = try #require(fixture.dialog)
            #expect(dialog.body.joined().map(\.text).joined().contains("With it go 2 ReplicaSets."))
            #expect(dialog.choices.map(\.id) == ["no", "background", "foreground", "orphan"] && dialog.typedName == nil)
            dialog.choose("orphan")
            try await said(fixture, "what it owns stays")
            let body = try JSON.parse(try #require(fixture.server.writes.last).body)
            #expect(body["preconditions", "uid"] == "u-web" && body["propagationPolicy"] == "Orphan")
        }
    }

    @Test func `many objects at once are typed for`() async throws {
        try await with { fixture in
            let many = (0..<11).map { ObjectBinding(context: "kdash", namespace: "default", kind: "ConfigMap", name: "c\($0)", uid: "u\($0)") }
            fixture.session.askDelete(many, isForced: false)
            let dialog = try #require(fixture.dialog)
            #expect(dialog.typedName == "delete 11" && !dialog.canConfirm)
            dialog.choose("yes")
            #expect(fixture.dialog != nil && fixture.server.writes.isEmpty)
        }
    }

    @Test func `a node is drained after its plan was seen, and the name is typed when data is lost`() async throws {
        try await with { fixture in
            fixture.server.put("/api/v1/nodes/node", ["apiVersion": "v1", "kind": "Node", "metadata": ["name": "node", "uid": "u-n"], "spec": [:]])
            let node = ObjectBinding(context: "kdash", namespace: nil, kind: "Node", name: "node", uid: "u-n")
            fixture.session.perform(.drain, on: [node])
            try await fixture.until("it asks") { fixture.dialog != nil }
            let dialog = try #require(fixture.dialog)
            #expect(dialog.typedName == "node" && dialog.body.joined().map(\.text).joined().contains("Without an owner"))
            #expect(words(fixture).contains("nobody makes another one"))
            dialog.typed.insert("node")
            dialog.choose("yes")
            try await fixture.until("it is cordoned") { fixture.server.object("/api/v1/nodes/node")?["spec", "unschedulable"] == true }
            try await fixture.until("it goes on") { fixture.app.detail?.onStop != nil }
            fixture.run("detail.stop")
            #expect(fixture.app.detail?.onStop == nil && fixture.session.operations.drains.isEmpty)
            try await said(fixture, "it was stopped")
        }
    }

    @Test(arguments: ObjectOperation.allCases.filter { $0.entry.changes })
    func `a protected context refuses every change before anything is asked or sent`(operation: ObjectOperation) async throws {
        try await Fixture.with(access: .protected) { fixture in
            let command = try #require(fixture.app.commands["objects.\(operation.rawValue)"])
            #expect(command.reason(fixture.app)?.contains("protected") == true)
            fixture.session.perform(operation, on: [ObjectBinding(context: "prod", namespace: "default", kind: "Deployment", name: "web", uid: "u")])
            #expect(fixture.app.modal == nil && fixture.app.prompt == nil)
            #expect(fixture.app.toasts.contains { $0.text.contains("is protected") } && fixture.server.writes.isEmpty)
        }
    }

    @Test(
        arguments: [
            (ObjectOperation.drain, "Pod", "it is for Nodes, not for a Pod"), (.restart, "Node", "not for a Node"), (.scale, "Node", "a Node has no replicas"),
            (.restart, "Pod", nil), (.scale, "Pod", nil),
            (.trigger, "Job", "it is for CronJobs"), (.scale, "Deployment", nil), (.restart, "StatefulSet", nil), (.labels, "Anything", nil),
            (.scale, "Widget", nil),
        ] as [(ObjectOperation, String, String?)])
    func `an operation says which kinds it is for`(operation: ObjectOperation, kind: String, refusal: String?) {
        let found = operation.refusal(for: ObjectBinding(context: "c", namespace: "n", kind: kind, name: "x", uid: nil))
        if let refusal { #expect(found?.contains(refusal) == true, "\(found ?? "nothing")") } else { #expect(found == nil) }
    }

    @Test func `a custom kind of a built-in name is not taken for the built-in one`() {
        let knative = GroupVersionResource(group: "serving.knative.dev", version: "v1", resource: "services")
        let binding = ObjectBinding(context: "c", namespace: "n", kind: "Service", name: "x", uid: nil, resource: knative)
        #expect(binding.builtinKind == nil && binding.target?.resource == knative)
        #expect(ObjectBinding(context: "c", namespace: "n", kind: "Widget", name: "x", uid: nil).target == nil)
    }
}
