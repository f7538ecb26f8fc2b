import APIMachinery
import JSONCore
import KubeSchemas

/// What the field at the cursor means.
package struct FieldHelp: Sendable, Hashable {
    /// Its place: `spec.template.spec.containers[].image`.
    package var path: String
    /// Its type and whether it is required, has a default or a closed set of values.
    package var facts: [TextSpan]
    /// What it means.
    package var text: String
    /// An explanation.
    package init(path: String, facts: [TextSpan], text: String) {
        self.path = path
        self.facts = facts
        self.text = text
    }

    /// The help for a line; nil when the schema does not reach it.
    static func at(_ lines: [String], _ line: Int, _ schemas: SchemaRegistry) -> FieldHelp? {
        guard let type = DocumentPath.type(lines, line, schemas), let tokens = DocumentPath.pointer(lines, line) else { return nil }
        // A key that is not described stands in a map: what the map is says most.
        var pointer = JSONPointer(tokens)
        while !pointer.tokens.isEmpty, SchemaLookup.type(at: pointer, in: type) == nil { pointer = pointer.parent ?? .root }
        guard let found = SchemaLookup.type(at: pointer, in: type) else { return nil }
        let field = SchemaLookup.field(at: pointer, in: type)
        let own = SchemaLookup.documentation(at: pointer, in: type)
        let text = own.isEmpty ? found.objectType?.documentation ?? "" : own
        return FieldHelp(path: path(pointer, type), facts: facts(found, field), text: text)
    }

    private static func path(_ pointer: JSONPointer, _ type: TypeSchema) -> String {
        let path = pointer.tokens.reduce(into: "") { path, token in
            if token == "0" { path += "[]" } else { path += (path.isEmpty ? "" : ".") + token }
        }
        return path.isEmpty ? type.shortName : path
    }

    private static func facts(_ type: FieldType, _ field: FieldSchema?) -> [TextSpan] {
        var spans = [TextSpan(type.name, .dim)]
        guard let field else { return spans }
        if field.isListedAsRequired || field.isRequired { spans.append(TextSpan("  required", .warning)) }
        if field.isImmutable { spans.append(TextSpan("  cannot change later", .warning)) }
        if field.isDeprecated { spans.append(TextSpan("  deprecated", .warning)) }
        if let value = field.defaultValue, value.objectValue == nil { spans.append(TextSpan("  default \(value.description)", .accent)) }
        let values = field.enumValues
        if !values.isEmpty { spans.append(TextSpan("  one of \(values.joined(separator: ", "))", .ok)) }
        return spans
    }
}
