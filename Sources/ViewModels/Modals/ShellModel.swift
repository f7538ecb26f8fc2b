/// A terminal in a container; the screen emulates it.
@MainActor package final class ShellModel {
    /// How the session stands.
    package enum State: Sendable, Hashable {
        /// It is being opened.
        case connecting
        /// Keys go to the container.
        case open
        /// It is over; how.
        case ended(String)
    }
    /// The pod.
    package let binding: ObjectBinding
    /// The container.
    package let container: String
    /// How the session stands.
    package var state: State = .connecting {
        didSet { onChange() }
    }
    /// The cluster it runs in, and what may be done there.
    package let context: ContextState
    /// Takes what the container writes; set by the screen.
    package var onOutput: (([UInt8]) -> Void)? { didSet { flush() } }
    /// Takes what the user types; set by the driver.
    package var onInput: ([UInt8]) -> Void = { _ in }
    /// Takes the size in columns and rows; set by the driver, which may come after the screen: it is told the last size at once.
    package var onResize: (Int, Int) -> Void = { _, _ in } { didSet { if let size { onResize(size.columns, size.rows) } } }
    private var size: (columns: Int, rows: Int)?
    /// Ends the session.
    package var onClose: () -> Void = {}
    /// Begins another session in the same container.
    package var onReopen: () -> Void = {}
    /// Told when its state changed or it wrote something.
    package var onChange: () -> Void = {}
    private var waiting: [[UInt8]] = []
    private var waitingBytes = 0
    /// More than this is not kept while nobody draws.
    private static let mostWaiting = 1 << 20
    /// Whether it is the container's own program, and not a shell beside it.
    package let isAttached: Bool
    /// What to do where no session came.
    package var advice: String {
        isAttached
            ? "Only a container that runs can be attached to: l shows what this one wrote. Esc closes."
            : "An image without a shell cannot be entered: a d puts a debug container beside it, l shows what it writes. Esc closes."
    }
    /// A session that is not open yet.
    package init(binding: ObjectBinding, container: String, context: ContextState, isAttached: Bool = false) {
        self.isAttached = isAttached
        self.context = context
        self.binding = binding
        self.container = container
    }
    /// Whether closing it ends a program.
    package var isRunning: Bool { if case .ended = state { false } else { true } }
    /// Takes the size of the emulated screen.
    package func resize(columns: Int, rows: Int) {
        size = (columns, rows)
        onResize(columns, rows)
    }
    /// Hands on what the container wrote; it waits while nobody draws.
    package func receive(_ bytes: [UInt8]) {
        defer { onChange() }
        if let onOutput { return onOutput(bytes) }
        waiting.append(bytes)
        waitingBytes += bytes.count
        while waiting.count > 1, waitingBytes > Self.mostWaiting { waitingBytes -= waiting.removeFirst().count }
    }
    private func flush() {
        guard let onOutput else { return }
        let chunks = waiting
        (waiting, waitingBytes) = ([], 0)
        for chunk in chunks { onOutput(chunk) }
    }
}
