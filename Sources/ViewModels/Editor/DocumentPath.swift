import APIMachinery
import KubeSchemas

/// Where a line stands in its document, told by indentation alone.
enum DocumentPath {
    /// The lines of the document around a line, with the `---` in front.
    static func range(_ lines: [String], _ line: Int) -> Range<Int> {
        var first = line
        while first > 0, !lines[first].hasPrefix("---") { first -= 1 }
        var last = first + 1
        while last < lines.count, !lines[last].hasPrefix("---") { last += 1 }
        return first..<min(last, lines.count)
    }

    /// The group, version and kind that the document around a line says it is.
    static func kind(_ lines: [String], _ line: Int) -> (apiVersion: String, kind: String) {
        var found = ("", "")
        for number in range(lines, line) {
            if lines[number].hasPrefix("apiVersion:") { found.0 = value(lines[number]) }
            if lines[number].hasPrefix("kind:") { found.1 = value(lines[number]) }
        }
        return found
    }

    /// The type of the document around a line; nil when it says none that is known.
    static func type(_ lines: [String], _ line: Int, _ schemas: SchemaRegistry) -> TypeSchema? {
        let said = kind(lines, line)
        guard let groupVersion = GroupVersion(apiVersion: said.apiVersion) else { return nil }
        return schemas.resource(kind: GroupVersionKind(groupVersion, kind: said.kind))?.type
    }

    /// Every group version that a text names.
    static func groupVersions(_ lines: [String]) -> Set<GroupVersion> {
        Set(lines.lazy.filter { $0.hasPrefix("apiVersion:") }.prefix(256).compactMap { GroupVersion(apiVersion: value($0)) })
    }

    private static func value(_ line: String) -> String {
        let text = line.drop { $0 != ":" }.dropFirst()
        return String((text.firstRange(of: " #").map { text[..<$0.lowerBound] } ?? text).filter { $0 != " " && $0 != "\"" && $0 != "'" })
    }

    /// The path of the key or item on a line; items are `0`. Nil where there is none.
    static func pointer(_ lines: [String], _ line: Int) -> [String]? {
        guard lines.indices.contains(line) else { return nil }
        let body = lines[line].drop { $0 == " " }
        let text = body.drop { $0 == "-" || $0 == " " }
        guard !text.isEmpty, !text.hasPrefix("#"), !body.hasPrefix("---") else { return nil }
        let path = above(lines, line, indent: lines[line].count - text.count, isItem: body.hasPrefix("-"))
        guard let colon = text.firstIndex(of: ":") else { return path }
        return path + [unquoted(text[..<colon])]
    }

    private static func unquoted(_ key: Substring) -> String {
        guard let first = key.first, first == "\"" || first == "'", key.last == first, key.count > 1 else { return String(key) }
        return String(key.dropFirst().dropLast())
    }

    /// The keys that lead to what is written at an indentation.
    static func above(_ lines: [String], _ line: Int, indent: Int, isItem: Bool) -> [String] {
        var path: [String] = isItem ? ["0"] : []
        var depth = isItem ? self.indent(lines[line]) : indent
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
            path.insert(unquoted(key[..<colon]), at: 0)
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

    /// The other keys of the object that the key at a line and indentation belongs to, with what stands behind each.
    static func siblings(_ lines: [String], _ line: Int, indent depth: Int) -> [String: String] {
        var found: [String: String] = [:]
        /// Whether the object goes on beyond this line.
        func take(_ number: Int, isUp: Bool) -> Bool {
            let text = lines[number]
            let body = text.drop { $0 == " " }
            if text.hasPrefix("---") { return false }
            guard !body.isEmpty, !body.hasPrefix("#") else { return true }
            let start = text.count - body.count
            let key = body.drop { $0 == "-" || $0 == " " }
            let isDash = body.hasPrefix("-")
            if start < depth, !isDash || text.count - key.count != depth || !isUp { return false }
            if text.count - key.count == depth, !isDash || start < depth, let colon = key.firstIndex(of: ":") {
                found[unquoted(key[..<colon])] = String(key[key.index(after: colon)...].drop { $0 == " " })
            }
            return start >= depth
        }
        let isFirst = lines[line].drop { $0 == " " }.hasPrefix("-")
        var number = line - 1
        while !isFirst, number >= 0, take(number, isUp: true) { number -= 1 }
        number = line + 1
        while number < lines.count, take(number, isUp: false) { number += 1 }
        return found
    }

    private static func indent(_ line: String) -> Int { line.count - line.drop { $0 == " " }.count }
}
