internal import Glibc
internal import LinuxKernel

/// `kdash oci …`, and `kdash-oci …`.
package enum OCICommand {
    /// Whether this program was called as an OCI runtime: by its name, or with the word `oci`.
    package static func isCalled(_ arguments: [String]) -> Bool { call(arguments) != nil }

    static func call(_ arguments: [String]) -> ArraySlice<String>? {
        guard let program = arguments.first else { return nil }
        if FileSystem.name(of: program) == "kdash-oci" { return arguments.dropFirst() }
        return arguments.count > 1 && arguments[1] == "oci" ? arguments.dropFirst(2) : nil
    }

    /// Runs it; the exit code.
    package static func run(_ arguments: [String], version: String) -> CInt {
        var log = OCILog()
        do throws(OCIError) {
            let parsed = try CommandArguments(call(arguments) ?? [], globalOptions, stopsAtWord: true)
            log.path = try logFile(parsed.last("log"))
            log.isVerbose = parsed.has("debug")
            switch parsed.last("log-format") ?? "text" {
            case "json": log.isJSON = true
            case "text": break
            case let other: throw OCIError(.usage, "the log format `\(other)` is neither text nor json")
            }
            if parsed.has("version") {
                OCILog.put("\(versionText(version))\n")
                return 0
            }
            let root =
                parsed.last("root") ?? ContainerStore.defaultRoot(user: geteuid(), runtimeDirectory: getenv("XDG_RUNTIME_DIR").map { String(cString: $0) })
            let context = OCIContext(store: ContainerStore(root: absolute(root)), log: log, version: version)
            guard let name = parsed.words.first, name != "help", !parsed.has("help") else {
                OCILog.put(usage)
                return 0
            }
            return try dispatch(name, parsed.words.dropFirst(), context)
        } catch {
            log.fail("\(error)")
            return 1
        }
    }

    static func versionText(_ version: String) -> String { "kdash-oci version \(version)\nspec: \(OCIVersion.newest)" }

    static let globalOptions: [CommandArguments.Option] = [
        .value("root"), .value("log"), .value("log-format"), .flag("systemd-cgroup"), .value("cgroup-manager"), .value("rootless"), .flag("debug"),
        .flag("version", "v"), .flag("help", "h"), .value("criu"), .value("log-level"),
    ]

    /// The container's directory must not move with `chdir`.
    static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/") else { return path }
        let here = FileSystem.truePath(".")
        return path == "." || path.isEmpty ? here : "\(here)/\(path)"
    }

    /// The file that `--log` names, by its path or as `file:PATH`; nil for none.
    static func logFile(_ text: String?) throws(OCIError) -> String? {
        guard let text, !text.isEmpty else { return nil }
        guard let colon = text.firstIndex(of: ":"), !text[..<colon].contains("/") else { return absolute(text) }
        guard text[..<colon] == "file" else { throw OCIError(.usage, "--log `\(text)` names a place that is no file; use file:PATH or a path") }
        return absolute(String(text[text.index(after: colon)...]))
    }

    private static func dispatch(_ name: String, _ arguments: ArraySlice<String>, _ context: OCIContext) throws(OCIError) -> CInt {
        if arguments.contains("--help"), name != "exec" {
            OCILog.put(usage)
            return 0
        }
        switch name {
        case "create": return try CreateCommands.create(arguments, context)
        case "run": return try CreateCommands.run(arguments, context)
        case "start": return try LifeCommands.start(arguments, context)
        case "state": return try LifeCommands.state(arguments, context)
        case "kill": return try LifeCommands.kill(arguments, context)
        case "delete": return try LifeCommands.delete(arguments, context)
        case "pause": return try LifeCommands.freeze(arguments, context, on: true)
        case "resume": return try LifeCommands.freeze(arguments, context, on: false)
        case "exec": return try ExecCommand.run(arguments, context)
        case "list": return try ListCommands.list(arguments, context)
        case "ps": return try ListCommands.processes(arguments, context)
        case "update": return try UpdateCommand.run(arguments, context)
        case "mounts": return try MountsCommand.run(arguments, context)
        case "features": return FeaturesCommand.run()
        case "spec": return try SpecCommand.run(arguments)
        default: throw OCIError(.usage, "no command `\(name)`; see kdash oci --help")
        }
    }

    static let usage = """
        usage: kdash oci [global options] <command> [options] <arguments>

        Runs containers from OCI bundles, for container engines. A link named kdash-oci does the same.

        COMMANDS
            create [-b DIR] [--console-socket S] [--pid-file F] [--no-pivot] [--no-new-keyring] [--preserve-fds N] ID
            start ID                        state ID
            run [create's options] [--detach] [--keep] ID
            kill [--all] ID [SIGNAL]        delete [--force] ID
            exec [--process F | --tty --user U --cwd D --env E --cap C] [--detach] [--pid-file F] ID COMMAND...
            list [--format table|json] [--quiet]
            ps [--format table|json] ID     pause ID     resume ID
            update [--resources F | --memory N --cpu-quota N ...] ID
            features                        spec [--bundle DIR] [--rootless]

        GLOBAL OPTIONS
            --root DIR          where containers are kept (/run/kdash-oci, or $XDG_RUNTIME_DIR/kdash-oci)
            --log FILE          where errors are written, beside standard error
            --log-format F      text or json
            --systemd-cgroup    cgroupsPath is slice:prefix:name (which is understood without it, too)
            --debug             say more
            --version           print the version

        """
}

/// What every command needs.
struct OCIContext: Sendable {
    let store: ContainerStore
    let log: OCILog
    let version: String
}
