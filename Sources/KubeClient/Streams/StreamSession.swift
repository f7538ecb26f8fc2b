package import APIMachinery

/// An exec, attach or port-forward session, whatever carries it.
package protocol StreamSession: AnyObject, Sendable {
    /// Standard output, or the data of a forwarded port.
    var output: any ByteSource { get }
    /// Standard error; nil with a terminal or for a forwarded port.
    var errorOutput: (any ByteSource)? { get }

    /// Writes to standard input or to the port; returns when the other side has room. Throws an `APIStatus` once the session is over.
    func write(_ bytes: [UInt8]) async throws(APIStatus)

    /// Closes standard input; output keeps coming.
    func closeInput() async

    /// Whether the other side is told of the end of the input. Default true; false where the protocol has no word for it.
    var tellsInputEnd: Bool { get }

    /// Tells the terminal's size in cells; ignored without one.
    func resize(columns: Int, rows: Int)

    /// How the session ended, once it has: a Success status, or a Failure whose reason `NonZeroExitCode` carries the code in a cause.
    /// Source: the error channel of remotecommand v4 and v5.
    func result() async -> APIStatus

    /// Gives the session up; the process is not waited for.
    func cancel()
}

extension StreamSession {
    package var tellsInputEnd: Bool { true }
}
