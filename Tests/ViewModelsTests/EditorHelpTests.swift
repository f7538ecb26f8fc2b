import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import Testing

@testable import ViewModels

/// What the editor offers at the cursor: keys, values, names, meanings and fixes.
@MainActor @Suite struct EditorHelpTests {
    private static let pod = """
        apiVersion: v1
        kind: Pod
        metadata:
          name: a
        spec:
          containers:
          - name: app
            image: x
        """

    private func completions(_ text: String) -> [String] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let cursor = TextPosition(line: lines.count - 1, column: lines[lines.count - 1].count)
        return Completion.model(lines, cursor)?.items.map(\.text) ?? []
    }

    @Test func `keys that are there already are not offered again`() {
        #expect(completions(Self.pod + "\n    ima") == ["imagePullPolicy: "])
        #expect(completions(Self.pod + "\n  - ima") == ["image: ", "imagePullPolicy: "])
    }

    @Test(arguments: [("    tty: t", ["true"]), ("    imagePullPolicy: A", ["Always"]), ("    imagePullPolicy: Always", [])])
    func `values of a closed set are offered`(line: String, expected: [String]) {
        #expect(completions(Self.pod + "\n" + line) == expected)
    }

    @Test func `a word that has not begun is completed when asked`() {
        let lines = (Self.pod + "\n    imagePullPolicy: ").split(separator: "\n").map(String.init)
        let cursor = TextPosition(line: 8, column: lines[8].count)
        #expect(Completion.place(lines, cursor, schemas: builtinSchemas) == nil)
        let place = Completion.place(lines, cursor, schemas: builtinSchemas, isAsked: true)
        #expect(place.flatMap { Completion.model($0, names: []) }?.items.map(\.text) == ["Always", "Never", "IfNotPresent"])
    }

    @Test(
        arguments: [
            (["spec", "volumes", "0", "configMap", "name"], nil, "configmaps"), (["spec", "volumes", "0", "secret", "secretName"], nil, "secrets"),
            (["spec", "containers", "0", "env", "0", "valueFrom", "secretKeyRef", "name"], nil, "secrets"),
            (["spec", "serviceAccountName"], nil, "serviceaccounts"), (["spec", "storageClassName"], nil, "storageclasses"),
            (["spec", "volumes", "0", "persistentVolumeClaim", "claimName"], nil, "persistentvolumeclaims"),
            (["spec", "scaleTargetRef", "name"], "Deployment", "deployments"), (["spec", "containers", "0", "name"], nil, nil),
        ] as [([String], String?, String?)])
    func `a field that names an object is known`(path: [String], kind: String?, plural: String?) {
        #expect(ObjectReference.at(path, kind: kind, builtinSchemas)?.resource.resource == plural)
    }

    @Test func `names of objects come from the cluster, and only their metadata is asked for`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(
                "/api/v1/namespaces/default/configmaps/settings", ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "settings"]])
            fixture.run("objects.new")
            let editor = fixture.app.editor
            editor.insert(Self.pod + "\n    envFrom:\n    - configMapRef:\n        name: s")
            try await fixture.until("the name is offered") { editor.completion?.items.map(\.text) == ["settings"] }
            editor.acceptCompletion()
            #expect(editor.text.hasSuffix("name: settings"))
            let asked = fixture.server.requests.first { $0.path == "/api/v1/namespaces/default/configmaps" && $0.method == .get }
            #expect(asked?.accept?.contains("PartialObjectMetadataList") == true && asked?.queryValue("limit") == "500")
        }
    }

    @Test func `the field at the cursor is explained, and the explanation follows it`() async throws {
        try await Fixture.with { fixture in
            fixture.run("objects.new")
            let editor = fixture.app.editor
            editor.insert(Self.pod)
            editor.isTyping = false
            fixture.app.focus = .yaml
            fixture.run("yaml.help")
            try await fixture.until("it is explained") { editor.help?.path == "spec.containers[].image" }
            editor.place(TextPosition(line: 5, column: 3), selecting: false)
            try await fixture.until("it follows") { editor.help?.path == "spec.containers" }
            #expect(editor.help?.facts.map(\.text).contains("  required") == true && editor.help?.text.isEmpty == false)
            fixture.app.goBack()
            #expect(!editor.isHelpShown && editor.help == nil)
        }
    }

    // MARK: - Quick fixes

    private func fixes(_ text: String) -> [QuickFix] { Manifest(text).diagnostics.flatMap(\.fixes) }

    @Test(
        arguments: [
            ("    enw: []", "    env: []"), ("    tty: \"true\"", "    tty: true"), ("    tty: yes # on", nil),
            ("    workingDir: 80", "    workingDir: \"80\""),
            ("    imagePullPolicy: always", "    imagePullPolicy: Always"), ("    ports: [{containerPort: \"80\"}]", "    ports: [{containerPort: 80}]"),
            ("    \"comand\": [a]", "    \"command\": [a]"),
        ] as [(String, String?)])
    func `a fault in a line is fixed in that line`(line: String, fixed: String?) {
        let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: app\n    image: x\n" + line
        let fix = fixes(text).first
        #expect(fix?.replacement == fixed.map { [$0] })
        if fixed != nil { #expect(fix?.lines == 7..<8) }
    }

    @Test func `a field nobody knows can be taken out with all that is below it`() {
        let text = Self.pod + "\n    zzzzzz:\n      a: 1\n      b:\n      - c\n    tty: true"
        let fix = fixes(text).first { $0.title == "remove zzzzzz" }
        #expect(fix?.lines == 8..<12 && fix?.replacement == [])
    }

    @Test func `what is missing is inserted where it belongs, with the cursor behind it`() {
        let model = EditorModel(signal: ChangeSignal())
        model.setText("apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - image: x\n    tty: true\n  hostNetwork: true")
        model.state = .editing
        let fix = fixes(model.text).first
        #expect(fix?.title == "add name")
        if let fix { model.apply(fix) }
        #expect(model.text.hasSuffix("  - image: x\n    tty: true\n    name: \"\"\n  hostNetwork: true"))
        #expect(model.cursor == TextPosition(line: 8, column: 12))
        model.undo()
        #expect(!model.text.contains("name: \"\""))
    }

    @Test(arguments: [
        ("apiVersion: extensions/v1beta1\nkind: Deployment", "apiVersion: apps/v1"), ("apiVersion: apps/v1\nkind: Deploymnet", "kind: Deployment"),
        ("apiVersion: batch/v1beta1\nkind: CronJob", "apiVersion: batch/v1"),
    ])
    func `a kind that is served elsewhere or misspelt is found`(text: String, fixed: String) {
        #expect(fixes(text + "\nmetadata: {name: a}").first?.replacement == [fixed])
    }

    @Test func `fixes are offered with what they make, and one is a step of its own`() async throws {
        try await Fixture.with { fixture in
            fixture.run("objects.new")
            let editor = fixture.app.editor
            editor.insert(Self.pod.replacing("image:", with: "imge:"))
            try await fixture.until("it is found wrong") { editor.diagnostics.contains { !$0.fixes.isEmpty } }
            let before = editor.text
            fixture.run("yaml.fixTyping")
            guard case .palette(let list)? = fixture.app.modal else { throw APIStatus.timeout("no list") }
            #expect(list.results.first?.item.detail == "image: x" && list.results.first?.item.title.contains("imge → image") == true)
            list.accept()
            #expect(editor.text == Self.pod)
            editor.undo()
            #expect(editor.text == before)
        }
    }
}
