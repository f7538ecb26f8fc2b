internal import CLinux
internal import Glibc
internal import JSONCore
internal import LinuxKernel

/// Commands about a container that exists.
enum LifeCommands {
    static let killOptions: [CommandArguments.Option] = [.flag("all", "a", does: "to all its processes")]
    static let deleteOptions: [CommandArguments.Option] = [
        .flag("force", "f", does: "kill it first"), .flag("regex", "r", does: "all containers whose id the word matches"),
    ]

    static func start(_ arguments: ArraySlice<String>, _ context: OCIContext) throws(OCIError) -> CInt {
        let id = try CommandArguments(arguments, []).onlyWord("container id")
        let record = try context.store.read(id)
        let status = context.store.status(record)
        guard status == .created else { throw OCIError(.wrongState, "container `\(id)` is \(status.rawValue); only a created one can be started") }
        let configuration = try context.store.configuration(id)
        guard configuration.process != nil else {
            throw OCIError(.wrongState, "container `\(id)` has no process in its config.json, so there is nothing to start")
        }
        let path = context.store.fifo(id)
        let fifo = FileDescriptor(
            try OCIError.attempt("start the container `\(id)`") { () throws(SystemError) in
                let fifo = try FileDescriptor.open(path, O_WRONLY | O_NONBLOCK)
                // Two that start it at once: one removes it, the other fails.
                try SystemError.check("unlink", path) { unlink(path) }
                try fifo.writeAll([0])
                return fifo.release()
            })
        if configuration.hooks[.startContainer] != nil || configuration.hooks[.poststart] != nil {
            // Until its exec, or its end, closes the other end.
            var poll = pollfd(fd: fifo.raw, events: 0, revents: 0)
            while Glibc.poll(&poll, 1, -1) < 0, errno == EINTR {}
        }
        do throws(OCIError) { try runPoststart(configuration, record) } catch {
            var removal = ContainerRemoval(store: context.store, record: record, log: context.log)
            removal.isForced = true
            do throws(OCIError) { try removal.perform() } catch let second { context.log.warn("\(second)") }
            throw error
        }
        return 0
    }

    /// One that fails ends the container, as runc and crun do it.
    static func runPoststart(_ configuration: BundleConfiguration, _ record: ContainerRecord) throws(OCIError) {
        guard let hooks = configuration.hooks[.poststart] else { return }
        try HookRunner.run(hooks, "poststart", state: record.state(.running, for: true), streams: HookStreams(configuration, bundle: record.bundle))
    }

    static func state(_ arguments: ArraySlice<String>, _ context: OCIContext) throws(OCIError) -> CInt {
        let record = try context.store.read(try CommandArguments(arguments, []).onlyWord("container id"))
        OCILog.put(String(decoding: JSON.encode(record.state(context.store.status(record)), pretty: true), as: UTF8.self) + "\n")
        return 0
    }

    static func kill(_ arguments: ArraySlice<String>, _ context: OCIContext) throws(OCIError) -> CInt {
        let parsed = try CommandArguments(arguments, killOptions)
        guard let id = parsed.words.first, parsed.words.count <= 2 else { throw OCIError(.usage, "kill takes a container id and a signal") }
        let number = try Signals.number(parsed.words.count > 1 ? parsed.words[1] : "TERM")
        let record = try context.store.read(id)
        let status = context.store.status(record)
        let cgroup = record.cgroup.flatMap { path in ContainerStore.layout().map { ContainerCgroup(path: path, layout: $0) } }
        if parsed.has("all") {
            guard let cgroup else { throw OCIError(.wrongState, "container `\(id)` has no cgroup, so `--all` cannot find its processes") }
            cgroup.signal(number)
            return 0
        }
        guard [.created, .running, .paused].contains(status) else { throw OCIError(.wrongState, "container `\(id)` is \(status.rawValue), not running") }
        try signal(record, number)
        // Without a pid namespace the others would outlive the first; frozen v1 cgroups do not even die.
        guard number == SIGKILL, let cgroup else { return 0 }
        let hasOwnProcesses = try context.store.configuration(id).has(KD_CLONE_NEWPID)
        if status == .paused || !hasOwnProcesses { cgroup.signal(SIGKILL) }
        return 0
    }

    /// By a descriptor of the process, so that its number cannot become another's meanwhile.
    private static func signal(_ record: ContainerRecord, _ number: Int32) throws(OCIError) {
        try OCIError.attempt("signal the container `\(record.id)`") { () throws(SystemError) in
            let process = FileDescriptor(try SystemError.check("pidfd_open", "\(record.pid)") { kd_pidfd_open(record.pid) })
            guard ProcessLife.isAlive(record.pid, startTicks: record.startTicks) else {
                throw SystemError(call: "kill", errno: ESRCH, arguments: "\(record.pid)")
            }
            let raw = process.raw
            try SystemError.check("pidfd_send_signal", "\(record.pid), \(number)") { kd_pidfd_send_signal(raw, number) }
        }
    }

    static func delete(_ arguments: ArraySlice<String>, _ context: OCIContext) throws(OCIError) -> CInt {
        let parsed = try CommandArguments(arguments, deleteOptions)
        guard parsed.has("regex") else { return try delete(try parsed.onlyWord("container id"), isForced: parsed.has("force"), context) }
        for id in try matching(try parsed.onlyWord("regular expression"), context.store) {
            _ = try delete(id, isForced: parsed.has("force"), context)
        }
        return 0
    }

    /// The containers whose ids an extended regular expression of POSIX finds something in.
    private static func matching(_ pattern: String, _ store: ContainerStore) throws(OCIError) -> [String] {
        var expression = regex_t()
        guard regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB) == 0 else { throw OCIError(.usage, "`\(pattern)` is no regular expression") }
        defer { regfree(&expression) }
        return try store.ids().filter { regexec(&expression, $0, 0, nil, 0) == 0 }
    }

    private static func delete(_ id: String, isForced: Bool, _ context: OCIContext) throws(OCIError) -> CInt {
        let record: ContainerRecord
        do throws(OCIError) { record = try context.store.read(id) } catch {
            guard isForced, error.code == .notFound else { throw error }
            // What another command left behind that was killed while it made the container.
            if FileSystem.isDirectory(context.store.directory(id)) { try context.store.forget(id) }
            return 0
        }
        var removal = ContainerRemoval(store: context.store, record: record, log: context.log)
        removal.isForced = isForced
        try removal.perform()
        return 0
    }

    static func freeze(_ arguments: ArraySlice<String>, _ context: OCIContext, on: Bool) throws(OCIError) -> CInt {
        let id = try CommandArguments(arguments, []).onlyWord("container id")
        let record = try context.store.read(id)
        let status = context.store.status(record)
        guard on ? status == .running || status == .created : status == .paused || status == .running else {
            throw OCIError(.wrongState, "container `\(id)` is \(status.rawValue), so it cannot be \(on ? "paused" : "resumed")")
        }
        guard let path = record.cgroup, let layout = ContainerStore.layout(), ContainerCgroup(path: path, layout: layout).freeze(on) else {
            throw OCIError(.system, "cannot \(on ? "pause" : "resume") the container `\(id)`: the kernel did not \(on ? "freeze" : "thaw") its cgroup")
        }
        return 0
    }
}
