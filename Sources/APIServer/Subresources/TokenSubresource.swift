internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel

/// POST to `serviceaccounts/token`: a token for an account, bound to an object when asked.
/// Source: `pkg/registry/core/serviceaccount/storage/token.go`.
enum TokenSubresource {
    /// How long an injected token lives beyond what it says, so that programs that never read it again keep working.
    private static let extendedSeconds: Int64 = 365 * 86400

    static func run(_ context: RequestContext) throws(APIStatus) {
        guard let subresource = context.descriptor.subresource("token"), let type = subresource.type else { throw .unknownPath }
        let options = try WriteOptions(context.request, kind: "CreateOptions")
        let raw = try BodyDecoder.parse(context.request, registry: context.core.registry)
        var (sent, warnings) = try BodyDecoder.object(raw, gvk: subresource.kind, type: type, validation: options.validation)
        SchemaDecoder.applyDefaults(&sent.value, type: type)
        let admission = try SubresourceAdmission(creating: subresource.kind, context, subresource: "token", isDryRun: options.isDryRun)
        try admission.mutate(&sent)
        try identify(&sent, context)
        let account = try context.core.lookup.get("serviceaccounts", namespace: context.path.namespace, name: context.name)
        guard let account else { throw .notFound(context.descriptor.groupResource, context.name) }
        let seconds = sent.integer("spec", "expirationSeconds") ?? 3600
        try validate(seconds, name: context.name)
        var audiences = sent.array("spec", "audiences").compactMap(\.stringValue)
        if audiences.isEmpty { audiences = ServiceAccountTokens.audiences }
        sent["spec", "audiences"] = .array(audiences.map { .string($0) })
        try admission.validate(sent)
        let bindings = try bindings(sent["spec", "boundObjectRef"], account, context)
        let isInjected =
            seconds == ServiceAccountAdmission.tokenSeconds && bindings.contains { $0.claim == "pod" }
            && audiences == ServiceAccountTokens.audiences
        var token = ""
        if !options.isDryRun {
            do throws(PKIError) {
                token = try context.core.tokens.issue(
                    account, audiences: audiences, seconds: isInjected ? extendedSeconds : seconds, warnAfter: isInjected ? seconds : nil,
                    bindings: bindings)
            } catch {
                throw .internalError(error.message)
            }
        }
        sent["spec", "expirationSeconds"] = .integer(seconds)
        if sent["spec", "boundObjectRef"] == nil { sent["spec", "boundObjectRef"] = .null }
        sent["status"] = [
            "token": .string(token), "expirationTimestamp": .string(context.now.advanced(by: .seconds(seconds)).rfc3339),
        ]
        context.reply(
            ResponseMaking.json(sent.value, status: 201, headers: warnings.map { ("warning", WarningHeader.text($0)) }))
    }

    /// The request takes name and namespace of the URL, which it may repeat but not contradict.
    private static func identify(_ sent: inout KubeObject, _ context: RequestContext) throws(APIStatus) {
        if !sent.name.isEmpty, sent.name != context.name {
            throw .badRequest(
                "name in URL does not match name in TokenRequest object: \(context.name.goQuoted), \(sent.name.goQuoted)")
        }
        if let own = sent.namespace, own != context.path.namespace {
            throw .badRequest("the namespace of the provided object does not match the namespace sent on the request")
        }
        sent.name = context.name
        sent.namespace = context.path.namespace
        sent.creationTimestamp = context.now
    }

    private static func validate(_ seconds: Int64, name: String) throws(APIStatus) {
        let field = "spec.expirationSeconds"
        let kind = GroupKind(group: "authentication.k8s.io", kind: "TokenRequest")
        if seconds < 600 {
            throw .invalid(kind: kind, name: name, [.invalid(field, .integer(seconds), "may not specify a duration less than 10 minutes")])
        }
        if seconds > 1 << 32 {
            throw .invalid(
                kind: kind, name: name, [.invalid(field, .integer(seconds), "may not specify a duration larger than 2^32 seconds")])
        }
    }

    /// What the token ends with: the object named, checked to be the one meant.
    private static func bindings(
        _ reference: JSONValue?, _ account: KubeObject, _ context: RequestContext
    ) throws(APIStatus) -> [ServiceAccountTokens.Binding] {
        guard let reference, !reference.isNull else { return [] }
        let kind = reference["kind"]?.stringValue ?? ""
        let version = reference["apiVersion"]?.stringValue ?? ""
        let name = reference["name"]?.stringValue ?? ""
        guard let (resource, claim) = ["Pod": ("pods", "pod"), "Secret": ("secrets", "secret"), "Node": ("nodes", "node")][kind], version == "v1"
        else {
            throw .badRequest("cannot bind token to object of type \(version), Kind=\(kind)")
        }
        let lookup = context.core.lookup
        let found = try lookup.get(resource, namespace: kind == "Node" ? nil : context.path.namespace, name: name)
        guard let found else { throw .notFound(GroupResource(group: "", resource: resource), name) }
        if let uid = reference["uid"]?.stringValue, !uid.isEmpty, uid != found.uid {
            let why = "does not match the UID in record. The object might have been deleted and then recreated"
            throw .conflict(
                GroupResource(group: "", resource: kind), name, "the UID in the bound object reference (\(uid)) \(why)")
        }
        var bindings = [ServiceAccountTokens.Binding(claim: claim, name: name, uid: found.uid)]
        guard kind == "Pod" else { return bindings }
        guard found.string("spec", "serviceAccountName") == account.name else {
            throw .badRequest(
                "cannot bind token for serviceaccount \(account.name.goQuoted) to pod running with different serviceaccount name.")
        }
        if let node = found.string("spec", "nodeName"), !node.isEmpty {
            let uid = try lookup.get("nodes", name: node)?.uid ?? ""
            bindings.append(ServiceAccountTokens.Binding(claim: "node", name: node, uid: uid))
        }
        return bindings
    }
}
