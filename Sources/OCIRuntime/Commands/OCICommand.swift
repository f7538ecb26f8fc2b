internal import Glibc
internal import LinuxKernel

/// `kdash oci …`, and `kdash-oci …`.
package enum OCICommand {
    /// Names of links to this program that are the runtime: its own, and those that engines look for. `CLinux/oci_launch.c` has them, too.
    static let names: Set = ["kdash-oci", "crun", "runc"]

    /// Whether this program was called as an OCI runtime: by its name, or with the word `oci`.
    package static func isCalled(_ arguments: [String]) -> Bool { call(arguments) != nil }

    static func call(_ arguments: [String]) -> ArraySlice<String>? {
        guard let program = arguments.first else { return nil }
        if names.contains(FileSystem.name(of: program)) { return arguments.dropFirst() }
        return arguments.count > 1 && arguments[1] == "oci" ? arguments.dropFirst(2) : nil
    }

    /// What the runtime was called as, for its help and version.
    static func calledName(_ arguments: [String]) -> String {
        arguments.first.map { FileSystem.name(of: $0) }.flatMap { names.contains($0) ? $0 : nil } ?? "kdash oci"
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
                OCILog.put("\(versionText(version, name: calledName(arguments)))\n")
                return 0
            }
            let root =
                parsed.last("root") ?? ContainerStore.defaultRoot(user: geteuid(), runtimeDirectory: getenv("XDG_RUNTIME_DIR").map { String(cString: $0) })
            var context = OCIContext(store: ContainerStore(root: absolute(root)), log: log, program: calledName(arguments))
            context.makesCgroups = try makesCgroups(parsed.last("cgroup-manager"))
            guard let name = parsed.words.first, name != "help", !parsed.has("help") else {
                OCILog.put(CommandHelp.overview(context.program))
                return 0
            }
            return try dispatch(name, parsed.words.dropFirst(), context)
        } catch {
            log.fail("\(error)")
            return 1
        }
    }

    /// The last line names what was built in, as crun's does.
    static func versionText(_ version: String, name: String) -> String {
        "\(name == "kdash oci" ? "kdash-oci" : name) version \(version)\nspec: \(OCIVersion.newest)\n+SELINUX +APPARMOR +CAP +SECCOMP +EBPF"
    }

    static let globalOptions: [CommandArguments.Option] = [
        .value("root", nil, "DIR", does: "where containers are kept (/run/kdash-oci, or $XDG_RUNTIME_DIR/kdash-oci)"),
        .value("log", nil, "FILE", does: "where errors are written, beside standard error"), .value("log-format", nil, "FORMAT", does: "text or json"),
        .value("cgroup-manager", nil, "NAME", does: "cgroupfs, systemd (which is not told), or disabled: without cgroups and limits"),
        .flag("systemd-cgroup", does: "cgroupsPath is slice:prefix:name (which is understood without it, too)"),
        .flag("debug", does: "say more"), .flag("version", "v", does: "print the version"), .flag("help", "h", does: "print this"),
        .value("rootless"), .value("criu"), .value("log-level"),
    ]

    /// Whether containers get cgroups of their own, by `--cgroup-manager`. The others of its values mean the same: files.
    static func makesCgroups(_ text: String?) throws(OCIError) -> Bool {
        guard let text, !["cgroupfs", "systemd", "disabled"].contains(text) else { return text != "disabled" }
        throw OCIError(.usage, "--cgroup-manager `\(text)` is none of cgroupfs, systemd and disabled")
    }

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
        // Behind a word, it may be an option of the program that exec runs, or of ps.
        let own = name == "exec" || name == "ps" ? arguments.prefix { $0.hasPrefix("-") } : arguments
        if own.contains(where: { $0 == "--help" || $0 == "-h" }), let help = CommandHelp.command(name, context.program) {
            OCILog.put(help)
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
}

/// What every command needs.
struct OCIContext: Sendable {
    let store: ContainerStore
    let log: OCILog
    /// What the runtime was called as.
    let program: String
    /// Whether new containers get cgroups of their own.
    var makesCgroups = true
}
