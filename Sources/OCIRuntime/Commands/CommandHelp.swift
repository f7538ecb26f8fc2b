/// What `--help` says.
enum CommandHelp {
    struct Command {
        let name: String
        /// What stands behind the options.
        let words: String
        let does: String
        let options: [CommandArguments.Option]

        init(_ name: String, _ words: String, _ does: String, _ options: [CommandArguments.Option] = []) {
            (self.name, self.words, self.does, self.options) = (name, words, does, options)
        }
    }

    static let commands = [
        Command("create", "CONTAINER", "make a container whose program waits for start", CreateCommands.createOptions),
        Command("start", "CONTAINER", "run the program of a created container"),
        Command("run", "CONTAINER", "make a container, start it, and delete it when it ends", CreateCommands.runOptions),
        Command("state", "CONTAINER", "say where a container is in its life, as JSON"),
        Command("kill", "CONTAINER [SIGNAL]", "send a signal (TERM) to a container's first process", LifeCommands.killOptions),
        Command("delete", "CONTAINER", "take a stopped container away", LifeCommands.deleteOptions),
        Command("exec", "CONTAINER COMMAND...", "run one more process in a container", ExecCommand.options),
        Command("list", "", "name the containers", ListCommands.listOptions),
        Command("ps", "CONTAINER [PS-OPTIONS]", "name a container's processes", ListCommands.processOptions),
        Command("pause", "CONTAINER", "freeze a container"), Command("resume", "CONTAINER", "thaw it"),
        Command("update", "[OPTION]... CONTAINER", "change its limits", UpdateCommand.options),
        Command("mounts", "[add|remove] CONTAINER FILE", "change what is mounted in it, by a list as `mounts` of config.json"),
        Command("features", "", "say what is understood, as JSON"), Command("spec", "", "write a config.json to begin with", SpecCommand.options),
    ]

    /// The help of one command; nil when there is none of that name.
    static func command(_ name: String, _ program: String) -> String? {
        guard let command = commands.first(where: { $0.name == name }) else { return nil }
        let usage = "Usage: \(program) [OPTION...] \(name)\(command.words.isEmpty ? "" : " \(command.words)")"
        return "\(usage)\n\(name): \(command.does)\n\(command.options.isEmpty ? "" : "\n\(table(shown(command.options)))")"
    }

    static func overview(_ program: String) -> String {
        """
        Usage: \(program) [OPTION...] COMMAND [OPTION...] [ARGUMENT...]
        Runs containers from OCI bundles, for container engines. A link to kdash that is named kdash-oci, crun or runc does the same.

        Commands, each of which has a --help:
        \(table(commands.map { ("\($0.name)", $0.does) }))
        Options:
        \(table(shown(OCICommand.globalOptions)))
        """
    }

    private static func shown(_ options: [CommandArguments.Option]) -> [(String, String)] {
        options.compactMap { option in option.does.map { (option.usage, $0) } }
    }

    private static func table(_ rows: [(String, String)]) -> String {
        let width = rows.map(\.0.utf8.count).max() ?? 0
        return rows.map { row in
            row.1.isEmpty ? "  \(row.0)\n" : "  \(row.0)\(String(repeating: " ", count: width - row.0.utf8.count + 2))\(row.1)\n"
        }.joined()
    }
}
