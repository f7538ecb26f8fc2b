internal import CLinux

/// Signals as readable data (signalfd(2)); non-blocking.
package final class SignalFD: Sendable {
    private let file: FileDescriptor

    /// Blocks `signals` in the calling thread and receives them here instead. Make it before any other thread starts.
    package init(_ signals: [CInt]) throws(SystemError) {
        try SystemError.check("pthread_sigmask") { kd_block_signals(signals, CInt(signals.count)) }
        file = FileDescriptor(try SystemError.check("signalfd") { kd_signalfd(signals, CInt(signals.count)) })
    }

    /// For poll and epoll; owned by this object.
    package var raw: CInt { file.raw }

    /// The next pending signal and its sender's pid, or nil.
    package func next() -> (signal: CInt, sender: Int32)? {
        var sender: UInt32 = 0
        let signal = kd_signalfd_read(file.raw, &sender)
        return signal > 0 ? (signal, Int32(bitPattern: sender)) : nil
    }
}
