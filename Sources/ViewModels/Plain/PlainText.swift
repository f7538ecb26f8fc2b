import APIMachinery
import JSONCore
import KubeClient

/// Text for people who hear it: one line a thing, no columns, no colours, no control characters.
enum PlainText {
    /// What a terminal or a screen reader could take for an order becomes a space.
    static func safe(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isSafe($0) ? $0 : " " }))
    }

    private static func isSafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }

    /// The rows of a server's table, each as `name, heading value, heading value`.
    static func rows(_ table: ServerTable, showsNamespace: Bool) -> [String] {
        table.rows.map { row in
            var name = row.object.name
            if showsNamespace, let namespace = row.object.namespace { name = "\(namespace)/\(name)" }
            var parts = [name]
            for (column, cell) in zip(table.columns, row.cells) where column.name != "Name" && column.priority == 0 {
                let text = word(cell)
                if !text.isEmpty { parts.append("\(column.name.lowercased()) \(text)") }
            }
            return safe(parts.joined(separator: ", "))
        }
    }

    /// Every value with the path that leads to it, so that each line says all there is to know about it.
    static func facts(_ value: JSONValue, limit: Int) -> [String] {
        var lines: [String] = []
        walk(value, "", depth: 0, limit, &lines)
        return lines
    }

    private static func walk(_ value: JSONValue, _ path: String, depth: Int, _ limit: Int, _ lines: inout [String]) {
        guard lines.count < limit, depth < 40 else { return }
        switch value {
        case .object(let members) where !members.isEmpty:
            for member in members where member.key != "managedFields" {
                walk(member.value, path.isEmpty ? member.key : "\(path).\(member.key)", depth: depth + 1, limit, &lines)
            }
        case .array(let elements) where !elements.isEmpty:
            for (index, element) in elements.enumerated() { walk(element, "\(path) \(index + 1)", depth: depth + 1, limit, &lines) }
        case .object, .array: break
        default: lines.append(safe("\(path): \(word(value))"))
        }
    }

    private static func word(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .null: ""
        default: value.description
        }
    }
}
