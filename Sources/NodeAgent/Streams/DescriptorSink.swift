import APIMachinery
import Glibc
import LinuxKernel
import Synchronization

/// Writes to a non-blocking pipe, socket or terminal no faster than it takes bytes; owns the descriptor.
final class DescriptorSink: Sendable {
    private let state: Mutex<CInt>
    private let poller: DescriptorPoller

    init(_ descriptor: consuming FileDescriptor, poller: DescriptorPoller) throws(SystemError) {
        try descriptor.setNonBlocking(true)
        state = Mutex(descriptor.release())
        self.poller = poller
    }

    /// Writes everything; returns when the other side has room for it. Throws BadRequest once nobody reads it any more.
    func write(_ bytes: [UInt8]) async throws(APIStatus) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let outcome = state.withLock { fd -> (written: Int, errno: CInt) in
                guard fd >= 0 else { return (-1, EBADF) }
                let file = fd
                let written = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
                return (written, written < 0 ? errno : 0)
            }
            if outcome.written > 0 {
                rest = rest.dropFirst(outcome.written)
            } else if outcome.errno == EAGAIN {
                await becomeReady()
            } else if outcome.errno != EINTR {
                throw .badRequest("the program no longer reads its input")
            }
        }
    }

    private func becomeReady() async {
        await withCheckedContinuation { continuation in
            // Under the lock: once closed, the number may be another file's.
            let isClosed = state.withLock { fd in
                if fd >= 0 { poller.wait(for: fd, writing: true) { continuation.resume() } }
                return fd < 0
            }
            if isClosed { continuation.resume() }
        }
    }

    /// Calls `body` with the descriptor unless it is closed.
    func withDescriptor(_ body: (CInt) -> Void) {
        state.withLock { if $0 >= 0 { body($0) } }
    }

    /// Closes the descriptor; a waiting write ends with an error.
    func close() {
        let fd = state.withLock { fd in
            defer { fd = -1 }
            return fd
        }
        guard fd >= 0 else { return }
        poller.cancel(fd)
        _ = Glibc.close(fd)
    }

    deinit { close() }
}
