internal import CLinux
internal import Glibc
package import LinuxKernel
internal import Synchronization

/// The daemon's side of a node: sandboxes, containers, execs. The supervisor behind it is a process of its own that
/// outlives the daemon; `attachOrStart` finds it again with everything it runs.
package final class NodeSupervisor: Sendable {
    /// The supervisor was started by this call, so nothing runs yet.
    package let isFresh: Bool
    /// Differs for every start of a supervisor.
    package let bootID: String
    /// Process id of the node's pid 1 as the daemon sees it.
    package let pid: Int32
    /// What the previous supervisor of this node left behind; only when fresh.
    package let interrupted: [InterruptedContainer]
    /// Ends of containers, each at least once: again after every reconnect until `acknowledge` or `remove`. Then `lost`,
    /// also after `disconnect`. For one consumer.
    package let events: AsyncStream<SupervisorEvent>

    let connection: SupervisorConnection
    let configuration: NodeSupervisorConfiguration
    let process: FileDescriptor
    /// Which program the supervisor is; empty when it is from before builds had names.
    let build: Mutex<String>
    private let router: SupervisorRouter

    init(
        configuration: NodeSupervisorConfiguration, connection: SupervisorConnection, router: SupervisorRouter, process: consuming FileDescriptor,
        bootID: String, build: String, pid: Int32, isFresh: Bool, interrupted: [InterruptedContainer]
    ) {
        self.configuration = configuration
        self.connection = connection
        self.router = router
        self.process = process
        self.bootID = bootID
        self.build = Mutex(build)
        self.pid = pid
        self.isFresh = isFresh
        self.interrupted = interrupted
        events = router.events
        router.follow(self.process.raw)
    }

    deinit { disconnect() }

    /// Handles of the node's own network namespace.
    package func nodeHandles() async throws(RuntimeError) -> SandboxHandles {
        try handles(of: await connection.call(KD_OP_NODE_HANDLES))
    }

    /// Makes the namespaces a pod's containers share. With `usesHostNetwork` the handles are the node's.
    package func createSandbox(_ spec: SandboxSpec) async throws(RuntimeError) -> SandboxHandles {
        let flags =
            (spec.usesHostNetwork ? Int(KD_SANDBOX_HOST_NETWORK) : 0) | (spec.usesHostIPC ? Int(KD_SANDBOX_HOST_IPC) : 0)
            | (spec.usesHostPID ? Int(KD_SANDBOX_HOST_PID) : 0) | (spec.sharesProcessNamespace ? Int(KD_SANDBOX_SHARED_PID) : 0)
        let id = try ContainerPlan.validated(id: spec.id)
        guard spec.hostname.utf8.count <= 64, spec.sysctls.count <= 64 else {
            throw RuntimeError(.invalid, "a host name has at most 64 bytes and a sandbox at most 64 settings")
        }
        let reply = try await connection.call(KD_OP_CREATE_SANDBOX) { writer throws(RuntimeError) in
            try writer.text(KD_ID, id)
            try writer.text(KD_HOSTNAME, spec.hostname)
            writer.number(KD_FLAGS, flags)
            for (name, value) in spec.sysctls.sorted(by: { $0.key < $1.key }) {
                // A rootless node has too few groups for "everybody may ping".
                if configuration.isRootless, name == "net.ipv4.ping_group_range" { continue }
                try writer.text(KD_SYSCTL, "\(name)=\(Self.setting(name, value, spec.users))")
            }
            if let users = spec.users {
                writer.number(KD_USERS, users.first)
                writer.number(KD_COUNT, users.count)
            }
        }
        let handles = try self.handles(of: reply)
        if let users = spec.users, reply.reader.first(where: { $0.isTag(KD_USERS) })?.number != UInt64(users.first) {
            // It left out what it does not know: containers would be root on the machine.
            try? await removeSandbox(id)  // best effort: it holds nothing yet
            throw RuntimeError(
                .incompatible,
                "the node's supervisor is of an earlier kdash, which knows no user namespaces of pods; `kdash down` and `kdash up` start this one")
        }
        return handles
    }

    /// The value of a kernel setting for a sandbox: groups are named by numbers that its users have.
    private static func setting(_ name: String, _ value: String, _ users: HostIDRange?) -> String {
        guard let users, name == "net.ipv4.ping_group_range", value == SandboxSpec.defaultSysctls[name] else { return value }
        return "0 \(users.count - 1)"
    }

    /// Whether sandboxes may have users of their own: an ordinary user has none of the machine's to give.
    package var givesUsers: Bool { !configuration.isRootless }

    /// Handles of an existing sandbox, after a daemon restart.
    package func sandboxHandles(_ id: String) async throws(RuntimeError) -> SandboxHandles {
        try handles(of: await call(KD_OP_SANDBOX_HANDLES, id))
    }

    /// Lets go of a sandbox's namespaces; with them the kernel removes its interfaces. Refused while a container of it runs.
    package func removeSandbox(_ id: String) async throws(RuntimeError) { _ = try await call(KD_OP_REMOVE_SANDBOX, id) }

    /// The ids of all sandboxes.
    package func sandboxes() async throws(RuntimeError) -> [String] {
        try await page(KD_OP_LIST_SANDBOXES) { $0.isTag(KD_ID) ? $0.text : nil }
    }

    /// Starts a container; returns when its program has been executed. `startError` when that was refused, `setupFailed` when it took
    /// longer than `launchLimit`.
    package func start(_ spec: ContainerSpec) async throws(RuntimeError) -> RunningContainer {
        let plan = try planFile(try ContainerPlan.bytes(for: spec))
        let reply = try await launch(KD_OP_START, spec.id, descriptors: [plan.raw])
        let process = try only(reply)
        return RunningContainer(id: spec.id, pid: hostPID(of: process.raw), startedAt: started(reply))
    }

    /// Sends a signal to the first process of a container (or to an exec).
    package func signal(_ id: String, _ signal: Int32) async throws(RuntimeError) {
        _ = try await connection.call(KD_OP_SIGNAL) { writer throws(RuntimeError) in
            try writer.text(KD_ID, id)
            writer.number(KD_NUMBER, signal)
        }
    }

    /// Kills every process of a container's cgroup; nothing when it has ended.
    package func kill(_ id: String) async throws(RuntimeError) { _ = try await call(KD_OP_KILL, id) }

    /// Forgets an ended container. Its directories and its cgroup are the caller's to remove.
    package func remove(_ id: String) async throws(RuntimeError) { _ = try await call(KD_OP_REMOVE, id) }

    /// The end of this container has been recorded and need not be reported to the next daemon.
    package func acknowledge(_ id: String) async throws(RuntimeError) { _ = try await call(KD_OP_ACKNOWLEDGE, id) }

    /// The write end of a container's standard input, or its terminal's master.
    package func attach(_ id: String) async throws(RuntimeError) -> FileDescriptor { try only(try await call(KD_OP_ATTACH, id)) }

    /// Closes the supervisor's own write end of a container's standard input, so that closing the attached one ends it.
    package func closeInput(_ id: String) async throws(RuntimeError) { _ = try await call(KD_OP_CLOSE_INPUT, id) }

    /// Changes the size of a container's terminal.
    package func resize(_ id: String, _ size: TerminalSize) async throws(RuntimeError) {
        _ = try await connection.call(KD_OP_RESIZE) { writer throws(RuntimeError) in
            try writer.text(KD_ID, id)
            writer.number(KD_TERMINAL, ContainerPlan.pack(size))
        }
    }

    /// Every container the supervisor knows, running or ended and not yet removed.
    package func list() async throws(RuntimeError) -> [ContainerRecord] {
        let found = try await page(KD_OP_LIST) { $0.isTag(KD_CONTAINER) ? WireContainer($0) : nil }
        var records: [ContainerRecord] = []
        for container in found {
            var state = ContainerRecord.State.exited(container.exit)
            if container.isRunning { state = .running(pid: await self.pid(of: container.id)) }
            records.append(ContainerRecord(id: container.id, sandboxID: container.sandboxID, startedAt: container.startedAt, state: state))
        }
        return records
    }

    /// A TCP connection to `port` of 127.0.0.1 inside a sandbox; non-blocking, CLOEXEC.
    package func dial(sandbox: String, port: UInt16) async throws(RuntimeError) -> FileDescriptor {
        let reply = try await connection.call(KD_OP_SOCKET) { writer throws(RuntimeError) in
            try writer.text(KD_SANDBOX, sandbox)
            writer.number(KD_DOMAIN, AF_INET)
            writer.number(KD_TYPE, Int32(SOCK_STREAM.rawValue))
        }
        let socket = try only(reply)
        // Loopback answers at once, but an accept queue may be full: not on the cooperative pool.
        let raw = socket.raw
        try await KernelThread.run("kdash-dial") { () throws(RuntimeError) in
            if InternetSocketAddress(IPv4Address(127, 0, 0, 1), port).use({ connect(raw, $0, $1) }) < 0 {
                throw RuntimeError(.system, "nothing listens on port \(port) of the pod", cause: .last("connect", "127.0.0.1:\(port)"))
            }
        }
        do throws(SystemError) { try socket.setNonBlocking(true) } catch { throw RuntimeError(.system, "cannot use the connection", cause: error) }
        return socket
    }

    /// Runs a further program in a running container; errors as of ``start(_:)``.
    package func exec(_ spec: ExecSpec) async throws(RuntimeError) -> ExecHandle {
        let id = "exec-\(SecureRandom.hex(8))"
        let plan = try planFile(try ContainerPlan.bytes(for: spec, id: id))
        var pipes = try ExecPipes(hasInput: spec.hasInput, hasTerminal: spec.process.hasTerminal)
        let completion = ExecCompletion()
        router.expect(exec: id, completion)
        let reply: SupervisorConnection.Reply
        do throws(RuntimeError) {
            reply = try await launch(KD_OP_EXEC, id, descriptors: [plan.raw] + pipes.theirs)
        } catch {
            router.forget(exec: id)
            throw error
        }
        var received = reply.descriptors
        guard !received.isEmpty else { throw RuntimeError(.incompatible, "the supervisor sent no process") }
        let process = FileDescriptor(received.removeFirst())
        var streams = pipes.takeOurs()
        if let terminal = received.first { streams[.terminal] = terminal }
        return ExecHandle(id: id, pid: hostPID(of: process.raw), streams: streams, completion: completion, supervisor: self)
    }

    /// Whether the supervisor's process ends within `limit`, and with it everything in the node; false when it is only out of reach.
    package func hasEnded(within limit: Duration) async -> Bool {
        let (process, pid, cgroups) = (process.raw, pid, configuration.cgroups)
        return await KernelThread.run("kdash-node-end") {
            if waitForEnd(process, limit) { return true }
            guard ProcessLife.isEnding(pid) else { return false }
            return NodeSupervisor.killUntilEnd(process, cgroups, seconds: 120)
        }
    }

    /// Leaves the node running by itself.
    package func disconnect() {
        router.leave()
        connection.close()
    }
}

