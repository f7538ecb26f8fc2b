internal import KubeClient
internal import Synchronization

/// A page on its way through an ``HTMLLinkRewriter``.
final class RewritingSource: ByteSource {
    private struct State {
        var rewriter: HTMLLinkRewriter
        var ready: [UInt8] = []
        var isOver = false
    }

    private let inner: any ByteSource
    private let state: Mutex<State>

    init(_ inner: any ByteSource, _ rewriter: HTMLLinkRewriter) {
        self.inner = inner
        state = Mutex(State(rewriter: rewriter))
    }

    func poll(maximum: Int) -> BytePoll {
        state.withLock { state in
            while state.ready.isEmpty, !state.isOver {
                switch inner.poll(maximum: maximum) {
                case .bytes(let bytes): state.ready = state.rewriter.rewrite(bytes)
                case .pending: return .pending
                case .failed(let status): return .failed(status)
                case .end:
                    state.isOver = true
                    state.ready = state.rewriter.finish()
                }
            }
            guard !state.ready.isEmpty else { return .end }
            let piece = Array(state.ready.prefix(max(1, maximum)))
            state.ready.removeFirst(piece.count)
            return .bytes(piece)
        }
    }

    func onReady(_ wake: @escaping @Sendable () -> Void) {
        if state.withLock({ !$0.ready.isEmpty || $0.isOver }) { wake() } else { inner.onReady(wake) }
    }

    func cancel() {
        inner.cancel()
        state.withLock {
            $0.ready = []
            $0.isOver = true
        }
    }
}
