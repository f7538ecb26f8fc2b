import Glibc
import LinuxKernel
import Logging
import Synchronization

/// The process around a `Daemon`: lock, log, signals, exit status.
enum DaemonProcess {
    /// Runs until the cluster is stopped; returns the exit status.
    static func run(_ options: DaemonOptions) -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        umask(0o022)
        do throws(CommandError) {
            guard let lock = try prepare(options) else {
                options.announcement.foundRunning()
                if !options.isDetached { Output.error("kdash: a daemon already runs in \(options.directory.path); `kdash status` shows it") }
                return 1
            }
            lock.holdUntilExit()
            if options.isDetached { try redirectOutput(to: options.directory.daemonLog) }
            let logger = Logger(label: "kdash") { _ in LineLogHandler() }
            let stop = StopSignal()
            stop.listen()
            try Blocking.run { () throws(CommandError) in
                try await Daemon(options: options, logger: logger, stop: stop).run()
            }
            markStopped(lock, logger)
            return 0
        } catch {
            options.announcement.failed(error.message)
            if !options.isDetached { Output.error("kdash: \(error.message)") }
            return 1
        }
    }

    /// Makes the directory and takes its lock; nil when a daemon has it.
    private static func prepare(_ options: DaemonOptions) throws(CommandError) -> FileLock? {
        let directory = options.directory
        do throws(SystemError) {
            try FileSystem.makeDirectories(directory.path, mode: 0o711)
            let acquired = try FileLock.tryAcquire(directory.lock)
            try acquired?.write("\(getpid())\n")
            return acquired
        } catch {
            throw CommandError("cannot use \(directory.path): \(error); choose another directory with --data-dir")
        }
    }

    /// An end that was wished for leaves no pid behind, a crash does (`DaemonLauncher.revive`).
    private static func markStopped(_ lock: FileLock, _ logger: Logger) {
        do throws(SystemError) {
            try lock.write("")
        } catch {
            logger.warning("a screen that is open will start the cluster again: the lock cannot be written", metadata: ["error": "\(error)"])
        }
    }

    /// One earlier log is kept.
    private static func redirectOutput(to path: String) throws(CommandError) {
        do throws(SystemError) {
            if FileSystem.exists(path) { try FileSystem.rename(path, path + ".1") }
            let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW)
            for target: CInt in [1, 2] {
                let raw = file.raw
                try SystemError.check("dup2", path) { dup2(raw, target) }
            }
        } catch {
            throw CommandError("cannot write \(path): \(error)")
        }
    }
}

/// The wish to end, from a signal or from `kdash down`; may come more than once and from any thread.
final class StopSignal: Sendable {
    private struct State {
        var isRaised = false
        var waiters: [@Sendable () -> Void] = []
    }

    private let state = Mutex<State>(State())

    /// Raises the wish on SIGTERM and SIGINT; SIGHUP is ignored, since a daemon has no terminal to lose. Call it before other threads exist.
    func listen() {
        signal(SIGHUP, SIG_IGN)
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        let awaited = signals
        KernelThread.start("kdash-signals") { [self] in
            var awaited = awaited
            var number: CInt = 0
            while sigwait(&awaited, &number) == 0 { raise() }
        }
    }

    func raise() {
        let waiters = state.withLock { state in
            state.isRaised = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter() }
    }

    /// Whether the wish is there.
    var isRaised: Bool { state.withLock { $0.isRaised } }

    /// Calls `body` once the wish is there, at once when it is already.
    func whenRaised(_ body: @escaping @Sendable () -> Void) {
        let isRaised = state.withLock { state in
            if !state.isRaised { state.waiters.append(body) }
            return state.isRaised
        }
        if isRaised { body() }
    }

    /// Returns once the wish is there.
    func wait() async {
        await withCheckedContinuation { continuation in whenRaised { continuation.resume() } }
    }
}
