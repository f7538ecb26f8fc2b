package import LinuxKernel
import Synchronization

/// The last requests of a program, newest last, in bounded memory.
package final class RequestLog: Sendable {
    private struct State {
        var entries: [SentRequest] = []
        var next = 1
        var recordsReads = false
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextListener = 0
    }

    /// The most requests that are kept.
    package static let capacity = 500

    private let state = Mutex(State())
    private let time: any TimeSource

    /// An empty log.
    package init(time: any TimeSource) { self.time = time }

    /// What was sent, oldest first.
    package var entries: [SentRequest] { state.withLock { $0.entries } }

    /// One entry; nil when it is not kept any more.
    package func entry(_ id: Int) -> SentRequest? { state.withLock { state in state.entries.first { $0.id == id } } }

    /// Whether reads and dry runs are kept, too. Default false.
    package var recordsReads: Bool {
        get { state.withLock { $0.recordsReads } }
        set {
            state.withLock { $0.recordsReads = newValue }
            tell()
        }
    }

    /// Notes a request that is about to be sent; nil when its kind is not kept.
    package func begin(_ request: APIRequest, context: String, isSession: Bool = false) -> Int? {
        let kind = isSession ? (request.isLook ? RequestClass.read : .write) : RequestClass(request)
        let id: Int? = state.withLock { state in
            guard kind == .write || state.recordsReads else { return nil }
            defer { state.next += 1 }
            return state.next
        }
        guard let id else { return nil }
        let entry = SentRequest(id: id, request, context: context, sentAt: time.now(), isSession: isSession)
        state.withLock { state in
            state.entries.append(entry)
            if state.entries.count > Self.capacity { state.entries.removeFirst(state.entries.count - Self.capacity) }
        }
        tell()
        return id
    }

    /// Notes how a request ended.
    package func end(_ id: Int, _ outcome: SentRequest.Outcome) {
        state.withLock { state in
            guard let index = state.entries.lastIndex(where: { $0.id == id }) else { return }
            state.entries[index].outcome = outcome
        }
        tell()
    }

    /// Tells of every change from now on, until its reader ends; one tell stands for any number of changes.
    package func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.nextListener += 1
            state.listeners[state.nextListener] = continuation
            return state.nextListener
        }
        continuation.onTermination = { [weak self] _ in _ = self?.state.withLock { $0.listeners.removeValue(forKey: id) } }
        return stream
    }

    private func tell() {
        for listener in state.withLock({ Array($0.listeners.values) }) { listener.yield() }
    }
}
