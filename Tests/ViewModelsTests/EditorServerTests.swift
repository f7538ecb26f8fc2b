import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Testing

@testable import ViewModels

/// What the server says while a text is written.
@MainActor @Suite struct EditorServerTests {
    private static let path = "/api/v1/namespaces/default/configmaps"
    private static let text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v"

    private func write(_ fixture: Fixture, _ text: String) -> EditorModel {
        fixture.run("objects.new")
        fixture.app.editor.insert(text)
        return fixture.app.editor
    }

    @Test func `the server is asked once typing rests, and nothing is written`() async throws {
        try await Fixture.with { fixture in
            let editor = write(fixture, Self.text)
            try await fixture.until("it accepts") { editor.verdict == .accepted }
            #expect(fixture.server.writes.isEmpty && editor.diagnostics.isEmpty)
            let asked = fixture.server.requests.filter { $0.queryValue("dryRun") == "All" }
            #expect(asked.count == 1 && asked.first?.queryValue("fieldValidation") == "Strict")
            editor.insert("x")
            #expect(editor.verdict == .none)
        }
    }

    @Test func `an object may be of a kind that the same text defines`() async throws {
        let definition = """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata:
              name: gadgets.example.com
            spec:
              group: example.com
              scope: Namespaced
              names: {kind: Gadget, plural: gadgets}
              versions:
              - name: v1
                served: true
                storage: true
                schema:
                  openAPIV3Schema:
                    type: object
                    properties:
                      spec: {type: object, properties: {size: {type: integer}}}
            ---
            apiVersion: example.com/v1
            kind: Gadget
            metadata:
              name: g
            spec:
              size: 5
            """
        let manifest = Manifest(definition)
        #expect(manifest.isRoutable && manifest.diagnostics.isEmpty)
        #expect(manifest.documents.last?.descriptor?.plural == "gadgets" && manifest.documents.last?.descriptor?.isNamespaced == true)
        #expect(Manifest(definition.replacing("size: 5", with: "size: x")).diagnostics.map(\.line) == [23])
        #expect(!Manifest(definition.replacing("kind: Gadget\n", with: "kind: Widget\n")).isRoutable)
        try await Fixture.with { fixture in
            let path = "/apis/example.com/v1/namespaces/default/gadgets"
            let editor = write(fixture, definition)
            fixture.server.refuse(.post, path, APIStatus(code: 404, reason: .notFound, message: "the server could not find the requested resource"))
            fixture.run("yaml.applyF2")
            try await fixture.until("the diff") { fixture.diff != nil }
            #expect(fixture.diff?.lines.contains { $0.text == "checked when its CustomResourceDefinition exists" } == true)
            fixture.diff?.onConfirm()
            try await fixture.until("it is tried") { fixture.server.requests.filter { $0.path == path && $0.method == .post }.count > 2 }
            fixture.server.refuse(.post, path, nil)
            try await fixture.until("both are there") { fixture.server.object("\(path)/g") != nil && !editor.isDirty }
        }
    }

    @Test func `a refusal stands at the fields it names, and stays while the line does`() async throws {
        try await Fixture.with { fixture in
            fixture.server.refuse(
                .post, Self.path,
                APIStatus(
                    code: 422, reason: .invalid, message: "invalid",
                    details: APIStatus.Details(causes: [APIStatus.Cause(reason: "FieldValueInvalid", message: "must not be v", field: "data.k")])))
            let editor = write(fixture, Self.text)
            try await fixture.until("it refuses") { editor.verdict == .refused }
            #expect(editor.diagnostics.map(\.line) == [5] && editor.diagnostics.first?.message == "must not be v")
            editor.place(TextPosition(line: 3, column: 9), selecting: false)
            editor.newline()
            try await fixture.until("the schemas were asked") { fixture.session.tasks.isRunning(.dryRun) }
            #expect(editor.diagnostics.contains { $0.line == 6 && $0.message == "must not be v" })
        }
    }

    @Test func `what the server takes is no error, whatever the schema says`() async throws {
        try await Fixture.with { fixture in
            let editor = write(fixture, Self.text + "\nnovelty: 1")
            try await fixture.until("the schema complains") { editor.diagnostics.contains { $0.severity == .error } }
            try await fixture.until("the server does not") { editor.verdict == .accepted }
            #expect(!editor.diagnostics.contains { $0.severity == .error })
        }
    }

