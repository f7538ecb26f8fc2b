/// The type of a field, of the items of a list, or of the values of a map.
package indirect enum FieldType: Sendable {
    /// Text.
    case string
    /// A boolean.
    case bool
    /// A 32-bit integer.
    case int32
    /// A 64-bit integer.
    case int64
    /// A floating-point number.
    case double
    /// Bytes, base64 in JSON.
    case bytes
    /// An amount of a resource: text or a number in JSON.
    case quantity
    /// An integer or text.
    case intOrString
    /// A moment to the second, RFC 3339 in JSON.
    case time
    /// A moment to the microsecond, RFC 3339 in JSON.
    case microTime
    /// An object of any kind (`runtime.RawExtension`).
    case rawObject
    /// The set of fields a manager owns, kept as it is.
    case fieldsV1
    /// Any JSON, kept as it is.
    case any
    /// An object described by a type.
    case object(TypeSchema)
    /// A list.
    case array(of: FieldType)
    /// An object with free keys.
    case map(of: FieldType)

    /// The type described by name, for messages, completion and documentation: `[Container]`, `map[string]string`.
    package var name: String {
        switch self {
        case .string: "string"
        case .bool: "boolean"
        case .int32, .int64: "integer"
        case .double: "number"
        case .bytes: "base64 bytes"
        case .quantity: "quantity"
        case .intOrString: "integer or string"
        case .time, .microTime: "time"
        case .rawObject, .fieldsV1: "object"
        case .any: "any"
        case .object(let type): type.shortName
        case .array(let element): "[]\(element.name)"
        case .map(let value): "map[string]\(value.name)"
        }
    }

    /// The type as Go prints it, which decoding errors quote: `int32`, `[]v1.Container`.
    var goName: String {
        switch self {
        case .string, .time, .microTime: "string"
        case .bool: "bool"
        case .int32: "int32"
        case .int64: "int64"
        case .double: "float64"
        case .bytes: "[]uint8"
        case .quantity: "resource.Quantity"
        case .intOrString: "intstr.IntOrString"
        case .rawObject: "runtime.RawExtension"
        case .fieldsV1: "v1.FieldsV1"
        case .any: "v1.JSON"
        case .object(let type): type.goName
        case .array(let element): "[]\(element.goName)"
        case .map(let value): "map[string]\(value.goName)"
        }
    }

    /// The type whose fields an item of this type has: through lists, maps and unions.
    package var objectType: TypeSchema? {
        switch self {
        case .object(let type) where type.isUnion: type.fields.lazy.compactMap(\.type.objectType).first
        case .object(let type): type
        case .array(let element): element.objectType
        case .map(let value): value.objectType
        default: nil
        }
    }
}