extension NodeSupervisor {
    private func call(_ operation: kd_operation, _ id: String) async throws(RuntimeError) -> SupervisorConnection.Reply {
        try await connection.call(operation) { writer throws(RuntimeError) in try writer.text(KD_ID, id) }
    }

    private func page<T>(_ operation: kd_operation, _ pick: (PlanReader.Field) -> T?) async throws(RuntimeError) -> [T] {
        var all: [T] = []
        var index: UInt64 = 0
        repeat {
            let from = index
            let reply = try await connection.call(operation) { writer throws(RuntimeError) in writer.number(KD_INDEX, from) }
            index = 0
            for field in reply.reader {
                if field.isTag(KD_INDEX) { index = field.number ?? 0 } else if let item = pick(field) { all.append(item) }
            }
            guard index == 0 || index > from else { throw RuntimeError(.incompatible, "the supervisor's list does not end") }
        } while index != 0
        return all
    }

    private func pid(of id: String) async -> Int32 {
        do throws(RuntimeError) {
            let process = try only(try await call(KD_OP_PIDFD, id))
            return hostPID(of: process.raw)
        } catch {
            return 0  // It ended since it was listed; its event follows.
        }
    }

    private func started(_ reply: SupervisorConnection.Reply) -> Timestamp {
        let value = reply.reader.first { $0.isTag(KD_STARTED) }?.number ?? 0
        return Timestamp(nanosecondsSince1970: Int64(bitPattern: value))
    }

