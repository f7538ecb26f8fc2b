/// What `--help` says.
enum CommandHelp {
    struct Command {
        let name: String
        /// What stands behind the options.
        let words: String
        let does: String
        /// Options with what they are for.
        let options: [(String, String)]
    }

    private static let making: [(String, String)] = [
        ("-b, --bundle DIR", "where config.json is (the working directory)"), ("-f, --config FILE", "another file than the bundle's config.json"),
        ("--console-socket SOCKET", "who gets the terminal"), ("--pid-file FILE", "where the process id is written"),
        ("--preserve-fds N", "descriptors beyond the standard ones that the program gets"), ("--no-pivot", "move the root instead of pivoting"),
        ("--no-new-keyring", "keep the session keyring"),
    ]

    static let commands = [
        Command(name: "create", words: "CONTAINER", does: "make a container whose program waits for start", options: making),
        Command(name: "start", words: "CONTAINER", does: "run the program of a created container", options: []),
        Command(
            name: "run", words: "CONTAINER", does: "make a container, start it, and delete it when it ends",
            options: making + [("-d, --detach", "do not wait for its end"), ("--keep", "do not delete it")]),
        Command(name: "state", words: "CONTAINER", does: "say where a container is in its life, as JSON", options: []),
        Command(
            name: "kill", words: "CONTAINER [SIGNAL]", does: "send a signal (TERM) to a container's first process",
            options: [("-a, --all", "to all its processes")]),
        Command(
            name: "delete", words: "CONTAINER", does: "take a stopped container away",
            options: [("-f, --force", "kill it first"), ("-r, --regex", "all containers whose id the word matches")]),
        Command(
            name: "exec", words: "CONTAINER COMMAND...", does: "run one more process in a container",
            options: [
                ("-p, --process FILE", "the process as JSON, instead of what follows"), ("-t, --tty", "with a terminal"),
                ("-u, --user UID[:GID]", "as this user"), ("--cwd DIR", "in this directory"), ("-e, --env NAME=VALUE", "with one more variable"),
                ("-c, --cap CAP", "with one more capability"), ("--no-new-privs", "without ways to more rights"),
                ("-g, --additional-gids GID", "in one more group"), ("--cgroup PATH", "in a cgroup below the container's"),
                ("-d, --detach", "do not wait for its end"), ("--pid-file FILE", "where its id is written"),
                ("--console-socket SOCKET", "who gets the terminal"), ("--preserve-fds N", "descriptors that it gets"),
                ("--ignore-paused", "in a paused container, too"), ("--apparmor PROFILE", "confined by this AppArmor profile"),
                ("--process-label LABEL", "with this SELinux label"), ("--exec-cpu-affinity CPUS", "begin on these processors"),
            ]),
        Command(
            name: "list", words: "", does: "name the containers", options: [("-f, --format FORMAT", "table or json"), ("-q, --quiet", "only the ids")]),
        Command(
            name: "ps", words: "CONTAINER [PS-OPTIONS]", does: "name a container's processes", options: [("-f, --format FORMAT", "table or json")]),
        Command(name: "pause", words: "CONTAINER", does: "freeze a container", options: []),
        Command(name: "resume", words: "CONTAINER", does: "thaw it", options: []),
        Command(
            name: "update", words: "[OPTION]... CONTAINER", does: "change its limits",
            options: [("-r, --resources FILE", "linux.resources as JSON (-: standard input)")] + UpdateCommand.fields.map { ("--\($0.option) VALUE", "") }),
        Command(name: "mounts", words: "[add|remove] CONTAINER FILE", does: "change what is mounted in it, by a list as `mounts` of config.json", options: []),
        Command(name: "features", words: "", does: "say what is understood, as JSON", options: []),
        Command(
            name: "spec", words: "", does: "write a config.json to begin with",
            options: [("-b, --bundle DIR", "where to"), ("--rootless", "for an ordinary user")]),
    ]

    /// The help of one command; nil when there is none of that name.
    static func command(_ name: String, _ program: String) -> String? {
        guard let command = commands.first(where: { $0.name == name }) else { return nil }
        let usage = "Usage: \(program) [OPTION...] \(name)\(command.words.isEmpty ? "" : " \(command.words)")"
        return "\(usage)\n\(name): \(command.does)\n\(command.options.isEmpty ? "" : "\n\(table(command.options))")"
    }

    static func overview(_ program: String) -> String {
        """
        Usage: \(program) [OPTION...] COMMAND [OPTION...] [ARGUMENT...]
        Runs containers from OCI bundles, for container engines. A link to kdash that is named kdash-oci, crun or runc does the same.

        Commands, each of which has a --help:
        \(table(commands.map { ("\($0.name)", $0.does) }))
        Options:
        \(table([
            ("--root DIR", "where containers are kept (/run/kdash-oci, or $XDG_RUNTIME_DIR/kdash-oci)"),
            ("--log FILE", "where errors are written, beside standard error"), ("--log-format FORMAT", "text or json"),
            ("--cgroup-manager NAME", "cgroupfs, systemd (which is not told), or disabled: without cgroups and limits"),
            ("--systemd-cgroup", "cgroupsPath is slice:prefix:name (which is understood without it, too)"),
            ("--debug", "say more"), ("-v, --version", "print the version"),
        ]))
        """
    }

    private static func table(_ rows: [(String, String)]) -> String {
        let width = rows.map(\.0.utf8.count).max() ?? 0
        return rows.map { row in
            row.1.isEmpty ? "  \(row.0)\n" : "  \(row.0)\(String(repeating: " ", count: width - row.0.utf8.count + 2))\(row.1)\n"
        }.joined()
    }
}
