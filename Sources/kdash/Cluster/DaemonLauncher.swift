import Glibc
import JSONCore
import LinuxKernel

/// Starts the daemon in the background and waits until it is ready, or attaches to the one that runs.
struct DaemonLauncher: Sendable {
    let directory: DataDirectory
    /// Passed on to `kdash serve`.
    var arguments: [String] = []

    /// What the daemon said when it was ready.
    struct Ready: Sendable, Hashable {
        /// `https://127.0.0.1:PORT`.
        var server: String
        var kubeconfig: String
        /// From the start of the process to ready, or zero when it ran already.
        var elapsed: Duration
        /// What was changed on the host and what the user should know.
        var notes: [String]
        var wasRunning: Bool
    }

    /// Whether a daemon serves the directory now.
    var isRunning: Bool {
        get throws(CommandError) {
            do throws(SystemError) {
                return try FileLock.isHeld(directory.lock)
            } catch {
                throw CommandError("cannot look at \(directory.lock): \(error)")
            }
        }
    }

    /// The daemon that holds the lock was killed: its program is gone, and its threads let go of files and sockets one after the other.
    private var isDying: Bool {
        get throws(CommandError) {
            do throws(SystemError) {
                guard let pid = Int32(try FileLock.text(directory.lock).prefix { $0.isNumber }) else { return false }
                return ProcessLife.isEnding(pid)
            } catch {
                throw CommandError("cannot look at \(directory.lock): \(error)")
            }
        }
    }

    /// The last daemon ended because it was asked to, or the cluster was removed.
    private var wasStopped: Bool {
        get throws(CommandError) {
            do throws(SystemError) {
                let pid = try FileLock.text(directory.lock)
                return pid.isEmpty || !FileSystem.exists(directory.instance)
            } catch {
                throw CommandError("cannot look at \(directory.lock): \(error)")
            }
        }
    }

    /// How long a daemon that somebody else has started may take to serve.
    private static let patience: Duration = .seconds(20)

    /// Starts the daemon unless it runs or somebody else is quicker, and returns once it is ready. Blocking.
    func start() throws(CommandError) -> Ready {
        try repeatedly { () throws(CommandError) in try attempt() }
    }

    /// As ``start()``, but only after a crash: nil when somebody stopped the cluster or removed it. Blocking.
    func revive() throws(CommandError) -> Ready? {
        try repeatedly { () throws(CommandError) -> Ready?? in
            if try !isRunning, try wasStopped { return .some(nil) }
            return try attempt().map(Optional.some)
        }
    }

    /// Tries until there is a result or patience ends.
    private func repeatedly<Result>(_ attempt: () throws(CommandError) -> Result?) throws(CommandError) -> Result {
        let clock = SystemTimeSource()
        let deadline = clock.monotonic() + Self.patience
        while clock.monotonic() < deadline {
            if let result = try attempt() { return result }
        }
        throw CommandError(
            "the daemon that holds \(directory.lock) does not serve after \(Self.patience.components.seconds) s; see \(directory.daemonLog), or end it with `kdash down`"
        )
    }

    /// Uses the daemon that runs, or starts one; nil when it does not serve yet, or another was quicker.
    private func attempt() throws(CommandError) -> Ready? {
        if try isRunning {
            if let ready = try attach() { return ready }
            usleep(5000)
            return nil
        }
        let clock = SystemTimeSource()
        let started = clock.monotonic()
        let reader: FileDescriptor
        do throws(SystemError) {
            reader = try spawn()
        } catch {
            throw CommandError("cannot start the daemon: \(error)")
        }
        guard var ready = try read(reader) else { return nil }
        ready.elapsed = clock.monotonic() - started
        return ready
    }

    /// Starts the daemon; returns the end of the pipe that its announcement comes from.
    private func spawn() throws(SystemError) -> FileDescriptor {
        var ends: [CInt] = [-1, -1]
        try SystemError.check("pipe") { pipe(&ends) }
        let reader = FileDescriptor(ends[0])
        let writer = FileDescriptor(ends[1])
        for end in ends { try SystemError.check("fcntl", "FD_CLOEXEC") { fcntl(end, F_SETFD, FD_CLOEXEC) } }
        _ = try ChildProcess.start(
            "/proc/self/exe", arguments: ["kdash", "serve", "--data-dir", directory.path, "--announce-to", "3"] + arguments,
            inherited: [writer.raw], newSession: true)
        return reader
    }

    /// Reads the daemon's announcement: one JSON object, or nothing when it died. Nil when another daemon was quicker.
    private func read(_ reader: borrowing FileDescriptor) throws(CommandError) -> Ready? {
        var bytes: [UInt8] = []
        do throws(SystemError) {
            while !bytes.contains(0x0A) {
                let chunk = try reader.read(maximum: 4096)
                if chunk.isEmpty { break }
                bytes += chunk
            }
        } catch {
            throw CommandError("cannot hear from the daemon: \(error)")
        }
        guard let value = try? JSON.parse(bytes.filter { $0 != 0x0A }) else {  // best effort: it died without a word
            throw CommandError("the daemon ended before it was ready; see \(directory.daemonLog)")
        }
        if let message = value["error"]?.stringValue { throw CommandError(message) }
        if value["isRunning"]?.boolValue == true { return nil }
        return Ready(
            server: value["server"]?.stringValue ?? "", kubeconfig: value["kubeconfig"]?.stringValue ?? directory.kubeconfig, elapsed: .zero,
            notes: value["notes"]?.arrayValue?.compactMap(\.stringValue) ?? [], wasRunning: false)
    }

    /// What the running daemon serves; nil while it is still starting, or dies and has not let go of everything yet.
    private func attach() throws(CommandError) -> Ready? {
        guard try !isDying, let instance = try ClusterInstance.load(directory), FileSystem.exists(directory.kubeconfig), LocalPort.isListening(instance.apiPort)
        else { return nil }
        return Ready(
            server: "https://127.0.0.1:\(instance.apiPort)", kubeconfig: directory.kubeconfig, elapsed: .zero, notes: [], wasRunning: true)
    }
}
