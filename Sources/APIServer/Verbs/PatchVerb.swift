internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// PATCH of an object, of its status or of its scale.
enum PatchVerb {
    /// A patch, parsed once and applied to every version it meets.
    enum Patch: Sendable {
        case json(JSONValue)
        case merge(JSONValue)
        case strategic(JSONValue)

        /// Applies the patch; `type` guides strategic merges. Throws BadRequest and Invalid.
        func apply(to value: JSONValue, type: TypeSchema) throws(APIStatus) -> JSONValue {
            switch self {
            case .json(let patch): try JSONPatch.apply(patch, to: value)
            case .merge(let patch): try MergePatch.apply(patch, to: value)
            case .strategic(let patch): try StrategicMergePatch.apply(patch, to: value, type: type)
            }
        }
    }

    /// The media types of patches.
    static let types = ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json"]

    /// Parses the body by its Content-Type. Throws UnsupportedMediaType and BadRequest.
    static func parse(_ request: APIRequest) throws(APIStatus) -> Patch {
        let type = MediaType(request.contentType ?? "").type
        guard types.contains(type) else { throw .unsupportedMediaType(types) }
        if request.queryValue("force") != nil {
            throw .invalid(
                kind: GroupKind(group: "meta.k8s.io", kind: "PatchOptions"), name: "",
                [.forbidden("force", "may not be specified for non-apply patch")])
        }
        let value = try BodyDecoder.json(request.body).value
        switch type {
        case "application/json-patch+json":
            guard let operations = value.arrayValue else { throw .badRequest("a JSON patch is an array of operations") }
            guard operations.count <= 10000 else {
                throw .tooLarge("The allowed maximum operations in a JSON patch is 10000, got \(operations.count)")
            }
            return .json(value)
        case "application/merge-patch+json":
            guard case .object = value else { throw .badRequest("a merge patch is an object, found \(value.kindName)") }
            return .merge(value)
        default:
            guard case .object = value else { throw .badRequest("a strategic merge patch is an object, found \(value.kindName)") }
            return .strategic(value)
        }
    }

    static func run(_ context: RequestContext, subresource: String? = nil) throws(APIStatus) {
        let renderer = try ObjectRenderer(context)
        let options = try WriteOptions(context.request, kind: "PatchOptions")
        let patch = try parse(context.request)
        let warnings = WarningBox()
        let mutation = Mutation(context, isDryRun: options.isDryRun, subresource: subresource) { (current) throws(APIStatus) in
            guard let current else { throw .notFound(context.descriptor.groupResource, context.name) }
            let served = context.endpoint.conversion?.served(current.value) ?? current.value
            let patched = try patch.apply(to: served, type: context.descriptor.type)
            guard !patched.isDeeper(than: JSONLimits.default.maximumDepth) else {
                throw .badRequest("the patched object nests deeper than \(JSONLimits.default.maximumDepth) levels")
            }
            let (decoded, found) = try BodyDecoder.object(
                BodyDecoder.Raw(value: patched), gvk: context.descriptor.gvk, type: context.descriptor.type,
                validation: options.validation)
            warnings.set(found)
            let sent = try UpdateVerb.named(decoded, context)
            return try UpdateVerb.decide(
                KubeObject(context.endpoint.conversion?.stored(sent.value) ?? sent.value), old: current,
                context.writeContext(isDryRun: options.isDryRun, subresource: subresource))
        }
        mutation.run { context.answer($0, renderer, warnings: warnings.get()) }
    }
}
