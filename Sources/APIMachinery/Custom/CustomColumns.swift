package import JSONCore
package import LinuxKernel

/// The columns that a CustomResourceDefinition asks for, after the name. Source: apiextensions-apiserver
/// `pkg/registry/customresource/tableconvertor`.
package struct CustomColumns: Sendable {
    private struct Column: Sendable {
        let definition: TableColumn
        let path: ValuePath
    }

    private let columns: [Column]

    /// Reads `additionalPrinterColumns`; without any there is the age alone.
    package init(_ values: [JSONValue]) {
        let wanted = values.isEmpty ? [["name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"]] : values
        columns = wanted.compactMap { value in
            // best effort: validation refuses a definition whose path cannot be read.
            guard let path = try? ValuePath(parsing: value["jsonPath"]?.stringValue ?? "") else { return nil }
            let name = value["name"]?.stringValue ?? ""
            var words = value["description"]?.stringValue ?? ""
            if words.isEmpty, values.isEmpty { words = Self.age }
            if words.isEmpty { words = "Custom resource definition column (in JSONPath format): \(value["jsonPath"]?.stringValue ?? "")" }
            return Column(
                definition: TableColumn(
                    name: name, type: value["type"]?.stringValue ?? "string", format: value["format"]?.stringValue ?? "",
                    priority: value["priority"]?.integerValue.flatMap { Int(exactly: $0) } ?? 0, description: words),
                path: path)
        }
    }

    private static let age = "How long ago the object was created."

    /// The definitions, the name first.
    package var definitions: [TableColumn] {
        [TableColumn(name: "Name", format: "name", description: "The object's name, unique among its kind in its namespace.")]
            + columns.map(\.definition)
    }

    /// The cells of an object, as many as there are definitions. `age` writes how long ago a moment was.
    package func cells(_ object: KubeObject, age: (Timestamp) -> String) -> [JSONValue] {
        [.string(object.name)]
            + columns.map { column in
                // Of several values Kubernetes shows the first.
                guard let value = column.path.values(in: object.value).first else { return .null }
                return Self.cell(value, column.definition.type, age: age)
            }
    }

    private static func cell(_ value: JSONValue, _ type: String, age: (Timestamp) -> String) -> JSONValue {
        switch (type, value) {
        case (_, .null): .null
        case ("integer", _): value.integerValue.map { .integer($0) } ?? truncated(value)
        case ("number", .integer), ("number", .double), ("boolean", .bool): value
        case ("boolean", _), ("number", _): .null
        case ("date", .string(let text)): .string(Timestamp(rfc3339: text).map(age) ?? "<invalid>")
        case ("date", _): .null
        case (_, .string): value
        default: .string(value.description)
        }
    }

    private static func truncated(_ value: JSONValue) -> JSONValue {
        guard let number = value.doubleValue, abs(number) < 9e18 else { return .null }
        return .integer(Int64(number))
    }
}
