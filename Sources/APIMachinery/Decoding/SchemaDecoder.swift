package import JSONCore

/// What happens to fields that a type does not have, and to keys given twice.
package enum FieldValidation: String, Sendable, Hashable {
    /// They are dropped silently.
    case ignore = "Ignore"
    /// They are dropped with a warning.
    case warn = "Warn"
    /// They are an error.
    case strict = "Strict"
}

/// Turns JSON into objects of a type, fills in defaults and checks what the schema says. One engine for every kind.
package enum SchemaDecoder {
    /// The object as the type reads it: unknown fields and nulls dropped, quantities and times in canonical form.
    ///
    /// Throws 400 with Kubernetes' text for a value of the wrong type, and in strict mode for unknown and repeated fields;
    /// `warnings` holds the same texts in warn mode. `duplicates` are the keys the parser saw twice.
    package static func decode(
        _ value: JSONValue, as type: TypeSchema, validation: FieldValidation, duplicates: [JSONPointer] = []
    ) throws(APIStatus) -> (JSONValue, warnings: [String]) {
        guard case .object(let object) = value else {
            throw unreadable(type, "json: cannot unmarshal \(value.goKind) into Go value of type \(type.goName)")
        }
        let (decoded, unknown): (JSONValue, [String])
        do throws(DecodingFailure) {
            (decoded, unknown) = try read(object, type, reportsUnknown: validation != .ignore)
        } catch {
            throw unreadable(type, error.message)
        }
        guard validation != .ignore else { return (decoded, []) }
        var problems = unknown.map { "unknown field \($0.goQuoted)" }
        problems += duplicates.map { "duplicate field \(FieldPath.strictText(of: $0, in: value).goQuoted)" }
        if validation == .strict, !problems.isEmpty {
            throw unreadable(type, "strict decoding error: \(problems.joined(separator: ", "))")
        }
        return (decoded, problems)
    }

    private static func read(
        _ object: JSONObject, _ type: TypeSchema, reportsUnknown: Bool
    ) throws(DecodingFailure) -> (JSONValue, unknown: [String]) {
        if let custom = type.custom {
            let (decoded, unknown) = try custom.decode(object, reportsUnknown: reportsUnknown)
            return (.object(decoded), unknown)
        }
        var walker = DecodingWalker(reportsUnknown: reportsUnknown)
        guard case .replaced(let changed) = try walker.convert(object, type) else { return (.object(object), walker.unknown) }
        return (changed, walker.unknown)
    }

    /// Throws 400 when an object says it is of another kind than the one that is asked for; a missing kind is fine.
    package static func checkKind(_ value: JSONValue, expected: GroupVersionKind) throws(APIStatus) {
        let kind = value["kind"]?.stringValue ?? ""
        let apiVersion = value["apiVersion"]?.stringValue ?? ""
        if !apiVersion.isEmpty, apiVersion != expected.apiVersion {
            throw .badRequest(
                "the API version in the data (\(apiVersion)) does not match the expected API version (\(expected.apiVersion))")
        }
        if !kind.isEmpty, kind != expected.kind {
            throw .badRequest(
                "\(kind) in version \(expected.version.goQuoted) cannot be handled as a \(expected.kind): the kind in the data (\(kind)) does not match the expected kind (\(expected.kind))"
            )
        }
    }

    private static func unreadable(_ type: TypeSchema, _ why: String) -> APIStatus {
        let kind = type.gvk?.kind ?? type.shortName
        let version = type.gvk?.version ?? type.groupVersion.version
        return .badRequest("\(kind) in version \(version.goQuoted) cannot be handled as a \(kind): \(why)")
    }
}

/// Why a value cannot be read as its type; the message is that of Go's decoder.
struct DecodingFailure: Error {
    let message: String
}

extension JSONValue {
    /// The kind of value, as Go's JSON decoder names it.
    var goKind: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .integer, .double: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
