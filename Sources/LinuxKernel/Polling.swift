internal import Glibc

/// Waits until one of `fds` is readable, closed or broken, or `timeout` has passed (nil waits for ever).
/// Returns for each descriptor whether it has something to say. An interrupting signal counts as a timeout.
package func pollReadable(_ fds: [CInt], timeout: Duration? = nil) throws(SystemError) -> [Bool] {
    var list = fds.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    let parts = timeout?.components
    let milliseconds =
        parts.map {
            CInt(
                clamping: $0.seconds.multipliedReportingOverflow(by: 1000).partialValue + ($0.attoseconds + 999_999_999_999_999)
                    / 1_000_000_000_000_000)
        } ?? -1
    let count = poll(&list, nfds_t(list.count), milliseconds)
    if count < 0, Glibc.errno != EINTR { throw .last("poll", "\(fds)") }
    return list.map { $0.revents != 0 && count > 0 }
}
