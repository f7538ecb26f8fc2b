internal import APIMachinery
internal import KubeClient
internal import Synchronization

/// A body that says once when it is over: read to its end, failed, given up or forgotten.
final class EndingSource: ByteSource {
    private let source: any ByteSource
    private let end: EndNotice

    init(_ source: any ByteSource, _ ended: @escaping @Sendable () -> Void) {
        self.source = source
        end = EndNotice(ended)
    }

    func poll(maximum: Int) -> BytePoll {
        let result = source.poll(maximum: maximum)
        switch result {
        case .end, .failed: end.give()
        case .bytes, .pending: break
        }
        return result
    }

    func onReady(_ wake: @escaping @Sendable () -> Void) { source.onReady(wake) }

    func cancel() {
        source.cancel()
        end.give()
    }
}

/// Calls a closure once: when it is told to, at the latest when nobody holds the notice any more.
final class EndNotice: Sendable {
    private let action: Mutex<(@Sendable () -> Void)?>

    init(_ action: @escaping @Sendable () -> Void) { self.action = Mutex(action) }

    func give() { action.withLock { $0.take() }?() }

    deinit { give() }
}

/// A session that says once when it is over.
final class EndingSession: StreamSession {
    private let session: any StreamSession
    private let end: EndNotice

    init(_ session: any StreamSession, _ end: EndNotice) {
        self.session = session
        self.end = end
    }

    var output: any ByteSource { session.output }
    var errorOutput: (any ByteSource)? { session.errorOutput }
    func write(_ bytes: [UInt8]) async throws(APIStatus) { try await session.write(bytes) }
    func closeInput() async { await session.closeInput() }
    func resize(columns: Int, rows: Int) { session.resize(columns: columns, rows: rows) }

    func result() async -> APIStatus {
        let status = await session.result()
        end.give()
        return status
    }

    func cancel() {
        session.cancel()
        end.give()
    }
}
