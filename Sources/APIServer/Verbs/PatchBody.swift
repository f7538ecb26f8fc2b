internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// A patch, parsed once and applied to every version it meets.
enum PatchBody: Sendable {
    case json(JSONValue, strange: [String])
    case merge(JSONValue, duplicates: [String])
    case strategic(JSONValue, duplicates: [String])
    /// A configuration to apply.
    case apply(JSONValue, duplicates: [YAMLDuplicate])

    /// The media types of patches; custom resources have no strategic merge.
    static func types(_ type: TypeSchema) -> [String] {
        ["application/json-patch+json", "application/merge-patch+json"]
            + (type.custom == nil ? ["application/strategic-merge-patch+json"] : []) + ["application/apply-patch+yaml"]
    }

    /// Parses the body by its Content-Type. Throws UnsupportedMediaType, BadRequest and RequestEntityTooLarge.
    init(_ request: APIRequest, type: TypeSchema) throws(APIStatus) {
        let media = MediaType(request.contentType ?? "").type
        let types = Self.types(type)
        guard types.contains(media) else { throw .unsupportedMediaType(types) }
        if media == "application/apply-patch+yaml" {
            self = try Self.configuration(request.body)
            return
        }
        let raw = try BodyDecoder.json(request.body)
        let value = raw.value
        let duplicates = raw.duplicates.map { "duplicate field \(Self.place($0, in: value).goQuoted)" }
        switch media {
        case "application/json-patch+json":
            guard let operations = value.arrayValue else { throw .badRequest("a JSON patch is an array of operations") }
            guard operations.count <= 10000 else {
                throw .tooLarge("The allowed maximum operations in a JSON patch is 10000, got \(operations.count)")
            }
            self = .json(value, strange: (duplicates + Self.unknownFields(operations)).map { "json patch \($0)" })
        case "application/merge-patch+json":
            guard case .object = value else { throw .badRequest("a merge patch is an object, found \(value.kindName)") }
            self = .merge(value, duplicates: duplicates)
        default:
            guard case .object = value else { throw .badRequest("a strategic merge patch is an object, found \(value.kindName)") }
            self = .strategic(value, duplicates: duplicates)
        }
    }

    /// What operations of a JSON patch have besides what one can have; 100 are told, as Go's decoder does.
    private static func unknownFields(_ operations: [JSONValue]) -> [String] {
        let strange = operations.enumerated().lazy.flatMap { index, operation in
            (operation.objectValue ?? JSONObject()).lazy.filter { !["op", "path", "from", "value"].contains($0.key) }.map { (index, $0.key) }
        }
        return strange.prefix(100).map { index, key in "unknown field \("[\(index)].\(key)".goQuoted)" }
    }

    /// JSON is YAML too, and parses many times faster as itself.
    private static func configuration(_ body: [UInt8]) throws(APIStatus) -> PatchBody {
        if body.first == UInt8(ascii: "{"), let value = try? JSON.parse(body) { return try configuration(value, []) }  // best effort: YAML next
        var duplicates: [YAMLDuplicate] = []
        let value: JSONValue
        do throws(YAMLError) {
            value = try YAML.parseSingle(body, duplicates: &duplicates).value
        } catch {
            throw .badRequest("error decoding YAML: error converting YAML to JSON: yaml: line \(error.mark.line + 1): \(error.message)")
        }
        return try configuration(value, duplicates)
    }

    private static func configuration(_ value: JSONValue, _ duplicates: [YAMLDuplicate]) throws(APIStatus) -> PatchBody {
        guard case .object = value else {
            throw .badRequest("error decoding YAML: json: cannot unmarshal \(value.kindName) into Go value of type map[string]interface {}")
        }
        return .apply(value, duplicates: duplicates)
    }

    /// `spec.replicas`, list positions in brackets.
    private static func place(_ pointer: JSONPointer, in value: JSONValue) -> String {
        var text = ""
        var current: JSONValue? = value
        for token in pointer.tokens {
            if case .array(let elements)? = current, let index = Int(token) {
                text += "[\(index)]"
                current = elements.indices.contains(index) ? elements[index] : nil
            } else {
                text += text.isEmpty ? token : ".\(token)"
                current = current?[token]
            }
        }
        return text
    }

    /// Whether the patch is server-side apply.
    var isApply: Bool {
        if case .apply = self { true } else { false }
    }

    /// Keys that the patch has twice and, of a JSON patch, those that mean nothing, in the words of warnings.
    var strange: [String] {
        switch self {
        case .merge(_, let duplicates), .strategic(_, let duplicates): duplicates
        case .apply(_, let duplicates): duplicates.map(\.description)
        case .json(_, let strange): strange
        }
    }

