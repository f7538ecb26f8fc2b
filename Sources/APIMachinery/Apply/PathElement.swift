package import JSONCore

/// One step from a value to a part of it, as ownership of fields is recorded. Source: structured-merge-diff `fieldpath/element.go`.
package enum PathElement: Sendable, Hashable {
    /// A member of an object.
    case field(String)
    /// The item of a list whose keys have these values; the keys are sorted.
    case key([KeyValue])
    /// The item of a set of scalars.
    case value(JSONValue)
    /// A place in a list.
    case index(Int)

    /// One key of a list item with its value.
    package struct KeyValue: Sendable, Hashable {
        /// The key's field name.
        package let name: String
        /// What the item has there.
        package let value: JSONValue

        /// A key from its parts.
        package init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    private var rank: Int {
        switch self {
        case .field: 0
        case .key: 1
        case .value: 2
        case .index: 3
        }
    }

    /// Reads `f:name`, `k:{"name":"x"}`, `v:1` or `i:0`; nil for anything else.
    init?(serialized text: String) {
        let rest = text.utf8.dropFirst(2)
        guard text.utf8.count >= 2, text.utf8[text.utf8.index(after: text.utf8.startIndex)] == UInt8(ascii: ":") else { return nil }
        switch text.utf8.first {
        case UInt8(ascii: "f"): self = .field(String(Substring(rest)))
        case UInt8(ascii: "v"):
            guard let value = try? JSON.parse(Array(rest)) else { return nil }  // best effort: what is unreadable is no element
            self = .value(value)
        case UInt8(ascii: "k"):
            guard case .object(let members)? = try? JSON.parse(Array(rest)) else { return nil }  // best effort: as above
            self = .key(members.map { KeyValue(name: $0.key, value: $0.value) }.sorted { $0.name < $1.name })
        case UInt8(ascii: "i"):
            guard let index = Int(Substring(rest)) else { return nil }
            self = .index(index)
        default: return nil
        }
    }

    /// Appends the element as the name of a JSON member, with its quotes.
    func write(into out: inout [UInt8]) {
        switch self {
        case .field(let name): Self.write(field: name, into: &out)
        case .key(let keys): Self.write(keys: keys, into: &out)
        case .value(let value): JSON.encode(string: "v:\(value)", into: &out)
        case .index(let index): JSON.encode(string: "i:\(index)", into: &out)
        }
    }

    /// Appends `"f:name"`; `isDeclared` says that the name is that of a field of a schema, which needs no escaping.
    static func write(field name: String, isDeclared: Bool = false, into out: inout [UInt8]) {
        guard isDeclared || isPlain(name) else { return JSON.encode(string: "f:\(name)", into: &out) }
        out += "\"f:".utf8
        out += name.utf8
        out.append(UInt8(ascii: "\""))
    }

    /// Appends `"k:{\"name\":\"x\"}"`, in one go when no value needs escaping.
    private static func write(keys: [KeyValue], into out: inout [UInt8]) {
        let start = out.count
        out += "\"k:{".utf8
        for (index, key) in keys.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            out += "\\\"".utf8
            out += key.name.utf8
            out += "\\\":".utf8
            switch key.value {
            case .string(let text) where isPlain(text):
                out += "\\\"".utf8
                out += text.utf8
                out += "\\\"".utf8
            case .integer(let number): out += String(number).utf8
            default:
                out.removeLast(out.count - start)
                var members = JSONObject()
                for key in keys { members.append(unchecked: key.name, value: key.value) }
                return JSON.encode(string: "k:\(JSONValue.object(members))", into: &out)
            }
        }
        out += "}\"".utf8
    }

    private static func isPlain(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            for byte in bytes where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return false }
            return true
        }
    }
}

extension PathElement: Comparable {
    package static func < (left: PathElement, right: PathElement) -> Bool {
        switch (left, right) {
        case (.field(let a), .field(let b)): a < b
        case (.index(let a), .index(let b)): a < b
        case (.value(let a), .value(let b)): compare(a, b) < 0
        case (.key(let a), .key(let b)): isLess(a, b)
        default: left.rank < right.rank
        }
    }

    private static func isLess(_ left: [KeyValue], _ right: [KeyValue]) -> Bool {
        for (a, b) in zip(left, right) {
            if a.name != b.name { return a.name < b.name }
            let order = compare(a.value, b.value)
            if order != 0 { return order < 0 }
        }
        return left.count < right.count
    }

    /// Below, at or above zero. Numbers come before text, text before booleans.
    private static func compare(_ left: JSONValue, _ right: JSONValue) -> Int {
        switch (left, right) {
        case (.integer(let a), .integer(let b)): return a < b ? -1 : (a == b ? 0 : 1)
        case (.string(let a), .string(let b)): return a < b ? -1 : (a == b ? 0 : 1)
        case (.bool(let a), .bool(let b)): return a == b ? 0 : (a ? 1 : -1)
        default: break
        }
        if let a = left.doubleValue, let b = right.doubleValue { return a < b ? -1 : (a == b ? 0 : 1) }
        if rank(left) != rank(right) { return rank(left) - rank(right) }
        let (a, b) = (left.description, right.description)
        return a < b ? -1 : (a == b ? 0 : 1)
    }

    private static func rank(_ value: JSONValue) -> Int {
        switch value {
        case .integer, .double: 0
        case .string: 1
        case .bool: 2
        case .array: 3
        case .object: 4
        case .null: 5
        }
    }
}

extension PathElement: CustomStringConvertible {
    /// `.name`, `[name="x"]`, `[="v"]` or `[0]`, as conflicts name fields.
    package var description: String {
        switch self {
        case .field(let name): return ".\(name)"
        case .key(let keys): return "[\(keys.map { "\($0.name)=\(Self.text($0.value))" }.joined(separator: ","))]"
        case .value(let value): return "[=\(Self.text(value))]"
        case .index(let index): return "[\(index)]"
        }
    }

    private static func text(_ value: JSONValue) -> String {
        if case .string(let text) = value { text.goQuoted } else { value.description }
    }
}
