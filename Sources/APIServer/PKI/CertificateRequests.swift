internal import APIMachinery
internal import JSONCore
internal import SwiftASN1
internal import X509

/// PKCS #10 requests inside CertificateSigningRequest objects.
enum CertificateRequests {
    /// Signs clients of the API.
    static let apiClient = "kubernetes.io/kube-apiserver-client"
    /// Signs the API clients of node agents.
    static let nodeClient = "kubernetes.io/kube-apiserver-client-kubelet"
    /// Signs the servers of node agents.
    static let nodeServing = "kubernetes.io/kubelet-serving"
    /// Signs anything, with no promise of trust.
    static let legacyUnknown = "kubernetes.io/legacy-unknown"

    /// The subject and alternative names of a request.
    struct Contents: Sendable {
        let request: CertificateSigningRequest
        let subject: CertificateIdentity
        let dnsNames: [String]
        let addresses: Int
        let others: Int
    }

    /// What an object's `spec.request` holds; nil when it is no PEM request, or its signature does not fit its key.
    static func parse(_ object: KubeObject) -> Contents? {
        guard let text = object.string("spec", "request"), let pem = Base64.decode(text.utf8) else { return nil }
        return parse(pem: String(decoding: pem, as: UTF8.self))
    }

    static func parse(pem: String) -> Contents? {
        // best effort: what cannot be read is reported by the caller.
        guard let document = try? PEMDocument(pemString: pem), document.discriminator == "CERTIFICATE REQUEST",
            let request = try? CertificateSigningRequest(derEncoded: document.derBytes),
            request.publicKey.isValidSignature(request.signature, for: request)
        else { return nil }
        var names: [String] = []
        var (addresses, others) = (0, 0)
        // best effort: an extension that cannot be read makes a request nobody signs.
        if let extensions = try? request.attributes.extensionRequest?.extensions,
            let alternatives = try? extensions.subjectAlternativeNames
        {
            for name in alternatives {
                switch name {
                case .dnsName(let name): names.append(name)
                case .ipAddress: addresses += 1
                default: others += 1
                }
            }
        }
        return Contents(
            request: request, subject: ClientCertificate.identity(request.subject), dnsNames: names, addresses: addresses, others: others)
    }
}
