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

    /// How long an unlock holds.
    package static let unlockDuration: Duration = .seconds(15 * 60)

    /// The context's name, for messages.
    package let context: String
    /// How the gate treats writes.
    package let mode: Mode
    private let time: any TimeSource
    private let unlockedUntil = Mutex<Duration?>(nil)

    /// A gate for a context.
    package init(context: String, mode: Mode, time: any TimeSource = SystemTimeSource()) {
        self.context = context
        self.mode = mode
        self.time = time
    }

    /// A gate that everything passes.
    package static let open = ContextGate(context: "", mode: .open)

    /// Whether a write would pass now.
    package var isWritable: Bool {
        switch mode {
        case .open: true
        case .readonly: false
        case .protected: unlockedUntil.withLock { until in until.map { time.monotonic() < $0 } ?? false }
        }
    }

    /// The word for the screen: WRITABLE, PROTECTED or READ-ONLY.
    package var label: String {
        if isWritable { return "WRITABLE" }
        return mode == .readonly ? "READ-ONLY" : "PROTECTED"
    }

    /// Lets writes pass for ``unlockDuration`` when the typed text is the context's name and this gate can be unlocked at all.
    package func unlock(typedName: String) -> Bool {
        guard mode == .protected(canUnlock: true), typedName == context, !context.isEmpty else { return false }
        unlockedUntil.withLock { $0 = time.monotonic() + Self.unlockDuration }
        return true
    }

    /// Closes an unlocked gate.
    package func lock() {
        unlockedUntil.withLock { $0 = nil }
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
            case .protected(canUnlock: true): "type the context's name to unlock it for 15 minutes"
            case .protected, .open:
                "kdash did not create it and only reads and dry-runs there; make the change with kubectl --context \(context)"
            }
        return APIStatus(
            code: 403, reason: .forbidden, message: "context \"\(context)\" is \(label.lowercased()): \(what) was not sent; \(remedy)")
    }
}
