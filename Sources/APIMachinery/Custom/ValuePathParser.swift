import JSONCore

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
