import APIMachinery
import JSONCore
import KubeSchemas

/// What could be written at the cursor, found by indentation so that it works in text that does not parse yet.
enum Completion {
    /// A word that is being written, and where in its document that is.
    struct Place: Sendable {
        /// The type of the document.
        let type: TypeSchema
        /// The object that a key is written in, or the field that a value is written for. Items of lists are `0`.
        let pointer: JSONPointer
        let prefix: String
        /// Where the word starts.
        let start: TextPosition
        /// What is written after the colon, or as an item.
        let isValue: Bool
        /// The other members of the same object, with values that stand on their line.
        let siblings: [String: String]
    }

    private static let mostItems = 50

    /// The popup for a cursor; nil when there is nothing to offer.
    static func model(_ lines: [String], _ cursor: TextPosition, schemas: SchemaRegistry = builtinSchemas) -> CompletionModel? {
        place(lines, cursor, schemas: schemas).flatMap { model($0, names: []) }
    }

    /// The word at the cursor; nil where nothing is completed. `isAsked` also takes a word that has not begun.
    static func place(_ lines: [String], _ cursor: TextPosition, schemas: SchemaRegistry, isAsked: Bool = false) -> Place? {
        guard lines.indices.contains(cursor.line) else { return nil }
        let head = String(lines[cursor.line].prefix(cursor.column))
        // Only at the end of a word; inside one it would only be in the way.
        guard lines[cursor.line].dropFirst(cursor.column).allSatisfy({ $0 == " " }), let type = DocumentPath.type(lines, cursor.line, schemas)
        else { return nil }
        let body = head.drop { $0 == " " }
        let text = body.drop { $0 == "-" || $0 == " " }
        let indent = head.count - text.count
        guard isAsked || !text.isEmpty, !text.hasPrefix("#") else { return nil }
        let isItem = body.hasPrefix("-")
        var path = DocumentPath.above(lines, cursor.line, indent: indent, isItem: isItem)
        var prefix = String(text)
        var isValue = false
        if let colon = text.firstIndex(of: ":") {
            path.append(String(text[..<colon]))
            prefix = String(text[text.index(after: colon)...].drop { $0 == " " })
            isValue = true
            guard isAsked || !prefix.isEmpty else { return nil }
        } else if text.contains(" ") {
            return nil
        } else if isItem {
            // An item of scalars is a value; one of objects begins with a key.
            if case .object? = SchemaLookup.type(at: JSONPointer(path), in: type) { isValue = false } else { isValue = true }
        }
        return Place(
            type: type, pointer: JSONPointer(path), prefix: prefix,
            start: TextPosition(line: cursor.line, column: cursor.column - prefix.count), isValue: isValue,
            siblings: DocumentPath.siblings(lines, cursor.line, indent: indent))
    }

    /// What the schema and the cluster have for a word; `names` are those of the objects that the field refers to.
    static func model(_ place: Place, names: [String]) -> CompletionModel? {
        var items = names.filter { $0.hasPrefix(place.prefix) && $0 != place.prefix }.map { CompletionItem(text: $0, detail: "in the cluster") }
        if names.contains(place.prefix) { return nil }
        let found = SchemaLookup.completions(
            at: place.pointer, in: place.type, prefix: place.prefix, excluding: place.isValue ? [] : Set(place.siblings.keys))
        guard !found.contains(where: { $0.text == place.prefix }) else { return nil }
        items += found.map { CompletionItem(text: $0.isKey ? "\($0.text): " : $0.text, detail: detail($0)) }
        // A value is completed by values, never by the keys of what could stand there.
        if place.isValue { items.removeAll { $0.text.hasSuffix(": ") } }
        guard !items.isEmpty else { return nil }
        return CompletionModel(items: Array(items.prefix(mostItems)), start: place.start)
    }

    private static func detail(_ found: SchemaLookup.Completion) -> String {
        let words = found.documentation.isEmpty ? found.type : found.documentation
        return found.isRequired ? "required. \(words)" : words
    }
}
