internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// Request bodies to values: JSON, YAML or Kubernetes protobuf.
enum BodyDecoder {
    /// A body as a value, before any schema.
    struct Raw: Sendable {
        var value: JSONValue
        var duplicates: [JSONPointer] = []
        /// Keys that a YAML text has twice.
        var repeated: [YAMLDuplicate] = []
    }

    /// Parses by Content-Type; none means JSON. Throws UnsupportedMediaType and BadRequest.
    static func parse(_ request: APIRequest, registry: SchemaRegistry, hasProtobuf: Bool = true) throws(APIStatus) -> Raw {
        switch MediaType(request.contentType ?? "").type {
        case "", "application/json": return try json(request.body)
        case "application/yaml", "application/x-yaml", "text/yaml": return try yaml(request.body)
        case "application/vnd.kubernetes.protobuf" where hasProtobuf: return Raw(value: try ProtobufDecoder.decode(request.body, registry: registry))
        default: throw .unsupportedMediaType(hasProtobuf ? Negotiation.bodyTypes : Negotiation.textTypes)
        }
    }

    static func json(_ bytes: [UInt8]) throws(APIStatus) -> Raw {
        var raw = Raw(value: .null)
        do throws(JSONError) {
            raw.value = try JSON.parse(bytes, duplicateKeys: &raw.duplicates)
        } catch {
            if error.code == .tooLarge { throw .tooLarge("limit is \(HTTPLimits.body)") }
            throw .badRequest("couldn't get version/kind; json parse error: \(error)")
        }
        return raw
    }

    static func yaml(_ bytes: [UInt8]) throws(APIStatus) -> Raw {
        var raw = Raw(value: .null)
        do throws(YAMLError) {
            raw.value = try YAML.parseSingle(bytes, duplicates: &raw.repeated).value
            return raw
        } catch {
            throw .badRequest("error converting YAML to JSON: yaml: line \(error.mark.line + 1): \(error.message)")
        }
    }

    /// Decodes an object of `descriptor`'s kind from the body. Warnings are for the `Warning` header.
    static func object(
        _ request: APIRequest, as descriptor: ResourceDescriptor, validation: FieldValidation, registry: SchemaRegistry
    ) throws(APIStatus) -> (KubeObject, [String]) {
        let isCustom = descriptor.type.custom != nil
        let raw = try parse(request, registry: registry, hasProtobuf: !isCustom)
        if isCustom { try checkCustom(raw.value, is: descriptor.gvk) }
        return try object(raw, gvk: descriptor.gvk, type: descriptor.type, validation: validation, registry: registry)
    }

    /// Checks the kind and decodes by schema. With a registry the refusal of a version that is gone names the one to use.
    static func object(
        _ raw: Raw, gvk: GroupVersionKind, type: TypeSchema, validation: FieldValidation, registry: SchemaRegistry? = nil
    ) throws(APIStatus) -> (KubeObject, [String]) {
        guard case .object = raw.value else {
            throw .badRequest("the body of the request is \(raw.value.kindName), not an object of kind \(gvk.kind)")
        }
        try check(raw.value, is: gvk, registry: registry)
        if validation == .strict, !raw.repeated.isEmpty {
            let (_, others) = try SchemaDecoder.decode(raw.value, as: type, validation: .warn, duplicates: raw.duplicates)
            let problems = ([YAMLDuplicate.text(raw.repeated)] + others).joined(separator: ", ")
            throw .badRequest("\(gvk.kind) in version \(gvk.version.goQuoted) cannot be handled as a \(gvk.kind): strict decoding error: \(problems)")
        }
        var (value, warnings) = try SchemaDecoder.decode(raw.value, as: type, validation: validation, duplicates: raw.duplicates)
        if validation == .warn { warnings += raw.repeated.map(\.description) }
        if value["metadata"]?.objectValue == nil { value["metadata"] = .object(JSONObject()) }
        var object = KubeObject(value)
        object.setType(gvk)
        keepOwnersReset(of: raw.value, in: &object)
        if warnings.count > 20 { warnings = Array(warnings.prefix(20)) }
        return (object, warnings)
    }

    /// Decoding drops an empty list, but one of owners asks for them to be forgotten.
    private static func keepOwnersReset(of sent: JSONValue, in object: inout KubeObject) {
        guard case .array(let owners)? = sent["metadata", "managedFields"], owners.isEmpty else { return }
        object["metadata", "managedFields"] = .array([])
    }

    /// Throws Invalid when the body names another kind of a custom resource's group and version; nothing but its name tells such kinds apart.
    /// Source: apiextensions-apiserver `pkg/registry/customresource/validator.go`.
    private static func checkCustom(_ value: JSONValue, is expected: GroupVersionKind) throws(APIStatus) {
        guard let kind = value["kind"]?.stringValue, !kind.isEmpty, kind != expected.kind,
            value["apiVersion"]?.stringValue ?? expected.apiVersion == expected.apiVersion
        else { return }
        throw .invalid(
            kind: expected.groupKind, name: value["metadata", "name"]?.stringValue ?? "", [.invalid("kind", .string(kind), "must be \(expected.kind)")])
    }

    /// Throws BadRequest when the body names another kind; a missing name means the one expected here.
    static func check(_ value: JSONValue, is expected: GroupVersionKind, registry: SchemaRegistry? = nil) throws(APIStatus) {
        let version = value["apiVersion"]?.stringValue ?? ""
        let kind = value["kind"]?.stringValue ?? ""
        if !version.isEmpty, version != expected.apiVersion {
            let advice = registry.flatMap { registry in
                GroupVersion(apiVersion: version).flatMap {
                    RemovedVersions.advice($0, kind: kind.isEmpty ? expected.kind : kind, registry)
                }
            }
            throw .badRequest(
                "the API version in the data (\(version)) does not match the expected API version (\(expected.apiVersion))"
                    + (advice.map { ": \($0)" } ?? ""))
        }
        if !kind.isEmpty, kind != expected.kind {
            throw .badRequest("\(kind) in version \"\(expected.version)\" cannot be handled as a \(expected.kind)")
        }
    }
}
