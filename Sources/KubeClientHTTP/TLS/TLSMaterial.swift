import APIMachinery
import Glibc
import KubeClient
import LinuxKernel
import NIOSSL
import Synchronization

/// The TLS set-up of a context, made anew when one of its files changed.
final class TLSMaterial: Sendable {
    /// A client certificate with its key, from a credential plugin.
    struct ClientIdentity: Sendable, Hashable {
        var certificate: [UInt8]
        var key: [UInt8]
    }

    private struct FileStamp: Hashable {
        var inode: UInt64
        var size: Int64
        var seconds: Int
        var nanoseconds: Int
    }

    private struct Made {
        var stamps: [String: FileStamp]
        var identity: ClientIdentity?
        var context: NIOSSLContext
    }

    private let cluster: KubeconfigCluster
    private let user: KubeconfigUser
    private let made = Mutex<Made?>(nil)

    init(cluster: KubeconfigCluster, user: KubeconfigUser) {
        self.cluster = cluster
        self.user = user
    }

    /// The set-up by what the files say now. Reads files: not for the event loop.
    func context(identity: ClientIdentity?) throws(APIStatus) -> NIOSSLContext {
        let stamps = stamps()
        if let present = made.withLock({ $0 }), present.stamps == stamps, present.identity == identity { return present.context }
        let context = try make(identity)
        made.withLock { $0 = Made(stamps: stamps, identity: identity, context: context) }
        return context
    }

    private func stamps() -> [String: FileStamp] {
        var stamps: [String: FileStamp] = [:]
        for case .file(let path)? in [cluster.certificateAuthority, user.clientCertificate, user.clientKey] {
            var status = stat()
            // A missing file has no stamp; reading it below says so.
            guard stat(path, &status) == 0 else { continue }
            stamps[path] = FileStamp(
                inode: UInt64(status.st_ino), size: Int64(status.st_size), seconds: status.st_mtim.tv_sec,
                nanoseconds: status.st_mtim.tv_nsec)
        }
        return stamps
    }

    private func make(_ identity: ClientIdentity?) throws(APIStatus) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if cluster.skipsTLSVerification { configuration.certificateVerification = .none }
        if let authority = cluster.certificateAuthority {
            configuration.trustRoots = .certificates(
                try certificates(try read(authority, "certificate authority"), "certificate authority", authority))
        }
        if let identity {
            try apply(identity.certificate, identity.key, "the credential plugin", &configuration)
        } else if let certificate = user.clientCertificate {
            guard let key = user.clientKey else {
                throw APIStatus.badRequest("the kubeconfig has a client certificate without its key; add client-key")
            }
            try apply(
                try read(certificate, "client certificate"), try read(key, "client key"), Self.name(certificate), &configuration)
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw APIStatus.badRequest("the certificates of the kubeconfig cannot be used together: \(error)")
        }
    }

    private func apply(
        _ certificate: [UInt8], _ key: [UInt8], _ source: String, _ configuration: inout TLSConfiguration
    ) throws(APIStatus) {
        configuration.certificateChain = try certificates(certificate, "client certificate", .data([]), source).map { .certificate($0) }
        do {
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: key, format: .pem))
        } catch {
            throw APIStatus.badRequest("the client key of \(source) is no PEM key: \(error)")
        }
    }

    private func certificates(
        _ bytes: [UInt8], _ what: String, _ from: PEMSource, _ source: String? = nil
    ) throws(APIStatus) -> [NIOSSLCertificate] {
        do {
            return try NIOSSLCertificate.fromPEMBytes(bytes)
        } catch {
            throw APIStatus.badRequest("the \(what) of \(source ?? Self.name(from)) is no PEM certificate: \(error)")
        }
    }

    private func read(_ source: PEMSource, _ what: String) throws(APIStatus) -> [UInt8] {
        switch source {
        case .data(let bytes): return bytes
        case .file(let path):
            do throws(SystemError) {
                return try FileSystem.readFile(path, limit: 4 << 20)
            } catch {
                throw APIStatus.badRequest("cannot read the \(what) \(path): \(error.reason)")
            }
        }
    }

    private static func name(_ source: PEMSource) -> String {
        switch source {
        case .data: "the kubeconfig"
        case .file(let path): path
        }
    }
}
