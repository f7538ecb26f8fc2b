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
        let (object, _) = try BodyDecoder.object(
            context.request, as: context.descriptor, validation: options.validation, registry: context.core.registry)
        var value = object.value
        value["status"] = try handler(value, context)
        context.reply(ResponseMaking.json(value, status: 201))
    }

    private static func selfSubject(_ value: JSONValue, _ context: RequestContext) throws(APIStatus) -> JSONValue {
        try decide(value, user: context.user, context)
    }

    private static func subject(_ value: JSONValue, _ context: RequestContext) throws(APIStatus) -> JSONValue {
        let spec = value["spec"]
        let user = UserInfo(
            name: spec?["user"]?.stringValue ?? "", uid: spec?["uid"]?.stringValue ?? "",
            groups: (spec?["groups"]?.arrayValue ?? []).compactMap(\.stringValue))
        if user.name.isEmpty, user.groups.isEmpty {
            throw .invalid(
                kind: context.descriptor.groupKind, name: "",
                [.invalid("spec.user", .string(""), "at least one of user or group must be specified")])
        }
        return try decide(value, user: user, context)
    }

    private static func localSubject(_ value: JSONValue, _ context: RequestContext) throws(APIStatus) -> JSONValue {
        let namespace = value["spec", "resourceAttributes", "namespace"]?.stringValue ?? ""
        guard namespace == context.path.namespace else {
            throw .invalid(
                kind: context.descriptor.groupKind, name: "",
                [
                    .invalid(
                        "spec.resourceAttributes.namespace", .string(namespace), "must match metadata.namespace")
                ])
        }
        return try subject(value, context)
    }

    private static func decide(_ value: JSONValue, user: UserInfo, _ context: RequestContext) throws(APIStatus) -> JSONValue {
        let attributes = try attributes(value, context)
        let isAllowed = try context.core.authorizer.allows(attributes, user: user)
        return ["allowed": .bool(isAllowed)]
    }

    private static func attributes(_ value: JSONValue, _ context: RequestContext) throws(APIStatus) -> AccessAttributes {
        let resource = value["spec", "resourceAttributes"]?.objectValue
        let path = value["spec", "nonResourceAttributes"]?.objectValue
        switch (resource, path) {
        case (let resource?, nil):
            func text(_ field: String) -> String { resource[field]?.stringValue ?? "" }
            return AccessAttributes(
                verb: text("verb"), group: text("group"), resource: text("resource"), subresource: text("subresource"),
                namespace: text("namespace"), name: text("name"))
        case (nil, let path?):
            return AccessAttributes(verb: path["verb"]?.stringValue ?? "", path: path["path"]?.stringValue ?? "")
        default:
            throw .invalid(
                kind: context.descriptor.groupKind, name: "",
                [
                    .invalid(
                        "spec.resourceAttributes", resource.map { .object($0) } ?? .null,
                        "exactly one of nonResourceAttributes or resourceAttributes must be specified")
                ])
        }
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
        let user = context.user
        var info: JSONObject = ["username": .string(user.name)]
        if !user.uid.isEmpty { info["uid"] = .string(user.uid) }
        info["groups"] = .array(user.groups.map { .string($0) })
        if !user.extra.isEmpty {
            info["extra"] = .object(
                JSONObject(user.extra.sorted { $0.key < $1.key }.map { ($0.key, .array($0.value.map { .string($0) })) }))
        }
        return ["userInfo": .object(info)]
    }

    private static func token(_ value: JSONValue, _ context: RequestContext) throws(APIStatus) -> JSONValue {
        ["authenticated": false, "error": "this kdash does not issue or accept bearer tokens yet; use a client certificate"]
    }
}
