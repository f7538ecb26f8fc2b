/// Puts a set's and the user's keys on the commands, and finds what hides what.
@MainActor struct KeyMap {
    /// One key sequence of one command.
    private struct Entry {
        let index: Int
        let key: String
        let isUsers: Bool
    }
    /// Where the user says so, by command id.
    private struct Source {
        let file: String
        let line: Int
    }

    private(set) var commands: [Command]
    private(set) var problems: [SettingsProblem] = []
    private var sources: [String: Source] = [:]
    /// What the user gave keys to, in the order of the files.
    private var chosen: [Int] = []

    /// `added` are the user's own commands (hotkeys, plugins) with where each is written and whether it may take a key that is taken.
    init(_ standard: [Command], set: KeySet, settings: KeySettings, added: [AddedCommand] = []) {
        commands = standard.map { command in set.changes[command.id].map { command.with(keys: $0) } ?? command }
        override(settings)
        for command in added { add(command) }
        settleEqualKeys()
        reportPrefixes()
    }

    private mutating func override(_ settings: KeySettings) {
        let places = Dictionary(commands.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        for override in settings.overrides {
            guard let index = places[override.id] else {
                let near = NearestName.question(override.id, in: commands.map(\.id))
                report(override, "there is no command \(override.id)\(near); docs/keys.md lists all")
                continue
            }
            let command = commands[index]
            let usable = override.keys.filter { command.scope.takes($0) }
            for key in override.keys where !usable.contains(key) {
                report(override, "\(override.id) works while text is typed, where \(key) is text; it needs an F-key or a chord like ctrl-x")
            }
            if usable.isEmpty, !override.keys.isEmpty { continue }
            commands[index] = command.with(keys: usable)
            sources[override.id] = Source(file: override.file, line: override.line)
            if !chosen.contains(index) { chosen.append(index) }
        }
    }

    private mutating func report(_ override: KeySettings.Override, _ message: String) {
        problems.append(SettingsProblem(file: override.file, line: override.line, message: message))
    }

    private mutating func add(_ added: AddedCommand) {
        var command = added.command
        if !added.mayTakeKeys, let key = command.keys.first, let owner = owner(of: key, seenFrom: command.scope) {
            problems.append(
                SettingsProblem(
                    file: added.file, line: added.line,
                    message: "\(key) is \(owner.title.lowercased()) (\(owner.id)): choose another shortCut, or say override: true"))
            command = command.with(keys: [])
        }
        sources[command.id] = Source(file: added.file, line: added.line)
        commands.append(command)
        chosen.append(commands.count - 1)
    }

    private func owner(of key: String, seenFrom scope: CommandScope) -> Command? {
        commands.first { command in
            command.keys.contains(key) && Self.stacks.contains { $0.contains(scope) && $0.contains(command.scope) }
        }
    }

    /// Where keys are looked up together, most specific first.
    private static let stacks: [[CommandScope]] =
        PaneID.allCases.map { [.pane($0), .browse, .anywhere] } + [[.detail, .browse, .anywhere], [.typing, .anywhere]]

    /// The user's key wins over the table's in the same place; of two of the user's the first does.
    private mutating func settleEqualKeys() {
        var taken: [(scope: CommandScope, key: String, index: Int)] = []
        for index in chosen {
            for key in commands[index].keys {
                let scope = commands[index].scope
                if let first = taken.first(where: { $0.scope == scope && $0.key == key }), commands[first.index].meets(commands[index]) {
                    drop(key, from: index)
                    report(index, "\(key) is given to \(commands[first.index].id) already, which keeps it")
                    continue
                }
                taken.append((scope, key, index))
                for other in commands.indices where !chosen.contains(other) && commands[other].scope == scope && commands[other].keys.contains(key) {
                    // A key of some kinds hides one of all kinds only there.
                    if commands[index].kinds == nil { drop(key, from: other) }
                }
                reportHidden(key, index)
            }
        }
    }

    private mutating func drop(_ key: String, from index: Int) {
        commands[index] = commands[index].with(keys: commands[index].keys.filter { $0 != key })
    }

    /// A key of every pane that some pane has for itself.
    private mutating func reportHidden(_ key: String, _ index: Int) {
        guard commands[index].scope == .browse else { return }
        for other in commands where other.keys.contains(key) {
            if case .pane(let pane) = other.scope {
                report(index, "in the \(pane.rawValue) pane \(key) stays \(other.title.lowercased()) (\(other.id))")
            }
        }
    }

    private mutating func reportPrefixes() {
        let entries = commands.enumerated().flatMap { index, command in
            command.keys.map { Entry(index: index, key: $0, isUsers: chosen.contains(index)) }
        }
        let users = entries.filter(\.isUsers)
        guard !users.isEmpty else { return }
        var seen: Set<String> = []
        for stack in Self.stacks {
            for user in users {
                for other in entries where other.index != user.index {
                    guard let (short, long) = Self.nested(user, other), let message = hiding(short, long, stack) else { continue }
                    if seen.insert(message).inserted { report(user.index, message) }
                }
            }
        }
    }

    private static func nested(_ a: Entry, _ b: Entry) -> (short: Entry, long: Entry)? {
        if b.key.hasPrefix("\(a.key) ") { return (a, b) }
        return a.key.hasPrefix("\(b.key) ") ? (b, a) : nil
    }

    /// Which of a key and a sequence that begins with it can never be reached.
    private func hiding(_ short: Entry, _ long: Entry, _ stack: [CommandScope]) -> String? {
        let (a, b) = (commands[short.index], commands[long.index])
        guard let first = stack.firstIndex(of: a.scope), let second = stack.firstIndex(of: b.scope), a.meets(b) else { return nil }
        return first <= second
            ? "\(short.key) (\(a.id)) hides \(long.key) (\(b.id)), which begins with it" : "\(long.key) (\(b.id)) hides \(short.key) (\(a.id)) there"
    }

    private mutating func report(_ index: Int, _ message: String) {
        let source = sources[commands[index].id]
        problems.append(SettingsProblem(file: source?.file ?? "", line: source?.line ?? 0, message: message))
    }
}

/// A command that the user's files add.
package struct AddedCommand {
    /// The command.
    package var command: Command
    /// Whether it takes its key from the command that has it.
    package var mayTakeKeys: Bool
    /// Where it is written.
    package var file: String
    /// The line there.
    package var line: Int
}

extension CommandScope {
    /// Whether a key reaches a command there.
    fileprivate func takes(_ key: String) -> Bool {
        switch self {
        case .anywhere, .typing: KeyName.isChord(key)
        case .browse, .pane, .detail: true
        }
    }
}

extension Command {
    /// Whether there can be an object that both are for.
    fileprivate func meets(_ other: Command) -> Bool {
        guard let kinds, let others = other.kinds else { return true }
        return !kinds.isDisjoint(with: others)
    }
}
