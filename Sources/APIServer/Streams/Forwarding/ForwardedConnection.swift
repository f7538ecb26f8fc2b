internal import APIMachinery
internal import KubeClient

/// One forwarded connection: what the client sends on its way to the port. The way back is an ``OutputPump``'s.
/// For use on its event loop.
final class ForwardedConnection {
    let port: UInt16
    let input = InputQueue()
    /// The connection inside the pod, once it stands.
    var session: (any StreamSession)?
    /// Whether everything from the client has been passed on.
    var isInputOver = false
    /// Whether everything from the pod has been passed on.
    var isOutputOver = false

    init(port: UInt16) { self.port = port }

    /// Gives both directions up.
    func cancel() {
        input.finish()
        session?.cancel()
    }
}
