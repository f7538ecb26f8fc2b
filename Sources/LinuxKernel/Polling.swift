internal import Glibc

/// Waits until one of `fds` is readable, closed or broken, or `timeout` has passed (nil waits for ever).
/// Returns for each descriptor whether it has something to say. An interrupting signal counts as a timeout.
package func pollReadable(_ fds: [CInt], timeout: Duration? = nil) throws(SystemError) -> [Bool] {
    try wait(fds, for: POLLIN, timeout) ?? fds.map { _ in false }
}

/// Waits until `fd` can be written to, is closed or broken; false when `timeout` has passed before.
package func pollWritable(_ fd: CInt, timeout: Duration) throws(SystemError) -> Bool {
    let clock = ContinuousClock()
    let deadline = clock.now + timeout
    while true {
        // Interrupted: the rest is waited for.
        if let ready = try wait([fd], for: POLLOUT, max(deadline - clock.now, .zero)) { return ready[0] }
    }
}

/// Which of `fds` have something to say; nil when a signal came first.
private func wait(_ fds: [CInt], for events: CInt, _ timeout: Duration?) throws(SystemError) -> [Bool]? {
    var list = fds.map { pollfd(fd: $0, events: Int16(events), revents: 0) }
    let parts = timeout?.components
    let milliseconds =
        parts.map {
            CInt(
                clamping: $0.seconds.multipliedReportingOverflow(by: 1000).partialValue + ($0.attoseconds + 999_999_999_999_999)
                    / 1_000_000_000_000_000)
        } ?? -1
    let count = poll(&list, nfds_t(list.count), milliseconds)
    guard count >= 0 else {
        if Glibc.errno == EINTR { return nil }
        throw .last("poll", "\(fds)")
    }
    return list.map { $0.revents != 0 }
}
