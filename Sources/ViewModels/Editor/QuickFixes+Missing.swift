import APIMachinery
import JSONCore

extension QuickFixes {
    /// Inserts what is missing at a place, below the nearest object that is there.
    func missing(_ pointer: JSONPointer) -> [QuickFix] {
        guard let type else { return [] }
        var place = pointer
        while let parent = place.parent, yaml.value[pointer: place] == nil { place = parent }
        let names = Array(pointer.tokens.dropFirst(place.tokens.count))
        guard let first = names.first, JSONPointer.arrayIndex(first) == nil else { return [] }
        return insertion(of: names, in: place, type).map { [$0] } ?? []
    }

    /// Inserts the required fields that an object lacks.
    func required(in pointer: JSONPointer) -> [QuickFix] {
        guard let type, case .object(let inner)? = SchemaLookup.type(at: pointer, in: type), let object = yaml.value[pointer: pointer]?.objectValue
        else { return [] }
        let absent = inner.fields.filter { ($0.isRequired || $0.isListedAsRequired) && object[$0.jsonName] == nil && $0.defaultValue == nil }
        return absent.prefix(6).compactMap { insertion(of: [$0.jsonName], in: pointer, type) }
    }

    private func insertion(of names: [String], in place: JSONPointer, _ type: TypeSchema) -> QuickFix? {
        guard let object = yaml.value[pointer: place], let spot = spot(in: place, object) else { return nil }
        var new: [String] = []
        var indent = spot.indent
        for (depth, name) in names.enumerated() {
            let here = JSONPointer(place.tokens + names[...depth])
            let isLast = depth == names.count - 1
            let value = isLast ? SampleObject.placeholder(SchemaLookup.field(at: here, in: type), SchemaLookup.type(at: here, in: type)) : ""
            new.append(String(repeating: " ", count: indent) + name + ":" + (value.isEmpty ? "" : " " + value))
            indent += 2
        }
        let row = spot.line + new.count - 1
        return QuickFix(
            title: "add \(names.joined(separator: "."))", lines: spot.line..<spot.line, replacement: new,
            cursor: TextPosition(line: row, column: new[new.count - 1].count))
    }

    /// Where a new member of an object goes: the line before which it is inserted, and how far in.
    private func spot(in place: JSONPointer, _ object: JSONValue) -> (line: Int, indent: Int)? {
        guard let members = object.objectValue, let first = members.first, let mark = yaml.keyMark(of: place.appending(first.key)) else {
            guard object.isNull, let key = yaml.keyMark(of: place) else { return nil }
            return (key.line + 1, key.column + 2)
        }
        // Inside braces there is no line of its own.
        guard lines.indices.contains(mark.line), !lines[mark.line].prefix(mark.column).contains(where: { $0 == "{" || $0 == "[" }) else { return nil }
        return (end(of: mark, isKey: false), mark.column)
    }

    /// The line after the member (`isKey`), or after the whole object, whose key is at a mark.
    func end(of mark: YAMLMark, isKey: Bool) -> Int {
        var end = mark.line + 1
        var next = end
        while next < lines.count, !lines[next].hasPrefix("---") {
            let body = lines[next].drop { $0 == " " }
            let indent = lines[next].count - body.count
            defer { next += 1 }
            if body.isEmpty { continue }
            let isItem = body.hasPrefix("- ") || body == "-"
            guard isKey ? indent > mark.column || indent == mark.column && isItem : indent >= mark.column else { break }
            end = next + 1
        }
        return end
    }
}
