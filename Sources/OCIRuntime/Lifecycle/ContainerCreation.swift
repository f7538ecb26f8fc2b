internal import CLinux
internal import ContainerRuntime
internal import Glibc
internal import JSONCore
internal import LinuxKernel

/// Makes a container up to the moment at which its program could run, or takes back what was made.
struct ContainerCreation {
    struct Options: Sendable {
        var id = ""
        /// Absolute, as hooks are told it: a link stays one.
        var bundle = "/"
        /// nil: the bundle's `config.json`.
        var configurationFile: String?
        var consoleSocket: String?
        var pidFile: String?
        var noPivot = false
        var noNewKeyring = false
        var preserved = 0
        var detaches = false
        var keeps = false
        /// Otherwise it stays in the caller's cgroups, without limits.
        var makesCgroups = true
        /// Whether the program is to run at once, and not when `start` says so.
        var startsAtOnce = false
    }

    let store: ContainerStore
    let options: Options
    let log: OCILog
    private let bundle: String
    private let bytes: [UInt8]
    let configuration: BundleConfiguration
    private(set) var record: ContainerRecord
    private var cgroup: ContainerCgroup?
    private(set) var pid: Int32 = 0
    /// The container's terminal, when nobody else got it; -1: none.
    private(set) var master: CInt = -1

    init(store: ContainerStore, options: Options, log: OCILog) throws(OCIError) {
        (self.store, self.options, self.log) = (store, options, log)
        try ContainerStore.check(id: options.id)
        bundle = options.bundle
        (bytes, configuration) = try ContainerStore.parse(OCIPlan.absolute(options.configurationFile ?? "config.json", in: bundle))
        let owner = geteuid()
        record = ContainerRecord(
            id: options.id, pid: 0, startTicks: 0, bundle: bundle, rootfs: FileSystem.truePath(OCIPlan.absolute(configuration.rootPath, in: bundle)),
            created: Timestamp.now().rfc3339Nano, owner: owner == 0 ? "root" : "\(owner)", cgroup: nil, version: configuration.version,
            annotations: configuration.annotations)
        record.hasOwnProcesses = configuration.makes(KD_CLONE_NEWPID)
        try checkTerminal()
        guard FileSystem.isDirectory(record.rootfs) else {
            throw OCIError(.invalidConfiguration, "config.json: root.path is `\(configuration.rootPath)`, and there is no directory \(record.rootfs)")
        }
        for name in configuration.process?.capabilities.unknown ?? [] {
            log.warn("config.json: process.capabilities has `\(name)`, which this kernel does not know")
        }
    }

    private func checkTerminal() throws(OCIError) {
        let isForeground = options.startsAtOnce && !options.detaches
        guard let process = configuration.process else {
            guard !options.startsAtOnce else { throw OCIError(.invalidConfiguration, "config.json: process is required to run a container") }
            return
        }
        guard process.terminal, options.consoleSocket == nil, !isForeground else { return }
        throw OCIError(.usage, "config.json: process.terminal is true, but nobody is there for it; use --console-socket to name who gets the terminal")
    }

    /// Makes it. `body` does the rest with the conversation; whatever throws until it returns takes everything back.
    mutating func perform(_ body: (borrowing ChildConversation, inout ContainerCreation) throws(OCIError) -> Void) throws(OCIError) {
        try store.claim(options.id)
        do throws(OCIError) {
            try store.copy(configuration: bytes, of: options.id)
            try makeCgroup()
            record.cgroup = cgroup?.path
            try store.write(record)
            if configuration.mountsInPlace { try coverRoot() }
            try spawn(body)
        } catch {
            takeBack()
            throw error
        }
    }

