internal import ContainerRuntime
internal import LinuxKernel

/// `exec`.
enum ExecCommand {
    static let options: [CommandArguments.Option] = [
        .value("process", "p", "FILE", does: "the process as JSON, instead of what follows"), .flag("tty", "t", does: "with a terminal"),
        .value("user", "u", "UID[:GID]", does: "as this user"), .value("additional-gids", "g", "GID", does: "in one more group"),
        .value("cwd", nil, "DIR", does: "in this directory"), .value("env", "e", "NAME=VALUE", does: "with one more variable"),
        .value("cap", "c", "CAP", does: "with one more capability"), .flag("no-new-privs", does: "without ways to more rights"),
        .value("apparmor", nil, "PROFILE", does: "confined by this AppArmor profile"), .value("process-label", nil, "LABEL", does: "with this SELinux label"),
        .value("cgroup", nil, "PATH", does: "in a cgroup below the container's"), .value("exec-cpu-affinity", nil, "CPUS", does: "begin on these processors"),
        .flag("detach", "d", does: "do not wait for its end"), .value("pid-file", nil, "FILE", does: "where its id is written"),
        .value("console-socket", nil, "SOCKET", does: "who gets the terminal"), .value("preserve-fds", nil, "N", does: "descriptors that it gets"),
        .flag("ignore-paused", does: "in a paused container, too"), .flag("no-subreaper"),
    ]

    static func run(_ arguments: ArraySlice<String>, _ context: OCIContext) throws(OCIError) -> CInt {
        let parsed = try CommandArguments(arguments, options, stopsAtWord: true, wordsBefore: 1)
        guard let id = parsed.words.first else { throw OCIError(.usage, "container id is missing") }
        let record = try context.store.read(id)
        let status = context.store.status(record)
        guard status == .running || status == .created || (status == .paused && parsed.has("ignore-paused")) else {
            throw OCIError(.wrongState, "container `\(id)` is \(status.rawValue), so nothing can be executed in it")
        }
        let configuration = try context.store.configuration(id)
        let process = try process(parsed, configuration, Array(parsed.words.dropFirst()), calledAs: context.program)
        for name in process.capabilities.unknown { context.log.warn("this kernel does not know the capability `\(name)`") }
        var exec = ContainerExec(store: context.store, record: record, configuration: configuration, process: process, log: context.log)
        exec.consoleSocket = parsed.last("console-socket").flatMap { $0.isEmpty ? nil : $0 }
        exec.pidFile = parsed.last("pid-file").flatMap { $0.isEmpty ? nil : $0 }
        exec.preserved = try CreateCommands.preserved(parsed)
        exec.detaches = parsed.has("detach")
        exec.subgroup = try subgroup(parsed.last("cgroup"))
        return try exec.perform()
    }

    /// The path of `--cgroup` without slashes at its ends; nil for the container's own.
    static func subgroup(_ text: String?) throws(OCIError) -> String? {
        guard let text else { return nil }
        let names = text.split(separator: "/")
        guard !names.contains(".."), !names.contains("."), !text.contains(":") else {
            throw OCIError(.usage, "--cgroup `\(text)` is no path below the container's cgroup")
        }
        return names.isEmpty ? nil : names.joined(separator: "/")
    }

    /// What is run: a file's process, or the container's own with what the command line changes.
    static func process(
        _ parsed: CommandArguments, _ configuration: BundleConfiguration, _ words: [String], calledAs program: String = "kdash oci"
    ) throws(OCIError) -> ProcessConfiguration {
        if let path = parsed.last("process") {
            let bytes = try OCIError.attempt("read \(path)") { () throws(SystemError) in try FileSystem.readFile(path, limit: 3 << 20) }
            return try ProcessConfiguration(SpecField(path: "process", value: try ContainerStore.document(bytes, path)))
        }
        guard !words.isEmpty, !words[0].isEmpty else { throw OCIError(.usage, "the command to execute is missing") }
        var process = configuration.process ?? ProcessConfiguration()
        process.arguments = words
        process.terminal = parsed.has("tty")
        (process.width, process.height) = process.terminal ? (process.width, process.height) : (0, 0)
        if let directory = parsed.last("cwd") {
            guard directory.hasPrefix("/") else { throw OCIError(.usage, "--cwd must be an absolute path, not `\(directory)`") }
            process.directory = directory
        }
        for variable in parsed.all("env") {
            guard let equals = variable.firstIndex(of: "="), equals > variable.startIndex else {
                throw OCIError(.usage, "--env `\(variable)` is not NAME=value")
            }
            process.environment.removeAll { $0.hasPrefix(variable[...equals]) }
            process.environment.append(variable)
        }
        if let user = parsed.last("user") { (process.uid, process.gid) = try self.user(user) }
        for text in parsed.all("additional-gids") {
            guard let group = UInt32(text) else { throw OCIError(.usage, "--additional-gids `\(text)` is no number") }
            process.additionalGroups.append(group)
        }
        for name in parsed.all("cap") {
            guard let one = Capabilities(name: name) else {
                process.capabilities.unknown.append(name)
                continue
            }
            process.capabilities.bounding.formUnion(one)
            process.capabilities.effective.formUnion(one)
            process.capabilities.permitted.formUnion(one)
        }
        // Called crun, who runs this decides and not who made the container, as with crun.
        process.noNewPrivileges = parsed.has("no-new-privs") || (program != "crun" && process.noNewPrivileges)
        if let profile = parsed.last("apparmor") { process.appArmorProfile = profile }
        if let label = parsed.last("process-label") { process.selinuxLabel = label }
        return process
    }

    /// `UID` or `UID:GID`, only ever numbers: names would have to be looked up in files of the container.
    static func user(_ text: String) throws(OCIError) -> (UInt32, UInt32) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let uid = UInt32(parts[0]), uid != .max, let gid = parts.count > 1 ? UInt32(parts[1]) : 0, gid != .max else {
            throw OCIError(.usage, "--user `\(text)` is not UID or UID:GID, two numbers")
        }
        return (uid, gid)
    }
}
