internal import KubeClient
internal import NIOCore

/// Where the answer of one exchange goes: a connection of HTTP/1.1 or a stream of HTTP/2. Called on the event loop.
///
/// It calls the exchange's `pump()` when it becomes writable again, and `abandon()` when the client has gone.
protocol ExchangeOutput: AnyObject {
    /// Whether more of a streamed body may be written.
    var isWritable: Bool { get }

    /// The client must go on within this time; nil when it need not.
    func setDeadline(_ amount: TimeAmount?)

    /// Tells a client that waits for it to send the body.
    func writeContinue()

    /// Lets the client send no more of the body for now.
    func holdBody()

    /// Ends what ``holdBody()`` began.
    func resumeBody()

    /// A whole answer. `bytes` are empty where the body is not sent, whatever `length` says.
    func write(_ response: APIResponse, _ bytes: [UInt8], _ length: BodyLength, isGzipped: Bool)

    /// The head of an answer that is streamed, or, with `endsHere`, has no body.
    func writeHead(_ response: APIResponse, _ length: BodyLength, endsHere: Bool)

    /// A piece of a streamed body.
    func writePiece(_ bytes: [UInt8])

    /// Sends what has been written.
    func flush()

    /// The streamed body is complete.
    func writeEnd()

    /// The answer has been written. `isCutOff` says that the client still sends a body nobody wants.
    func finished(isCutOff: Bool)

    /// The head of the answer is gone and its body cannot be completed, which is all that can be said.
    func breakOff()

    /// The connection becomes what was negotiated.
    func become(_ upgrade: Upgrade)
}

/// What the head of an answer says about its body.
enum BodyLength: Equatable {
    /// There is none, and no header speaks of it.
    case none
    case known(Int)
    /// It ends when it ends.
    case unknown
}
