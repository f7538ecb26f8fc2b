package import JSONCore

/// Writes the fields that a new object has set, as `fieldsV1`, straight from the object: one walk, no set in between. The text is that
/// of the comparison of the object with an empty one, without what ``ManagedFields/unowned`` lists.
package struct FieldSetWriter {
    private var out: [UInt8]
    private let ignored: Set<String>

    /// Appends the fields of a new object of a type; the top-level fields in `ignored` are left out. False when there are none, and
    /// then nothing was appended.
    package static func write(_ object: JSONObject, type: TypeSchema, ignoring ignored: Set<String>, into out: inout [UInt8]) -> Bool {
        var writer = FieldSetWriter(out: out, ignored: ignored)
        out = []
        let isWritten = writer.root(object, type)
        out = writer.out
        return isWritten
    }

    private mutating func root(_ object: JSONObject, _ type: TypeSchema) -> Bool {
        let start = out.count
        out.append(UInt8(ascii: "{"))
        var isFirst = true
        for index in FieldOrder(object) {
            let member = object[index]
            if member.key == "apiVersion" || member.key == "kind" || ignored.contains(member.key) { continue }
            guard let field = type.field(member.key) else { continue }
            if member.key == "metadata", case .object(var metadata) = member.value, case .object(let inner) = field.type {
                metadata.removeAll { ManagedFields.unownedMetadata.contains($0.key) }
                entry(member.key, .object(metadata), .object(inner), silent: .object(JSONObject()), &isFirst)
            } else {
                entry(member.key, member.value, FieldShape(field), silent: field.silentValue, &isFirst)
            }
        }
        guard !isFirst else {
            out.removeLast(out.count - start)
            return false
        }
        out.append(UInt8(ascii: "}"))
        return true
    }

    /// Writes one member of a parent that an empty object would have too, if it differs from what that one holds there.
    private mutating func entry(
        _ key: String, _ value: JSONValue, _ shape: FieldShape, silent: JSONValue?, isDeclared: Bool = true, _ isFirst: inout Bool
    ) {
        let start = out.count
        if !isFirst { out.append(UInt8(ascii: ",")) }
        PathElement.write(field: key, isDeclared: isDeclared, into: &out)
        out.append(UInt8(ascii: ":"))
        let isWritten = body(value, shape, silent: silent)
        if isWritten { isFirst = false } else { out.removeLast(out.count - start) }
    }

    /// Writes what is set in a value; `silent` is what an empty parent holds there, nil when the value itself counts as set.
    private mutating func body(_ value: JSONValue, _ shape: FieldShape, silent: JSONValue?) -> Bool {
        if let silent, silent == value { return false }
        if let members = shape.members(value), !members.isEmpty {
            return self.members(members, shape, isMember: silent == nil)
        }
        if let items = shape.items(value), !items.isEmpty {
            return self.items(items, shape, isMember: silent == nil)
        }
        out.append(UInt8(ascii: "{"))
        out.append(UInt8(ascii: "}"))
        return true
    }

    private mutating func members(_ members: JSONObject, _ shape: FieldShape, isMember: Bool) -> Bool {
        let start = out.count
        out.append(UInt8(ascii: "{"))
        var isFirst = !isMember
        if isMember {
            out += "\".\":{}".utf8
            isFirst = false
        }
        for index in FieldOrder(members) {
            let member = members[index]
            if case .object(let type) = shape, let field = type.field(member.key) {
                // A parent that is new as a whole has nothing silently.
                entry(member.key, member.value, FieldShape(field), silent: isMember ? nil : field.silentValue, &isFirst)
            } else {
                entry(member.key, member.value, shape.below(.field(member.key)), silent: nil, isDeclared: false, &isFirst)
            }
        }
        guard !isFirst else {
            out.removeLast(out.count - start)
            return false
        }
        out.append(UInt8(ascii: "}"))
        return true
    }

    private mutating func items(_ items: [JSONValue], _ shape: FieldShape, isMember: Bool) -> Bool {
        var elements: [(element: PathElement, item: JSONValue, isRepeated: Bool)] = []
        elements.reserveCapacity(items.count)
        for item in items {
            if let element = shape.element(of: item) { elements.append((element, item, false)) }
        }
        if elements.count > 1 {
            elements.sort { $0.element < $1.element }
            for index in elements.indices.dropFirst().reversed() where elements[index].element == elements[index - 1].element {
                elements.remove(at: index)
                elements[index - 1].isRepeated = true
            }
        }
        guard !elements.isEmpty || isMember else { return false }
        out.append(UInt8(ascii: "{"))
        var isFirst = true
        if isMember, !elements.isEmpty {
            out += "\".\":{}".utf8
            isFirst = false
        }
        for (element, item, isRepeated) in elements {
            if !isFirst { out.append(UInt8(ascii: ",")) }
            isFirst = false
            element.write(into: &out)
            out.append(UInt8(ascii: ":"))
            if isRepeated { out += "{}".utf8 } else { _ = body(item, shape.below(element), silent: nil) }
        }
        out.append(UInt8(ascii: "}"))
        return true
    }
}

/// The places of an object's members by name. Most objects come sorted or nearly so, and then nothing is sorted.
private struct FieldOrder: Sequence, IteratorProtocol {
    private let count: Int
    private var places: [Int]?
    private var position = 0

    init(_ object: JSONObject) {
        count = object.count
        var isSorted = true
        for index in 1..<Swift.max(count, 1) where object[index].key < object[index - 1].key {
            isSorted = false
            break
        }
        if !isSorted { places = (0..<count).sorted { object[$0].key < object[$1].key } }
    }

    mutating func next() -> Int? {
        guard position < count else { return nil }
        defer { position += 1 }
        return places.map { $0[position] } ?? position
    }
}
