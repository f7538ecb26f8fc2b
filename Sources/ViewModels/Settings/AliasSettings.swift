/// `aliases.yaml`: short names for what can be typed after `:`. Format: k9s.
package struct AliasSettings: Sendable, Hashable {
    /// One short name.
    package struct Alias: Sendable, Hashable {
        /// What is typed.
        package var name: String
        /// What it stands for: a kind or a whole command line.
        package var line: String
    }

    /// The short names, in their order.
    package var aliases: [Alias] = []

    /// No aliases.
    package init() {}

    mutating func read(_ root: SettingsNode) {
        for (_, node) in root.members(known: ["aliases"]) {
            for (name, value) in node.members() {
                guard !name.isEmpty, !name.contains(where: \.isWhitespace) else {
                    value.report("an alias is one word")
                    continue
                }
                guard let line = value.text("a kind or a command line"), line.contains(where: { !$0.isWhitespace }) else { continue }
                aliases.append(Alias(name: name, line: line))
            }
        }
    }

    /// The line that a typed one stands for: the first word is replaced as long as it is an alias, each at most once.
    package func expand(_ line: String) -> String {
        var words = line.split(separator: " ").map(String.init)
        var used: Set<String> = []
        while let first = words.first, used.insert(first).inserted, let alias = aliases.first(where: { $0.name == first }) {
            words = alias.line.split(separator: " ").map(String.init) + words.dropFirst()
        }
        return words.joined(separator: " ")
    }
}
