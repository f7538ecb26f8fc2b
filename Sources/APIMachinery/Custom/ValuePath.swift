package import JSONCore

/// Where in an object a value is: the part of kubectl's JSONPath that definitions use for columns, scale and selectable fields:
/// `.spec.replicas`, `.status.conditions[?(@.type=="Ready")].status`, `.metadata.annotations['example\.com/a']`, `.spec.ports[*].port`.
/// Source: client-go `util/jsonpath`.
package struct ValuePath: Sendable, Hashable {
    enum Step: Sendable, Hashable {
        case field(String)
        case index(Int)
        case slice(Int?, Int?)
        case all
        /// Items in which a path has a value, compared by an operator; nil asks only whether it is there.
        case filter([String], Comparison?)
        /// Every value below, of a name.
        case descend(String)
    }

    struct Comparison: Sendable, Hashable {
        enum Operator: String, Sendable, CaseIterable {
            case equal = "=="
            case unequal = "!="
            case atMost = "<="
            case atLeast = ">="
            case below = "<"
            case above = ">"
        }
        let op: Operator
        let value: JSONValue
    }

    let steps: [Step]

    /// Values found by one path, at most.
    private static let mostValues = 1000

    /// Reads a path that starts with a dot or a bracket. Throws the reason when it cannot be read.
    package init(parsing text: String) throws(ValuePathError) {
        var parser = ValuePathParser(text)
        steps = try parser.steps()
    }

    /// The names of the fields when the path is nothing but fields: `.spec.replicas`; nil otherwise.
    package var fields: [String]? {
        var names: [String] = []
        for step in steps {
            guard case .field(let name) = step else { return nil }
            names.append(name)
        }
        return names
    }

    /// The values the path leads to, in order.
    package func values(in root: JSONValue) -> [JSONValue] {
        var current = [root]
        for step in steps {
            current = Array(current.lazy.flatMap { Self.follow(step, $0) }.prefix(Self.mostValues))
            if current.isEmpty { return [] }
        }
        return current
    }

    private static func follow(_ step: Step, _ value: JSONValue) -> [JSONValue] {
        switch step {
        case .field(let name): return value[name].map { [$0] } ?? []
        case .index(let index):
            guard case .array(let elements) = value else { return [] }
            return value[index < 0 ? elements.count + index : index].map { [$0] } ?? []
        case .slice(let start, let end):
            guard case .array(let elements) = value else { return [] }
            func place(_ index: Int) -> Int { min(max(index < 0 ? elements.count + index : index, 0), elements.count) }
            let low = place(start ?? 0)
            let high = place(end ?? elements.count)
            return low < high ? Array(elements[low..<high]) : []
        case .all:
            switch value {
            case .array(let elements): return elements
            case .object(let members): return members.map(\.value)
            default: return []
            }
        case .filter(let path, let comparison):
            guard case .array(let elements) = value else { return [] }
            return elements.filter { matches($0, path, comparison) }
        case .descend(let name):
            var found: [JSONValue] = []
            collect(name, value, &found, depth: 0)
            return found
        }
    }

    private static func collect(_ name: String, _ value: JSONValue, _ found: inout [JSONValue], depth: Int) {
        guard depth < JSONLimits.deepestDepth, found.count < mostValues else { return }
        switch value {
        case .array(let elements): for element in elements { collect(name, element, &found, depth: depth + 1) }
        case .object(let members):
            if let value = members[name] { found.append(value) }
            for member in members { collect(name, member.value, &found, depth: depth + 1) }
        default: break
        }
    }

    private static func matches(_ item: JSONValue, _ path: [String], _ comparison: Comparison?) -> Bool {
        let found = path.isEmpty ? item : item.value(at: path[...])
        guard let found else { return false }
        guard let comparison else { return true }
        let order: Int
        if let left = found.doubleValue, let right = comparison.value.doubleValue {
            order = left < right ? -1 : (left > right ? 1 : 0)
        } else if let left = found.stringValue, let right = comparison.value.stringValue {
            order = left < right ? -1 : (left > right ? 1 : 0)
        } else if let left = found.boolValue, let right = comparison.value.boolValue {
            order = left == right ? 0 : 1
        } else {
            return false
        }
        return switch comparison.op {
        case .equal: order == 0
        case .unequal: order != 0
        case .atMost: order <= 0
        case .atLeast: order >= 0
        case .below: order < 0
        case .above: order > 0
        }
    }
}

/// Why a text is no path.
package struct ValuePathError: Error, Sendable, Hashable {
    /// The reason, for people.
    package let message: String
}

/// Reads paths.
struct ValuePathParser {
    private let text: [Character]
    private var position = 0

    /// Steps of one path, at most.
    private static let mostSteps = 64

    init(_ text: String) {
        // kubectl writes paths in braces as well.
        let inner = text.hasPrefix("{") && text.hasSuffix("}") ? text.dropFirst().dropLast() : text[...]
        self.text = Array(inner)
    }

    private var next: Character? { position < text.count ? text[position] : nil }

    private func fail(_ why: String) -> ValuePathError { ValuePathError(message: why) }

