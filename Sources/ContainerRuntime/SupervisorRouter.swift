internal import CLinux
internal import LinuxKernel
internal import Synchronization

/// Sends each event of a connection to whom it concerns: an exec's waiter, or the consumer of all containers.
final class SupervisorRouter: Sendable {
    let events: AsyncStream<SupervisorEvent>
    private let eventSink: AsyncStream<SupervisorEvent>.Continuation
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

    func lose() {
        let orphans = execs.withLock { execs in
            defer { execs = [:] }
            return execs.values
        }
        for exec in orphans { exec.finish(ExitRecord(code: 137, signal: 9, isOutOfMemory: false, finishedAt: .now())) }
        eventSink.yield(.lost)
        eventSink.finish()
    }
}
