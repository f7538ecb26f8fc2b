internal import CLinux
internal import ContainerRuntime
internal import Glibc
internal import LinuxKernel

/// `mounts add` and `mounts remove`: what is mounted in a container that is there, as crun has it.
enum MountsCommand {
    static func run(_ arguments: ArraySlice<String>, _ context: OCIContext) throws(OCIError) -> CInt {
        let words = try CommandArguments(arguments, []).words
        guard words.count == 3, ["add", "remove"].contains(words[0]) else {
            throw OCIError(.usage, "mounts takes `add` or `remove`, a container id, and a file with a list of mounts as config.json has it")
        }
        let record = try context.store.read(words[1])
        let status = context.store.status(record)
        guard [.created, .running].contains(status) else {
            throw OCIError(.wrongState, "container `\(record.id)` is \(status.rawValue), so nothing can be mounted in it")
        }
        let plan = try plan(mounts(words[2]), adds: words[0] == "add", record, try context.store.configuration(record.id))
        try perform(plan, record, context.log)
        return 0
    }

    /// The list in the file at `path`.
    private static func mounts(_ path: String) throws(OCIError) -> [MountConfiguration] {
        let bytes = try OCIError.attempt("read \(path)") { () throws(SystemError) in try FileSystem.readFile(path, limit: 3 << 20) }
        var mounts: [MountConfiguration] = []
        for entry in try SpecField(path: "mounts", value: ContainerStore.document(bytes, path)).elements() {
            var mount = try MountConfiguration(entry)
            // What shows processes, cgroups, queues or networks would show the machine's: who mounts is not in the container's namespaces of those.
            guard mount.isBind || mount.type == "tmpfs" || mount.type == "ramfs" else {
                throw OCIError(.usage, "a container that is there takes binds, tmpfs and ramfs, not a mount of type `\(mount.type)` at \(mount.destination)")
            }
            if mount.isBind { mount.source = OCICommand.absolute(mount.source) }
            mounts.append(mount)
        }
        return mounts
    }

    private static func plan(
        _ mounts: [MountConfiguration], adds: Bool, _ record: ContainerRecord, _ configuration: BundleConfiguration
    ) throws(OCIError) -> OCIPlan {
        var plan = OCIPlan()
        var flags = adds ? KD_OCI_ADDS_MOUNTS | KD_OCI_OPENS_SOURCES : KD_OCI_REMOVES_MOUNTS
        if configuration.has(KD_CLONE_NEWUSER) || UserNamespaceFacts.isInside { flags |= KD_OCI_IN_USER_NAMESPACE }
        if ContainerStore.layout()?.mode == .v2 { flags |= KD_OCI_CGROUP2 }
        plan.number(KD_OCI_FLAGS, flags)
        plan.number(KD_OCI_TARGET, record.pid)
        // Whom the helper becomes where the user namespace has no root.
        plan.number(KD_OCI_UID, configuration.process?.uid ?? 0)
        plan.number(KD_OCI_GID, configuration.process?.gid ?? 0)
        for var mount in mounts {
            if mount.flags & UInt64(KD_OCI_ID_MAPPED) != 0, mount.uidMap.isEmpty { (mount.uidMap, mount.gidMap) = (configuration.uidMap, configuration.gidMap) }
            plan.mount(mount)
        }
        return plan
    }

    private static func perform(_ plan: consuming OCIPlan, _ record: ContainerRecord, _ log: OCILog) throws(OCIError) {
        var handles = try LaunchHandles(nil, cgroup: nil, hasTerminal: false)
        var plan = plan
        let conversation = ChildConversation(try handles.add(to: &plan), log: log)
        let pid = try ProcessLauncher.spawn(plan)
        handles.closeChildEnds()
        defer { ProcessLauncher.reap(pid) }
        // The process that was looked up may have ended, and its number be another's.
        guard ProcessLife.isAlive(record.pid, startTicks: record.startTicks) else {
            kill(pid, SIGKILL)
            throw OCIError(.wrongState, "container `\(record.id)` has just ended")
        }
        try conversation.sayContinue()
        while true {
            switch try conversation.next() {
            case .ready: return
            case .ended: throw OCIError(.container, "the process that changes the container's mounts ended without a word")
            case .mounted, .master, .process: continue
            }
        }
    }
}
