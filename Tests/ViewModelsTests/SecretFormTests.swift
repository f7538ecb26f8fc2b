import APIMachinery
import JSONCore
import TestSupport
import Testing

@testable import ViewModels

@MainActor @Suite struct SecretFormTests {
    private static let path = "/api/v1/namespaces/default/secrets/keys"

    private static func secret(_ data: [String: JSONValue]) -> JSONValue {
        var members = JSONObject()
        for key in data.keys.sorted() { members[key] = data[key] }
        return [
            "apiVersion": "v1", "kind": "Secret", "metadata": ["name": "keys", "namespace": "default", "uid": "s"], "data": .object(members),
            "type": "Opaque",
        ]
    }

    private func open(_ fixture: Fixture) async throws {
        fixture.session.openDecoded(ObjectBinding(context: "kdash", namespace: "default", kind: "Secret", name: "keys", uid: "s"))
        try await fixture.until("its values as text") { SecretForm.isDecoded(fixture.app.editor.text) }
    }

    @Test func `values that are text become text, others stay base64, and both come back byte for byte`() {
        let binary = Base64.encode([0, 1, 2, 255])
        // Line feeds, signs of YAML, nothing at all, and base64 that nobody would write.
        let texts = ["a": "line\nline\n", "b": "- yes: [no] # 1", "c": "", "d": " 007\t", "e": "no\r\n", "f": "äöü 漢", "g": "|\n  x\n"]
        var data: [String: JSONValue] = ["bin": .string(binary), "odd": "YQ==\n", "wrong": "?", "number": 5]
        for (key, text) in texts { data[key] = .string(Base64.encode(Array(text.utf8))) }
        let value = Self.secret(data)
        let decoded = SecretForm.decoded(value)
        #expect(Set(decoded["data"]?.objectValue?.map(\.key) ?? []) == ["bin", "odd", "wrong", "number"])
        for (key, text) in texts { #expect(decoded["stringData", key]?.stringValue == text) }
        #expect(SecretForm.encoded(decoded) == value)
        guard case .text(let text, isDecoded: true, losesComments: _) = SecretForm.converted(YAML.encode(value)) else {
            Issue.record("not converted")
            return
        }
        #expect(text.contains("# not text: these stay base64\ndata:") && text.contains("# as text: apply makes base64 of them\nstringData:"))
        guard case .text(let back, isDecoded: false, losesComments: _) = SecretForm.converted(text) else {
            Issue.record("not converted back")
            return
        }
        #expect((try? YAML.parse(back))?.first?.value == value)
        // What is seen stays hidden in either form.
        for line in SecretMask.masked(text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)) {
            #expect(!line.contains("line") && !line.contains("yes") && !line.contains("漢") && !line.contains(binary))
        }
    }

