internal import CLinux
internal import ContainerRuntime
internal import Glibc
internal import LinuxKernel

/// One more process in a container.
struct ContainerExec {
    let store: ContainerStore
    let record: ContainerRecord
    let configuration: BundleConfiguration
    let process: ProcessConfiguration
    let log: OCILog
    var consoleSocket: String?
    var pidFile: String?
    var preserved = 0
    var detaches = false
    /// A cgroup below the container's own that the process enters; nil: the container's.
    var subgroup: String?

    /// Runs it. The exit code of the process, or 0 when it goes on by itself.
    func perform() throws(OCIError) -> CInt {
        let filter = try SystemCallFilter.compile(configuration.seccomp)
        var plan = OCIPlan()
        var flags = KD_OCI_NO_KEYRING
        if process.terminal { flags |= KD_OCI_HAS_TERMINAL }
        if process.noNewPrivileges { flags |= KD_OCI_NO_NEW_PRIVILEGES }
        if configuration.has(KD_CLONE_NEWUSER) || UserNamespaceFacts.isInside { flags |= KD_OCI_IN_USER_NAMESPACE }
        if IDMapper.isSingle(configuration.uidMap, configuration.gidMap, user: geteuid(), group: getegid()) || UserNamespaceFacts.deniesGroups {
            flags |= KD_OCI_KEEPS_GROUPS
        }
        let cgroup = record.cgroup.flatMap { path in
            ContainerStore.layout().map { ContainerCgroup(path: path + (subgroup.map { "/\($0)" } ?? ""), layout: $0) }
        }
        if let cgroup, !cgroup.isVersion2 {
            flags |= KD_OCI_ENTERS_CGROUPS
            for hierarchy in cgroup.hierarchies { plan.pair(KD_OCI_HIERARCHY, hierarchy.options, hierarchy.directory) }
        }
        plan.number(KD_OCI_FLAGS, flags)
        plan.number(KD_OCI_TARGET, record.pid)
        if let policy = configuration.memoryPolicy { plan.numbers(KD_OCI_MEMORY_POLICY, policy.words) }
        plan.process(process, filter: filter.program, filterFlags: filter.flags)
        if let (file, label) = OCIPlan.label(process) { plan.pair(KD_OCI_LABEL, file, label) }
        if preserved > 0 { plan.number(KD_OCI_PRESERVED, preserved) }
        if let affinity = process.affinity { plan.numbers(KD_OCI_AFFINITY, affinity) }
        guard process.terminal && detaches && consoleSocket == nil else { return try launch(&plan, cgroup) }
        throw OCIError(.usage, "a terminal of a detached process needs --console-socket, which says who gets it")
    }

    private func launch(_ plan: inout OCIPlan, _ cgroup: ContainerCgroup?) throws(OCIError) -> CInt {
        if !detaches { ProcessLauncher.holdSignals() }
        var handles = try LaunchHandles(consoleSocket, cgroup: cgroup, hasTerminal: process.terminal)
        let conversation = ChildConversation(try handles.add(to: &plan), log: log)
        let first = try ProcessLauncher.spawn(plan)
        handles.closeChildEnds()
        var pid = first
        var master: CInt = -1
        var isReady = false
        do throws(OCIError) {
            if let cgroup, cgroup.isVersion2, !Self.isInside(cgroup, first) { enter(cgroup, first) }
            try ProcessLauncher.limit(first, process, log: log)
            try conversation.sayContinue()
            conversation: while true {
                switch try conversation.next() {
                case .process(let number):
                    ProcessLauncher.reap(first)
                    pid = number
                case .master(let descriptor): master = descriptor
                case .ready:
                    isReady = true
                    try ProcessLauncher.writePID(pid, to: pidFile)
                    try conversation.sayContinue()
                case .mounted: continue
                case .ended:
                    guard isReady else { throw ProcessLauncher.died(pid) }
                    break conversation
                }
            }
        } catch {
            kill(pid, SIGKILL)
            ProcessLauncher.reap(pid)
            throw error
        }
        if detaches { return 0 }
        return ProcessLauncher.exitCode(kd_oci_attend(pid, master))
    }

    private static func isInside(_ cgroup: ContainerCgroup, _ pid: Int32) -> Bool {
        CgroupDirectory.read("/proc/\(pid)/cgroup").split(separator: "\n").contains { $0.hasPrefix("0::") && $0.hasSuffix(cgroup.path) }
    }

    /// A container with cgroups of its own cannot have processes in the upper one: then it is where its first process is.
    private func enter(_ cgroup: ContainerCgroup, _ pid: Int32) {
        do throws(OCIError) { return try cgroup.enter(pid) } catch { log.debug("\(error)") }
        let own = CgroupDirectory.read("/proc/\(record.pid)/cgroup").split(separator: "\n").first { $0.hasPrefix("0::/") }.map { String($0.dropFirst(3)) }
        guard let own, let layout = ContainerStore.layout() else { return }
        do throws(OCIError) { try ContainerCgroup(path: own, layout: layout).enter(pid) } catch { log.warn("\(error)") }
    }
}
