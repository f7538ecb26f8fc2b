internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// The SubjectAccessReview family and SelfSubjectReview: questions that are created, answered and never stored.
enum AccessReviews {
    /// The kinds answered here, by group and plural name.
    static let handlers: [String: @Sendable (JSONValue, RequestContext) throws(APIStatus) -> JSONValue] = [
        "authorization.k8s.io/subjectaccessreviews": subject,
        "authorization.k8s.io/localsubjectaccessreviews": localSubject,
        "authorization.k8s.io/selfsubjectaccessreviews": selfSubject,
        "authorization.k8s.io/selfsubjectrulesreviews": rules,
        "authentication.k8s.io/selfsubjectreviews": whoAmI,
        "authentication.k8s.io/tokenreviews": token,
    ]

    /// Answers a create of one of them with 201.
    static func run(
        _ context: RequestContext, _ handler: @Sendable (JSONValue, RequestContext) throws(APIStatus) -> JSONValue
    ) throws(APIStatus) {
        let choice = try Negotiation.choose(context.request)
        if case .table = choice.form { throw .notAcceptable(Negotiation.accepted) }
        let options = try WriteOptions(context.request, kind: "CreateOptions")
        var (object, _) = try BodyDecoder.object(
            context.request, as: context.descriptor, validation: options.validation, registry: context.core.registry)
        let admission = try SubresourceAdmission(creating: context.descriptor.gvk, context, subresource: nil, isDryRun: options.isDryRun)
        try admission.mutate(&object)
        try admission.validate(object)
        if context.descriptor.isNamespaced, let own = object.namespace, own != context.path.namespace {
            throw .badRequest("the namespace of the provided object does not match the namespace sent on the request")
        }
        object.namespace = context.path.namespace
        var value = object.value
        value["status"] = try handler(value, context)
        context.reply(ResponseMaking.json(value, status: 201))
    }

    private static func selfSubject(_ value: JSONValue, _ context: RequestContext) throws(APIStatus) -> JSONValue {
        try AccessReviewRules.check(value, .own, context)
        return try decide(value, user: context.user, context)
    }

    private static func subject(_ value: JSONValue, _ context: RequestContext) throws(APIStatus) -> JSONValue {
        try AccessReviewRules.check(value, .anybody, context)
        return try decide(value, user: user(value), context)
    }

    /// Whom a review asks about.
    private static func user(_ value: JSONValue) -> UserInfo {
        let spec = value["spec"]
        return UserInfo(
            name: spec?["user"]?.stringValue ?? "", uid: spec?["uid"]?.stringValue ?? "",
            groups: (spec?["groups"]?.arrayValue ?? []).compactMap(\.stringValue), extra: Self.extra(spec?["extra"]))
    }

    private static func extra(_ value: JSONValue?) -> [String: [String]] {
        var extra: [String: [String]] = [:]
        for member in value?.objectValue ?? JSONObject() {
            extra[member.key.lowercased()] = (member.value.arrayValue ?? []).compactMap(\.stringValue)
        }
        return extra
    }

    private static func localSubject(_ value: JSONValue, _ context: RequestContext) throws(APIStatus) -> JSONValue {
        try AccessReviewRules.check(value, .local, context)
        return try decide(value, user: user(value), context)
    }

    private static func decide(_ value: JSONValue, user: UserInfo, _ context: RequestContext) throws(APIStatus) -> JSONValue {
        let attributes = attributes(value)
        guard try context.core.authorizer.allows(attributes, user: user) else { return ["allowed": false] }
        guard let reason = try context.core.authorizer.reason(attributes, user: user) else { return ["allowed": true] }
        return ["allowed": true, "reason": .string(reason)]
    }

    private static func attributes(_ value: JSONValue) -> AccessAttributes {
        if let path = value["spec", "nonResourceAttributes"]?.objectValue {
            return AccessAttributes(verb: path["verb"]?.stringValue ?? "", path: path["path"]?.stringValue ?? "")
        }
        func text(_ field: String) -> String { value["spec", "resourceAttributes", field]?.stringValue ?? "" }
        return AccessAttributes(
            verb: text("verb"), group: text("group"), resource: text("resource"), subresource: text("subresource"),
            namespace: text("namespace"), name: text("name"))
    }

    private static func rules(_ value: JSONValue, _ context: RequestContext) throws(APIStatus) -> JSONValue {
        let namespace = value["spec", "namespace"]?.stringValue ?? ""
        guard !namespace.isEmpty else { throw .badRequest("no namespace on request") }
        let rules = try context.core.authorizer.rules(for: context.user, namespace: namespace)
        return [
            "resourceRules": .array(rules.filter { !$0.resources.isEmpty }.map(\.value)),
            "nonResourceRules": .array(rules.filter { !$0.urls.isEmpty }.map(\.value)),
            "incomplete": false,
        ]
    }

    private static func whoAmI(_ value: JSONValue, _ context: RequestContext) throws(APIStatus) -> JSONValue {
        ["userInfo": userInfo(context.user)]
    }

    /// A user as authentication/v1 UserInfo.
    static func userInfo(_ user: UserInfo) -> JSONValue {
        var info: JSONObject = ["username": .string(user.name)]
        if !user.uid.isEmpty { info["uid"] = .string(user.uid) }
        info["groups"] = .array(user.groups.map { .string($0) })
        if !user.extra.isEmpty {
            info["extra"] = .object(
                JSONObject(user.extra.sorted { $0.key < $1.key }.map { ($0.key, .array($0.value.map { .string($0) })) }))
        }
        return .object(info)
    }

    private static func token(_ value: JSONValue, _ context: RequestContext) throws(APIStatus) -> JSONValue {
        guard let text = value["spec", "token"]?.stringValue, !text.isEmpty else {
            throw .badRequest("token is required for TokenReview in authentication")
        }
        let wanted = (value["spec", "audiences"]?.arrayValue ?? []).compactMap(\.stringValue)
        do throws(ServiceAccountTokens.Refusal) {
            let (user, audiences) = try context.core.tokens.authenticate(text, audiences: wanted.isEmpty ? ServiceAccountTokens.audiences : wanted)
            return [
                "authenticated": true, "user": userInfo(user), "audiences": .array(audiences.map { .string($0) }),
            ]
        } catch {
            return ["user": .object(JSONObject()), "error": .string("[invalid bearer token, \(error.message)]")]
        }
    }
}
