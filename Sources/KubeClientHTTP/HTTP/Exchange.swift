import APIMachinery
import KubeClient
import NIOCore
import NIOHTTP1
import Synchronization

/// One request on a connection, and whoever waits for the head of its response.
final class Exchange: Sendable {
    /// The head of a response, and its body as it arrives.
    struct Response: Sendable {
        var head: HTTPResponseHead
        var body: ByteChannel
    }

    /// Why there is no response.
    enum Failure: Error {
        /// The connection was closed before the first byte of a response: on a kept connection the server may not have seen the request.
        case closedEarly
        case failed(APIStatus)
    }

    let head: HTTPRequestHead
    let body: [UInt8]
    /// Sent after `body`, piece by piece, no faster than the server takes it.
    let upload: (any ByteSource)?
    /// How long the head may take; nil without a limit.
    let patience: TimeAmount?
    private let waiting: Mutex<CheckedContinuation<Result<Response, Failure>, Never>?>

    init(
        head: HTTPRequestHead, body: [UInt8], upload: (any ByteSource)? = nil, patience: TimeAmount?,
        _ waiting: CheckedContinuation<Result<Response, Failure>, Never>
    ) {
        self.head = head
        self.body = body
        self.upload = upload
        self.patience = patience
        self.waiting = Mutex(waiting)
    }

    /// Answers the one who waits; later answers are ignored.
    func answer(_ result: Result<Response, Failure>) {
        waiting.withLock { $0.take() }?.resume(returning: result)
    }
}
