internal import CLinux
internal import Glibc
internal import LinuxKernel
internal import Synchronization

/// One connection to a node supervisor: sends requests, matches replies by id, hands events on. A thread of its own
/// blocks on the socket; nothing here blocks the cooperative pool.
final class SupervisorConnection: Sendable {
    /// A reply without an error.
    struct Reply: Sendable {
        let fields: [UInt8]
        /// Owned by whoever takes the reply.
        let descriptors: [CInt]

        var reader: PlanReader { PlanReader(fields[...]) }
    }

    private struct State {
        var next: UInt64 = 1
        /// What both ends know; the oldest until the supervisor has said what it speaks.
        var version = UInt16(KD_OLDEST_VERSION)
        var isLost = false
        /// The other end may be silent.
        var isPatient = true
        var waiting: [UInt64: CheckedContinuation<Result<Reply, RuntimeError>, Never>] = [:]
    }

    private let socket: FileDescriptor
    private let state = Mutex(State())
    /// How long the other end may take no request.
    private let sendLimit: Duration
    private let onEvent: @Sendable (PlanReader) -> Void
    private let onLost: @Sendable () -> Void

    /// Connects to `supervisor.sock` in `directory`; nil when nobody listens there.
    static func open(
        directory: String, sendLimit: Duration = .seconds(10), onEvent: @escaping @Sendable (PlanReader) -> Void,
        onLost: @escaping @Sendable () -> Void
    ) throws(SystemError) -> SupervisorConnection? {
        // Reached through a descriptor: socket paths are limited to 107 bytes.
        let folder = try FileDescriptor.open(directory, CInt(KD_O_PATH) | O_DIRECTORY)
        do throws(SystemError) {
            let socket = try UnixSocket.connect("/proc/self/fd/\(folder.raw)/supervisor.sock", kind: .sequencedPacket)
            return SupervisorConnection(socket: socket, sendLimit: sendLimit, onEvent: onEvent, onLost: onLost)
        } catch  where error.errno == ENOENT || error.errno == ECONNREFUSED {
            return nil
        }
    }

    private init(
        socket: consuming FileDescriptor, sendLimit: Duration, onEvent: @escaping @Sendable (PlanReader) -> Void,
        onLost: @escaping @Sendable () -> Void
    ) {
        self.socket = socket
        self.sendLimit = sendLimit
        self.onEvent = onEvent
        self.onLost = onLost
        // Requests are sent from the cooperative pool: a supervisor that takes none must not hold it.
        setTimeout(SO_SNDTIMEO, sendLimit)
    }

    /// Starts listening; called once.
    func start() {
        KernelThread.start("kdash-node-io") { [self] in
            while let message = receive() { handle(message) }
            lose()
        }
    }

    /// The process that listens at the other end has ended, or does within `timeout`. Blocks.
    func peerEnds(within timeout: Duration) -> Bool {
        do throws(SystemError) {
            let process = try ChildProcess.pidfd(of: try UnixSocket.peer(of: socket).pid)
            return try pollReadable([process.raw], timeout: timeout)[0]
        } catch {
            return error.errno == ESRCH
        }
    }

    /// How long the other end may be silent before it counts as lost; nil for ever, as one where nothing happens is.
    func setPatience(_ limit: Duration?) {
        state.withLock { $0.isPatient = limit == nil }
        setTimeout(SO_RCVTIMEO, limit ?? .zero)
    }

