internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel

/// CertificateSigningRequests: the server notes who asks; approval and answer have a path and rules of their own.
/// Source: `pkg/registry/certificates/certificates/strategy.go`, `pkg/apis/certificates/validation/validation.go`.
struct CertificateRequestStrategy: ResourceStrategy {
    func nameProblems(_ name: String) -> [String] { NameValidation.dnsSubdomain(name) }

    func prepareForCreate(_ object: inout KubeObject, _ context: WriteContext) throws(APIStatus) {
        let user = context.user
        object["spec", "username"] = .string(user.name)
        object["spec", "uid"] = user.uid.isEmpty ? nil : .string(user.uid)
        object["spec", "groups"] = .array(user.groups.map { .string($0) })
        object["spec", "extra"] =
            user.extra.isEmpty
            ? nil : .object(JSONObject(user.extra.sorted { $0.key < $1.key }.map { ($0.key, .array($0.value.map { .string($0) })) }))
        object["status"] = .object(JSONObject())
        try approveNode(&object, context)
    }

    /// The API client of a node agent needs nobody's consent when roles let its owner ask for it.
    /// Source: `pkg/controller/certificates/approver/sarapprove.go`.
    private func approveNode(_ object: inout KubeObject, _ context: WriteContext) throws(APIStatus) {
        guard object.string("spec", "signerName") == CertificateRequests.nodeClient, let contents = CertificateRequests.parse(object),
            CertificateRequests.problem(contents, signer: CertificateRequests.nodeClient, usages: Self.usages(object)) == nil
        else { return }
        let isOwn = contents.subject.commonName == context.user.name
        for subresource in isOwn ? ["selfnodeclient", "nodeclient"] : ["nodeclient"] {
            let attributes = AccessAttributes(
                verb: "create", group: "certificates.k8s.io", resource: "certificatesigningrequests", subresource: subresource)
            guard try context.core.authorizer.allows(attributes, user: context.user) else { continue }
            let now = JSONValue.string(context.now.rfc3339)
            object["status", "conditions"] = [
                [
                    "type": "Approved", "status": "True", "reason": "AutoApproved",
                    "message": "Auto approving kubelet client certificate after SubjectAccessReview.", "lastUpdateTime": now,
                    "lastTransitionTime": now,
                ]
            ]
            return
        }
    }

    static func usages(_ object: KubeObject) -> [String] { object.array("spec", "usages").compactMap(\.stringValue) }

    func validateCreate(_ object: KubeObject, _ context: WriteContext) -> [FieldError] {
        var errors: [FieldError] = []
        if CertificateRequests.parse(object) == nil {
            let why = "PEM block type must be CERTIFICATE REQUEST"
            errors.append(.invalid("spec.request", object["spec", "request"] ?? .null, why))
        }
        let usages = Self.usages(object)
        if usages.isEmpty { errors.append(.required("spec.usages", "usages must be provided")) }
        for (index, usage) in usages.enumerated() where usages[..<index].contains(usage) {
            errors.append(.duplicate("spec.usages[\(index)]", .string(usage)))
        }
        let signer = object.string("spec", "signerName") ?? ""
        if signer == CertificateRequests.legacyUnknown {
            errors.append(.invalid("spec.signerName", .string(signer), "the legacy signerName is not allowed via this API version"))
        } else if !signer.isEmpty {
            let parts = signer.split(separator: "/", omittingEmptySubsequences: false)
            if parts.count != 2 || !NameValidation.dnsSubdomain(String(parts[0])).isEmpty || parts[1].isEmpty || !parts[0].contains(".") {
                let why = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
                errors.append(.invalid("spec.signerName", .string(signer), why))
            }
        }
        return errors
    }

    func prepareForUpdate(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) throws(APIStatus) {
        object["spec"] = old["spec"]
        object["status"] = old["status"]
    }

    func validateUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] { [] }

    func prepareForStatusUpdate(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) { stamp(&object, old, context) }

    func prepareForSubresource(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) {
        var result = old
        result.metadata = object.metadata
        result["status", "conditions"] = object["status", "conditions"]
        object = result
        stamp(&object, old, context)
    }

    /// Conditions know when they were said.
    private func stamp(_ object: inout KubeObject, _ old: KubeObject, _ context: WriteContext) {
        guard case .array(var conditions)? = object["status", "conditions"] else { return }
        let now = JSONValue.string(context.now.rfc3339)
        let before = old.array("status", "conditions")
        for index in conditions.indices {
            let same = before.first { $0["type"] == conditions[index]["type"] && $0["status"] == conditions[index]["status"] }
            if conditions[index]["lastUpdateTime"]?.isNull ?? true { conditions[index]["lastUpdateTime"] = same?["lastUpdateTime"] ?? now }
            if conditions[index]["lastTransitionTime"]?.isNull ?? true {
                conditions[index]["lastTransitionTime"] = same?["lastTransitionTime"] ?? now
            }
        }
        object["status", "conditions"] = .array(conditions)
    }

    func validateSubresource(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        CertificateRules.changes(object, old: old, mayApprove: context.subresource == "approval")
    }
}
