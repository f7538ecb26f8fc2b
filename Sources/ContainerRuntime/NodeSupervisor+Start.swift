internal import CLinux
internal import Glibc
internal import LinuxKernel

extension NodeSupervisor {
    /// Connects to the node's supervisor, or starts it when there is none. A live one is taken over with everything it runs.
    package static func attachOrStart(_ configuration: NodeSupervisorConfiguration) async throws(RuntimeError) -> NodeSupervisor {
        // Two daemons at once must not start two: everything up to the first answer happens under one lock.
        let lock = try await blocking { () throws(SystemError) in
            for directory in [configuration.runDirectory, configuration.stateDirectory] {
                try FileSystem.makeDirectories(directory, mode: 0o700)
            }
            try FileSystem.makeDirectories(configuration.rootDirectory, mode: 0o755)
            return try FileLock.acquire("\(configuration.runDirectory)/start.lock")
        }
        defer { withExtendedLifetime(lock) {} }
        if let live = try await connect(configuration, isFresh: false, interrupted: []) { return live }
        let interrupted = try await blocking { () throws(SystemError) in try readJournal(configuration) }
        try await start(configuration)
        guard let started = try await connect(configuration, isFresh: true, interrupted: interrupted) else {
            throw RuntimeError(.supervisorLost, "the node's supervisor ended right after its start; see \(configuration.stateDirectory)/supervisor.log")
        }
        return started
    }

    /// Ends the node: every process, mount, interface and cgroup in it.
    package func shutdown() async {
        let process = process.raw
        let configuration = configuration
        let connection = connection
        await KernelThread.run("kdash-node-end") {
            // Its end is the answer: a supervisor that is stopped, or waits for a process that cannot die, says nothing more.
            var isAsked = true
            do throws(RuntimeError) { try connection.post(KD_OP_SHUTDOWN) } catch { isAsked = false }
            // One that cannot be asked may still be ending by itself.
            if !waitForEnd(process, isAsked ? configuration.patience : .milliseconds(100)) {
                _ = kd_pidfd_send_signal(process, SIGKILL)
                _ = NodeSupervisor.killUntilEnd(process, configuration.cgroups, seconds: 30)
            }
            connection.close()
            _ = kd_reap_pidfd(process)  // Not our child after a daemon restart: then init reaps it.
            NodeSupervisor.removeRemains(configuration)
        }
    }

    /// Ends what a daemon that no longer runs has left of a node. Blocks; not for the cooperative pool.
    package static func sweep(_ configuration: NodeSupervisorConfiguration) {
        configuration.cgroups?.killAll()
        removeRemains(configuration)
    }

    /// Waits for the end of a node's first process, which dies last: what it waits for may be frozen, or have little processor time to die with.
    static func killUntilEnd(_ process: CInt, _ cgroups: CgroupTree?, seconds: Int) -> Bool {
        for _ in 0..<seconds {
            cgroups?.killAll()
            if waitForEnd(process, .seconds(1)) { return true }
        }
        return false
    }

    private static func removeRemains(_ configuration: NodeSupervisorConfiguration) {
        configuration.cgroups?.removeNode()
        _ = unlink("\(configuration.runDirectory)/supervisor.sock")
    }

    private static func readJournal(_ configuration: NodeSupervisorConfiguration) throws(SystemError) -> [InterruptedContainer] {
        let path = "\(configuration.stateDirectory)/journal"
        guard FileSystem.exists(path) else { return [] }
        return ExitJournal.read(try FileSystem.readFile(path, limit: 1 << 30))
    }

    private static func connect(
        _ configuration: NodeSupervisorConfiguration, isFresh: Bool, interrupted: [InterruptedContainer]
    ) async throws(RuntimeError) -> NodeSupervisor? {
        let router = SupervisorRouter()
        let opened = try await blocking { () throws(SystemError) in
            try SupervisorConnection.open(
                directory: configuration.runDirectory, onEvent: { router.handle($0) }, onLost: { router.lose() })
        }
        guard let connection = opened else { return nil }
        // Until it has greeted: then it may be silent for as long as nothing happens.
        connection.setPatience(configuration.patience)
        connection.start()
        let reply: SupervisorConnection.Reply
        do throws(RuntimeError) { reply = try await connection.call(KD_OP_HELLO) } catch  where error.code == .supervisorLost {
            if isFresh { return nil }
            // A supervisor that was killed a moment ago still has a listener while its descriptors are being closed.
            if await KernelThread.run("kdash-node-end", { connection.peerEnds(within: .seconds(2)) }) { return nil }
            throw RuntimeError(
                .incompatible,
                "the running node does not answer, or was started by a version of kdash that this one does not understand; end it with that version's `kdash down`"
            )
        }
        connection.setPatience(nil)
        let process = try only(reply)
        let bootID = reply.reader.first { $0.isTag(KD_BOOT_ID) }?.text ?? ""
        let build = reply.reader.first { $0.isTag(KD_BUILD) }?.text ?? ""
        let pid = hostPID(of: process.raw)
        return NodeSupervisor(
            configuration: configuration, connection: connection, router: router, process: process, bootID: bootID, build: build, pid: pid,
            isFresh: isFresh, interrupted: interrupted)
    }

    private static func start(_ configuration: NodeSupervisorConfiguration) async throws(RuntimeError) {
        // Cgroups of a supervisor that died hold nothing alive worth keeping, and v2 refuses to enter them again.
        configuration.cgroups?.killAll()
        configuration.cgroups?.removeNode()
        try configuration.cgroups?.makeNode()
        let plan = try BootPlan.bytes(for: configuration)
        try await KernelThread.run("kdash-node-start") { () throws(RuntimeError) in
            try SupervisorLauncher(configuration: configuration, plan: plan).run()
        }
    }

    private static func blocking<T: Sendable>(_ body: @escaping @Sendable () throws(SystemError) -> T) async throws(RuntimeError) -> T {
        do throws(SystemError) { return try await KernelThread.run("kdash-node-files", body) } catch {
            throw RuntimeError(.system, "cannot prepare the node's directories", cause: error)
        }
    }
}

/// Waits until the process behind a pidfd has ended.
func waitForEnd(_ pidfd: CInt, _ timeout: Duration) -> Bool {
    do throws(SystemError) { return try pollReadable([pidfd], timeout: timeout)[0] } catch { return false }
}