    mutating func steps() throws(ValuePathError) -> [ValuePath.Step] {
        var steps: [ValuePath.Step] = []
        if next == "$" || next == "@" { position += 1 }
        guard position < text.count else { throw fail("is empty") }
        while let character = next {
            guard steps.count < Self.mostSteps else { throw fail("has more than \(Self.mostSteps) parts") }
            switch character {
            case ".":
                position += 1
                let isDescent = next == "."
                if isDescent { position += 1 }
                if next == "[" || (next == nil && steps.isEmpty && !isDescent) { continue }
                let name = try name()
                steps.append(name == "*" ? .all : (isDescent ? .descend(name) : .field(name)))
            case "[": steps.append(try bracket())
            default: throw fail("unexpected \(String(character).goQuoted) at character \(position + 1)")
            }
        }
        return steps
    }

    /// A field's name after a dot; a backslash takes the next character as it is.
    private mutating func name() throws(ValuePathError) -> String {
        var name = ""
        while let character = next, character != ".", character != "[" {
            position += 1
            if character == "\\", let escaped = next {
                name.append(escaped)
                position += 1
            } else if character.isWhitespace || "(){}]'\"@$?=<>!,|&;".contains(character) {
                throw fail("unexpected \(String(character).goQuoted) at character \(position)")
            } else {
                name.append(character)
            }
        }
        guard !name.isEmpty else { throw fail("has an empty part") }
        return name
    }

    private mutating func bracket() throws(ValuePathError) -> ValuePath.Step {
        position += 1
        switch next {
        case "'", "\"":
            let name = try quoted()
            try close()
            return .field(name)
        case "*":
            position += 1
            try close()
            return .all
        case "?": return try filter()
        default:
            let start = try number()
            guard next == ":" else {
                guard let start else { throw fail("has an empty index") }
                try close()
                return .index(start)
            }
            position += 1
            let end = try number()
            try close()
            return .slice(start, end)
        }
    }

    private mutating func close() throws(ValuePathError) {
        guard next == "]" else { throw fail("unterminated array") }
        position += 1
    }

    private mutating func number() throws(ValuePathError) -> Int? {
        var digits = ""
        if next == "-" {
            digits = "-"
            position += 1
        }
        while let character = next, character.isASCII, character.isNumber {
            digits.append(character)
            position += 1
        }
        guard !digits.isEmpty else { return nil }
        guard let value = Int(digits), abs(value) <= 1_000_000 else { throw fail("invalid array index \(digits)") }
        return value
    }

    private mutating func quoted() throws(ValuePathError) -> String {
        let quote = next
        position += 1
        var out = ""
        while let character = next, character != quote {
            position += 1
            if character == "\\", let escaped = next {
                out.append(escaped)
                position += 1
            } else {
                out.append(character)
            }
        }
        guard next == quote else { throw fail("unterminated quoted string") }
        position += 1
        return out
    }

    private mutating func skipSpaces() {
        while next == " " { position += 1 }
    }

    /// `?(@.type=="Ready")`.
    private mutating func filter() throws(ValuePathError) -> ValuePath.Step {
        position += 1
        guard next == "(" else { throw fail("unterminated filter") }
        position += 1
        skipSpaces()
        guard next == "@" else { throw fail("a filter must start with @") }
        position += 1
        var path: [String] = []
        while let character = next, character == "." || character == "[" {
            if character == "[" {
                position += 1
                guard next == "'" || next == "\"" else { throw fail("a filter's path may only have fields") }
                path.append(try quoted())
                try close()
            } else {
                position += 1
                var name = ""
                while let character = next, character.isLetter || character.isNumber || character == "_" || character == "-" || character == "\\" {
                    position += 1
                    if character == "\\", let escaped = next {
                        name.append(escaped)
                        position += 1
                    } else {
                        name.append(character)
                    }
                }
                guard !name.isEmpty else { throw fail("has an empty part") }
                path.append(name)
            }
            guard path.count <= Self.mostSteps else { throw fail("has more than \(Self.mostSteps) parts") }
        }
        skipSpaces()
        var comparison: ValuePath.Comparison?
        if next != ")" {
            let op = ValuePath.Comparison.Operator.allCases.first { op in
                text[position...].starts(with: Array(op.rawValue))
            }
            guard let op else { throw fail("unrecognized operator in a filter") }
            position += op.rawValue.count
            skipSpaces()
            comparison = ValuePath.Comparison(op: op, value: try literal())
            skipSpaces()
        }
        guard next == ")" else { throw fail("unterminated filter") }
        position += 1
        try close()
        return .filter(path, comparison)
    }

    private mutating func literal() throws(ValuePathError) -> JSONValue {
        if next == "'" || next == "\"" { return .string(try quoted()) }
        var word = ""
        while let character = next, character != ")", character != " " {
            word.append(character)
            position += 1
        }
        switch word {
        case "true": return .bool(true)
        case "false": return .bool(false)
        default:
            if let number = Int64(word) { return .integer(number) }
            if let number = Double(word), number.isFinite { return .double(number) }
            throw fail("cannot compare with \(word.goQuoted)")
        }
    }
}
