package import APIMachinery
package import LinuxKernel
import Synchronization

/// The gate every request of a client passes: it keeps contexts that kdash did not create from being changed by accident.
///
/// A closed gate passes reads, dry runs and access reviews, and refuses everything else: unknown requests are writes.
package final class ContextGate: Sendable {
    /// How the gate treats writes.
    package enum Mode: Sendable, Hashable {
        /// Everything passes: the context is kdash's own.
        case open
        /// Writes are refused until the user has typed the context's name, where `canUnlock` allows that at all.
        case protected(canUnlock: Bool)
        /// Writes are refused for good, because the user said `--readonly`.
        case readonly
    }

    /// When an unlock ends, by both clocks: the one that never goes back stands still while the machine sleeps.
    private struct Unlock {
        var monotonic: Duration
        var wall: Timestamp
    }

    private struct State {
        var unlock: Unlock?
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextListener = 0
    }

    /// How long an unlock holds.
    package static let unlockDuration: Duration = .seconds(15 * 60)

    /// The context's name, for messages.
    package let context: String
    /// How the gate treats writes.
    package let mode: Mode
    private let time: any TimeSource
    private let state = Mutex(State())

    /// A gate for a context.
    package init(context: String, mode: Mode, time: any TimeSource = SystemTimeSource()) {
        self.context = context
        self.mode = mode
        self.time = time
    }

    /// A gate that everything passes.
    package static let open = ContextGate(context: "", mode: .open)

    /// Whether typing the context's name opens it.
    package var canUnlock: Bool { mode == .protected(canUnlock: true) && !context.isEmpty }

    /// Whether a write would pass now.
    package var isWritable: Bool { mode == .open || remaining != nil }

    /// How long an unlock still holds; nil when there is none.
    package var remaining: Duration? { state.withLock { left($0.unlock) } }

    private func left(_ unlock: Unlock?) -> Duration? {
        guard let unlock else { return nil }
        let left = min(unlock.monotonic - time.monotonic(), unlock.wall - time.now())
        return left > .zero ? left : nil
    }

    /// The word for the screen: WRITABLE, PROTECTED or READ-ONLY.
    package var label: String {
        if isWritable { return "WRITABLE" }
        return mode == .readonly ? "READ-ONLY" : "PROTECTED"
    }

    /// Lets writes pass for ``unlockDuration`` from now on, when the typed text is the context's name and this gate can be unlocked at all.
    package func unlock(typedName: String) -> Bool {
        guard canUnlock, typedName == context else { return false }
        let unlock = Unlock(monotonic: time.monotonic() + Self.unlockDuration, wall: time.now().advanced(by: Self.unlockDuration))
        change { $0.unlock = unlock }
        return true
    }

    /// Closes an unlocked gate.
    package func lock() { change { $0.unlock = nil } }

    /// Closes a gate whose time is over. True for the one caller that finds it so, who may tell the user.
    package func expire() -> Bool {
        var isFirst = false
        change { state in
            isFirst = state.unlock != nil && left(state.unlock) == nil
            if isFirst { state.unlock = nil }
        }
        return isFirst
    }

    /// Told of every unlocking and locking from now on; many in a row are told as one. That the time is over is not told: see ``remaining``.
    package func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.nextListener += 1
            state.listeners[state.nextListener] = continuation
            return state.nextListener
        }
        continuation.onTermination = { [weak self] _ in self?.forget(id) }
        return stream
    }

    private func forget(_ listener: Int) { _ = state.withLock { $0.listeners.removeValue(forKey: listener) } }

    private func change(_ body: (inout State) -> Void) {
        let listeners = state.withLock { state in
            let wasUnlocked = state.unlock != nil
            body(&state)
            return wasUnlocked || state.unlock != nil ? Array(state.listeners.values) : []
        }
        for listener in listeners { listener.yield() }
    }

    /// Throws 403 Forbidden when the request may not pass.
    package func check(_ request: APIRequest) throws(APIStatus) {
        guard !isWritable, RequestClass(request) == .write else { return }
        throw refusal("\(request.method.rawValue) \(request.path)")
    }

    /// Throws 403 Forbidden when no exec, attach or port-forward session may be opened.
    package func checkSession(_ request: APIRequest) throws(APIStatus) {
        guard !isWritable else { return }
        throw refusal("a session at \(request.path)")
    }

    private func refusal(_ what: String) -> APIStatus {
        let remedy =
            switch mode {
            case .readonly: "kdash was started with --readonly; start it without to make changes"
            case .protected(canUnlock: true): "unlock the context for 15 minutes by typing its name"
            case .protected, .open:
                "kdash did not create it and only reads and dry-runs there; make the change with kubectl --context \(context)"
            }
        return APIStatus(
            code: 403, reason: .forbidden, message: "context \"\(context)\" is \(label.lowercased()): \(what) was not sent; \(remedy)")
    }
}
