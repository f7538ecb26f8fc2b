/// All commands, and what keys mean.
@MainActor package final class CommandTable {
    /// All commands, in the order of help.
    package let commands: [Command]
    private let byID: [String: Command]
    private let byScope: [CommandScope: [Command]]

    /// A table; `overrides` gives commands other keys, by id. Of commands with the same key in the same place the later one wins where it
    /// is for the kind of object under the cursor: what the user adds stands last.
    package init(_ commands: [Command], overrides: [String: [String]] = [:]) {
        self.commands = commands.map { command in overrides[command.id].map { command.with(keys: $0) } ?? command }
        byID = Dictionary(self.commands.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        byScope = Dictionary(grouping: self.commands, by: \.scope)
    }

    /// A command by its id.
    package subscript(id: String) -> Command? { byID[id] }

    /// What the keys pressed so far mean for the object under the cursor. Earlier scopes win, the beginning of a sequence there too.
    package func lookup(_ keys: [String], scopes: [CommandScope], on binding: ObjectBinding? = nil) -> KeyLookup {
        let sequence = keys.joined(separator: " ")
        let start = "\(sequence) "
        var following: [Command] = []
        for scope in scopes {
            let commands = byScope[scope] ?? []
            if following.isEmpty {
                let meant = commands.filter { $0.keys.contains(sequence) }
                // Of those that are for something else the first says why it cannot run.
                if let found = Self.choose(meant, binding) { return .command(found) }
            }
            let continued = commands.filter { command in command.keys.contains { $0.hasPrefix(start) } }
            let fitting = continued.filter { $0.isFor(binding) }
            following += fitting.isEmpty ? continued : fitting
        }
        return following.isEmpty ? .none : .prefix(following)
    }

    /// What is for this very kind wins over what is for any, and the later one of equals over the earlier.
    private static func choose(_ commands: [Command], _ binding: ObjectBinding?) -> Command? {
        let fitting = commands.filter { $0.isFor(binding) }
        return fitting.last { $0.kinds != nil } ?? fitting.last ?? commands.first
    }
}
