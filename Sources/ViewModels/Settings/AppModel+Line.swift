import KubeClient

extension AppModel {
    /// Runs what can be typed after `:`: a kind with a namespace and a filter, a command by id or title, `ns NAME`, `ctx NAME`, `ctx NAME NAME` for a tab with several, `ctx NAME+NAME` for one table of them, `view NAME`, or an alias of such a line.
    package func run(line: String) {
        let expanded = preferences.settings.aliases.expand(line)
        let words = expanded.split(separator: " ").map(String.init)
        guard let first = words.first else { return }
        let rest = words.dropFirst().joined(separator: " ")
        let word = first.lowercased()
        if !rest.isEmpty, ["ns", "namespace", "namespaces"].contains(word) { return show(namespace: rest == "all" ? nil : rest) }
        if !rest.isEmpty, Self.contextWords.contains(word) { return switchContext(rest) }
        if !rest.isEmpty, word == "view" { return open(viewNamed: rest) }
        if rest.isEmpty, let id = Self.words[word] { return run(command: id) }
        if let place = placeItem(expanded) { return place.go() }
        if rest.isEmpty, let kind = kinds.first(where: { $0.answers(to: first) }) { return show(kind: kind) }
        let listed = commands.commands.filter { $0.id == expanded || $0.title.lowercased() == expanded.lowercased() }
        if let command = listed.first(where: { $0.reason(self) == nil }) ?? listed.first { return run(command: command.id) }
        toast("there is no command \(expanded.prefix(60))\(NearestName.question(first, in: lineWords))", .warning)
    }

    /// What a line can begin with: kinds by all their names, words, and commands.
    private var lineWords: [String] {
        kindItems.flatMap { [$0.title] + $0.aliases } + Self.words.keys.sorted() + commands.commands.filter(\.isListed).flatMap { [$0.id, $0.title] }
    }

    /// The words that mean a command.
    static func words(for id: String) -> [String] { words.filter { $0.value == id }.keys.sorted() }

    private static let words = [
        "q": "app.quit", "quit": "app.quit", "exit": "app.quit", "h": "app.help", "help": "app.help", "?": "app.help", "ns": "app.namespace",
        "ctx": "app.context", "theme": "settings.theme", "skin": "settings.theme", "tour": "app.tour", "unlock": "app.unlock",
        "lock": "app.lock", "users": "access.subjects", "groups": "access.subjects",
    ]

    /// Runs a command, or says why it cannot run now.
    func run(command id: String) {
        guard let command = commands[id] else { return }
        if let reason = command.reason(self) { return refuse(command.title, reason) }
        command.run(self)
    }

    private func switchContext(_ name: String) {
        if let cluster, let workspace, let names = joinedNames(name) {
            if let missing = names.first(where: { !cluster.contexts.contains($0) }) { return toastMissing(context: missing) }
            return workspace.joinContexts(names, self)
        }
        let several = name.split(separator: " ").map(String.init)
        if let cluster, let workspace, several.count > 1, !cluster.contexts.contains(name) {
            if let missing = several.first(where: { !cluster.contexts.contains($0) }) { return toastMissing(context: missing) }
            return workspace.openContexts(several, self)
        }
        guard let cluster, cluster.contexts.contains(name) else { return toastMissing(context: name) }
        cluster.use(context: name)
    }

    private func toastMissing(context name: String) {
        toast("there is no context \(name.prefix(60))\(NearestName.question(name, in: cluster?.contexts ?? []))", .warning)
    }
}
