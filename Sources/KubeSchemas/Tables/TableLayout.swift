import APIMachinery
import JSONCore
import LinuxKernel

/// How one kind is printed: its columns, and the cells of an object, in the same order.
struct TableLayout: Sendable {
    let columns: [TableColumn]
    let cells: @Sendable (_ object: KubeObject, _ now: Timestamp) -> [JSONValue]

    /// Columns written as `Name`, `Age`, `wide:Selector`, `number:Desired`, `number:wide:Count`, `boolean:Attached`, `name:Attacher`.
    init(_ columns: String..., cells: @escaping @Sendable (_ object: KubeObject, _ now: Timestamp) -> [JSONValue]) {
        self.columns = columns.map { text in
            var parts = text.split(separator: ":").map(String.init)
            let name = parts.removeLast()
            return TableColumn(
                name: name,
                type: parts.contains("number") ? "integer" : parts.contains("boolean") ? "boolean" : "string",
                format: name == "Name" || parts.contains("name") ? "name" : name == "Created At" ? "date-time" : "",
                priority: parts.contains("wide") ? 1 : 0,
                description: ColumnDocumentation.text(name))
        }
        self.cells = cells
    }
}

extension JSONValue {
    /// A text cell.
    static func text(_ text: String?) -> JSONValue { .string(text ?? "") }
    /// A text cell; `<unset>` when missing.
    static func orUnset(_ text: String?) -> JSONValue { .string(text ?? "<unset>") }
    /// A text cell; `<none>` when empty.
    static func orNone(_ text: String) -> JSONValue { .string(text.isEmpty ? "<none>" : text) }
    /// The time since a moment in RFC 3339; `<none>` when there is none.
    static func since(_ moment: String?, _ now: Timestamp) -> JSONValue {
        .string(moment.map { HumanDuration.since(Timestamp(rfc3339: $0), now: now) } ?? "<none>")
    }
    /// A number cell.
    static func number(_ number: Int) -> JSONValue { .integer(Int64(number)) }
    /// An AGE cell.
    static func age(_ object: KubeObject, _ now: Timestamp) -> JSONValue {
        .string(HumanDuration.since(object.creationTimestamp, now: now))
    }
}
