package enum Availability: Sendable, Hashable { case enabled, disabled(String) }
package enum CommandScope: Sendable, Hashable { case anywhere, browse, pane(PaneID), typing, detail }

package struct Command {
    package let id: String
    package let title: String
    package let section: String
    package let keys: [String]
    package let scope: CommandScope
    package let isDestructive: Bool
    package let availability: @MainActor (AppModel) -> Availability
    package let run: @MainActor (AppModel) -> Void
    package init(
        _ id: String, _ title: String, section: String, keys: [String], scope: CommandScope, isDestructive: Bool = false,
        availability: @escaping @MainActor (AppModel) -> Availability = { _ in .enabled }, run: @escaping @MainActor (AppModel) -> Void
    ) {
        self.id = id
        self.title = title
        self.section = section
        self.keys = keys
        self.scope = scope
        self.isDestructive = isDestructive
        self.availability = availability
        self.run = run
    }
}

package enum KeyLookup { case command(Command), prefix([Command]), none }

@MainActor package final class CommandTable {
    package let commands: [Command]
    package init(_ commands: [Command], overrides: [String: [String]] = [:]) { self.commands = commands }
    package subscript(id: String) -> Command? { commands.first { $0.id == id } }
    package func lookup(_ keys: [String], scopes: [CommandScope]) -> KeyLookup {
        let sequence = keys.joined(separator: " ")
        var following: [Command] = []
        for scope in scopes {
            for command in commands where command.scope == scope {
                if command.keys.contains(sequence) { return .command(command) }
                if command.keys.contains(where: { $0.hasPrefix(sequence + " ") }) { following.append(command) }
            }
        }
        return following.isEmpty ? .none : .prefix(following)
    }
}