    private func setTimeout(_ option: CInt, _ limit: Duration) {
        var time = timeval(tv_sec: Int(limit.components.seconds), tv_usec: Int(limit.components.attoseconds / 1_000_000_000_000))
        // best effort: refused only where a socket has no such limit, which this one has
        _ = setsockopt(socket.raw, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Sends a request whose reply nobody waits for. Blocks for the send limit at most. `supervisorLost` when it was not sent.
    func post(
        _ operation: kd_operation, _ body: (inout PlanWriter) throws(RuntimeError) -> Void = { _ throws(RuntimeError) in }
    ) throws(RuntimeError) {
        var writer = PlanWriter()
        try body(&writer)
        let (version, isLost) = state.withLock { ($0.version, $0.isLost) }
        if isLost { throw .lost }
        do throws(SystemError) {
            try UnixSocket.send(message(operation, id: 0, version: version, fields: writer.bytes), to: socket.raw)
        } catch { throw unsent(error) }
    }

    /// Why a request was not sent. One that takes nothing for so long is cut off: whoever asks next must not wait as long again.
    private func unsent(_ cause: SystemError) -> RuntimeError {
        guard cause.errno == EAGAIN else { return RuntimeError(.supervisorLost, RuntimeError.lost.message, cause: cause) }
        close()
        return RuntimeError(.supervisorLost, "the node's supervisor took no request for \(sendLimit) and was disconnected", cause: cause)
    }

    /// Ends the connection; the listening thread then reports the loss.
    func close() { _ = shutdown(socket.raw, CInt(SHUT_RDWR)) }

    /// The number of a request that is still to be sent, for whoever wants to give it up.
    func reserve() -> UInt64 {
        state.withLock { state in
            defer { state.next += 1 }
            return state.next
        }
    }

    /// Lets a request fail that was not answered yet; an answer that comes later is discarded, with its descriptors.
    func abandon(_ request: UInt64, _ reason: RuntimeError) {
        let waiting = state.withLock { $0.waiting.removeValue(forKey: request) }
        waiting?.resume(returning: .failure(reason))
    }

    /// Sends a request and waits for its reply. `request` is its number from ``reserve()``; nil takes the next.
    func call(
        _ operation: kd_operation, request: UInt64? = nil, descriptors: [CInt] = [],
        _ body: (inout PlanWriter) throws(RuntimeError) -> Void = { _ throws(RuntimeError) in }
    ) async throws(RuntimeError) -> Reply {
        let id = request ?? reserve()
        var writer = PlanWriter()
        try body(&writer)
        let fields = writer.bytes
        let result = await withCheckedContinuation { continuation in
            let spoken: UInt16? = state.withLock { state in
                guard !state.isLost else { return nil }
                state.waiting[id] = continuation
                return state.version
            }
            guard let version = spoken else {
                continuation.resume(returning: .failure(.lost))
                return
            }
            do throws(SystemError) {
                try UnixSocket.send(message(operation, id: id, version: version, fields: fields), descriptors: descriptors, to: socket.raw)
            } catch {
                abandon(id, unsent(error))
            }
        }
        return try result.get()
    }

    private func message(_ operation: kd_operation, id: UInt64, version: UInt16, fields: [UInt8]) -> [UInt8] {
        let size = MemoryLayout<kd_header>.size + fields.count
        let header = kd_header(
            magic: UInt32(KD_MAGIC), version: version, operation: UInt16(operation.rawValue), request: id, error: 0, size: UInt32(size))
        return withUnsafeBytes(of: header) { Array($0) } + fields
    }

    private func receive() -> UnixSocket.Message? {
        while true {
            do throws(SystemError) {
                let message = try UnixSocket.receive(maximum: Int(KD_MESSAGE_LIMIT), from: socket.raw)
                return message.bytes.isEmpty ? nil : message
            } catch {
                // A wait that began before patience was granted.
                if error.errno == EAGAIN, state.withLock({ $0.isPatient }) { continue }
                return nil  // The other end broke off, which is all there is to know.
            }
        }
    }

    private func handle(_ message: UnixSocket.Message) {
        let headerSize = MemoryLayout<kd_header>.size
        guard message.bytes.count >= headerSize else { return discard(message) }
        let header = message.bytes.withUnsafeBytes { $0.loadUnaligned(as: kd_header.self) }
        guard header.magic == UInt32(KD_MAGIC), Int(header.size) == message.bytes.count else { return discard(message) }
        let fields = message.bytes[headerSize...]
        if header.operation == UInt16(KD_OP_EXITED.rawValue) {
            onEvent(PlanReader(fields))
            return discard(message)
        }
        let answered = state.withLock { state in
            // Also after a replacement: the other program may speak another version.
            state.version = min(UInt16(KD_VERSION), max(UInt16(KD_OLDEST_VERSION), header.version))
            return state.waiting.removeValue(forKey: header.request)
        }
        guard let waiting = answered else { return discard(message) }
        if header.error == 0 {
            waiting.resume(returning: .success(Reply(fields: Array(fields), descriptors: message.descriptors)))
        } else {
            discard(message)
            waiting.resume(returning: .failure(RuntimeError(supervisorError: header.error, fields: PlanReader(fields))))
        }
    }

    private func discard(_ message: UnixSocket.Message) {
        for descriptor in message.descriptors { _ = Glibc.close(descriptor) }
    }

    private func lose() {
        let waiting = state.withLock { state in
            state.isLost = true
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for continuation in waiting { continuation.resume(returning: .failure(.lost)) }
        onLost()
    }
}

extension RuntimeError {
    static let lost = RuntimeError(.supervisorLost, "the node's supervisor has ended or was disconnected")

    /// What an error reply says.
    init(supervisorError number: Int32, fields: PlanReader) {
        var step = ""
        var path = ""
        for field in fields {
            if field.isTag(KD_STEP) { step = field.text ?? "" }
            if field.isTag(KD_PATH) { path = field.text ?? "" }
        }
        let cause = SystemError(call: step, errno: number, arguments: path)
        switch (step, number) {
        case ("execute", ENOENT): self.init(.startError, "\(path): no such program in the container (or its loader is missing)", cause: cause)
        case ("execute", EACCES): self.init(.startError, "\(path): not executable in the container", cause: cause)
        case ("execute", ENOEXEC): self.init(.startError, "\(path): not a program of this machine type, and no #! line", cause: cause)
        case ("execute", _): self.init(.startError, "\(path): cannot be executed", cause: cause)
        case ("open the log", ENXIO), ("open the log", EINVAL), ("open the log", ELOOP), ("open the log", EISDIR), ("open the log", ENOTDIR):
            self.init(
                .setupFailed, "\(path): a link, pipe or folder lies where the log is to be written; remove it from the pod's folder below logs/",
                cause: cause)
        case ("make a user namespace", ENOSPC):
            self.init(.notPermitted, "the machine has no room for a user namespace; raise /proc/sys/user/max_user_namespaces", cause: cause)
        case ("make a user namespace", EPERM):
            self.init(.notPermitted, "the node may not give users of the machine to pods: an ordinary user's node has none to give", cause: cause)
        case ("create the sandbox", ENOSPC):
            self.init(
                .notPermitted,
                "the machine has no room for the namespaces of a pod; raise max_net_namespaces, max_uts_namespaces, max_ipc_namespaces or max_pid_namespaces in /proc/sys/user",
                cause: cause)
        case ("map the users of", _):
            self.init(
                .setupFailed, "what is mounted at \(path) lies on a file system that cannot be shown to users of the pod's own (no id-mapped mounts)",
                cause: cause)
        case ("map the users of the directory", _):
            self.init(
                .setupFailed,
                "\(path) lies on a file system without id-mapped mounts; a pod with users of its own needs the data directory on one that has them, such as ext4, xfs or btrfs",
                cause: cause)
        case (_, ENOENT) where step.hasPrefix("find"): self.init(.notFound, "\(path): unknown to the node's supervisor", cause: cause)
        case (_, ESRCH): self.init(.notRunning, "\(path): not running", cause: cause)
        case (_, EEXIST): self.init(.alreadyExists, "\(path): exists already", cause: cause)
        case (_, EBADMSG): self.init(.invalid, "the supervisor could not read the request", cause: cause)
        case (_, EBUSY): self.init(.invalid, "\(path): still in use", cause: cause)
        case (_, ECANCELED): self.init(.setupFailed, "the container's process was killed while it was prepared (is its memory limit too small?)", cause: cause)
        default: self.init(.setupFailed, "\(step) \(path)", cause: cause)
        }
    }
}
