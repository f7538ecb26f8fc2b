/// A JSON document or a part of it, as a value with copy-on-write semantics.
///
/// Numbers keep what they were: a literal that fits 64 bits is `.integer`, every other is `.double`, and the two never compare equal.
/// Texts are equal when their bytes are.
/// Depth is bounded where values come from outside (``JSONLimits``); code that grows a value from outside data checks
/// ``isDeeper(than:)``, since releasing a tree nested tens of thousands deep would exhaust the stack.
package enum JSONValue: Sendable, Hashable {
    /// The literal `null`.
    case null
    /// The literals `true` and `false`.
    case bool(Bool)
    /// A number without fraction or exponent that fits 64 bits.
    case integer(Int64)
    /// Every other number; always finite when it was parsed.
    case double(Double)
    /// Text.
    case string(String)
    /// An ordered list.
    case array([JSONValue])
    /// Members in their written order.
    case object(JSONObject)
}

extension JSONValue {
    /// Whether this is `null`.
    package var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The text, or nil for every other kind.
    package var stringValue: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The integer, or nil for every other kind; a double with an exact 64-bit value counts.
    package var integerValue: Int64? {
        switch self {
        case .integer(let number): number
        case .double(let number): Int64(exactly: number)
        default: nil
        }
    }

    /// The number as a double, or nil for every other kind.
    package var doubleValue: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }

    /// The boolean, or nil for every other kind.
    package var boolValue: Bool? {
        if case .bool(let flag) = self { flag } else { nil }
    }

    /// The elements, or nil for every other kind.
    package var arrayValue: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members, or nil for every other kind.
    package var objectValue: JSONObject? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The kind in words for messages: "null", "boolean", "integer", "number", "string", "array" or "object".
    package var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .integer: "integer"
        case .double: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    /// Whether objects and arrays nest deeper than `limit`; looks no further than that.
    package func isDeeper(than limit: Int) -> Bool {
        switch self {
        case .array(let elements):
            limit <= 0 || elements.contains { $0.isDeeper(than: limit - 1) }
        case .object(let members):
            limit <= 0 || members.contains { $0.value.isDeeper(than: limit - 1) }
        default:
            false
        }
    }
}

// No nil literal: a nil where a member is set must mean "remove it", and never `null`.
extension JSONValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A boolean.
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An integer.
    package init(integerLiteral value: Int64) { self = .integer(value) }
    /// A double.
    package init(floatLiteral value: Double) { self = .double(value) }
    /// Text.
    package init(stringLiteral value: String) { self = .string(value) }
    /// A list.
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object; a repeated key keeps its last value.
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(JSONObject(elements))
    }
}

extension JSONValue {
    /// Equality as JSON has it. The synthesized one would call a text unchanged that is written with other code points.
    package static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.double(let a), .double(let b)): a == b
        case (.string(let a), .string(let b)): a.hasSameBytes(as: b)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a == b
        default: false
        }
    }
}

extension JSONValue: CustomStringConvertible {
    /// The compact JSON text.
    package var description: String { String(decoding: JSON.encode(self), as: UTF8.self) }
}
