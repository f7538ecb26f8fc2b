internal import CLinux
internal import Glibc

/// A counter that wakes whoever polls its descriptor (eventfd(2)); non-blocking.
package final class EventFD: Sendable {
    private let file: FileDescriptor

    package init() throws(SystemError) {
        file = FileDescriptor(try SystemError.check("eventfd") { kd_eventfd() })
    }

    /// For poll and epoll; owned by this object.
    package var raw: CInt { file.raw }

    /// Makes the descriptor readable; cheap, callable from any thread.
    package func signal() {
        var one: UInt64 = 1
        // EAGAIN means that the counter is full, hence already readable.
        _ = write(file.raw, &one, 8)
    }

    /// Makes the descriptor quiet again; returns how often it was signalled since the last drain.
    @discardableResult
    package func drain() -> UInt64 {
        var count: UInt64 = 0
        return read(file.raw, &count, 8) == 8 ? count : 0
    }
}