    private mutating func coverRoot() throws(OCIError) {
        guard record.rootfs != "/" else {
            throw OCIError(
                .invalidConfiguration, "config.json: linux.namespaces has no mount namespace, so what is mounted in the root / would be the machine's")
        }
        let root = record.rootfs
        try OCIError.attempt("mount the root over itself") { () throws(SystemError) in try SystemError.check("mount", root) { kd_oci_cover_root(root) } }
        record.coversRoot = true
        try store.write(record)
    }

    private mutating func makeCgroup() throws(OCIError) {
        guard options.makesCgroups, let layout = ContainerStore.layout(), layout.mode != .none else { return }
        let isRoot = geteuid() == 0
        let parent = isRoot ? "/" : Self.ownCgroup()
        let path = try CgroupPath.resolve(configuration.cgroupsPath, id: options.id, parent: parent)
        let candidate = ContainerCgroup(path: path, layout: layout)
        // What is not this container's is neither limited nor, at its end, killed.
        guard !candidate.isInUse else {
            throw OCIError(.invalidConfiguration, "config.json: linux.cgroupsPath \(path) is a cgroup that has processes; choose one of the container's own")
        }
        do throws(OCIError) {
            try candidate.make()
        } catch {
            do throws(OCIError) { try candidate.remove() } catch let second { log.debug("\(second)") }
            // An ordinary user's containers have cgroups where they were delegated, and do without elsewhere.
            guard !isRoot || UserNamespaceFacts.isInside, [EACCES, EPERM, EROFS, ENOENT].contains(error.cause?.errno ?? 0) else { throw error }
            log.debug("no cgroup: \(error)")
            return
        }
        cgroup = candidate
        var resources = configuration.resources
        resources.needsRealtime = configuration.process?.scheduler?.isRealtime ?? false
        do throws(OCIError) {
            try candidate.apply(resources, enforcesDevices: isRoot && !UserNamespaceFacts.isInside)
        } catch {
            do throws(OCIError) { try candidate.remove() } catch let second { log.warn("\(second)") }
            cgroup = nil
            throw error
        }
    }

    /// Where an ordinary user's session has its cgroup in v2, one above the leaf that this process is in.
    private static func ownCgroup() -> String {
        let own = CgroupDirectory.read("/proc/self/cgroup").split(separator: "\n").first { $0.hasPrefix("0::/") }.map { String($0.dropFirst(3)) } ?? "/"
        return FileSystem.directory(of: own)
    }

    private mutating func spawn(_ body: (borrowing ChildConversation, inout ContainerCreation) throws(OCIError) -> Void) throws(OCIError) {
        let hooks = configuration.hooks
        let needsState = hooks[.createContainer] != nil || hooks[.startContainer] != nil
        let state =
            needsState ? try OCIError.attempt("make room for the state") { () throws(SystemError) in try FileDescriptor.memory(named: "state").release() } : -1
        defer { if state >= 0 { close(state) } }
        let filter = try SystemCallFilter.compile(configuration.seccomp)
        var around = ContainerSurroundings(bundle: bundle)
        (around.noPivot, around.noNewKeyring, around.preserved) = (options.noPivot, options.noNewKeyring, options.preserved)
        (around.filter, around.filterFlags, around.cgroup) = (filter.program, filter.flags, cgroup)
        around.keepsGroups = IDMapper.isSingle(configuration.uidMap, configuration.gidMap, user: geteuid(), group: getegid()) || UserNamespaceFacts.deniesGroups
        around.isInUserNamespace = UserNamespaceFacts.isInside
        var plan = OCIPlan(configuration, around)
        if state >= 0 { plan.number(KD_OCI_STATE, state) }
        if CreateCommands.listening > 0 {
            plan.text(KD_OCI_VARIABLE, "LISTEN_FDS=\(CreateCommands.listening)")
            plan.text(KD_OCI_VARIABLE, "LISTEN_PID=1")
        }
        let streams = try HookStreams(needsState ? configuration : nil, bundle: bundle)
        if streams.output >= 0 { plan.number(KD_OCI_HOOK_OUTPUT, streams.output) }
        if streams.errors >= 0 { plan.number(KD_OCI_HOOK_ERRORS, streams.errors) }
        var handles = try LaunchHandles(options.consoleSocket, cgroup: cgroup, hasTerminal: configuration.process?.terminal == true)
        if !options.startsAtOnce { try handles.makeFifo(store.fifo(options.id)) }
        // Where hooks are, as with other runtimes.
        guard chdir(bundle) == 0 else { throw OCIError(.system, "cannot enter the bundle", cause: .last("chdir", bundle)) }
        let conversation = ChildConversation(try handles.add(to: &plan), log: log)
        pid = try ProcessLauncher.spawn(plan)
        handles.closeChildEnds()
        try converse(conversation, state: state, needsCgroup: !handles.clonesIntoCgroup)
        try body(conversation, &self)
    }

