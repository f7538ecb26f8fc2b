import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

@MainActor @Suite struct PluginTests {
    private let app = AppModel(clock: { Timestamp(seconds: 0) })

    private func settings(_ text: String) -> UserSettings {
        var settings = UserSettings()
        let file = SettingsFile(path: "plugins.yaml", bytes: Array(text.utf8))
        settings.plugins = Plugin.read(file.root, fileName: "plugins")
        settings.problems = file.problems
        return settings
    }

    private func plugin(_ command: String, _ arguments: [String], pipes: [String] = []) throws -> Plugin {
        var text = "plugins:\n  x:\n    shortCut: Ctrl-O\n    description: X\n    scopes: [all]\n    command: \(command)\n    args:\n"
        for argument in arguments { text += "    - '\(argument.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''"))'\n" }
        if !pipes.isEmpty { text += "    pipes: ['\(pipes.joined(separator: "', '"))']\n" }
        let settings = settings(text)
        #expect(settings.problems.isEmpty, "\(settings.problems)")
        return try #require(settings.plugins.first)
    }

    private let variables = PluginVariables([
        "NAME": "web-1", "NAMESPACE": "shop", "CONTEXT": "kdash", "FILTER": "", "COL-IP": "10.0.0.1", "COL-NOTE": "x; rm -rf /", "COL-FLAG": "-rf",
        "INPUT_ON": "true", "COL-QUOTE": "a'b\"c`d$(e)",
    ])

    @Test(arguments: [
        ("kubectl", ["logs", "$NAME", "-n", "$NAMESPACE"], ["logs", "web-1", "-n", "shop"]), ("echo", ["$NAMESPACE/$NAME"], ["shop/web-1"]),
        ("echo", ["$name"], ["web-1"]), ("echo", ["$COL-IP:80"], ["10.0.0.1:80"]), ("echo", ["$COL-NOTE"], ["x; rm -rf /"]),
        ("echo", ["--keep=$!INPUT_ON"], ["--keep=false"]), ("sh", ["-c", "kubectl get pod $NAME | less"], ["-c", "kubectl get pod web-1 | less"]),
        ("sh", ["-c", "echo $COL-NOTE $HOME $1"], ["-c", "echo ${KDASH_COL_NOTE} $HOME $1"]),
        ("bash", ["-ec", "echo '$COL-QUOTE'"], ["-ec", "echo '${KDASH_COL_QUOTE}'"]),
        ("sh", ["-c", "echo $0", "$COL-NOTE"], ["-c", "echo $0", "x; rm -rf /"]),
        ("/bin/sh", ["-c", "echo $COL-FLAG"], ["-c", "echo ${KDASH_COL_FLAG}"]), ("echo", ["$5 and $"], ["$5 and $"]),
    ])
    func `variables stand for what is under the cursor, and no value becomes code`(program: String, arguments: [String], expected: [String]) throws {
        let command = try PluginCommand(try plugin(program, arguments), variables)
        #expect(command.stages == [PluginStage(program: program, arguments: expected)])
    }

    @Test(arguments: [
        ("python3", ["-c", "print('$COL-NOTE')"], "$COL-NOTE is \"x; rm -rf /\", which could be taken for code"),
        ("watch", ["kubectl get $COL-NOTE"], "$COL-NOTE is"), ("ssh", ["host", "$COL-NOTE"], "$COL-NOTE is"), ("rm", ["$COL-FLAG"], "$COL-FLAG is \"-rf\""),
        ("sh", ["$COL-NOTE"], "$COL-NOTE is"), ("jq", [".a == $COL-QUOTE"], "$COL-QUOTE is"), ("mine", ["say '$COL-NOTE'"], "$COL-NOTE is"),
        ("echo", ["$NAMES"], "there is no $NAMES; did you mean NAME?"), ("echo", ["$!NAME"], "$!NAME turns true and false round"),
    ])
    func `what cannot be passed safely is refused`(program: String, arguments: [String], message: String) throws {
        let plugin = try plugin(program, arguments)
        do throws(PluginCommand.Refusal) {
            let command = try PluginCommand(plugin, variables)
            Issue.record("accepted: \(command)")
        } catch {
            #expect(error.message.hasPrefix(message), "\(error.message)")
        }
    }

    @Test(arguments: ["", "a'b", "a b;c", "$(touch x)", "`id`", "a\nb", "\\", "*", "~", "-rf", "ü", "\u{1B}[0m"])
    func `a shell prints a value as it is, whatever is in it`(value: String) async throws {
        let plugin = try plugin("sh", ["-c", "printf %s \"$COL-X\""])
        let command = try PluginCommand(plugin, PluginVariables(["COL-X": value]))
        #expect(try await output(command) == value)
    }

    private func output(_ command: PluginCommand) async throws -> String {
        let path = ScratchFolder.path("plugin")
        defer { try? FileSystem.removeFile(path) }  // best effort: a temporary file
        try FileSystem.writeAtomically(path, [])
        let file = try FileDescriptor.open(path, 1)
        let children = try Program.start(command, input: nil, output: file.raw, errors: nil)
        for child in children { #expect(try await child.waitUntilExit() == .code(0)) }
        return String(decoding: try FileSystem.readFile(path), as: UTF8.self)
    }

    @Test func `pipes join programs, with quoted words kept together`() async throws {
        let command = try PluginCommand(try plugin("printf", ["b\\na\\n"], pipes: ["sort", "sed \"s/a/x y/\""]), variables)
        #expect(try await output(command) == "x y\nb\n")
    }

    private static let file = """
        plugins:
          note:
            shortCut: Ctrl-O
            description: Note it
            scopes: [po, v1/services]
            command: echo
            args: ["$NAME", 5]
            background: true
          wipe:
            shortCut: Shift-X
            description: Wipe it
            scopes: [all]
            command: "false"
            dangerous: true
            inputs:
            - {name: sure, type: bool}
          count:
            shortCut: Ctrl-Y
            description: Count
            scopes: [all]
            command: "true"
            inputs:
            - {name: many, type: number, required: true}
          taken:
            shortCut: d
            description: Taken
            scopes: [pods]
            command: echo
        """

    @Test func `plugins become commands for their kinds`() throws {
        app.preferences.adopt(settings(Self.file), directory: "/d")
        #expect(app.commands["plugin.note"]?.kinds == ["Pod", "Service"])
        #expect(app.commands["plugin.note"]?.keys == ["ctrl-o"])
        #expect(app.commands["plugin.wipe"]?.keys == ["X"] && app.commands["plugin.wipe"]?.kinds == nil)
        #expect(app.commands["plugin.taken"]?.keys == [])
        #expect(app.preferences.problems.map(\.message) == ["d is describe (objects.describe): choose another shortCut, or say override: true"])
    }

    @Test func `an answer that a plugin does not take stays with its reason`() throws {
        app.preferences.adopt(settings(Self.file), directory: "/d")
        app.run(command: "plugin.count")
        for (text, reason) in [("", "is needed"), ("many", "is no number")] {
            app.prompt?.input.text = text
            app.prompt?.submit()
            #expect(app.prompt?.input.text == text && app.toasts.last?.text.contains(reason) == true)
        }
    }

    @Test(arguments: [ContextState.Access.readonly, .protected]) func `a dangerous plugin never runs where nothing may be changed`(access: ContextState.Access)
    {
        app.preferences.adopt(settings(Self.file), directory: "/d")
        app.pods.upsert([row], now: Timestamp(seconds: 0))
        app.context = ContextState(name: "c", access: access, isEmbedded: false)
        #expect(app.commands["plugin.wipe"]?.reason(app)?.hasPrefix("it is dangerous") == true)
        let reason = app.commands["plugin.note"]?.reason(app)
        #expect(access == .readonly ? reason?.contains("`readOnly: true`") == true : reason == nil)
        app.preferences.adopt(settings(Self.file.replacing("description: Note it", with: "description: Note it\n    readOnly: true")), directory: "/d")
        #expect(app.commands["plugin.note"]?.reason(app) == nil)
    }

    private var row: PodRow {
        PodRow(
            uid: "u", namespace: "shop", name: "web-1", readyCount: 1, containerCount: 1, status: "Running", tone: .ok, restarts: 0, createdAt: nil,
            node: "n", ip: "10.0.0.1", cpu: Usage(unit: .milliCPU), memory: Usage(unit: .bytes))
    }

    @Test func `a plugin beside the screen shows what it said`() async throws {
        app.preferences.adopt(settings(Self.file), directory: "/d")
        app.pods.upsert([row], now: Timestamp(seconds: 0))
        app.pods.select(index: 0)
        app.run(command: "plugin.note")
        try await until { self.app.detail != nil }
        #expect(app.detail?.title == "Note it")
        #expect(app.detail?.lines.map { $0.map(\.text).joined() } == ["web-1 5"])
    }

    @Test func `a dangerous plugin asks first, after what it wants to know`() {
        app.preferences.adopt(settings(Self.file), directory: "/d")
        app.pods.upsert([row], now: Timestamp(seconds: 0))
        app.pods.select(index: 0)
        app.run(command: "plugin.wipe")
        guard case .palette(let answers)? = app.modal else {
            Issue.record("nothing is asked")
            return
        }
        answers.accept()
        guard case .dialog(let question)? = app.modal else {
            Issue.record("no question")
            return
        }
        #expect(question.choices[question.focused].id == "no")
        #expect(question.body[0].map(\.text).joined() == "This runs false")
        #expect(question.binding?.name == "web-1")
    }

    private func until(_ condition: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let deadline = ContinuousClock.now + .seconds(240)
        while ContinuousClock.now < deadline {
            if condition() { return }
            try await Task.sleep(for: .milliseconds(2))
        }
        Issue.record("never came", sourceLocation: sourceLocation)
    }

    @Test func `escape sequences of a program are no text`() {
        #expect(PluginRunner.withoutEscapes("\u{1B}[31mred\u{1B}[0m\r\n\u{1B}]0;title\u{07}x\u{1B}]8;;u\u{1B}\\y") == "red\nxy")
    }
}
