internal import Crypto
internal import NIOSSL
internal import SwiftASN1
internal import X509

/// Reads who a verified client certificate speaks for.
enum ClientCertificate {
    /// CN and O of the subject; nil when there is no CN.
    static func identity(_ certificate: NIOSSLCertificate) -> CertificateIdentity? {
        // best effort: a certificate that TLS has verified but that cannot be read names nobody.
        guard let der = try? certificate.toDERBytes(), let parsed = try? Certificate(derEncoded: der) else { return nil }
        var identity = identity(parsed.subject)
        identity.fingerprint = SHA256.hash(data: der).map { "\($0 < 16 ? "0" : "")\(String($0, radix: 16))" }.joined()
        return identity.commonName.isEmpty ? nil : identity
    }

    /// CN and O of a subject; an empty name when there is no CN.
    static func identity(_ subject: DistinguishedName) -> CertificateIdentity {
        var identity = CertificateIdentity(commonName: "", organizations: [])
        for name in subject {
            for attribute in name {
                guard let text = String(attribute.value) else { continue }
                if attribute.type == .RDNAttributeType.commonName { identity.commonName = text }
                if attribute.type == .RDNAttributeType.organizationName { identity.organizations.append(text) }
            }
        }
        return identity
    }
}
