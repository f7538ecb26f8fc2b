/// Colours one line of YAML at a time. It never fails: text that is being typed is broken most of the time. Block scalars are followed by their indentation.
struct YAMLHighlighter {
    /// What a stretch of a line is.
    struct Token: Equatable {
        var range: Range<Int>
        var scope: Scope
    }

    /// Set while inside `|` or `>`: the indentation of the line that opened it.
    private var blockIndent: Int?

    /// Tokens of the next line, in Character offsets, left to right; gaps are plain text.
    mutating func tokens(_ line: String) -> [Token] {
        let text = Array(line)
        let indent = text.prefix { $0 == " " }.count
        if let block = blockIndent {
            if indent == text.count || indent > block {
                return indent < text.count ? [Token(range: indent..<text.count, scope: .yamlString)] : []
            }
            blockIndent = nil
        }
        guard indent < text.count else { return [] }
        if text[indent] == "#" { return [Token(range: indent..<text.count, scope: .yamlComment)] }
        if line.hasPrefix("---") || line.hasPrefix("...") { return [Token(range: 0..<text.count, scope: .yamlMark)] }
        var tokens: [Token] = []
        var index = indent
        while index < text.count, text[index] == "-", index + 1 == text.count || text[index + 1] == " " {
            tokens.append(Token(range: index..<(index + 1), scope: .yamlMark))
            index += 1
            while index < text.count, text[index] == " " { index += 1 }
        }
        if let colon = Self.keyEnd(text, from: index) {
            tokens.append(Token(range: index..<colon, scope: .yamlKey))
            tokens.append(Token(range: colon..<(colon + 1), scope: .yamlMark))
            index = colon + 1
        }
        value(text, from: index, indent: indent, &tokens)
        return tokens
    }

    /// The colon that ends a key: outside quotes, followed by a space or the end.
    private static func keyEnd(_ text: [Character], from start: Int) -> Int? {
        var quote: Character?
        var index = start
        while index < text.count {
            let character = text[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                guard index == start else { return nil }
                quote = character
            } else if character == "#", index > start, text[index - 1] == " " {
                return nil
            } else if character == ":", index > start, index + 1 == text.count || text[index + 1] == " " {
                return index
            } else if index == start, "[{|>&*!".contains(character) {
                return nil
            }
            index += 1
        }
        return nil
    }

    private mutating func value(_ text: [Character], from start: Int, indent: Int, _ tokens: inout [Token]) {
        var begin = start
        while begin < text.count, text[begin] == " " { begin += 1 }
        guard begin < text.count else { return }
        var end = text.count
        var quote: Character?
        for index in begin..<text.count {
            if let open = quote {
                if text[index] == open { quote = nil }
            } else if text[index] == "\"" || text[index] == "'" {
                quote = text[index]
            } else if text[index] == "#", index == begin || text[index - 1] == " " {
                end = index
                break
            }
        }
        if end < text.count { tokens.append(Token(range: end..<text.count, scope: .yamlComment)) }
        while end > begin, text[end - 1] == " " { end -= 1 }
        guard begin < end else { return }
        let word = String(text[begin..<end])
        if let first = word.first, first == "|" || first == ">" {
            blockIndent = indent
            tokens.insert(Token(range: begin..<end, scope: .yamlMark), at: tokens.count - (end < text.count ? 1 : 0))
            return
        }
        let scope = Self.scope(word)
        let at = tokens.last?.scope == .yamlComment ? tokens.count - 1 : tokens.count
        tokens.insert(Token(range: begin..<end, scope: scope), at: at)
    }

    private static func scope(_ word: String) -> Scope {
        switch word {
        case "true", "false", "yes", "no", "on", "off", "True", "False": return .yamlBool
        case "null", "~", "Null": return .yamlNull
        case "{}", "[]": return .yamlMark
        default: break
        }
        guard let first = word.first else { return .yaml }
        if first == "&" || first == "*" || first == "!" { return .yamlAnchor }
        if first == "\"" || first == "'" { return .yamlString }
        if first.isNumber || first == "-" || first == "+" || first == ".", Double(word) != nil { return .yamlNumber }
        return .yamlString
    }
}
