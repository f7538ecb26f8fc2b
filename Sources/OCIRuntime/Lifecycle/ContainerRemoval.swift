internal import CLinux
internal import Glibc
internal import LinuxKernel

/// Takes away what there is of a container.
struct ContainerRemoval {
    let store: ContainerStore
    let record: ContainerRecord
    let log: OCILog
    var isForced = false

    /// Ends what still runs when forced; otherwise throws unless it is stopped.
    func perform() throws(OCIError) {
        let status = store.status(record)
        if status != .stopped {
            guard isForced else {
                throw OCIError(.wrongState, "container `\(record.id)` is \(status.rawValue), not stopped; kill it first, or delete it with --force")
            }
            end()
        }
        let configuration: BundleConfiguration?
        // A container that could not be made may have no configuration, and then has no hooks.
        do throws(OCIError) { configuration = try store.configuration(record.id) } catch { configuration = nil }
        try clear()
        runPoststop(configuration)
    }

    /// The rest of a creation that failed; what cannot be done is said, not thrown.
    func finish(_ configuration: BundleConfiguration) {
        do throws(OCIError) { try clear() } catch { log.warn("\(error)") }
        runPoststop(configuration)
    }

    private func clear() throws(OCIError) {
        if record.coversRoot, kd_oci_uncover_root(record.rootfs) != 0 {
            log.warn("\(OCIError(.system, "cannot unmount what was mounted in \(record.rootfs)", cause: .last("umount2", record.rootfs)))")
        }
        if let path = record.cgroup, let layout = ContainerStore.layout() { try ContainerCgroup(path: path, layout: layout).remove() }
        try store.forget(record.id)
    }

    private func runPoststop(_ configuration: BundleConfiguration?) {
        guard let hooks = configuration?.hooks[.poststop] else { return }
        let state = record.state(.stopped, for: true)
        do throws(OCIError) {
            let streams = try HookStreams(configuration, bundle: record.bundle)
            for hook in hooks {
                // Each one, whatever the others did. Source: runtime.md, step 13.
                do throws(OCIError) { try HookRunner.run([hook], "poststop", state: state, streams: streams) } catch { log.warn("\(error)") }
            }
        } catch { log.warn("\(error)") }
    }

    /// Kills everything and waits for the first process, at most ten seconds.
    private func end() {
        guard record.pid > 0, ProcessLife.isAlive(record.pid, startTicks: record.startTicks) else { return }
        let cgroup = record.cgroup.flatMap { path in ContainerStore.layout().map { ContainerCgroup(path: path, layout: $0) } }
        kill(record.pid, SIGKILL)
        // The rest dies with its pid namespace; a frozen cgroup of v1 only once it is thawed.
        let wasElsewhere = cgroup?.reclaim(record.pid) ?? false
        if let cgroup, wasElsewhere || cgroup.isFrozen || !record.hasOwnProcesses { cgroup.signal(SIGKILL) }
        for attempt in 0..<20_000 {
            guard ProcessLife.isAlive(record.pid, startTicks: record.startTicks) else { return }
            usleep(attempt < 20 ? 200 : 500)
        }
    }
}
