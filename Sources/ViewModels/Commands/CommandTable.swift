/// All commands, and what keys mean.
@MainActor package final class CommandTable {
    /// All commands, in the order of help.
    package let commands: [Command]
    private let byID: [String: Command]

    /// A table; `overrides` gives commands other keys, by id.
    package init(_ commands: [Command], overrides: [String: [String]] = [:]) {
        self.commands = commands.map { command in
            guard let keys = overrides[command.id] else { return command }
            return Command(
                command.id, command.title, section: command.section, keys: keys, scope: command.scope, isDestructive: command.isDestructive,
                isListed: command.isListed, subject: command.subject, availability: command.availability, run: command.run)
        }
        byID = Dictionary(self.commands.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// A command by its id.
    package subscript(id: String) -> Command? { byID[id] }

    /// What the keys pressed so far mean; earlier scopes win.
    package func lookup(_ keys: [String], scopes: [CommandScope]) -> KeyLookup {
        let sequence = keys.joined(separator: " ")
        var following: [Command] = []
        for scope in scopes {
            for command in commands where command.scope == scope {
                if command.keys.contains(sequence) { return .command(command) }
                if command.keys.contains(where: { $0.hasPrefix("\(sequence) ") }) { following.append(command) }
            }
        }
        return following.isEmpty ? .none : .prefix(following)
    }
}
