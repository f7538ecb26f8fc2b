extension LabelSelector {
    /// Reads `app=web,tier in (a,b),!old`; throws 400 with Kubernetes' text. Empty text matches everything.
    package init(parsing text: String) throws(APIStatus) {
        var parser = LabelSelectorParser(text)
        self.init(requirements: try parser.parse())
    }
}

/// The grammar of label selectors. Source: apimachinery `pkg/labels/selector.go`.
private struct LabelSelectorParser {
    private enum Token: Equatable {
        case end
        case symbol(String)
        case word(String)

        var text: String {
            switch self {
            case .end: ""
            case .symbol(let text), .word(let text): text
            }
        }
    }

    private var tokens: [Token]
    private var position = 0

    init(_ text: String) {
        tokens = Self.lex(Array(text.utf8))
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "="), UInt8(ascii: "!"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: ">"),
            UInt8(ascii: "<"):
            true
        default: false
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    private static func lex(_ bytes: [UInt8]) -> [Token] {
        var tokens: [Token] = []
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if isSpace(byte) {
                index += 1
            } else if isSpecial(byte) {
                let pair = index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "=")
                let isDouble = pair && (byte == UInt8(ascii: "=") || byte == UInt8(ascii: "!"))
                tokens.append(.symbol(String(decoding: bytes[index..<(index + (isDouble ? 2 : 1))], as: UTF8.self)))
                index += isDouble ? 2 : 1
            } else {
                let start = index
                while index < bytes.count, !isSpace(bytes[index]), !isSpecial(bytes[index]) { index += 1 }
                tokens.append(.word(String(decoding: bytes[start..<index], as: UTF8.self)))
            }
        }
        return tokens
    }

    private var next: Token { position < tokens.count ? tokens[position] : .end }

    /// `in` and `notin` are words only where a key or a value is expected.
    private mutating func take() -> Token {
        let token = next
        position += 1
        return token
    }

    mutating func parse() throws(APIStatus) -> [LabelSelector.Requirement] {
        var requirements: [LabelSelector.Requirement] = []
        while true {
            switch next {
            case .word, .symbol("!"):
                do throws(APIStatus) {
                    requirements.append(try parseRequirement())
                } catch {
                    throw .badRequest("unable to parse requirement: \(error.message)")
                }
                let token = take()
                if token == .end { return requirements }
                guard token == .symbol(",") else { throw found(token, ", expected: ',' or 'end of string'") }
                switch next {
                case .word, .symbol("!"): continue
                default: throw found(next, ", expected: identifier after ','")
                }
            case .end: return requirements
            default: throw found(next, ", expected: !, identifier, or 'end of string'")
            }
        }
    }

    private mutating func parseRequirement() throws(APIStatus) -> LabelSelector.Requirement {
        let isNegated = next == .symbol("!")
        if isNegated { position += 1 }
        let token = take()
        guard case .word(let key) = token else { throw found(token, ", expected: identifier") }
        if isNegated { return try LabelSelector.checked(.init(key: key, operator: .doesNotExist)) }
        if next == .end || next == .symbol(",") { return try LabelSelector.checked(.init(key: key, operator: .exists)) }
        let symbol = take()
        switch symbol.text {
        case "in": return try LabelSelector.checked(.init(key: key, operator: .in, values: try parseSet()))
        case "notin": return try LabelSelector.checked(.init(key: key, operator: .notIn, values: try parseSet()))
        case "=", "==": return try LabelSelector.checked(.init(key: key, operator: .equals, values: [try parseValue()]))
        case "!=": return try LabelSelector.checked(.init(key: key, operator: .notEquals, values: [try parseValue()]))
        case ">": return try LabelSelector.checked(.init(key: key, operator: .greaterThan, values: [try parseValue()]))
        case "<": return try LabelSelector.checked(.init(key: key, operator: .lessThan, values: [try parseValue()]))
        default: throw found(symbol, ", expected: in, notin, =, ==, !=, gt, lt")
        }
    }

    private mutating func parseValue() throws(APIStatus) -> String {
        switch next {
        case .end, .symbol(","): return ""
        case .word(let text):
            position += 1
            return text
        default: throw found(next, ", expected: identifier")
        }
    }

    private mutating func parseSet() throws(APIStatus) -> [String] {
        let open = take()
        guard open == .symbol("(") else { throw found(open, " expected: '('") }
        var values: [String] = []
        func add(_ text: String) { if !values.contains(text) { values.append(text) } }
        if next == .symbol(")") {
            position += 1
            return []
        }
        while true {
            switch next {
            case .word(let text):
                position += 1
                add(text)
                if next == .symbol(")") { break }
                guard next == .symbol(",") else { throw found(next, ", expected: ',' or ')'") }
                position += 1
                if next == .symbol(")") { add("") }
            case .symbol(","):
                position += 1
                add("")
            case .symbol(")"): break
            default: throw found(next, ", expected: ',', ')' or identifier")
            }
            if next == .symbol(")") {
                position += 1
                return values
            }
        }
    }

    private func found(_ token: Token, _ rest: String) -> APIStatus {
        .badRequest("found '\(token.text)'\(rest)")
    }
}
