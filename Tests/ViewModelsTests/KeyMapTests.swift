import APIMachinery
import LinuxKernel
import Testing

@testable import ViewModels

@MainActor @Suite struct KeyMapTests {
    private let app = AppModel(clock: { Timestamp(seconds: 0) })

    private func settings(_ overrides: [(String, [String])]) -> KeySettings {
        var settings = KeySettings()
        settings.overrides = overrides.enumerated().map { KeySettings.Override(id: $1.0, keys: $1.1, file: "keys.yaml", line: $0 + 1) }
        return settings
    }

    private func map(_ overrides: [(String, [String])], set: KeySet = .k9s) -> KeyMap {
        KeyMap(CommandTable.standard().commands, set: set, settings: settings(overrides))
    }

    private func command(_ keys: String, _ map: KeyMap, _ scopes: [CommandScope] = [.pane(.pods), .browse, .anywhere]) -> String? {
        guard case .command(let found) = CommandTable(map.commands).lookup(keys.split(separator: " ").map(String.init), scopes: scopes) else { return nil }
        return found.id
    }

    @Test(arguments: KeySet.allCases) func `every key of a set reaches its command`(set: KeySet) {
        let table = CommandTable(map([], set: set).commands)
        for command in table.commands {
            let binding = command.kinds?.first.map { ObjectBinding(context: "c", namespace: "n", kind: $0, name: "x", uid: "u") }
            let scopes: [CommandScope] =
                switch command.scope {
                case .pane, .detail: [command.scope, .browse, .anywhere]
                case .browse: [.browse, .anywhere]
                case .typing: [.typing, .anywhere]
                case .anywhere: [.anywhere]
                }
            for key in command.keys {
                #expect((try? KeyName.sequence(key)) == key, "\(command.id) \(key)")
                let parts = key.split(separator: " ").map(String.init)
                guard case .command(let found) = table.lookup(parts, scopes: scopes, on: binding) else {
                    Issue.record("\(command.id) \(key) is nothing")
                    continue
                }
                #expect(found.id == command.id, "\(key)")
                for length in 1..<parts.count {
                    if case .prefix = table.lookup(Array(parts.prefix(length)), scopes: scopes, on: binding) { continue }
                    Issue.record("\(command.id): \(parts.prefix(length)) is no beginning")
                }
            }
        }
        for id in set.changes.keys { #expect(table[id] != nil, "\(id)") }
    }

    @Test(arguments: KeySet.allCases) func `nothing is destroyed by a chord that editors and terminals use`(set: KeySet) {
        for command in map([], set: set).commands where command.isDestructive {
            for key in command.keys { #expect(key.contains(" "), "\(command.id) \(key)") }
        }
    }

    @Test func `the user's key wins, and an empty list takes the key away`() {
        let map = map([("objects.why", ["d"]), ("pods.shell", [])])
        #expect(map.problems.isEmpty, "\(map.problems)")
        #expect(command("d", map) == "objects.why")
        #expect(command("s", map) == nil)
        #expect(map.commands.first { $0.id == "objects.describe" }?.keys == [])
    }

    @Test(arguments: [
        ([("objects.wyh", ["x"])], 1, "there is no command objects.wyh; did you mean objects.why?"),
        ([("objects.why", ["x"]), ("pods.shell", ["x"])], 2, "x is given to objects.why already, which keeps it"),
        ([("objects.why", ["D"])], 1, "D (objects.why) hides D d (objects.delete), which begins with it"),
        ([("objects.why", ["d x"])], 1, "d (objects.describe) hides d x (objects.why), which begins with it"),
        ([("app.zoom", ["d"])], 1, "in the objects pane d stays describe (objects.describe)"),
        ([("app.suspend", ["x"])], 1, "app.suspend works while text is typed, where x is text; it needs an F-key or a chord like ctrl-x"),
    ])
    func `keys that hide each other are told`(overrides: [(String, [String])], line: Int, message: String) {
        let found = map(overrides).problems
        #expect(found.contains { $0.line == line && $0.message.hasPrefix(message) }, "\(found)")
    }

    @Test(arguments: [
        ("Ctrl-D", "ctrl-d"), ("Shift-A", "A"), ("shift-0", ")"), ("PgDn", "pagedown"), ("Escape", "esc"), ("D d", "D d"), ("F5", "f5"),
        ("Ctrl-Space", "ctrl-space"), ("Shift-Tab", "shift-tab"), ("backtab", "shift-tab"), ("alt-x", "alt-x"), ("-", "-"), ("ctrl-_", "ctrl-_"),
    ])
    func `keys are understood as k9s and as we write them`(text: String, name: String) throws {
        #expect(try KeyName.sequence(text) == name)
    }

    @Test func `a key of one kind of object means something else on another`() {
        let table = CommandTable([
            Command("a", "A", section: "S", keys: ["s"], scope: .pane(.pods), kinds: ["Pod"]) { _ in },
            Command("b", "B", section: "S", keys: ["s"], scope: .pane(.pods), kinds: ["Deployment"]) { _ in },
            Command("c", "C", section: "S", keys: ["s"], scope: .pane(.pods)) { _ in },
        ])
        func found(_ kind: String, _ resource: GroupVersionResource? = nil) -> String? {
            let binding = ObjectBinding(context: "c", namespace: "n", kind: kind, name: "x", uid: "u", resource: resource)
            guard case .command(let command) = table.lookup(["s"], scopes: [.pane(.pods)], on: binding) else { return nil }
            return command.id
        }
        #expect(found("Pod") == "a")
        #expect(found("Deployment") == "b")
        #expect(found("Service") == "c")
        // Somebody's own Deployment is none of ours.
        #expect(found("Deployment", GroupVersionResource(group: "example.org", version: "v1", resource: "deployments")) == "c")
    }

    @Test func `going over to vim changes keys at once and says nothing is wrong`() {
        app.preferences.use(.vim)
        #expect(app.commands["app.quit"]?.keys.first == "Z Z")
        #expect(app.preferences.problems.isEmpty)
        app.preferences.use(.k9s)
        #expect(app.commands["app.quit"]?.keys.first == "q")
    }

    @Test func `a hotkey runs a line, and takes a taken key only when it says so`() {
        var settings = UserSettings()
        settings.keys.hotkeys = [
            KeySettings.Hotkey(name: "a", key: "0", description: "A", line: "ns shop", overrides: false, file: "hotkeys.yaml", fileLine: 2),
            KeySettings.Hotkey(name: "b", key: "q", description: "B", line: "ns shop", overrides: true, file: "hotkeys.yaml", fileLine: 5),
        ]
        app.preferences.adopt(settings, directory: "/d")
        #expect(app.preferences.problems.map(\.line) == [2])
        guard case .command(let found) = app.commands.lookup(["q"], scopes: [.browse]) else {
            Issue.record("q is nothing")
            return
        }
        found.run(app)
        #expect(found.id == "hotkey.b" && app.namespace == "shop")
    }

    @Test func `a line runs a command by its id, its title or an alias`() {
        var settings = UserSettings()
        settings.aliases.aliases = [.init(name: "z", line: "app.zoom"), .init(name: "s", line: "ns shop")]
        app.preferences.adopt(settings, directory: "/d")
        app.run(line: "z")
        #expect(app.isZoomed)
        app.run(line: "zoom the pane")
        #expect(!app.isZoomed)
        app.run(line: "s")
        #expect(app.namespace == "shop")
        app.run(line: "ns all")
        #expect(app.namespace == nil)
        app.run(line: "zomo")
        #expect(app.toasts.last?.text.hasPrefix("there is no command zomo") == true)
        #expect(app.commands["alias.z"] != nil)
    }
}
