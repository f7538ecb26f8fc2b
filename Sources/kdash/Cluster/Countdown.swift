import Synchronization

/// Something that is done once, when it has been waited for often enough.
final class Countdown: Sendable {
    private let left: Mutex<Int>
    private let body: @Sendable () -> Void

    /// - Parameter count: how many steps it takes.
    init(_ count: Int, _ body: @escaping @Sendable () -> Void) {
        left = Mutex(count)
        self.body = body
    }

    /// The last step calls the body; further ones do nothing.
    func step() {
        let isLast = left.withLock { left in
            left -= 1
            return left == 0
        }
        if isLast { body() }
    }
}
