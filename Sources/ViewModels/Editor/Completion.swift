import APIMachinery
import JSONCore
import KubeSchemas

/// What could be written at the cursor, found by indentation so that it works in text that does not parse yet.
enum Completion {
    /// The popup for a cursor; nil when there is nothing to offer.
    static func model(_ lines: [String], _ cursor: TextPosition) -> CompletionModel? {
        guard lines.indices.contains(cursor.line) else { return nil }
        let head = String(lines[cursor.line].prefix(cursor.column))
        // Only at the end of a word; inside one it would only be in the way.
        guard lines[cursor.line].dropFirst(cursor.column).allSatisfy({ $0 == " " }), let type = type(lines, cursor.line) else { return nil }
        let body = head.drop { $0 == " " }
        let text = body.drop { $0 == "-" || $0 == " " }
        let indent = head.count - text.count
        guard !text.isEmpty, !text.hasPrefix("#") else { return nil }
        var path = path(lines, above: cursor.line, indent: indent, isItem: body.hasPrefix("-"))
        var prefix = String(text)
        if let colon = text.firstIndex(of: ":") {
            path.append(String(text[..<colon]))
            prefix = String(text[text.index(after: colon)...].drop { $0 == " " })
            guard !prefix.isEmpty else { return nil }
        } else if text.contains(" ") {
            return nil
        }
        let found = SchemaLookup.completions(at: JSONPointer(path), in: type, prefix: prefix)
        guard !found.isEmpty, !found.contains(where: { $0.text == prefix }) else { return nil }
        let items = found.prefix(12).map {
            CompletionItem(text: $0.isKey ? "\($0.text): " : $0.text, detail: $0.documentation.isEmpty ? $0.type : $0.documentation)
        }
        return CompletionModel(items: Array(items), start: TextPosition(line: cursor.line, column: cursor.column - prefix.count))
    }

    /// The type of the document around a line.
    private static func type(_ lines: [String], _ line: Int) -> TypeSchema? {
        var first = line
        while first > 0, !lines[first].hasPrefix("---") { first -= 1 }
        var (version, kind) = ("", "")
        for number in first..<lines.count {
            let text = lines[number]
            if number > first, text.hasPrefix("---") { break }
            if text.hasPrefix("apiVersion:") { version = value(text) }
            if text.hasPrefix("kind:") { kind = value(text) }
        }
        guard let groupVersion = GroupVersion(apiVersion: version) else { return nil }
        return builtinSchemas.resource(kind: GroupVersionKind(groupVersion, kind: kind))?.type
    }

    private static func value(_ line: String) -> String {
        String(line.drop { $0 != ":" }.dropFirst().filter { $0 != " " && $0 != "\"" && $0 != "'" })
    }

    /// The keys that lead to what is written at an indentation.
    private static func path(_ lines: [String], above line: Int, indent: Int, isItem: Bool) -> [String] {
        var path: [String] = isItem ? ["0"] : []
        var depth = isItem ? dash(lines[line]) : indent
        // A list may stand as far out as its key.
        var mayBeLevel = isItem
        for number in stride(from: line - 1, through: 0, by: -1) {
            let text = lines[number]
            if text.hasPrefix("---") { break }
            let body = text.drop { $0 == " " }
            guard !body.isEmpty, !body.hasPrefix("#") else { continue }
            let start = text.count - body.count
            let key = body.drop { $0 == "-" || $0 == " " }
            let keyStart = text.count - key.count
            let isDash = body.hasPrefix("-")
            if isDash, keyStart == depth, !mayBeLevel, start < depth {
                // The first key of the item that holds this line.
                path.insert("0", at: 0)
                depth = start
                mayBeLevel = true
                continue
            }
            guard keyStart < depth || mayBeLevel && !isDash && keyStart == depth else { continue }
            guard let colon = key.firstIndex(of: ":") else { continue }
            path.insert(String(key[..<colon]), at: 0)
            if isDash {
                path.insert("0", at: 0)
                depth = start
                mayBeLevel = true
            } else {
                depth = keyStart
                mayBeLevel = false
            }
            if depth == 0, !mayBeLevel { break }
        }
        return path
    }

    private static func dash(_ line: String) -> Int { line.count - line.drop { $0 == " " }.count }
}
