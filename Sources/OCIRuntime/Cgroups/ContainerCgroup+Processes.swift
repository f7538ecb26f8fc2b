internal import ContainerRuntime
internal import Glibc
internal import LinuxKernel

extension ContainerCgroup {
    /// The hierarchy whose directories tell of processes and stop them.
    private var main: Hierarchy? { hierarchies.first { $0.controllers.contains("freezer") } ?? hierarchies.first }

    /// Every process in it and below, by the machine's numbers.
    func processes() -> [Int32] { main.map { Self.processes(in: $0.directory) } ?? [] }

    /// Whether any of its directories has processes.
    var isInUse: Bool { hierarchies.contains { !Self.processes(in: $0.directory).isEmpty } }

    private static func processes(in directory: String) -> [Int32] {
        CgroupDirectory.read("\(directory)/cgroup.procs").split(separator: "\n").compactMap { Int32($0) }.filter { $0 > 0 }
            + CgroupDirectory.children(of: directory).flatMap { processes(in: $0) }
    }

    /// Sends a signal to every process.
    func signal(_ number: Int32) {
        // best effort: an old kernel has no such file, and processes are then found one by one.
        if isVersion2, number == SIGKILL, let main {
            do throws(SystemError) { return try FileSystem.write("1", to: "\(main.directory)/cgroup.kill") } catch {}
        }
        let wasFrozen = isFrozen
        // Frozen while it is listed, so that nothing forks meanwhile; nobody waits for it to be complete, which dying processes hold up.
        if !isVersion2 { ask(toFreeze: true) }
        for pid in processes() { _ = kill(pid, number) }
        // A frozen cgroup of v1 does not even die.
        if !isVersion2, number == SIGKILL || !wasFrozen { ask(toFreeze: false) }
    }

    var isFrozen: Bool {
        guard let main else { return false }
        if isVersion2 { return CgroupDirectory.read("\(main.directory)/cgroup.events").split(separator: "\n").contains("frozen 1") }
        let state = CgroupDirectory.read("\(main.directory)/freezer.state")
        return state == "FROZEN" || state == "FREEZING"
    }

    /// Takes a process back that somebody moved to another cgroup of v1's freezer, where it may be frozen, which it would not even die of. True when
    /// it was elsewhere.
    func reclaim(_ pid: Int32) -> Bool {
        guard !isVersion2, let main else { return false }
        let line = CgroupDirectory.read("/proc/\(pid)/cgroup").split(separator: "\n").first { line in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            return fields.count == 3 && fields[1].split(separator: ",").contains("freezer")
        }
        // One that is ending is shown in the root.
        guard let line, !line.hasSuffix(path), !line.hasSuffix(":/") else { return false }
        do throws(SystemError) {
            try FileSystem.write("\(pid)", to: "\(main.directory)/cgroup.procs")
            return true
        } catch { return false }  // It ended meanwhile, or its own cgroup is gone: then it dies where it is.
    }

    /// Stops or continues all of it. False when the kernel does not do that.
    @discardableResult
    func freeze(_ on: Bool) -> Bool {
        guard let main, ask(toFreeze: on) else { return false }
        for _ in 0..<2000 {
            let frozen = isVersion2 ? isFrozen : CgroupDirectory.read("\(main.directory)/freezer.state") == "FROZEN"
            if frozen == on { return true }
            // v1: a process that forks while the rest freezes is asked once more.
            if !isVersion2, on, !ask(toFreeze: true) { return false }
            usleep(1000)
        }
        return false
    }

    @discardableResult
    private func ask(toFreeze on: Bool) -> Bool {
        guard let main else { return false }
        let (file, word) = isVersion2 ? ("cgroup.freeze", on ? "1" : "0") : ("freezer.state", on ? "FROZEN" : "THAWED")
        do throws(SystemError) {
            try FileSystem.write(word, to: "\(main.directory)/\(file)")
            return true
        } catch { return false }  // The caller says what it was for.
    }

    /// Kills what is left and removes the directories; those above them stay. Waits at most about two seconds for what dies.
    func remove() throws(OCIError) {
        for hierarchy in hierarchies {
            for attempt in 0..<200 {
                if CgroupDirectory.remove(hierarchy.directory) { break }
                let number = errno
                guard number == EBUSY, attempt < 199 else {
                    throw OCIError(
                        .system, "cannot remove the cgroup \(path)", cause: SystemError(call: "rmdir", errno: number, arguments: hierarchy.directory))
                }
                if attempt % 20 == 10 { signal(SIGKILL) }
                usleep(attempt < 20 ? 500 : 10_000)
            }
        }
    }
}
