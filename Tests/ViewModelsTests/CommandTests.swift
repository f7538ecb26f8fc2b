import LinuxKernel
import Testing

@testable import ViewModels

@MainActor @Suite struct CommandTests {
    private let table = CommandTable.standard()

    @Test func `what was probably meant is never what was typed`() {
        let palette = PaletteModel(title: "", placeholder: "", items: [PaletteItem(id: "quit", title: "Quit")]) { _ in }
        palette.query = LineInput("quitt now")
        #expect(palette.nearest == "Quit now")
        palette.takeNearest()
        #expect(palette.nearest == "Quit")
        palette.takeNearest()
        #expect(palette.results.first?.item.id == "quit")
    }

    @Test func `ids are unique and every command can be reached`() {
        let ids = table.commands.map(\.id)
        #expect(Set(ids).count == ids.count)
        for command in table.commands {
            #expect(!command.keys.isEmpty || command.isListed, "\(command.id)")
            for key in command.keys {
                let scopes: [CommandScope] =
                    switch command.scope {
                    case .pane, .detail: [command.scope, .browse, .anywhere]
                    case .browse: [.browse, .anywhere]
                    case .typing: [.typing, .anywhere]
                    case .anywhere: [.anywhere]
                    }
                let binding = command.kinds?.first.map { ObjectBinding(context: "c", namespace: "n", kind: $0, name: "x", uid: "u") }
                guard case .command(let found) = table.lookup(key.split(separator: " ").map(String.init), scopes: scopes, on: binding) else {
                    Issue.record("\(command.id) \(key)")
                    continue
                }
                #expect(found.id == command.id, "\(key)")
            }
        }
    }

    @Test func `nothing printable, Tab or Enter works while typing`() {
        for command in table.commands where command.scope == .anywhere || command.scope == .typing {
            for key in command.keys {
                #expect(key.count > 1 && !["tab", "enter", "space", "backspace"].contains(key), "\(command.id) \(key)")
                #expect(key.hasPrefix("ctrl-") || key.hasPrefix("alt-") || key.hasPrefix("f") || key == "esc", "\(command.id) \(key)")
            }
        }
    }

    @Test func `a key sequence has no command as its beginning`() {
        for command in table.commands {
            for key in command.keys where key.contains(" ") {
                let first = String(key.prefix { $0 != " " })
                let binding = command.kinds?.first.map { ObjectBinding(context: "c", namespace: "n", kind: $0, name: "x", uid: "u") }
                if case .prefix = table.lookup([first], scopes: [command.scope, .browse, .anywhere], on: binding) { continue }
                Issue.record("\(command.id) \(key)")
            }
        }
    }

    @Test func `a protected context disables what changes something, and says why`() {
        let app = AppModel(clock: { Timestamp(seconds: 0) })
        app.context = ContextState(name: "prod", access: .protected, isEmbedded: false)
        app.editor.target = EditorTarget(binding: ObjectBinding(context: "prod", namespace: "d", kind: "Pod", name: "p", uid: "u"))
        for id in [
            "objects.delete", "pods.deleteNow", "objects.edit", "pods.shell", "objects.new", "namespaces.delete", "yaml.apply", "yaml.applyF2",
            "yaml.edit",
        ] {
            guard case .disabled(let reason)? = app.commands[id]?.availability(app) else {
                Issue.record("\(id) is enabled")
                continue
            }
            #expect(reason.contains("prod"))
        }
    }

    @Test func `every command of the contract is there`() {
        let ids = """
            app.palette app.help app.quit app.suspend app.redraw app.zoom focus.next focus.previous focus.namespaces focus.pods focus.logs focus.yaml
            app.interrupt app.back app.namespace app.allNamespaces app.context view.filter app.drafts move.down move.up move.left move.right
            move.pageDown move.pageUp move.halfPageDown move.halfPageUp move.top move.bottom move.next move.previous objects.describe objects.why pods.logs
            pods.previousLogs objects.edit objects.yaml pods.shell objects.delete pods.deleteNow objects.mark objects.sort objects.sortName objects.sortAge objects.sortStatus
            objects.new pods.oldKill namespaces.use namespaces.delete logs.follow logs.wrap logs.timestamps logs.container logs.previous logs.next yaml.edit
            yaml.apply yaml.undo yaml.redo yaml.copy yaml.paste yaml.cut yaml.discard yaml.reveal yaml.merge yaml.deleteLine
            """
        for id in ids.split(whereSeparator: \.isWhitespace) { #expect(table[String(id)] != nil, "\(id)") }
    }
}
