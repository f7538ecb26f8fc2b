internal import Crypto
internal import SwiftASN1
internal import X509

/// A certificate with its private key.
struct KeyPair: Sendable {
    let certificate: Certificate
    let key: Certificate.PrivateKey

    /// Parses two PEM documents.
    init(certificatePEM: String, keyPEM: String) throws {
        certificate = try Certificate(pemEncoded: certificatePEM)
        key = try Certificate.PrivateKey(pemEncoded: keyPEM)
    }

    init(certificate: Certificate, key: Certificate.PrivateKey) {
        self.certificate = certificate
        self.key = key
    }

    /// The certificate as PEM text with a final newline.
    func certificatePEM() throws -> String { try certificate.serializeAsPEM().pemString + "\n" }

    /// The key as PKCS #8 PEM text with a final newline.
    func keyPEM() throws -> String { try key.serializeAsPEM().pemString + "\n" }
}
