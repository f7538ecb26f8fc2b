internal import Glibc
package import LinuxKernel
internal import NIOSSL
internal import Synchronization
internal import X509

/// The cluster's own certificate authority, the API server's certificate and the administrator's, kept as PEM files.
///
/// Every certificate is replaced once two thirds of its life are over, or at once when the clock or the names no longer fit it. The
/// authority keeps its key when it is renewed, so that a certificate signed before still verifies.
package final class ClusterPKI: Sendable {
    private struct Material {
        var authority: KeyPair
        var serving: KeyPair
        var admin: KeyPair
    }

    private let directory: String
    private let time: any TimeSource
    private let names: CertificateNames
    private let material: Mutex<Material>

    /// The file clients verify the server with.
    package var authorityPath: String { "\(directory)/ca.crt" }
    /// The administrator's client certificate (O=system:masters).
    package var adminCertificatePath: String { "\(directory)/admin.crt" }
    /// The administrator's private key, readable by its owner only.
    package var adminKeyPath: String { "\(directory)/admin.key" }

    /// The administrator's user name.
    package static let adminUser = "kubernetes-admin"

    private init(directory: String, time: any TimeSource, names: CertificateNames, material: Material) {
        self.directory = directory
        self.time = time
        self.names = names
        self.material = Mutex(material)
    }

    /// Loads what is in `directory` (normally `<data>/pki`) and makes what is missing or due. Keys get mode 0600.
    /// Throws when a file cannot be read or written, or holds something else.
    package static func loadOrCreate(directory: String, time: any TimeSource, names: CertificateNames) throws(PKIError) -> ClusterPKI {
        let files = PKIFiles(directory: directory)
        try files.prepare()
        let issuer = CertificateIssuer(now: time.now())
        let storedAuthority = try files.load("ca")
        let storedServing = try files.load("apiserver")
        let storedAdmin = try files.load("admin")
        do {
            var authority = storedAuthority
            if authority.map({ $0.isDue(at: issuer.now) }) ?? true {
                authority = try issuer.authority(commonName: "kdash-ca", key: storedAuthority?.key)
                try files.save(authority!, as: "ca")
            }
            let current = authority!
            var serving = storedServing
            if serving.map({ $0.isDue(at: issuer.now) || !$0.isSigned(by: current) || !$0.vouches(for: names) }) ?? true {
                serving = try issuer.serving(names: names, authority: current)
                try files.save(serving!, as: "apiserver")
            }
            var admin = storedAdmin
            if admin.map({ $0.isDue(at: issuer.now) || !$0.isSigned(by: current) }) ?? true {
                admin = try issuer.client(user: adminUser, groups: ["system:masters"], authority: current)
                try files.save(admin!, as: "admin")
            }
            return ClusterPKI(
                directory: directory, time: time, names: names,
                material: Material(authority: current, serving: serving!, admin: admin!))
        } catch let error as PKIError {
            throw error
        } catch {
            throw PKIError(code: .issuing, message: "cannot make a certificate in \(directory): \(error)")
        }
    }

    /// Replaces what is due. Returns whether anything changed, so that the server reloads its TLS context.
    package func renewIfDue() throws(PKIError) -> Bool {
        let fresh = try Self.loadOrCreate(directory: directory, time: time, names: names)
        let replacement = fresh.material.withLock { $0 }
        return material.withLock { current in
            let changed =
                current.serving.certificate != replacement.serving.certificate
                || current.authority.certificate != replacement.authority.certificate
                || current.admin.certificate != replacement.admin.certificate
            current = replacement
            return changed
        }
    }

    /// The earliest moment at which something is due.
    package var nextRenewal: Timestamp {
        material.withLock { min($0.authority.renewal, $0.serving.renewal, $0.admin.renewal) }
    }

    /// When the serving certificate expires.
    package var servingExpiry: Timestamp { material.withLock { $0.serving.notAfter } }

    /// The authority's certificate as PEM text, as published to pods.
    package func authorityPEM() throws(PKIError) -> String {
        try mapped { try $0.authority.certificatePEM() }
    }

    /// A client certificate and key as PEM text for `user` in `groups`, valid for a year.
    package func issueClient(user: String, groups: [String]) throws(PKIError) -> (certificate: String, key: String) {
        let issuer = CertificateIssuer(now: time.now())
        return try mapped { material in
            let pair = try issuer.client(user: user, groups: groups, authority: material.authority)
            return (try pair.certificatePEM(), try pair.keyPEM())
        }
    }

    /// TLS 1.2 and later with the current serving certificate; a client certificate is asked for and, when sent, must be ours.
    func makeTLSContext() throws(PKIError) -> NIOSSLContext {
        try mapped { material in
            let certificate = try NIOSSLCertificate(bytes: Array(try material.serving.certificatePEM().utf8), format: .pem)
            let authority = try NIOSSLCertificate(bytes: Array(try material.authority.certificatePEM().utf8), format: .pem)
            let key = try NIOSSLPrivateKey(bytes: Array(try material.serving.keyPEM().utf8), format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: [.certificate(certificate)], privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            configuration.certificateVerification = .optionalVerification
            configuration.trustRoots = .certificates([authority])
            configuration.applicationProtocols = HandshakeHandler.protocols
            return try NIOSSLContext(configuration: configuration)
        }
    }

    /// When signing happens.
    var clockNow: Timestamp { time.now() }

    /// Uses the authority's key.
    func withAuthority<T>(_ body: (KeyPair) throws -> T) throws(PKIError) -> T { try mapped { try body($0.authority) } }

    private func mapped<T>(_ body: (Material) throws -> T) throws(PKIError) -> T {
        let current = material.withLock { $0 }
        do {
            return try body(current)
        } catch {
            throw PKIError(code: .issuing, message: "cannot use the certificates in \(directory): \(error)")
        }
    }
}