    @Test func `a server that does not answer is no fault of the text`() async throws {
        try await Fixture.with { fixture in
            fixture.server.refuse(.post, Self.path, .serviceUnavailable("away"))
            let editor = write(fixture, Self.text)
            try await fixture.until("it is silent") { if case .silent = editor.verdict { true } else { false } }
            #expect(editor.diagnostics.isEmpty)
        }
    }

    @Test func `a context that is not to be changed is not asked`() async throws {
        try await Fixture.with(access: .protected) { fixture in
            fixture.session.newManifest()
            let editor = fixture.app.editor
            editor.insert(Self.text + "\nwrong: 1")
            try await fixture.until("the schema complains") { !editor.diagnostics.isEmpty }
            for _ in 0..<200 {
                fixture.time.advance(by: .milliseconds(20))
                await Task.yield()
            }
            #expect(editor.verdict == .none && !fixture.server.requests.contains { $0.queryValue("dryRun") != nil })
        }
    }

    @Test func `kinds that only the server knows are completed, explained and applied`() async throws {
        try await Fixture.with { fixture in
            fixture.server.answer("/openapi/v3", CustomKind.index)
            fixture.server.answer("/openapi/v3/apis/stable.example.com/v1", CustomKind.document)
            let editor = write(fixture, "apiVersion: stable.example.com/v1\nkind: CronTab\nmetadata:\n  name: a\nspec:\n  cron")
            try await fixture.until("the key is offered") { editor.completion?.items.map(\.text) == ["cronSpec: "] }
            #expect(editor.completion?.items.first?.detail == "required. When it runs.")
            editor.acceptCompletion()
            editor.insert("\"* * * * *\"")
            fixture.run("yaml.applyF2")
            try await fixture.until("the diff") { fixture.diff != nil }
            fixture.diff?.onConfirm()
            try await fixture.until("it is there") {
                fixture.server.object("/apis/stable.example.com/v1/namespaces/default/crontabs/a") != nil
            }
            try await fixture.until("the text belongs to it") { editor.target?.binding.resource?.resource == "crontabs" }
            #expect(fixture.server.requests.filter { $0.path.hasPrefix("/openapi/v3/apis/stable") }.count == 1)
        }
    }

    @Test(arguments: [
        ("299 - \"a\"", ["a"]), ("299 - \"say \\\"x\\\"\", 299 - \"b\"", ["say \"x\"", "b"]), ("299 - \"open", ["open"]), ("nothing", []), ("\"\"", []),
    ])
    func `warnings are read from their headers`(header: String, texts: [String]) {
        #expect(APIResponse(headers: [("warning", header)], body: .bytes([])).warnings == texts)
    }
}

/// A custom kind as a server describes it.
enum CustomKind {
    static let index: JSONValue = [
        "paths": ["apis/stable.example.com/v1": ["serverRelativeURL": "/openapi/v3/apis/stable.example.com/v1?hash=1"]]
    ]
    static let document: JSONValue = [
        "components": [
            "schemas": [
                "com.example.stable.v1.CronTab": [
                    "type": "object", "required": ["spec"],
                    "x-kubernetes-group-version-kind": [["group": "stable.example.com", "version": "v1", "kind": "CronTab"]],
                    "properties": [
                        "apiVersion": ["type": "string"], "kind": ["type": "string"],
                        "metadata": [
                            "type": "object",
                            "properties": [
                                "name": ["type": "string"], "namespace": ["type": "string"],
                            ],
                        ],
                        "spec": [
                            "type": "object", "required": ["cronSpec"],
                            "properties": ["cronSpec": ["type": "string", "description": "When it runs."], "replicas": ["type": "integer"]],
                        ],
                    ],
                ]
            ]
        ],
        "paths": [
            "/apis/stable.example.com/v1/namespaces/{namespace}/crontabs": [
                "post": [
                    "x-kubernetes-action": "post",
                    "x-kubernetes-group-version-kind": ["group": "stable.example.com", "version": "v1", "kind": "CronTab"],
                ]
            ]
        ],
    ]
}
