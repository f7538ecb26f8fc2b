package import JSONCore

/// Reads Kubernetes' protobuf bodies into the same JSON values that JSON bodies give.
/// Source: apimachinery `pkg/runtime/serializer/protobuf/protobuf.go`.
package enum ProtobufDecoder {
    /// The four bytes every body starts with: `k8s` and a zero.
    package static let magic: [UInt8] = [0x6B, 0x38, 0x73, 0x00]

    /// The object in a body, with `apiVersion` and `kind`. Throws 400 when the bytes are damaged or the kind is unknown.
    /// Fields the schema does not know are skipped.
    package static func decode(
        _ bytes: [UInt8], registry: SchemaRegistry, limits: JSONLimits = .default
    ) throws(APIStatus) -> JSONValue {
        let (kind, value) = try decodeEnvelope(bytes, limits: limits) { kind in registry.type(kind: kind) }
        guard let value else { throw .badRequest("no kind \(kind.kind.goQuoted) is registered for version \(kind.apiVersion.goQuoted)") }
        return value
    }

    /// The object in a body whose kind is known beforehand; the body's own kind may be missing, as in `DeleteOptions`.
    package static func decode(
        _ bytes: [UInt8], as type: TypeSchema, limits: JSONLimits = .default
    ) throws(APIStatus) -> JSONValue {
        let (_, value) = try decodeEnvelope(bytes, limits: limits) { _ in type }
        return value ?? .object(JSONObject())
    }

    /// The kind a body says it holds; nil when it is no such body.
    package static func kind(of bytes: [UInt8]) -> GroupVersionKind? {
        try? decodeEnvelope(bytes, limits: .default) { _ in nil }.0  // best effort: nil says that it cannot be read
    }

    private static func decodeEnvelope(
        _ bytes: [UInt8], limits: JSONLimits, _ find: (GroupVersionKind) -> TypeSchema?
    ) throws(APIStatus) -> (GroupVersionKind, JSONValue?) {
        guard bytes.count <= limits.maximumBytes else { throw .tooLarge("limit is \(limits.maximumBytes)") }
        guard bytes.starts(with: magic) else {
            throw .badRequest("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
        }
        let result: Result<(GroupVersionKind, JSONValue?), ProtobufError> = bytes.withUnsafeBufferPointer { buffer in
            let body = UnsafeBufferPointer(rebasing: buffer[magic.count...])
            do throws(ProtobufError) { return .success(try envelope(body, limits, find)) } catch { return .failure(error) }
        }
        switch result {
        case .success(let pair): return pair
        case .failure(let error): throw .badRequest("unable to decode the protobuf body: \(error.message)")
        }
    }

    /// `runtime.Unknown`: typeMeta 1 (apiVersion 1, kind 2), raw 2, contentEncoding 3, contentType 4.
    private static func envelope(
        _ body: UnsafeBufferPointer<UInt8>, _ limits: JSONLimits, _ find: (GroupVersionKind) -> TypeSchema?
    ) throws(ProtobufError) -> (GroupVersionKind, JSONValue?) {
        var reader = ProtobufReader(body)
        var apiVersion = ""
        var kind = ""
        var raw: ProtobufReader?
        while !reader.isAtEnd {
            let (number, wire) = try reader.field()
            switch (number, wire) {
            case (1, .delimited):
                var meta = try reader.message()
                while !meta.isAtEnd {
                    let (number, wire) = try meta.field()
                    switch (number, wire) {
                    case (1, .delimited): apiVersion = try meta.string()
                    case (2, .delimited): kind = try meta.string()
                    default: try meta.skip(wire, number: number)
                    }
                }
            case (2, .delimited): raw = try reader.message()
            default: try reader.skip(wire, number: number)
            }
        }
        let groupVersion = GroupVersion(apiVersion: apiVersion) ?? GroupVersion(group: "", version: "")
        let gvk = GroupVersionKind(groupVersion, kind: kind)
        guard let type = find(gvk) else { return (gvk, nil) }
        var walker = ProtobufWalker(depthLimit: limits.maximumDepth)
        var object = if let raw { try walker.message(raw, type) } else { JSONObject() }
        if !kind.isEmpty { object = withType(object, kind, apiVersion) }
        return (gvk, .object(object))
    }

    private static func withType(_ object: JSONObject, _ kind: String, _ apiVersion: String) -> JSONObject {
        var result: JSONObject = ["kind": .string(kind), "apiVersion": .string(apiVersion)]
        for member in object where member.key != "kind" && member.key != "apiVersion" {
            result.append(unchecked: member.key, value: member.value)
        }
        return result
    }
}
