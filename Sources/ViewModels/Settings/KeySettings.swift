/// `keys.yaml` and `hotkeys.yaml`: which keys mean what.
package struct KeySettings: Sendable, Hashable {
    /// Other keys for a command.
    package struct Override: Sendable, Hashable {
        /// The command's id.
        package var id: String
        /// Its keys; none takes its keys away.
        package var keys: [String]
        /// Where it says so.
        package var file: String
        /// The line there.
        package var line: Int
    }
    /// A key that runs a command line. Format: k9s `hotkeys.yaml`.
    package struct Hotkey: Sendable, Hashable {
        /// Its name in the file.
        package var name: String
        /// The key.
        package var key: String
        /// What it is for.
        package var description: String
        /// What is run, as after `:`.
        package var line: String
        /// Whether it takes its key from the command that has it.
        package var overrides: Bool
        /// Where it is written.
        package var file: String
        /// The line there.
        package var fileLine: Int
    }

    /// The set of keys that the others change. Default k9s's.
    package var set = KeySet.k9s
    /// Keys that differ from the set's.
    package var overrides: [Override] = []
    /// Keys that run command lines.
    package var hotkeys: [Hotkey] = []

    /// The defaults.
    package init() {}

    mutating func readKeys(_ root: SettingsNode) {
        for (key, node) in root.members(known: ["set", "commands"]) {
            if key == "set" {
                set = node.choice(KeySet.self) ?? set
                continue
            }
            for (id, value) in node.members() {
                let keys = Self.keys(value)
                // Keys that are all wrong leave the command as it was.
                if keys.isEmpty, !value.elements().isEmpty { continue }
                overrides.append(Override(id: id, keys: keys, file: value.file.path, line: value.keyLine))
            }
        }
    }

    private static func keys(_ node: SettingsNode) -> [String] {
        node.elements().compactMap { element in
            element.text("a key, or a list of keys").flatMap { Self.sequence($0, element) }
        }
    }

    /// A sequence of keys, or a problem.
    static func sequence(_ text: String, _ node: SettingsNode) -> String? {
        do throws(KeyName.Refusal) {
            return try KeyName.sequence(text)
        } catch {
            node.report(error.message)
            return nil
        }
    }

    mutating func readHotkeys(_ root: SettingsNode) {
        for (_, node) in root.members(known: ["hotKeys"]) {
            for (name, entry) in node.members() {
                let members = entry.members(known: ["shortCut", "description", "command", "override", "keepHistory"])
                let fields = Dictionary(members.map { ($0.key, $0.node) }, uniquingKeysWith: { first, _ in first })
                guard let shortCut = fields["shortCut"], let line = fields["command"]?.text(), let text = shortCut.text("a key") else {
                    entry.report("a hotkey has a shortCut and a command")
                    continue
                }
                guard let key = Self.sequence(text, shortCut) else { continue }
                hotkeys.append(
                    Hotkey(
                        name: name, key: key, description: fields["description"]?.text() ?? line, line: line,
                        overrides: fields["override"]?.flag() ?? false, file: entry.file.path, fileLine: entry.keyLine))
            }
        }
    }
}
