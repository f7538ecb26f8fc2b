internal import APIMachinery
internal import KubeClient
internal import NIOCore

/// The client at the other end of one connection, for all its requests. Used on the connection's event loop.
final class ConnectionClient {
    let channel: any Channel
    /// Where its exchanges go on.
    let pumps: PumpQueue
    private let certificate: CertificateIdentity?
    private var user: UserInfo?
    /// Called when somebody has shown credentials; nil once that has happened.
    private var onProof: (() -> Void)?

    init(channel: any Channel, pumps: PumpQueue, certificate: CertificateIdentity?, onProof: @escaping () -> Void) {
        self.channel = channel
        self.pumps = pumps
        self.certificate = certificate
        self.onProof = onProof
    }

    /// The client's address.
    var address: String { channel.remoteAddress?.ipAddress ?? "" }

    /// Who sends a request; what the connection's certificate says is worked out once.
    func authenticate(_ head: HTTPRequestHead, _ service: any HTTPService) -> Result<UserInfo, APIStatus> {
        if let user { return .success(user) }
        let result = service.authenticate(head, certificate: certificate)
        if case .success(let found) = result {
            if certificate != nil { user = found }
            if found != .anonymous { onProof.take()?() }
        }
        return result
    }
}
