import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Testing

@testable import ViewModels

/// Owners and differences of the text, and the user's own editor.
@MainActor @Suite struct EditorViewsTests {
    private static let config = "/api/v1/namespaces/default/configmaps/settings"

    private static let object: JSONValue = [
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": [
            "name": "settings", "namespace": "default", "uid": "uid-c", "labels": ["app": "web"],
            "managedFields": [
                [
                    "manager": "kubectl", "operation": "Apply", "time": "2026-03-01T09:00:00Z", "fieldsType": "FieldsV1",
                    "fieldsV1": ["f:data": ["f:a": [:]], "f:metadata": ["f:labels": [".": [:], "f:app": [:]]]],
                ],
                ["manager": "operator", "operation": "Update", "fieldsV1": ["f:data": ["f:a": [:], "f:b": [:]]]],
            ],
        ],
        "data": ["a": "1", "b": "2"],
    ]

    private func edit(_ fixture: Fixture, _ value: JSONValue = object) async throws -> EditorModel {
        fixture.server.put(Self.config, value)
        fixture.session.openYAML(
            ObjectBinding(context: "kdash", namespace: "default", kind: "ConfigMap", name: "settings", uid: "uid-c"), isEditing: true)
        try await fixture.until("it is open") { fixture.app.editor.state == .editing }
        fixture.app.editor.isTyping = false
        return fixture.app.editor
    }

    @Test func `every line tells who wrote it, and goes on to as the text changes`() async throws {
        try await Fixture.with { fixture in
            let editor = try await edit(fixture)
            fixture.run("yaml.owners")
            try await fixture.until("owners are there") { !editor.owners.isEmpty }
            @MainActor func managers(_ text: String) -> [String] {
                (0..<editor.lineCount).first { editor.line($0).hasPrefix(text) }.flatMap { editor.owners[$0]?.map(\.manager) } ?? []
            }
            #expect(managers("  a:") == ["kubectl", "operator"] && managers("  b:") == ["operator"] && managers("    app: web") == ["kubectl"])
            #expect(managers("  name: settings").isEmpty)
            editor.place(TextPosition(line: 0, column: 0), selecting: false)
            editor.insert("# note\n")
            try await fixture.until("they follow") { managers("  b:") == ["operator"] && editor.owners.keys.max() == editor.lineCount - 1 }
            fixture.run("yaml.owners")
            #expect(editor.owners.isEmpty)
        }
    }

    @Test func `items of lists are found by their keys and values`() {
        let object = KubeObject([
            "kind": "Pod",
            "metadata": [
                "name": "p",
                "managedFields": [
                    [
                        "manager": "m",
                        "fieldsV1": [
                            "f:spec": [
                                "f:containers": ["k:{\"name\":\"b\"}": ["f:image": [:]]],
                                "f:list": ["v:\"z\"": [:], "i:0": [:], "i:9": [:], "v:[": [:], "k:x": [:]],
                            ]
                        ],
                    ]
                ],
            ],
        ])
        let text = "kind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    image: x\n  - name: b\n    image: y\n  list:\n  - x\n  - z"
        #expect(Set(FieldOwners.lines(text, of: object).keys) == [7, 9, 10])
        #expect(FieldOwners.lines("not: [", of: object).isEmpty)
    }

    private func detail(_ fixture: Fixture, _ command: String) async throws -> [String] {
        fixture.app.detail = nil
        fixture.run(command)
        try await fixture.until("the difference") { fixture.app.detail != nil }
        return fixture.app.detail?.lines.map { $0.map(\.text).joined() } ?? []
    }

    @Test func `a text is compared with the cluster, with what was applied last and with what was opened`() async throws {
        try await Fixture.with { fixture in
            let editor = try await edit(fixture)
            let none = try await detail(fixture, "yaml.diffLive")
            #expect(none == ["  the same as in the cluster"])
            editor.replaceAll(editor.text.replacing("\"1\"", with: "one"))
            let opened = try await detail(fixture, "yaml.diffOpened")
            #expect(opened.contains("-   a: \"1\"") && opened.contains("+   a: one"))
            let live = try await detail(fixture, "yaml.diffLive")
            #expect(live.contains("-   a: \"1\"") && live.contains("+   a: one"))
            let applied = try await detail(fixture, "yaml.diffApplied")
            #expect(applied.contains("+   b: \"2\"") && applied.contains("+   a: one"))
        }
    }

    @Test func `kubectl's annotation says what was applied last`() {
        var value = Self.object
        value["metadata", "annotations"] = ["kubectl.kubernetes.io/last-applied-configuration": "{\"kind\":\"ConfigMap\",\"data\":{\"z\":\"1\"}}"]
        #expect(FieldOwners.lastApplied(KubeObject(value))?["data", "z"] == "1")
        #expect(FieldOwners.lastApplied(KubeObject(Self.object))?["data", "a"] == "1")
        #expect(FieldOwners.lastApplied(KubeObject(Self.object))?["data", "b"] == nil)
        #expect(FieldOwners.lastApplied(KubeObject(["kind": "Pod"])) == nil)
    }

    /// A terminal in which an editor runs.
    private final class Terminal: ScreenHost {
        var edited: (String) -> Int32? = { _ in 0 }
        func move(_ motion: Motion) {}
        func suspend() {}
        func redraw() {}
        func copy(_ text: String) {}
        func edit(_ path: String, holding lock: FileLock?) -> Int32? { edited(path) }
        func runInForeground(_ command: PluginCommand, environment: [String: String]) -> String? { nil }
    }

    @Test(arguments: [0, 1, 127] as [Int32])
    func `what another editor made comes back as one step, and nothing stays behind`(code: Int32) async throws {
        try await Fixture.with { fixture in
            let editor = try await edit(fixture)
            let before = editor.text
            let terminal = Terminal()
            fixture.app.host = terminal
            var path = ""
            terminal.edited = { file in
                path = file
                let text = String(decoding: (try? FileSystem.readFile(file)) ?? [], as: UTF8.self)
                try? FileSystem.writeAtomically(file, Array(text.replacing("\"1\"", with: "one").utf8))
                return code
            }
            fixture.run("yaml.external")
            #expect(editor.text == before.replacing("\"1\"", with: "one") && editor.isDirty)
            #expect(path.hasSuffix("/configmap-settings.yaml") && !FileSystem.exists(FileSystem.directory(of: path)))
            editor.undo()
            #expect(editor.text == before)
        }
    }

    @Test func `a text that is only looked at is edited in another editor at once`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(Self.config, Self.object)
            fixture.session.openYAML(
                ObjectBinding(context: "kdash", namespace: "default", kind: "ConfigMap", name: "settings", uid: "uid-c"), isEditing: false)
            let editor = fixture.app.editor
            try await fixture.until("it is shown") { editor.state == .viewing }
            let terminal = Terminal()
            fixture.app.host = terminal
            terminal.edited = { file in
                let text = String(decoding: (try? FileSystem.readFile(file)) ?? [], as: UTF8.self)
                try? FileSystem.writeAtomically(file, Array(text.replacing("\"1\"", with: "one").utf8))
                return 0
            }
            fixture.run("yaml.external")
            #expect(editor.text.contains("one") && editor.isDirty && editor.state == .editing && !editor.isTyping)
        }
    }

    @Test func `a text that cannot be read back stays where it is`() async throws {
        try await Fixture.with { fixture in
            let editor = try await edit(fixture)
            let before = editor.text
            let terminal = Terminal()
            fixture.app.host = terminal
            var path = ""
            terminal.edited = { file in
                path = file
                try? FileSystem.writeAtomically(file, [0xFF, 0xFE])
                return 0
            }
            fixture.run("yaml.external")
            #expect(editor.text == before && FileSystem.exists(path) && fixture.app.toasts.last?.text.contains(path) == true)
        }
    }
}