    private func handles(of reply: SupervisorConnection.Reply) throws(RuntimeError) -> SandboxHandles {
        guard reply.descriptors.count == 2 else {
            for descriptor in reply.descriptors { _ = close(descriptor) }
            throw RuntimeError(.incompatible, "the supervisor sent \(reply.descriptors.count) descriptors instead of 2")
        }
        return SandboxHandles(networkNamespace: FileDescriptor(reply.descriptors[0]), netlink: FileDescriptor(reply.descriptors[1]))
    }

    private func planFile(_ bytes: [UInt8]) throws(RuntimeError) -> FileDescriptor {
        guard bytes.count <= Int(KD_PLAN_LIMIT) else {
            throw RuntimeError(.invalid, "the container's arguments and environment take \(bytes.count) bytes; \(Int(KD_PLAN_LIMIT)) is the most")
        }
        do throws(SystemError) {
            let file = try FileDescriptor.memory(named: "kdash-plan")
            try file.writeAll(bytes)
            return file
        } catch { throw RuntimeError(.system, "cannot write the container's plan", cause: error) }
    }
}

/// The one descriptor a reply must carry.
func only(_ reply: SupervisorConnection.Reply) throws(RuntimeError) -> FileDescriptor {
    guard let first = reply.descriptors.first else { throw RuntimeError(.incompatible, "the supervisor sent no descriptor") }
    for extra in reply.descriptors.dropFirst() { _ = close(extra) }
    return FileDescriptor(first)
}

/// The process a pidfd stands for, in this process's own numbering; 0 when it has ended or cannot be seen.
func hostPID(of pidfd: CInt) -> Int32 {
    do throws(SystemError) {
        for line in try FileSystem.readText("/proc/self/fdinfo/\(pidfd)").split(separator: "\n") where line.hasPrefix("Pid:") {
            return max(0, Int32(line.dropFirst(4).drop { $0 == "\t" || $0 == " " }) ?? 0)
        }
    } catch { return 0 }  // No proc, no number.
    return 0
}
