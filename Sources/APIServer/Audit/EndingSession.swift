internal import APIMachinery
internal import KubeClient

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
