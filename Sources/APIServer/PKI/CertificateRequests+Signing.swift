internal import Glibc
internal import LinuxKernel
internal import SwiftASN1
internal import X509

extension CertificateRequests {
    /// What keeps a signer from signing a request; nil when nothing does. Source: `pkg/apis/certificates/helpers.go`,
    /// `pkg/controller/certificates/signer/signer.go`.
    static func problem(_ contents: Contents, signer: String, usages: [String]) -> String? {
        let hasNames = !contents.dnsNames.isEmpty || contents.addresses > 0 || contents.others > 0
        switch signer {
        case apiClient:
            return usageProblem(usages, required: ["client auth"])
        case nodeClient:
            if let problem = nodeProblem(contents) { return problem }
            if hasNames { return "DNS, IP, email and URI subjectAltNames are not allowed" }
            return usageProblem(usages, required: ["client auth"])
        case nodeServing:
            if let problem = nodeProblem(contents) { return problem }
            if contents.dnsNames.isEmpty, contents.addresses == 0 { return "at least one DNS or IP subjectAltName is required" }
            if contents.others > 0 { return "email and URI subjectAltNames are not allowed" }
            return usageProblem(usages, required: ["server auth"])
        default: return "no signer \(signer) here"
        }
    }

    private static func nodeProblem(_ contents: Contents) -> String? {
        if contents.subject.organizations != ["system:nodes"] { return "subject organization is not system:nodes" }
        return contents.subject.commonName.hasPrefix("system:node:") ? nil : "subject common name does not begin with system:node: "
    }

    private static func usageProblem(_ usages: [String], required: [String]) -> String? {
        let allowed = Set(required + ["digital signature", "key encipherment"])
        if let missing = required.first(where: { !usages.contains($0) }) { return "usages did not contain \(missing)" }
        if let other = usages.first(where: { !allowed.contains($0) }) { return "invalid usage for this signer: \(other)" }
        return nil
    }
}

/// The answer of the cluster's authority to a request.
package enum SignedRequest: Sendable, Hashable {
    /// The certificate in PEM.
    case certificate(String)
    /// Why the request can never be signed.
    case refused(String)
    /// Somebody else signs for this signer.
    case notOurs
}

extension ClusterPKI {
    /// Signs the PKCS #10 request of a CertificateSigningRequest that was approved. `request` is PEM, `seconds` how long the certificate
    /// is wanted, at most and by default a year. Throws when the authority cannot be used.
    package func sign(request: String, signer: String, usages: [String], seconds: Int64?) throws(PKIError) -> SignedRequest {
        let ours = [CertificateRequests.apiClient, CertificateRequests.nodeClient, CertificateRequests.nodeServing]
        guard ours.contains(signer) else { return .notOurs }
        guard let contents = CertificateRequests.parse(pem: request) else { return .refused("unable to parse the request") }
        if let problem = CertificateRequests.problem(contents, signer: signer, usages: usages) { return .refused(problem) }
        let now = clockNow
        let text = try withAuthority { authority in
            let wanted = seconds.map { Duration.seconds(min(max($0, 600), CertificateIssuer.leafLifetime.components.seconds)) }
            let left = authority.notAfter - now
            let pair = try CertificateIssuer(now: now).answer(
                contents, usages: usages, authority: authority, lifetime: min(wanted ?? CertificateIssuer.leafLifetime, left))
            return try pair.serializeAsPEM().pemString + "\n"
        }
        return .certificate(text)
    }
}

extension CertificateIssuer {
    /// A certificate with the subject, key and names of a request.
    func answer(
        _ contents: CertificateRequests.Contents, usages: [String], authority: KeyPair, lifetime: Duration
    ) throws -> Certificate {
        let request = contents.request
        var extended: [ExtendedKeyUsage.Usage] = []
        if usages.contains("client auth") { extended.append(.clientAuth) }
        if usages.contains("server auth") { extended.append(.serverAuth) }
        let names = try request.attributes.extensionRequest?.extensions.subjectAlternativeNames
        let usage = KeyUsage(
            digitalSignature: usages.contains("digital signature") || !usages.contains("key encipherment"),
            keyEncipherment: usages.contains("key encipherment"))
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(usage)
            try ExtendedKeyUsage(extended)
            if let names { names }
            AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: authority.key.publicKey).keyIdentifier)
        }
        return try certificate(
            subject: request.subject, issuer: authority.certificate.subject, publicKey: request.publicKey, signer: authority.key,
            extensions: extensions, lifetime: lifetime)
    }
}
