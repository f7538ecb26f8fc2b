import APIMachinery
import JSONCore
import KubeSchemas

/// Finds changes that would take a complaint about a place away.
struct QuickFixes {
    let lines: [String]
    let yaml: YAMLDocument
    /// The type of the document; nil when its kind is not known.
    let type: TypeSchema?

    /// Changes for a complaint at a place, best first. What is not there is missing.
    func at(_ pointer: JSONPointer) -> [QuickFix] {
        guard let type, let value = yaml.value[pointer: pointer] else { return missing(pointer) }
        guard let parent = pointer.parent, let key = pointer.tokens.last else { return [] }
        if case .object(let inner)? = SchemaLookup.type(at: parent, in: type), inner.field(key) == nil, !inner.isUnion {
            return misspelt(key, pointer, inner) + removed(pointer)
        }
        guard let wanted = SchemaLookup.type(at: pointer, in: type) else { return [] }
        return retyped(pointer, value, wanted) + chosen(pointer, value)
    }

    // MARK: - Names

    private func misspelt(_ key: String, _ pointer: JSONPointer, _ type: TypeSchema) -> [QuickFix] {
        let present = Set(pointer.parent.flatMap { yaml.value[pointer: $0]?.objectValue?.keys } ?? [])
        let names = type.fields.map(\.jsonName).filter { !present.contains($0) }
        guard let mark = yaml.keyMark(of: pointer), let near = Spelling.nearest(to: key, among: names) else { return [] }
        return replaced(mark, key, near).map { [QuickFix(title: "\(key) → \(near)", lines: mark.line..<(mark.line + 1), replacement: [$0])] } ?? []
    }

    private func removed(_ pointer: JSONPointer) -> [QuickFix] {
        guard let mark = yaml.keyMark(of: pointer), lines.indices.contains(mark.line), let key = pointer.tokens.last else { return [] }
        // Only a key that has its lines for itself.
        guard lines[mark.line].prefix(mark.column).allSatisfy({ $0 == " " }) else { return [] }
        return [QuickFix(title: "remove \(key)", lines: mark.line..<end(of: mark, isKey: true), replacement: [])]
    }

    /// The kinds or versions that may have been meant.
    static func kinds(_ object: KubeObject, _ yaml: YAMLDocument, _ lines: [String], _ schemas: SchemaRegistry) -> [QuickFix] {
        let fixes = QuickFixes(lines: lines, yaml: yaml, type: nil)
        let served = schemas.resources.filter { $0.kind == object.kind }.map(\.groupVersion.apiVersion)
        if !served.isEmpty { return fixes.values(JSONPointer(["apiVersion"]), served) }
        let near = Spelling.nearest(to: object.kind, among: schemas.resources.lazy.map(\.kind))
        return near.map { fixes.values(JSONPointer(["kind"]), [$0]) } ?? []
    }

    /// Other values for a scalar.
    func values(_ pointer: JSONPointer, _ texts: [String]) -> [QuickFix] {
        guard let mark = yaml.mark(of: pointer), let old = scalar(mark) else { return [] }
        var seen: Set<String> = []
        return texts.filter { seen.insert($0).inserted && $0 != old }.prefix(6).compactMap { text in
            replaced(mark, old, text).map { QuickFix(title: "\(old) → \(text)", lines: mark.line..<(mark.line + 1), replacement: [$0]) }
        }
    }

    // MARK: - Values

    private func retyped(_ pointer: JSONPointer, _ value: JSONValue, _ type: FieldType) -> [QuickFix] {
        switch (type, value) {
        case (.string, .integer), (.string, .double), (.string, .bool), (.quantity, .bool), (.bytes, .integer):
            guard let mark = yaml.mark(of: pointer), let old = scalar(mark) else { return [] }
            return values(pointer, ["\"\(old)\""])
        case (.int32, .string(let text)), (.int64, .string(let text)), (.double, .string(let text)):
            guard Int64(text) != nil || Double(text) != nil else { return [] }
            return values(pointer, [text])
        case (.bool, .string(let text)):
            switch text.lowercased() {
            case "true", "yes", "on", "y": return values(pointer, ["true"])
            case "false", "no", "off", "n": return values(pointer, ["false"])
            default: return []
            }
        case (.array, .array), (.array, .object), (.array, .null): return []
        case (.array(of: .string), .string), (.array(of: .string), .integer):
            guard let mark = yaml.mark(of: pointer), let old = scalar(mark) else { return [] }
            return values(pointer, ["[\(old)]"])
        default: return []
        }
    }

    /// The values of a closed set.
    private func chosen(_ pointer: JSONPointer, _ value: JSONValue) -> [QuickFix] {
        guard let type, let text = value.stringValue, let field = SchemaLookup.field(at: pointer, in: type) else { return [] }
        guard !field.enumValues.isEmpty, !field.enumValues.contains(text) else { return [] }
        let near = Spelling.nearest(to: text, among: field.enumValues)
        return values(pointer, (near.map { [$0] } ?? []) + field.enumValues)
    }

    /// The scalar that starts at a mark, as it is written; nil when it spans lines or is none.
    private func scalar(_ mark: YAMLMark) -> String? {
        guard lines.indices.contains(mark.line) else { return nil }
        let rest = Array(lines[mark.line].unicodeScalars).dropFirst(mark.column)
        guard let first = rest.first else { return nil }
        func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String { scalars.reduce(into: "") { $0.unicodeScalars.append($1) } }
        if first == "\"" || first == "'" {
            guard let last = rest.dropFirst().firstIndex(of: first) else { return nil }
            return text(rest[rest.startIndex...last])
        }
        guard !"|>[{&*!%@`".unicodeScalars.contains(first) else { return nil }
        var end = rest.startIndex
        while end < rest.endIndex, !",]}".unicodeScalars.contains(rest[end]), !(rest[end] == "#" && end > rest.startIndex && rest[end - 1] == " ") {
            end += 1
        }
        while end > rest.startIndex, rest[end - 1] == " " { end -= 1 }
        return end > rest.startIndex ? text(rest[rest.startIndex..<end]) : nil
    }

    /// The line at a mark with another word there.
    private func replaced(_ mark: YAMLMark, _ old: String, _ new: String) -> String? {
        guard lines.indices.contains(mark.line) else { return nil }
        let line = Array(lines[mark.line].unicodeScalars)
        let word = Array(old.unicodeScalars)
        var at = mark.column
        // A quoted key starts at its quote.
        if at < line.count, line[at] != word.first, line[at] == "\"" || line[at] == "'" { at += 1 }
        guard at + word.count <= line.count, Array(line[at..<(at + word.count)]) == word else { return nil }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: line[..<at])
        result.append(contentsOf: new.unicodeScalars)
        result.append(contentsOf: line[(at + word.count)...])
        return String(result)
    }
}
