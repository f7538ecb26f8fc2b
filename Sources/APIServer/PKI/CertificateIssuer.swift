internal import Crypto
// X509 spells validity as Foundation's `Date`; FoundationEssentials is the part of it that is already linked.
internal import FoundationEssentials
internal import Glibc
internal import LinuxKernel
internal import SwiftASN1
internal import X509

/// Makes the cluster's certificates: P-256 keys, ECDSA with SHA-256.
struct CertificateIssuer {
    /// How far the start of the cluster's own certificates lies in the past: a machine whose clock was wrong by hours, or by a time zone, when
    /// they were made, and is right now, still accepts them.
    static let backdating: Duration = .seconds(86400)
    /// The same of certificates that somebody asked for; whoever renews them counts from their start. Source: upstream's signer.
    static let requestBackdating: Duration = .seconds(300)
    static let authorityLifetime: Duration = .seconds(10 * 365 * 86400)
    static let leafLifetime: Duration = .seconds(365 * 86400)

    let now: Timestamp

    /// A self-signed authority. An existing key keeps every certificate it has signed valid.
    func authority(commonName: String, key existing: Certificate.PrivateKey?) throws -> KeyPair {
        let key = existing ?? Certificate.PrivateKey(P256.Signing.PrivateKey())
        let subject = try DistinguishedName { CommonName(commonName) }
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
            Critical(KeyUsage(digitalSignature: true, keyCertSign: true, cRLSign: true))
            SubjectKeyIdentifier(hash: key.publicKey)
        }
        return try pair(subject: subject, issuer: subject, key: key, signer: key, extensions: extensions, lifetime: Self.authorityLifetime)
    }

    /// A serving certificate for `names`.
    func serving(names: CertificateNames, authority: KeyPair) throws -> KeyPair {
        var general = names.dnsNames.map { GeneralName.dnsName($0) }
        for address in names.addresses {
            guard let bytes = Self.addressBytes(address) else {
                throw PKIError(code: .issuing, message: "\"\(address)\" is no IP address; the serving certificate cannot name it")
            }
            general.append(.ipAddress(ASN1OctetString(contentBytes: bytes[...])))
        }
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage([.serverAuth])
            SubjectAlternativeNames(general)
            SubjectKeyIdentifier(hash: key.publicKey)
            AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: authority.key.publicKey).keyIdentifier)
        }
        return try pair(
            subject: try DistinguishedName { CommonName("kdash-apiserver") }, issuer: authority.certificate.subject, key: key,
            signer: authority.key, extensions: extensions, lifetime: Self.leafLifetime)
    }

    /// A client certificate for a user name and groups (CN and O).
    func client(user: String, groups: [String], authority: KeyPair) throws -> KeyPair {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage([.clientAuth])
            AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: authority.key.publicKey).keyIdentifier)
        }
        let subject = try DistinguishedName {
            for group in groups { OrganizationName(group) }
            CommonName(user)
        }
        return try pair(
            subject: subject, issuer: authority.certificate.subject, key: key, signer: authority.key, extensions: extensions,
            lifetime: Self.leafLifetime)
    }

    private func pair(
        subject: DistinguishedName, issuer: DistinguishedName, key: Certificate.PrivateKey, signer: Certificate.PrivateKey,
        extensions: Certificate.Extensions, lifetime: Duration
    ) throws -> KeyPair {
        let certificate = try certificate(
            subject: subject, issuer: issuer, publicKey: key.publicKey, signer: signer, extensions: extensions, lifetime: lifetime,
            backdating: Self.backdating)
        return KeyPair(certificate: certificate, key: key)
    }

    /// A certificate for a key that somebody else may hold.
    func certificate(
        subject: DistinguishedName, issuer: DistinguishedName, publicKey: Certificate.PublicKey, signer: Certificate.PrivateKey,
        extensions: Certificate.Extensions, lifetime: Duration, backdating: Duration = requestBackdating
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
            notValidBefore: date(now.advanced(by: .zero - backdating)), notValidAfter: date(now.advanced(by: lifetime)),
            issuer: issuer, subject: subject, signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions, issuerPrivateKey: signer)
    }

    private func date(_ moment: Timestamp) -> Date { Date(timeIntervalSince1970: Double(moment.seconds)) }

    /// The network bytes of an IPv4 or IPv6 address; nil for anything else.
    static func addressBytes(_ text: String) -> [UInt8]? {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: 16)
            if inet_pton(family, text, &bytes) == 1 { return Array(bytes[..<count]) }
        }
        return nil
    }
}

extension KeyPair {
    /// When the certificate starts to be valid.
    var notBefore: Timestamp { Timestamp(seconds: Int64(certificate.notValidBefore.timeIntervalSince1970)) }
    /// When the certificate stops being valid.
    var notAfter: Timestamp { Timestamp(seconds: Int64(certificate.notValidAfter.timeIntervalSince1970)) }

    /// Two thirds of its life after its start: the moment from which it is replaced.
    var renewal: Timestamp {
        let life = (notAfter - notBefore).components.seconds
        return notBefore.advanced(by: .seconds(life / 3 * 2))
    }

    /// Whether it should be replaced at `now`: used up by two thirds, expired, from a future the clock has not reached, or
    /// separated from its key by a crash between the two files.
    func isDue(at now: Timestamp) -> Bool {
        now >= renewal || now < notBefore || certificate.publicKey != key.publicKey
    }

    /// Whether `authority` signed it.
    func isSigned(by authority: KeyPair) -> Bool {
        authority.certificate.publicKey.isValidSignature(certificate.signature, for: certificate)
    }

    /// The names and addresses it vouches for.
    func vouches(for names: CertificateNames) -> Bool {
        // best effort: a certificate whose names cannot be read is replaced.
        guard let present = try? certificate.extensions.subjectAlternativeNames else { return false }
        let general = Set(present)
        return names.dnsNames.allSatisfy { general.contains(.dnsName($0)) }
            && names.addresses.allSatisfy { address in
                guard let bytes = CertificateIssuer.addressBytes(address) else { return false }
                return general.contains(.ipAddress(ASN1OctetString(contentBytes: bytes[...])))
            }
    }
}