    @Test(arguments: ["-----BEGIN-----\nx\n-----END-----\n", "x\ny\n\n", "x\ny"])
    func `a secret whose last value has lines is shown as text`(value: String) {
        let secret = Self.secret(["tls.crt": .string(Base64.encode(Array(value.utf8)))])
        guard case .text(let text, isDecoded: true, losesComments: false) = SecretForm.converted(EditForm.text(KubeObject(secret))) else {
            Issue.record("not converted")
            return
        }
        #expect(Manifest(text).documents.first?.object.value["stringData", "tls.crt"]?.stringValue == value)
        for line in SecretMask.masked(text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)) {
            #expect(!line.contains("---"))
        }
    }

    @Test(arguments: [
        "kind: ConfigMap\napiVersion: v1\ndata: {a: b}", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}", "", "a: [",
        "kind: Secret\napiVersion: v1\ndata: 5",
    ])
    func `a text without values that are text is left alone`(text: String) {
        if case .text = SecretForm.converted(text) { Issue.record("converted") }
    }

    @Test(arguments: [
        ("data: {a: YQ==}", false), ("data: {a: YQ==} # mine", true), ("# mine\ndata: {a: YQ==}", true), ("stringData:\n  a: \"x # y\"", false),
        ("stringData:\n  a: |\n    # text\n    more", false), ("stringData:\n  a: |\n    # text\n  # mine\n  b: c", true),
    ])
    func `a Secret with comments is told from one whose values have a number sign`(rest: String, expected: Bool) {
        #expect(SecretForm.hasComments("apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\n\(rest)\n") == expected)
        #expect(!SecretForm.hasComments("apiVersion: v1\nkind: ConfigMap # other\n"))
    }

    @Test func `comments that a conversion drops are told of`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(Self.path, Self.secret(["a": "b25l"]))
            try await open(fixture)
            #expect(fixture.app.toasts.last?.text.contains("comments") == false)
            let editor = fixture.app.editor
            editor.replaceAll("apiVersion: v1\nkind: Secret # mine\nmetadata: {name: keys, namespace: default}\nstringData: {a: one}\n")
            fixture.run("yaml.decode")
            #expect(fixture.app.toasts.last?.text == "values as base64; the comments are dropped: u brings them back" && !editor.text.contains("# mine"))
            fixture.run("yaml.undo")
            #expect(editor.text.contains("# mine"))
        }
    }

    @Test func `signs within values are no comments, and where there are too many to look at there may be some`() {
        func text(_ count: Int, _ end: String = "") -> String {
            let values = (0..<count).map { "  k\($0): \"a # b\"\n" }.joined()
            return "apiVersion: v1\nkind: Secret\nmetadata: {name: b}\nstringData:\n\(values)\(end)"
        }
        #expect(!SecretForm.hasComments(text(SecretForm.mostCandidates)))
        #expect(SecretForm.hasComments(text(SecretForm.mostCandidates - 1, "  # mine\n")))
        #expect(SecretForm.hasComments(text(SecretForm.mostCandidates, "  # mine\n")))
        #expect(!SecretForm.hasComments("kind: Secret\napiVersion: v1\nstringData: {a: '#'}\n---\na: [\n"))
    }

    @Test func `other documents and their comments stay as they are`() {
        let text =
            "# first\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a} # mine\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: b}\ndata: {k: YQ==}\n\n---\n# last\nkind: X"
        guard case .text(let new, isDecoded: true, losesComments: _) = SecretForm.converted(text) else {
            Issue.record("not converted")
            return
        }
        #expect(new.hasPrefix("# first\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a} # mine\n---\n") && new.hasSuffix("\n\n---\n# last\nkind: X"))
        #expect(new.contains("stringData:\n  k: a\n"))
    }

    @Test func `what is typed is applied as base64, beside what others changed, and undone`() async throws {
        try await Fixture.with { fixture in
            let stored = Self.secret(["a": "b25l", "b": "dHdv", "bin": "AAEC"])
            fixture.server.put(Self.path, stored)
            try await open(fixture)
            let editor = fixture.app.editor
            #expect(!editor.isDirty && editor.text.contains("a: one") && editor.text.contains("bin: AAEC"))
            #expect(editor.maskedColumns(line: (0..<editor.lineCount).first { editor.line($0).contains("a: one") } ?? 0) != nil)
            editor.replaceAll(editor.text.replacing("a: one", with: "a: new").replacing("  b: two\n", with: ""))
            // Somebody else adds a key meanwhile.
            var other = stored
            other["data", "c"] = "dGhyZWU="
            fixture.server.put(Self.path, other)
            fixture.run("yaml.apply")
            try await fixture.until("the difference") { fixture.diff?.lines.isEmpty == false }
            #expect(fixture.diff?.lines.contains { $0.text.contains("new") || $0.text.contains("bmV3") } == false)
            fixture.diff?.onConfirm()
            try await fixture.until("it is applied") { fixture.server.object(Self.path)?["data", "a"] == "bmV3" }
            let now = fixture.server.object(Self.path)
            #expect(now?["data", "b"] == nil && now?["data", "bin"] == "AAEC" && now?["data", "c"] == "dGhyZWU=" && now?["stringData"] == nil)
            // The text goes on as text, with what the other one added.
            try await fixture.until("the text") { editor.text.contains("c: three") }
            #expect(!editor.isDirty && editor.text.contains("a: new") && SecretForm.isDecoded(editor.text))
        }
    }

    @Test func `where both changed the same value, both sides stand there as text`() async throws {
        try await Fixture.with { fixture in
            let stored = Self.secret(["a": "b25l", "b": "dHdv"])
            fixture.server.put(Self.path, stored)
            try await open(fixture)
            let editor = fixture.app.editor
            editor.replaceAll(editor.text.replacing("a: one", with: "a: mine"))
            var other = stored
            other["data", "a"] = "dGhlaXJz"
            fixture.server.put(Self.path, other)
            fixture.run("yaml.apply")
            try await fixture.until("the refusal") { editor.banner?.text.contains("changed in the cluster") == true }
            fixture.run("yaml.merge")
            try await fixture.until("both sides") { editor.conflictCount == 1 }
            #expect(editor.text.contains("a: mine") && editor.text.contains("a: theirs") && !editor.text.contains("dGhlaXJz"))
        }
    }

    @Test func `the toggle goes both ways, and undo takes it back`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(Self.path, Self.secret(["a": "b25l"]))
            fixture.session.openYAML(ObjectBinding(context: "kdash", namespace: "default", kind: "Secret", name: "keys", uid: "s"), isEditing: false)
            try await fixture.until("its YAML") { fixture.app.editor.text.contains("b25l") }
            fixture.run("yaml.decode")
            #expect(fixture.app.editor.text.contains("a: one") && !fixture.app.editor.isDirty)
            fixture.run("yaml.decode")
            #expect(fixture.app.editor.text.contains("a: b25l") && !SecretForm.isDecoded(fixture.app.editor.text))
            fixture.run("yaml.undo")
            #expect(fixture.app.editor.text.contains("a: one"))
        }
    }
}
