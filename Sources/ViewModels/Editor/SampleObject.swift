import APIMachinery
import JSONCore

/// Writes what a schema asks for at least, for people to go on from.
enum SampleObject {
    private static let deepest = 8

    /// A manifest of a kind: its required fields, with values of their types.
    static func text(_ resource: ResourceDescriptor) -> String {
        var lines = ["apiVersion: \(resource.groupVersion.apiVersion)", "kind: \(resource.kind)", "metadata:", "  name: my-\(resource.singular)"]
        for field in resource.type.fields where !["apiVersion", "kind", "metadata", "status"].contains(field.jsonName) {
            guard field.isRequired || field.jsonName == "spec" else { continue }
            lines += member(field, indent: 0, depth: 0)
        }
        return lines.joined(separator: "\n")
    }

    private static func member(_ field: FieldSchema, indent: Int, depth: Int) -> [String] {
        let space = String(repeating: " ", count: indent)
        switch field.type {
        case .object(let type) where depth < deepest && !type.isUnion:
            let inner = members(type, indent: indent + 2, depth: depth + 1)
            return inner.isEmpty ? ["\(space)\(field.jsonName): {}"] : ["\(space)\(field.jsonName):"] + inner
        case .array(of: .object(let type)) where depth < deepest && !type.isUnion:
            var inner = members(type, indent: indent + 2, depth: depth + 1)
            guard let first = inner.first else { return ["\(space)\(field.jsonName): []"] }
            inner[0] = "\(space)- \(first.drop { $0 == " " })"
            return ["\(space)\(field.jsonName):"] + inner
        default: return ["\(space)\(field.jsonName): \(placeholder(field, field.type))"]
        }
    }

    /// The required members of an object; of one that requires nothing the first few, so that there is something to see.
    private static func members(_ type: TypeSchema, indent: Int, depth: Int) -> [String] {
        let required = type.fields.filter { $0.isRequired || $0.isListedAsRequired }
        let shown = required.isEmpty && depth == 1 ? Array(type.fields.prefix(6)) : required
        return shown.flatMap { member($0, indent: indent, depth: depth) }
    }

    /// A value to start from, as it is written after the colon; empty for an object that follows on lines of its own.
    static func placeholder(_ field: FieldSchema?, _ type: FieldType?) -> String {
        if let value = field?.defaultValue {
            switch value {
            case .string(let text): return quoted(text)
            case .integer, .bool, .double: return value.description
            default: break
            }
        }
        if let first = field?.enumValues.first { return quoted(first) }
        switch type {
        case .bool?: return "false"
        case .int32?, .int64?, .double?, .intOrString?: return "1"
        case .quantity?: return "\"1\""
        case .array?: return "[]"
        case .object?, .map?, .rawObject?: return "{}"
        default: return "\"\""
        }
    }

    private static func quoted(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0 == "-" || $0 == "/") }
        return isPlain && !["true", "false", "null", "yes", "no", "on", "off"].contains(text.lowercased()) ? text : "\"\(text)\""
    }
}
