internal import APIMachinery
internal import JSONCore

/// Who may approve, sign and ask for certificates of a signer. Source: `plugin/pkg/admission/certificates`.
struct CertificateAdmission: AdmissionStep {
    func validate(_ object: KubeObject, _ request: AdmissionRequest) throws(APIStatus) {
        guard request.descriptor.group == "certificates.k8s.io", request.descriptor.plural == "certificatesigningrequests" else { return }
        let signer = object.string("spec", "signerName") ?? ""
        switch (request.operation, request.subresource) {
        case (.create, nil):
            guard signer == CertificateRequests.apiClient, let subject = CertificateRequests.parse(object)?.subject else { return }
            if subject.organizations.contains("system:masters") {
                throw request.forbidden("use of \(signer) signer with system:masters group is not allowed")
            }
        case (.update, "approval"):
            guard try isPermitted("approve", signer, request) else {
                throw request.forbidden("user not permitted to approve requests with signerName \(signer.goQuoted)")
            }
        case (.update, "status"):
            let old = request.old
            let isUnchanged =
                old?["status", "certificate"] == object["status", "certificate"]
                && old?["status", "conditions"] == object["status", "conditions"]
            if isUnchanged { return }
            guard try isPermitted("sign", signer, request) else {
                throw request.forbidden("user not permitted to sign requests with signerName \(signer.goQuoted)")
            }
        default: return
        }
    }

    /// Whether the user has the verb on the signer, by its name or by `domain/*`.
    private func isPermitted(_ verb: String, _ signer: String, _ request: AdmissionRequest) throws(APIStatus) -> Bool {
        let domain = signer.split(separator: "/", maxSplits: 1).first.map(String.init) ?? ""
        for name in [signer, "\(domain)/*"] {
            let attributes = AccessAttributes(verb: verb, group: "certificates.k8s.io", resource: "signers", name: name)
            if try request.core.authorizer.allows(attributes, user: request.user) { return true }
        }
        return false
    }
}
