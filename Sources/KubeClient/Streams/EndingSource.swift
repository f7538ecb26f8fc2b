import Synchronization

/// A source that says once when it is over: read to its end, failed, given up or forgotten.
package final class EndingSource: ByteSource {
    private let source: any ByteSource
    private let end: EndNotice

    /// Calls `ended` once, from any thread, when `source` is over for its reader.
    package init(_ source: any ByteSource, _ ended: @escaping @Sendable () -> Void) {
        self.source = source
        end = EndNotice(ended)
    }

    /// Takes bytes of the source; see ``ByteSource/poll(maximum:)``.
    package func poll(maximum: Int) -> BytePoll {
        let answer = source.poll(maximum: maximum)
        switch answer {
        case .end, .failed: end.give()
        case .bytes, .pending: break
        }
        return answer
    }

    /// Waits for the source; see ``ByteSource/onReady(_:)``.
    package func onReady(_ wake: @escaping @Sendable () -> Void) { source.onReady(wake) }

    /// Gives the source up; see ``ByteSource/cancel()``.
    package func cancel() {
        source.cancel()
        end.give()
    }
}

/// Calls a closure once: when it is told to, at the latest when nobody holds the notice any more.
package final class EndNotice: Sendable {
    private let action: Mutex<(@Sendable () -> Void)?>

    /// A notice that has not been given.
    package init(_ action: @escaping @Sendable () -> Void) { self.action = Mutex(action) }

    /// Gives the notice, unless it has been given.
    package func give() { action.withLock { $0.take() }?() }

    deinit { give() }
}
