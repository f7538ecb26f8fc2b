package import APIMachinery
import JSONCore
import KubeClient
package import LinuxKernel

/// What a CertificateSigningRequest asks of the cluster's authority.
package struct SigningRequest: Sendable, Hashable {
    /// The request in PEM.
    package var request: String
    /// Who is to sign, for example `kubernetes.io/kube-apiserver-client`.
    package var signer: String
    /// What the key may be used for.
    package var usages: [String]
    /// How long the certificate is wanted; nil leaves it to the signer.
    package var seconds: Int64?
}

/// What the authority says to a request.
package enum SigningAnswer: Sendable, Hashable {
    /// The certificate in PEM.
    case certificate(String)
    /// Why it can never be signed.
    case refused(String)
    /// Somebody else signs, or nobody can now.
    case none
}

/// Signs approved CertificateSigningRequests of the cluster's own signers, and takes old ones away.
/// Source: `pkg/controller/certificates/{signer,cleaner}`.
package struct CertificateSigner: Controller {
    static let resource = GroupVersionResource(group: "certificates.k8s.io", version: "v1", resource: "certificatesigningrequests")
    /// How long finished requests stay.
    static let finishedLifetime: Duration = .seconds(3600)
    /// How long requests wait for a decision, and denied ones stay.
    static let pendingLifetime: Duration = .seconds(24 * 3600)

    private let sign: @Sendable (SigningRequest) -> SigningAnswer

    /// A controller that has requests signed by `sign`.
    package init(sign: @escaping @Sendable (SigningRequest) -> SigningAnswer) { self.sign = sign }

    package var name: String { "certificate-controller" }
    package var watched: [GroupVersionResource] { [Self.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        isGone ? [] : [ObjectName(Self.resource, object)]
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key), !object.isBeingDeleted else { return Reconciliation() }
        if let left = lifeLeft(object, now) {
            guard left > .zero else { return Reconciliation([.delete(key, uid: object.uid, .background, reporter: nil)]) }
            var result = Reconciliation(answer(object, now))
            result.look(after: left)
            return result
        }
        return Reconciliation(answer(object, now))
    }

    private func types(_ object: KubeObject) -> Set<String> {
        Set(object.array("status", "conditions").filter { $0["status"] != "False" }.compactMap { $0["type"]?.stringValue })
    }

    private func isIssued(_ object: KubeObject) -> Bool { !(object.string("status", "certificate") ?? "").isEmpty }

    private func lifeLeft(_ object: KubeObject, _ now: Timestamp) -> Duration? {
        guard let created = object.creationTimestamp else { return nil }
        let types = types(object)
        let isFinished = isIssued(object) || types.contains("Denied") || types.contains("Failed") || types.contains("Approved")
        return (isFinished ? Self.finishedLifetime : Self.pendingLifetime) - (now - created)
    }

    private func answer(_ object: KubeObject, _ now: Timestamp) -> [Change] {
        let types = types(object)
        guard types.contains("Approved"), !types.contains("Denied"), !types.contains("Failed"), !isIssued(object),
            let encoded = object.string("spec", "request"), let bytes = Base64.decode(encoded)
        else { return [] }
        let request = SigningRequest(
            request: String(decoding: bytes, as: UTF8.self), signer: object.string("spec", "signerName") ?? "",
            usages: object.array("spec", "usages").compactMap(\.stringValue), seconds: object.integer("spec", "expirationSeconds"))
        var changed = object
        switch sign(request) {
        case .none: return []
        case .certificate(let pem): changed["status", "certificate"] = .string(Base64.encode(Array(pem.utf8)))
        case .refused(let why):
            let stamp = JSONValue.string(now.rfc3339)
            let condition: JSONValue = [
                "type": "Failed", "status": "True", "reason": "SignerValidationFailure", "message": .string(why), "lastUpdateTime": stamp,
                "lastTransitionTime": stamp,
            ]
            changed["status", "conditions"] = .array(object.array("status", "conditions") + [condition])
        }
        return [.updateSubresource(Self.resource, changed, "status")]
    }
}
