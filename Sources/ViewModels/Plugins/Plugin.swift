import JSONCore

/// A program of the user's that runs on the object under the cursor. Format: k9s `plugins.yaml`.
package struct Plugin: Sendable, Hashable {
    /// Something asked before it runs.
    package struct Input: Sendable, Hashable {
        /// What kind of answer it takes.
        package enum Kind: String, Sendable, CaseIterable { case string, number, bool, dropdown }
        /// `$INPUT_NAME` stands for the answer.
        package var name: String
        /// The question.
        package var label: String
        /// What is answered. Default a text.
        package var kind: Kind
        /// Whether an empty answer is refused. Default no.
        package var isRequired: Bool
        /// The answer that is there already.
        package var initial: String
        /// What can be chosen.
        package var options: [String]
    }

    /// Its name in the file.
    package var name: String
    /// The key; nil when there is none that can be used.
    package var key: String?
    /// What it does, in words.
    package var description: String
    /// The kinds it is for, as typed after `:`; `all` for every kind.
    package var scopes: [String]
    /// The program, found in PATH.
    package var command: String
    /// Its arguments, with `$NAME` and the like.
    package var arguments: [String]
    /// Programs its output goes through, each a line of words.
    package var pipes: [String]
    /// What is asked before.
    package var inputs: [Input]
    /// Whether it takes its key from the command that has it.
    package var overrides: Bool
    /// Whether to ask before it runs.
    package var asks: Bool
    /// Whether it changes something: never run where nothing may be changed.
    package var isDangerous: Bool
    /// Whether its author says that it changes nothing: only then does it run under `--readonly`.
    package var isReadOnly: Bool
    /// Whether it runs beside the screen and its output is shown when it ends.
    package var isBackground: Bool
    /// Where it is written.
    package var file: String
    /// The line there.
    package var line: Int

    private static let keys = [
        "shortCut", "description", "scopes", "command", "args", "pipes", "inputs", "override", "overrideK9s", "confirm", "dangerous", "readOnly", "background",
        "overwriteOutput",
    ]

    /// Every plugin of a file that holds `plugins:` or is one itself, named after the file then.
    static func read(_ root: SettingsNode, fileName: String) -> [Plugin] {
        if root.value.objectValue?["command"] != nil, root.value.objectValue?["plugins"] == nil {
            return Plugin(name: fileName, root).map { [$0] } ?? []
        }
        return root.members(known: ["plugins"]).flatMap { _, plugins in plugins.members().compactMap { Plugin(name: $0.key, $0.node) } }
    }

    private init?(name: String, _ node: SettingsNode) {
        let fields = Dictionary(node.members(known: Self.keys).map { ($0.key, $0.node) }, uniquingKeysWith: { first, _ in first })
        let missing = ["shortCut", "description", "scopes", "command"].filter { fields[$0] == nil }
        guard missing.isEmpty else {
            node.report("a plugin needs \(missing.joined(separator: ", "))")
            return nil
        }
        guard let command = fields["command"]?.text("a program"), !command.isEmpty else { return nil }
        self.name = name
        self.command = command
        key = fields["shortCut"].flatMap { node in node.text("a key").flatMap { KeySettings.sequence($0, node) } }
        description = fields["description"]?.text() ?? name
        scopes = fields["scopes"]?.texts("a kind, or all").map { $0.lowercased() } ?? []
        arguments = fields["args"]?.texts("an argument") ?? []
        pipes = fields["pipes"]?.texts("a command line") ?? []
        inputs = fields["inputs"]?.elements().compactMap(Self.input) ?? []
        overrides = fields["override"]?.flag() ?? fields["overrideK9s"]?.flag() ?? false
        asks = fields["confirm"]?.flag() ?? false
        // One whose danger is not readable is taken for dangerous.
        isDangerous = fields["dangerous"].map { $0.flag() ?? true } ?? false
        isReadOnly = !isDangerous && (fields["readOnly"]?.flag() ?? false)
        isBackground = fields["background"]?.flag() ?? false
        _ = fields["overwriteOutput"]?.flag()
        file = node.file.path
        line = node.keyLine
    }

    private static func input(_ node: SettingsNode) -> Input? {
        let known = ["name", "label", "type", "required", "default", "options", "dropdownOptions"]
        let fields = Dictionary(node.members(known: known).map { ($0.key, $0.node) }, uniquingKeysWith: { first, _ in first })
        guard let name = fields["name"]?.text(), !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") })
        else {
            node.report("an input has a name of letters, digits, - and _")
            return nil
        }
        let kind = fields["type"]?.choice(Input.Kind.self) ?? .string
        let options = (fields["options"] ?? fields["dropdownOptions"])?.texts() ?? []
        if kind == .dropdown, options.isEmpty {
            node.report("a dropdown needs options")
            return nil
        }
        return Input(
            name: name, label: fields["label"]?.text() ?? name, kind: kind, isRequired: fields["required"]?.flag() ?? false,
            initial: fields["default"]?.text() ?? "", options: options)
    }
}
