import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Testing

@testable import ViewModels

@MainActor @Suite struct ApplyTests {
    private static let config = "/api/v1/namespaces/default/configmaps/settings"

    private func configMap(_ data: JSONValue) -> JSONValue {
        ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "settings", "namespace": "default", "uid": "uid-c"], "data": data]
    }

    /// Opens the ConfigMap and types in it.
    private func edit(_ fixture: Fixture) async throws -> EditorModel {
        let editor = fixture.app.editor
        fixture.session.openYAML(
            ObjectBinding(context: "kdash", namespace: "default", kind: "ConfigMap", name: "settings", uid: "uid-c"), isEditing: true)
        try await fixture.until("it is open") { editor.state == .editing }
        return editor
    }

    private func replace(_ editor: EditorModel, _ old: String, _ new: String) { editor.replaceAll(editor.text.replacing(old, with: new)) }

    @Test func `a new manifest is checked, shown and created where it was opened`() async throws {
        try await Fixture.with { fixture in
            fixture.run("objects.new")
            let editor = fixture.app.editor
            #expect(editor.isTyping && editor.selection != nil && editor.banner != nil)
            editor.insert(
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata: {k: v}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\n"
            )
            #expect(editor.banner == nil)
            fixture.app.namespace = "kube-system"
            fixture.run("yaml.applyF2")
            try await fixture.until("the diff") { fixture.diff != nil }
            #expect(fixture.server.writes.isEmpty)
            #expect(
                fixture.diff?.canConfirm == true && fixture.diff?.lines.contains { $0.kind == .added && $0.text.contains("k: v") } == true)
            let dry = fixture.server.requests.first { $0.queryValue("dryRun") == "All" }
            #expect(dry?.queryValue("fieldValidation") == "Strict")
            fixture.diff?.onConfirm()
            try await fixture.until("both are there") { fixture.server.object("/api/v1/namespaces/default/configmaps/b") != nil }
            #expect(fixture.server.object("/api/v1/namespaces/default/configmaps/a") != nil)
            try await fixture.until("it is clean") { !editor.isDirty && editor.state == .editing }
            #expect(!editor.isTyping)
        }
    }

    @Test func `an update sends what changed on top of what is there`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(Self.config, configMap(["a": "1", "b": "2"]))
            let editor = try await edit(fixture)
            #expect(!editor.text.contains("resourceVersion") && !editor.text.contains("uid"))
            replace(editor, "\"1\"", "\"one\"")
            // Somebody else changes another key: both changes stay.
            fixture.server.put(Self.config, configMap(["a": "1", "b": "two"]))
            fixture.run("yaml.apply")
            try await fixture.until("the diff") { fixture.diff != nil }
            #expect(fixture.diff?.lines.filter { $0.kind == .added }.map(\.text) == ["  a: one"])
            fixture.diff?.onConfirm()
            try await fixture.until("it is written") { fixture.server.object(Self.config)?["data", "a"] == "one" }
            #expect(fixture.server.object(Self.config)?["data", "b"] == "two")
        }
    }

    @Test func `after applying the text shows what others changed, keeps its comments, and can be brought back`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(Self.config, configMap(["a": "1", "b": "2", "c": "3", "z": "9"]))
            let editor = try await edit(fixture)
            replace(editor, "a: \"1\"", "# why\n  a: mine")
            fixture.server.put(Self.config, configMap(["a": "1", "b": "two", "d": "four", "e": "five", "z": "9"]))
            fixture.run("yaml.apply")
            try await fixture.until("the diff") { fixture.diff != nil }
            let text = editor.text
            editor.place(TextPosition(line: editor.lineCount - 1, column: 0), selecting: false)
            let line = editor.line(editor.cursor.line)
            fixture.diff?.onConfirm()
            try await fixture.until("it is clean") { !editor.isDirty && editor.state == .editing }
            #expect(fixture.server.object(Self.config)?["data"] == ["a": "mine", "b": "two", "d": "four", "e": "five", "z": "9"])
            #expect(editor.text.contains("  # why\n  a: mine\n  b: two\n  d: four\n  e: five\n  z:") && !editor.text.contains("c:"))
            #expect(editor.line(editor.cursor.line) == line && editor.banner?.tone == .ok)
            editor.undo()
            #expect(editor.text == text && editor.isDirty)
        }
    }

    @Test func `a text that the cluster has already shows what else is there`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(Self.config, configMap(["a": "1", "b": "2"]))
            let editor = try await edit(fixture)
            replace(editor, "\"1\"", "one")
            fixture.server.put(Self.config, configMap(["a": "one", "b": "two"]))
            fixture.run("yaml.apply")
            try await fixture.until("it is clean") { !editor.isDirty && editor.state == .editing }
            #expect(editor.text.contains("a: one") && editor.text.contains("b: two") && fixture.diff == nil && fixture.server.writes.isEmpty)
        }
    }

    @Test func `a text that nobody has changed since it was opened follows the cluster`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(Self.config, configMap(["a": "1"]))
            let editor = try await edit(fixture)
            editor.isTyping = false
            fixture.server.put(Self.config, configMap(["a": "2"]))
            try await fixture.until("it is shown") { editor.text.contains("a: \"2\"") }
            #expect(!editor.isDirty && editor.state == .editing && editor.draft == .none)
        }
    }

    @Test func `a change in the cluster names its writer and what apply will do`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(Self.config, configMap(["a": "1", "b": "2"]))
            let editor = try await edit(fixture)
            replace(editor, "\"1\"", "mine")
            var theirs = configMap(["a": "theirs", "b": "2"])
            theirs["metadata", "managedFields"] = [
                ["manager": "kdash", "operation": "Update", "time": "2026-03-01T09:00:00Z"],
                ["manager": "kubectl", "operation": "Update", "subresource": "scale", "time": "2026-03-01T10:00:00Z"],
                ["manager": "controller", "operation": "Update", "subresource": "status", "time": "2026-03-01T11:00:00Z"],
            ]
            fixture.server.put(Self.config, theirs)
            try await fixture.until("it refuses") {
                editor.banner?.text.hasPrefix("changed in the cluster by kubectl at the same place: apply refuses") == true
            }
            replace(editor, "a: mine", "a: \"1\"")
            replace(editor, "b: \"2\"", "b: mine")
            try await fixture.until("it joins") { editor.banner?.text == "changed in the cluster by kubectl at other places: apply joins both changes" }
        }
    }

    @Test func `of several documents the refused one has the mark`() async throws {
        try await Fixture.with { fixture in
            fixture.run("objects.new")
            let editor = fixture.app.editor
            let document = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: "
            editor.insert("\(document)a\n---\n\(document)b\n  namespace: nosuch\n")
            fixture.server.refuse(
                .post, "/api/v1/namespaces/nosuch/configmaps", APIStatus(code: 404, reason: .notFound, message: "namespaces \"nosuch\" not found"))
            fixture.run("yaml.applyF2")
            try await fixture.until("it is refused") { !editor.diagnostics.isEmpty && editor.state == .editing }
            #expect(editor.diagnostics.map(\.line) == [9] && editor.line(9) == "  namespace: nosuch")
            #expect(editor.diagnostics[0].message == "ConfigMap nosuch/b: namespaces \"nosuch\" not found")
        }
    }

    @Test func `a conflict keeps the text and offers a merge`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(Self.config, configMap(["a": "1", "b": "2"]))
            let editor = try await edit(fixture)
            replace(editor, "\"1\"", "mine")
            fixture.server.put(Self.config, configMap(["a": "theirs", "b": "3"]))
            let text = editor.text
            fixture.run("yaml.apply")
            try await fixture.until("it is said") { editor.banner?.text.contains("Esc m merges") == true && editor.state == .editing }
            #expect(editor.text == text && fixture.diff == nil && fixture.server.writes.isEmpty)
            fixture.run("yaml.merge")
            try await fixture.until("it is merged") { editor.text != text }
            #expect(editor.text.contains("a: mine") && editor.text.contains("a: theirs") && editor.text.contains("b: \"3\""))
            #expect(editor.conflictCount == 1 && editor.line(editor.cursor.line) == ConflictMarkers.mine)
            fixture.run("yaml.keepMine")
            #expect(editor.text.contains("a: mine") && !editor.text.contains("a: theirs") && editor.banner?.tone == .ok)
            fixture.run("yaml.apply")
            try await fixture.until("the diff") { fixture.diff != nil }
            fixture.diff?.onConfirm()
            try await fixture.until("it is written") { fixture.server.object(Self.config)?["data", "a"] == "mine" }
            #expect(fixture.server.object(Self.config)?["data", "b"] == "3")
            editor.undo()
            editor.undo()
            #expect(editor.text == text)
        }
    }

    @Test func `a merge that is taken back leaves the conflict as it was`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(Self.config, configMap(["a": "1", "b": "2"]))
            let editor = try await edit(fixture)
            replace(editor, "\"1\"", "mine")
            let text = editor.text
            fixture.server.put(Self.config, configMap(["a": "theirs", "b": "2", "c": "3"]))
            fixture.run("yaml.apply")
            try await fixture.until("it is said") { editor.banner?.text.contains("at the same places") == true && editor.state == .editing }
            let said = editor.banner
            fixture.run("yaml.merge")
            try await fixture.until("it is merged") { editor.text.contains("c: \"3\"") }
            fixture.run("yaml.undo")
            #expect(editor.text == text && editor.banner == said)
            fixture.run("yaml.apply")
            try await fixture.until("it is refused again") { editor.state == .editing && editor.banner?.text.contains("at the same places") == true }
            #expect(fixture.diff == nil && fixture.server.writes.isEmpty && fixture.session.editing.conflict != nil)
            fixture.run("yaml.merge")
            try await fixture.until("it is merged again") { editor.text.contains("c: \"3\"") }
            fixture.run("yaml.undo")
            fixture.run("yaml.redo")
            #expect(editor.conflictCount == 1 && editor.banner?.text.hasPrefix("1 place was changed by both") == true)
            fixture.run("yaml.keepMine")
            fixture.run("yaml.apply")
            try await fixture.until("the diff") { fixture.diff != nil }
            #expect(fixture.diff?.lines.filter { $0.kind == .removed }.map(\.text) == ["  a: theirs"])
        }
    }

    @Test func `a conflict about nothing but the same place is settled after merging, and yours applies`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(Self.config, configMap(["a": "1"]))
            let editor = try await edit(fixture)
            replace(editor, "\"1\"", "mine")
            fixture.server.put(Self.config, configMap(["a": "theirs"]))
            fixture.run("yaml.apply")
            try await fixture.until("it is said") { editor.banner?.text.contains("at the same places") == true && editor.state == .editing }
            fixture.run("yaml.merge")
            try await fixture.until("it is marked") { editor.banner?.text.hasPrefix("1 place was changed by both") == true }
            fixture.run("yaml.keepMine")
            fixture.run("yaml.apply")
            try await fixture.until("the diff") { fixture.diff != nil }
            #expect(fixture.diff?.lines.filter { $0.kind == .removed }.map(\.text) == ["  a: theirs"])
            fixture.diff?.onConfirm()
            try await fixture.until("it is written") { fixture.server.object(Self.config)?["data", "a"] == "mine" }
        }
    }

    @Test func `a 409 between the question and the answer keeps the text`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(Self.config, configMap(["a": "1"]))
            let editor = try await edit(fixture)
            replace(editor, "\"1\"", "mine")
            fixture.run("yaml.apply")
            try await fixture.until("the diff") { fixture.diff != nil }
            fixture.server.put(Self.config, configMap(["a": "theirs"]))
            let text = editor.text
            fixture.diff?.onConfirm()
            try await fixture.until("it is said") {
                editor.state == .editing && editor.banner?.text.contains("changed in the cluster") == true
            }
            #expect(editor.text == text && editor.isDirty)
            #expect(fixture.server.object(Self.config)?["data", "a"] == "theirs")
        }
    }

    @Test func `as many errors are told as are marked`() async throws {
        try await Fixture.with { fixture in
            fixture.run("objects.new")
            let editor = fixture.app.editor
            editor.insert("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\nnovelty: 1\nstrange: 2\n")
            try await fixture.until("the schema complains") { editor.diagnostics.count == 2 }
            fixture.server.refuse(
                .post, "/api/v1/namespaces/default/configmaps",
                APIStatus(
                    code: 422, reason: .invalid, message: "invalid",
                    details: APIStatus.Details(causes: [APIStatus.Cause(reason: "FieldValueInvalid", message: "bad", field: "metadata.name")])))
            fixture.run("yaml.applyF2")
            try await fixture.until("it is refused") { editor.state == .editing && editor.diagnostics.count == 3 }
            #expect(fixture.app.toasts.last?.text == "not applied: 3 errors")
        }
    }

    @Test func `the server's causes stand at their lines`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(Self.config, configMap(["a": "1"]))
            let editor = try await edit(fixture)
            replace(editor, "\"1\"", "mine")
            let refusal = APIStatus.invalid(
                kind: GroupKind(group: "", kind: "ConfigMap"), name: "settings", [.invalid("data.a", .string("mine"), "must be a number")])
            fixture.server.refuse(.put, Self.config, refusal)
            fixture.run("yaml.apply")
            try await fixture.until("it is said") { !editor.diagnostics.isEmpty && editor.state == .editing }
            let line = editor.diagnostics[0].line
            #expect(editor.line(line).contains("a: mine") && editor.diagnostics[0].message.contains("must be a number"))
            #expect(editor.cursor.line == line && fixture.diff == nil)
        }
    }

    @Test func `a refusal without a place is said above the text until it is changed`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(Self.config, configMap(["a": "1"]))
            let editor = try await edit(fixture)
            replace(editor, "\"1\"", "mine")
            fixture.server.refuse(.put, Self.config, .badRequest("the server is not in the mood"))
            fixture.run("yaml.apply")
            try await fixture.until("it is said") { editor.banner?.text.contains("not in the mood") == true && editor.state == .editing }
            replace(editor, "mine", "yours")
            try await fixture.until("it is gone") { editor.banner == nil }
        }
    }

    @Test func `an object deleted meanwhile is created again`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(Self.config, configMap(["a": "1"]))
            let editor = try await edit(fixture)
            replace(editor, "\"1\"", "mine")
            fixture.server.remove(Self.config)
            try await fixture.until("it is said") { editor.banner?.text.contains("apply creates it again") == true }
            fixture.run("yaml.apply")
            try await fixture.until("the diff") { fixture.diff != nil }
            fixture.diff?.onConfirm()
            try await fixture.until("it is there") { fixture.server.object(Self.config)?["data", "a"] == "mine" }
        }
    }

    @Test func `text that does not parse is never sent`() async throws {
        try await Fixture.with { fixture in
            fixture.run("objects.new")
            let editor = fixture.app.editor
            editor.insert("apiVersion: v1\nkind: [")
            fixture.run("yaml.applyF2")
            try await fixture.until("it is said") { !editor.diagnostics.isEmpty && editor.state == .editing }
            #expect(fixture.diff == nil && fixture.server.requests.allSatisfy { $0.method == .get })
        }
    }

    @Test func `text of a context that cannot be reached is sent nowhere`() async throws {
        try await Fixture.with { fixture in
            fixture.run("objects.new")
            fixture.app.editor.target?.binding.context = "elsewhere"
            fixture.run("yaml.applyF2")
            try await fixture.until("it is said") { fixture.app.toasts.last?.text.contains("elsewhere") == true }
            #expect(fixture.app.editor.state == .editing && fixture.diff == nil && fixture.server.requests.allSatisfy { $0.method == .get })
        }
    }

    /// Edits the ConfigMap, which is then deleted and made anew by somebody else.
    private func editReplaced(_ fixture: Fixture, _ data: JSONValue) async throws -> EditorModel {
        fixture.server.put(Self.config, configMap(["a": "1", "b": "2"]))
        let editor = try await edit(fixture)
        replace(editor, "\"1\"", "mine")
        fixture.server.remove(Self.config)
        var anew = configMap(data)
        anew["metadata", "uid"] = "uid-new"
        fixture.server.put(Self.config, anew)
        try await fixture.until("it is said") { editor.banner?.text.contains("was deleted and made anew") == true }
        return editor
    }

    @Test func `an object of the same name is changed only after a question`() async throws {
        try await Fixture.with { fixture in
            let editor = try await editReplaced(fixture, ["a": "1", "b": "two"])
            let text = editor.text
            fixture.run("yaml.apply")
            try await fixture.until("the question") { fixture.dialog != nil }
            #expect(fixture.dialog?.focused == 0 && fixture.dialog?.binding?.uid == "uid-new" && fixture.diff == nil)
            fixture.dialog?.choose("no")
            #expect(fixture.app.modal == nil && editor.text == text && editor.isDirty && editor.state == .editing)
            fixture.run("yaml.apply")
            try await fixture.until("the question again") { fixture.dialog != nil }
            #expect(fixture.server.requests.allSatisfy { $0.method == .get })
            fixture.dialog?.choose("yes")
            try await fixture.until("the diff") { fixture.diff != nil }
            #expect(fixture.diff?.binding.uid == "uid-new")
            fixture.diff?.onConfirm()
            try await fixture.until("it is written") { fixture.server.object(Self.config)?["data", "a"] == "mine" }
            #expect(fixture.server.object(Self.config)?["data", "b"] == "two")
            try await fixture.until("it is clean") { !editor.isDirty }
            // From now on it is the one that is followed.
            #expect(editor.target?.binding.uid == "uid-new")
            editor.isTyping = true
            replace(editor, "mine", "more")
            fixture.run("yaml.applyF2")
            try await fixture.until("the next diff") { fixture.diff != nil }
        }
    }

    @Test func `what is different in the object of the same name counts as changed`() async throws {
        try await Fixture.with { fixture in
            let editor = try await editReplaced(fixture, ["a": "theirs"])
            fixture.run("yaml.apply")
            try await fixture.until("the question") { fixture.dialog != nil }
            fixture.dialog?.choose("yes")
            try await fixture.until("the conflict") { editor.banner?.text.contains("at the same places") == true && editor.state == .editing }
            #expect(fixture.server.writes.isEmpty)
        }
    }

    @Test func `merging with an object of the same name asks, too`() async throws {
        try await Fixture.with { fixture in
            let editor = try await editReplaced(fixture, ["a": "theirs", "c": "3"])
            let text = editor.text
            editor.isTyping = false
            fixture.run("yaml.merge")
            try await fixture.until("the question") { fixture.dialog != nil }
            #expect(editor.text == text)
            fixture.dialog?.choose("yes")
            try await fixture.until("it is merged") { editor.text != text }
            #expect(editor.text.contains("a: mine") && editor.text.contains("a: theirs") && editor.text.contains("c: \"3\""))
        }
    }

    @Test(arguments: [
        ("kind: ConfigMap\nmetadata:\n  name: b", "apiVersion is required"), ("just a text", "expected an object with apiVersion and kind"),
    ])
    func `no document is left out because it cannot be read`(second: String, why: String) async throws {
        try await Fixture.with { fixture in
            fixture.run("objects.new")
            let editor = fixture.app.editor
            let text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n---\n\(second)"
            editor.insert(text)
            fixture.run("yaml.applyF2")
            try await fixture.until("it is refused") { editor.diagnostics.contains { $0.message.contains(why) } && editor.state == .editing }
            #expect(fixture.diff == nil && fixture.server.requests.allSatisfy { $0.method == .get })
            editor.isTyping = false
            fixture.run("yaml.merge")
            try await fixture.until("it is told") { fixture.app.toasts.last?.text.hasPrefix("not merged: line 6: \(why)") == true }
            #expect(editor.text == text)
        }
    }
}
