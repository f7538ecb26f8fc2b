internal import CLinux
internal import Glibc
internal import LinuxKernel
internal import Synchronization

/// Sends each event of a connection to whom it concerns: an exec's waiter, or the consumer of all containers.
final class SupervisorRouter: Sendable {
    let events: AsyncStream<SupervisorEvent>
    private let eventSink: AsyncStream<SupervisorEvent>.Continuation
    private let process = Mutex<CInt>(-1)
    private let execs = Mutex<[String: ExecCompletion]>([:])

    init() {
        (events, eventSink) = AsyncStream.makeStream()
    }

    func expect(exec id: String, _ completion: ExecCompletion) { execs.withLock { $0[id] = completion } }

    func forget(exec id: String) { execs.withLock { _ = $0.removeValue(forKey: id) } }

    func handle(_ event: PlanReader) {
        for field in event where field.isTag(KD_CONTAINER) {
            let container = WireContainer(field)
            if let exec = execs.withLock({ $0.removeValue(forKey: container.id) }) {
                exec.finish(container.exit)
            } else {
                eventSink.yield(.exited(id: container.id, container.exit))
            }
        }
    }

    /// The supervisor's process, to be reaped when it ends; a copy of the descriptor is kept.
    func follow(_ pidfd: CInt) {
        let copy = fcntl(pidfd, F_DUPFD_CLOEXEC, 3)  // Refused: a zombie until this program ends.
        process.withLock { $0 = copy }
    }

    /// Stops following: the supervisor goes on without us.
    func leave() {
        let copy = process.withLock { process in
            defer { process = -1 }
            return process
        }
        if copy >= 0 { _ = close(copy) }
    }

    func lose() {
        let orphans = execs.withLock { execs in
            defer { execs = [:] }
            return execs.values
        }
        for exec in orphans { exec.finish(ExitRecord(code: 137, signal: 9, isOutOfMemory: false, finishedAt: .now())) }
        eventSink.yield(.lost)
        eventSink.finish()
        let ended = process.withLock { $0 }
        if ended >= 0 {
            // The socket closes a moment before the process can be reaped. Not our child after a daemon restart.
            do throws(SystemError) { _ = try pollReadable([ended], timeout: .seconds(2)) } catch {}  // then it stays a zombie
            _ = kd_reap_pidfd(ended)
        }
        leave()
    }
}
