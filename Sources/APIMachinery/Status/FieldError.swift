package import JSONCore

/// One thing wrong with one field of an object, worded as Kubernetes words it.
/// Source: apimachinery `pkg/util/validation/field/errors.go`.
package struct FieldError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What sort of mistake it is.
    package enum Kind: String, Sendable, Hashable {
        /// A referenced value does not exist.
        case notFound = "FieldValueNotFound"
        /// A value that must be there is not.
        case required = "FieldValueRequired"
        /// A value that must be unique is there twice.
        case duplicate = "FieldValueDuplicate"
        /// The value is malformed.
        case invalid = "FieldValueInvalid"
        /// The value is not one of a closed set.
        case notSupported = "FieldValueNotSupported"
        /// The value may not be set here.
        case forbidden = "FieldValueForbidden"
        /// The value is longer than allowed.
        case tooLong = "FieldValueTooLong"
        /// The list has more items than allowed.
        case tooMany = "FieldValueTooMany"
        /// The server failed while looking at the value.
        case internalError = "InternalError"
        /// The value has the wrong JSON type.
        case typeInvalid = "FieldValueTypeInvalid"

        /// The words that start the message.
        package var title: String {
            switch self {
            case .notFound: "Not found"
            case .required: "Required value"
            case .duplicate: "Duplicate value"
            case .invalid, .typeInvalid: "Invalid value"
            case .notSupported: "Unsupported value"
            case .forbidden: "Forbidden"
            case .tooLong: "Too long"
            case .tooMany: "Too many"
            case .internalError: "Internal error"
            }
        }
    }

    /// What sort of mistake it is.
    package let kind: Kind
    /// The path of the field, for example `spec.containers[0].image`.
    package let field: String
    /// The value that is wrong; nil when the message does not show one.
    package let badValue: JSONValue?
    /// Why it is wrong; may be empty.
    package let detail: String

    /// A field error from its parts.
    package init(_ kind: Kind, field: String, badValue: JSONValue? = nil, detail: String = "") {
        self.kind = kind
        self.field = field
        self.badValue = badValue
        self.detail = detail
    }

    /// The message without the field: `Invalid value: "x": must be …`.
    package var body: String {
        var text = kind.title
        switch kind {
        case .required, .forbidden, .tooLong, .internalError: break
        default: if let badValue { text += ": \(FieldError.rendered(badValue))" }
        }
        if !detail.isEmpty { text += ": \(detail)" }
        return text
    }

    /// The whole message: field, colon, body.
    package var description: String { "\(field.isEmpty ? "<nil>" : field): \(body)" }

    private static func rendered(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text.goQuoted
        case .integer(let number): String(number)
        default: String(decoding: JSON.encode(value), as: UTF8.self)
        }
    }
}

extension FieldError {
    /// `Required value`, with an optional explanation.
    package static func required(_ field: String, _ detail: String = "") -> FieldError {
        FieldError(.required, field: field, badValue: .string(""), detail: detail)
    }

    /// `Invalid value: V: why`.
    package static func invalid(_ field: String, _ value: JSONValue, _ detail: String) -> FieldError {
        FieldError(.invalid, field: field, badValue: value, detail: detail)
    }

    /// `Invalid value: why`, where the value would say nothing.
    package static func invalid(_ field: String, _ detail: String) -> FieldError {
        FieldError(.invalid, field: field, detail: detail)
    }

    /// `Invalid value: V: why` for a value of the wrong JSON type.
    package static func typeInvalid(_ field: String, _ value: JSONValue, _ detail: String) -> FieldError {
        FieldError(.typeInvalid, field: field, badValue: value, detail: detail)
    }

    /// `Unsupported value: V: supported values: …`, the values sorted.
    package static func notSupported(_ field: String, _ value: JSONValue, _ supported: [String]) -> FieldError {
        let list = supported.sorted().map(\.goQuoted).joined(separator: ", ")
        return FieldError(.notSupported, field: field, badValue: value, detail: supported.isEmpty ? "" : "supported values: \(list)")
    }

    /// `Unsupported value: V: supported values: …`, the values in the order given.
    package static func notSupported(_ field: String, _ value: JSONValue, ordered supported: [String]) -> FieldError {
        let list = supported.map(\.goQuoted).joined(separator: ", ")
        return FieldError(.notSupported, field: field, badValue: value, detail: "supported values: \(list)")
    }

    /// `Duplicate value: V`.
    package static func duplicate(_ field: String, _ value: JSONValue) -> FieldError {
        FieldError(.duplicate, field: field, badValue: value)
    }

    /// `Forbidden: why`.
    package static func forbidden(_ field: String, _ detail: String) -> FieldError {
        FieldError(.forbidden, field: field, badValue: .string(""), detail: detail)
    }

    /// `Not found: V`, with an optional explanation.
    package static func notFound(_ field: String, _ value: JSONValue, _ detail: String = "") -> FieldError {
        FieldError(.notFound, field: field, badValue: value, detail: detail)
    }

    /// `Too long: may not be more than N bytes`.
    package static func tooLong(_ field: String, maximum: Int) -> FieldError {
        let unit = maximum == 1 ? "byte" : "bytes"
        return FieldError(.tooLong, field: field, badValue: .string(""), detail: "may not be more than \(maximum) \(unit)")
    }

    /// `Too many: N: must have at most M items`.
    package static func tooMany(_ field: String, actual: Int, maximum: Int) -> FieldError {
        let unit = maximum == 1 ? "item" : "items"
        return FieldError(.tooMany, field: field, badValue: .integer(Int64(actual)), detail: "must have at most \(maximum) \(unit)")
    }

    /// `Internal error: why`.
    package static func internalError(_ field: String, _ detail: String) -> FieldError {
        FieldError(.internalError, field: field, detail: detail)
    }

    /// `Invalid value: V: field is immutable`.
    package static func immutable(_ field: String, _ value: JSONValue) -> FieldError {
        .invalid(field, value, "field is immutable")
    }
}
