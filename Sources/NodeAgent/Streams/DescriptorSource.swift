import APIMachinery
import Glibc
import KubeClient
import LinuxKernel
import Synchronization

/// Reads a non-blocking pipe, socket or terminal as a `ByteSource`; owns the descriptor.
final class DescriptorSource: ByteSource {
    private let state: Mutex<CInt>
    private let poller: DescriptorPoller

    init(_ descriptor: consuming FileDescriptor, poller: DescriptorPoller) throws(SystemError) {
        try descriptor.setNonBlocking(true)
        state = Mutex(descriptor.release())
        self.poller = poller
    }

    func poll(maximum: Int) -> BytePoll {
        state.withLock { fd in
            guard fd >= 0 else { return .end }
            let file = fd
            var got = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: min(maximum, 64 << 10)) { buffer, count in
                repeat { got = read(file, buffer.baseAddress, buffer.count) } while got < 0 && errno == EINTR
                count = max(got, 0)
            }
            if got > 0 { return .bytes(bytes) }
            guard got < 0 else { return .end }
            switch errno {
            case EAGAIN: return .pending
            case ECONNRESET: return .failed(.badRequest("read: connection reset by peer"))
            default: return .end  // A terminal whose last program has gone answers EIO.
            }
        }
    }

    func onReady(_ wake: @escaping @Sendable () -> Void) {
        // Under the lock: once closed, the number may be another file's.
        let isClosed = state.withLock { fd in
            if fd >= 0 { poller.wait(for: fd, wake) }
            return fd < 0
        }
        if isClosed { wake() }
    }

    func cancel() {
        let fd = state.withLock { fd in
            defer { fd = -1 }
            return fd
        }
        guard fd >= 0 else { return }
        poller.cancel(fd)
        close(fd)
    }

    deinit { cancel() }
}
