import APIMachinery
import JSONCore
import LinuxKernel
import Testing

@testable import ViewModels

@MainActor @Suite struct JumpTests {
    @Test(arguments: [
        ("app={{.metadata.name}},x=y", "app=web,x=y"), ("{{index .metadata.labels \"app.kubernetes.io/name\"}}", "shop"),
        ("n={{ .spec.replicas }}", "n=3"), ("plain", "plain"),
    ]) func `a template is filled from the object`(text: String, filled: String) throws {
        let object: JSONValue = ["metadata": ["name": "web", "labels": ["app.kubernetes.io/name": "shop"]], "spec": ["replicas": 3]]
        #expect(try ObjectTemplate.fill(text, from: object) == filled)
    }

    @Test(arguments: [
        ("{{.metadata.name", "does not end"), ("{{.metadata.absent}}", "no metadata.absent"), ("{{.metadata}}", "no single value"),
        ("{{printf .metadata}}", "not understood"), ("{{}}", "not understood"),
    ]) func `a template that cannot be filled says why`(text: String, reason: String) {
        #expect { try ObjectTemplate.fill(text, from: ["metadata": ["name": "web"]]) } throws: { ($0 as? APIStatus)?.message.contains(reason) == true }
    }

    @Test func `faults in the file are named and leave the other jumps`() {
        let file = SettingsFile(
            path: "jumps.yaml",
            bytes: Array(
                """
                jumps:
                  pods: {targetGVR: v1/nodes, labelSelector: a=b}
                  v1/pods: {labelSelector: a=b}
                  v1/nodes: {targetGVR: v1/pods}
                  v1/services: {targetGVR: v1/pods, labelSelector: "app={{.metadata.name}}", targetNamespace: all, colour: red}
                """.utf8))
        var jumps = JumpSettings()
        jumps.read(file.root)
        #expect(jumps.jumps == [JumpSettings.Jump(source: "v1/services", target: "v1/pods", labels: "app={{.metadata.name}}", namespace: "all")])
        #expect(file.problems.count == 4)
    }

    @Test func `enter on an object goes where the settings say`() async throws {
        try await Fixture.with(pods: ["web-1"]) { fixture in
            var settings = UserSettings()
            settings.jumps.jumps = [JumpSettings.Jump(source: "v1/pods", target: "v1/pods", labels: "app={{.metadata.name}}")]
            fixture.app.preferences.adopt(settings, directory: fixture.directory)
            fixture.run("objects.enter")
            try await fixture.until("the jump") { fixture.app.list.filter == "-l 'app=web-1'" }
            #expect(fixture.app.scope.single == "default" && fixture.app.focus == .pods)
        }
    }

    @Test func `enter on a node shows its pods of all namespaces, and the keys stay in the table`() async throws {
        try await Fixture.with(pods: ["web-1"]) { fixture in
            let app = fixture.app
            fixture.addPod("dns", namespace: "kube-system")
            fixture.server.put("/api/v1/nodes/node", ["apiVersion": "v1", "kind": "Node", "metadata": ["name": "node", "uid": "u-node"]])
            fixture.server.putDiscovery()
            app.show(namespace: "default")
            fixture.session.enter(
                ObjectBinding(
                    context: "kdash", namespace: nil, kind: "Node", name: "node", uid: "u-node",
                    resource: GroupVersionResource(group: "", version: "v1", resource: "nodes")))
            #expect(app.kind.isPods && app.scope == .all && app.focus == .pods && app.pods.filter == "-F spec.nodeName=node")
            app.goToPlaceBefore()
            #expect(app.scope.single == "default")
            app.focus = .pods
            fixture.run("objects.enter")
            #expect(app.focus == .logs, "the log of a pod takes the keys")
        }
    }

    @Test func `a table is saved as comma-separated values`() async throws {
        try await Fixture.with(pods: ["web-1"]) { fixture in
            try FileSystem.makeDirectories(fixture.directory, mode: 0o700)
            let path = "\(fixture.directory)/pods.csv"
            fixture.run("objects.save")
            fixture.app.prompt?.input = LineInput(path)
            fixture.app.prompt?.submit()
            await fixture.app.saving?.value
            let text = try FileSystem.readText(path)
            #expect(text.hasPrefix("NAMESPACE,NAME,") && text.contains("\r\ndefault,web-1,"))
            let cells = [("=1+1", "'=1+1"), ("@x", "'@x"), ("-5", "-5"), ("-5m", "'-5m"), ("+a,b", "\"'+a,b\""), ("-", "-"), ("a=b", "a=b"), ("", "")]
            for (cell, saved) in cells { #expect(AppModel.quoted(cell) == saved) }
        }
    }
}