    /// Whether the patch may look at or change `metadata.managedFields`, which the engine otherwise carries past it.
    var concernsOwners: Bool {
        switch self {
        case .json(let operations, _):
            let places = (operations.arrayValue ?? []).flatMap { [$0["path"]?.stringValue, $0["from"]?.stringValue].compactMap { $0 } }
            return places.contains { ["", "/metadata"].contains($0) || $0.hasPrefix("/metadata/managedFields") }
        case .merge(let patch, _), .strategic(let patch, _):
            return patch["metadata"]?.objectValue?.contains { $0.key.hasSuffix("managedFields") || $0.key.hasPrefix("$") } ?? false
                || patch["$patch"] != nil || patch["metadata"]?.isNull == true
        case .apply: return true
        }
    }

    /// Applies a patch that is no configuration; `type` guides strategic merges. Throws BadRequest and Invalid.
    func apply(to value: JSONValue, type: TypeSchema) throws(APIStatus) -> JSONValue {
        switch self {
        case .json(let patch, _): try JSONPatch.apply(patch, to: value)
        case .merge(let patch, _): try MergePatch.apply(patch, to: value)
        case .strategic(let patch, _): try StrategicMergePatch.apply(patch, to: value, type: type)
        case .apply(let config, _): config
        }
    }

    /// The object that a patched value reads as, with warnings. Throws Invalid for what the type cannot hold and, in strict mode, for
    /// unknown and repeated fields. Source: apiserver `pkg/endpoints/handlers/patch.go`.
    func decode(
        _ patched: JSONValue, gvk: GroupVersionKind, type: TypeSchema, validation: FieldValidation
    ) throws(APIStatus) -> (KubeObject, [String]) {
        guard !patched.isDeeper(than: JSONLimits.default.maximumDepth) else {
            throw .badRequest("the patched object nests deeper than \(JSONLimits.default.maximumDepth) levels")
        }
        guard case .object = patched else { throw Self.refused(patched, "json: cannot unmarshal \(patched.kindName) into an object") }
        let typed = try kept(patched, gvk, type)
        let (object, found): (KubeObject, [String])
        do throws(APIStatus) {
            (object, found) = try BodyDecoder.object(
                BodyDecoder.Raw(value: typed), gvk: gvk, type: type, validation: validation == .ignore ? .ignore : .warn)
        } catch {
            throw Self.refused(patched, error.message)
        }
        guard validation != .ignore else { return (object, []) }
        let problems = strange + found
        if validation == .strict, !problems.isEmpty {
            throw Self.refused(patched, "strict decoding error: \(problems.joined(separator: ", "))")
        }
        return (object, problems)
    }

    /// The patched value, when it still is of the kind that was patched. A strategic merge patch is made of fields of that kind, and what it
    /// says of the kind itself is lost. Throws Invalid for the others.
    /// Source: apiserver `pkg/endpoints/handlers/patch.go`, apiextensions-apiserver `pkg/registry/customresource/validator.go`.
    private func kept(_ patched: JSONValue, _ gvk: GroupVersionKind, _ type: TypeSchema) throws(APIStatus) -> JSONValue {
        if case .strategic = self {
            var patched = patched
            (patched["kind"], patched["apiVersion"]) = (.string(gvk.kind), .string(gvk.apiVersion))
            return patched
        }
        let kind = patched["kind"]?.stringValue ?? ""
        let version = patched["apiVersion"]?.stringValue ?? ""
        guard type.custom != nil else {
            guard kind.isEmpty || kind == gvk.kind, version.isEmpty || version == gvk.apiVersion else {
                let (name, of) = (kind.isEmpty ? gvk.kind : kind, version.isEmpty ? gvk.apiVersion : version)
                throw Self.refused(patched, "no kind \(name.goQuoted) is registered for version \(of.goQuoted) in scheme \"pkg/api/legacyscheme/scheme.go:30\"")
            }
            return patched
        }
        guard !kind.isEmpty else { throw Self.refused(patched, "Object 'Kind' is missing in '\(patched.description)'") }
        var errors: [FieldError] = []
        if kind != gvk.kind { errors.append(.invalid("kind", .string(kind), "must be \(gvk.kind)")) }
        if version != gvk.apiVersion { errors.append(.invalid("apiVersion", .string(version), "must be \(gvk.apiVersion)")) }
        guard errors.isEmpty else {
            let group = GroupVersion(apiVersion: version)?.group ?? gvk.group
            throw .invalid(kind: GroupKind(group: group, kind: kind), name: patched["metadata", "name"]?.stringValue ?? "", errors)
        }
        return patched
    }

    private static func refused(_ patched: JSONValue, _ why: String) -> APIStatus {
        .invalid(kind: GroupKind(group: "", kind: ""), name: "", [.invalid("patch", .string(patched.description), why)])
    }
}
