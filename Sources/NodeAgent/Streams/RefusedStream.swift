import APIMachinery
import KubeClient

/// A session whose program could not be started: no output, only the reason, told where a client looks for it.
///
/// A refusal before the connection is upgraded would make clients fall back to older protocols and hide the reason.
final class RefusedStream: StreamSession {
    let output: any ByteSource
    let errorOutput: (any ByteSource)?
    private let status: APIStatus

    init(_ status: APIStatus, hasTerminal: Bool) {
        self.status = status
        output = ByteChannel([])
        errorOutput = hasTerminal ? nil : ByteChannel([])
    }

    func write(_ bytes: [UInt8]) async throws(APIStatus) {
        throw status
    }

    func closeInput() async {}
    func resize(columns: Int, rows: Int) {}
    func result() async -> APIStatus { status }
    func cancel() {}
}