    private mutating func converse(_ conversation: borrowing ChildConversation, state: CInt, needsCgroup: Bool) throws(OCIError) {
        if configuration.joins(KD_CLONE_NEWUSER) {
            try conversation.sayContinue()
            guard case .process(let container) = try conversation.next() else { throw ProcessLauncher.died(pid) }
            ProcessLauncher.reap(pid)
            pid = container
        } else if configuration.makes(KD_CLONE_NEWUSER) {
            try IDMapper.write(configuration.uidMap, configuration.gidMap, for: pid)
        }
        if let cgroup, needsCgroup, !LaunchHandles.entersByItself(cgroup, makesUserNamespace: configuration.makes(KD_CLONE_NEWUSER)) { try cgroup.enter(pid) }
        if let process = configuration.process { try ProcessLauncher.limit(pid, process, log: log) }
        record.pid = pid
        record.startTicks = ProcessLife.status(pid)?.startTicks ?? 0
        try NetworkDeviceMove.perform(configuration.networkDevices, to: pid)
        try conversation.sayContinue()
        while true {
            switch try conversation.next() {
            case .mounted:
                try runHooks()
                // What is left to do is the container's own, so its hooks are told that it is made.
                try publish(.created, to: state)
                try conversation.sayContinue()
            case .master(let descriptor): master = descriptor
            case .ready:
                if let path = configuration.annotation("run.oci.pidfd_receiver") { try ProcessLauncher.hand(pid, to: path) }
                return try store.write(record)
            case .process, .ended: throw ProcessLauncher.died(pid)
            }
        }
    }

    private func runHooks() throws(OCIError) {
        let hooks = [(BundleConfiguration.HookKind.prestart), .createRuntime].filter { configuration.hooks[$0] != nil }
        guard !hooks.isEmpty else { return }
        let streams = try HookStreams(configuration, bundle: bundle)
        for kind in hooks {
            // The first kind is of the time before 1.0.2, when it ran between create and start: its programs are told so.
            let state = record.state(kind == .prestart ? .created : .creating, for: true)
            try HookRunner.run(configuration.hooks[kind] ?? [], kind.rawValue, state: state, streams: streams)
        }
    }

    /// Tells the hooks inside of the container, where its first process has another number.
    private func publish(_ status: ContainerStatus, to state: CInt) throws(OCIError) {
        guard state >= 0 else { return }
        var inside = record
        inside.pid = ProcessFacts.innermost(pid) ?? pid
        let text = JSON.encode(inside.state(status, for: true))
        try OCIError.attempt("write the state") { () throws(SystemError) in
            try SystemError.check("ftruncate") { ftruncate(state, 0) }
            try SystemError.check("pwrite") { pwrite(state, text, text.count, 0) }
        }
    }

    /// After a failure: nothing of the container stays but what hooks are told.
    private func takeBack() {
        if pid > 0 {
            kill(pid, SIGKILL)
            ProcessLauncher.reap(pid)
        }
        var left = ContainerRemoval(store: store, record: record, log: log)
        left.isForced = true
        left.finish(configuration)
    }
}
