/// A line of a theme file that cannot be used, and why.
struct ThemeError: Error, Sendable, Hashable, CustomStringConvertible {
    let file: String
    /// Counted from 1; 0 for the whole file.
    let line: Int
    let message: String
    var description: String { line == 0 ? "theme \(file): \(message)" : "\(file):\(line): \(message)" }
}

/// Reads theme files. The format, one fact a line, `#` at the start of a word that is no colour starts a comment:
/// ```
/// name Dark                          what pickers show
/// inherits sixteen                   optional: entries not given here come from that theme
/// palette
///   accent  #6cb6ff  75  brightblue  24-bit, index of 256, one of the 16 names (or `default`)
/// styles
///   table.cursor  bg=raised bold mono=reverse
/// ```
/// Style words: `fg=` and `bg=` with a palette name or `default`; `bold dim italic underline reverse strike plain`; `mono=` with attributes joined by `+`.
struct ThemeParser {
    private enum Section { case none, palette, styles }

    private let file: String
    private var palette: [String: ThemeSource.Shade] = ["default": .terminal]
    private var source = ThemeSource(name: "", rules: [:])
    private var section = Section.none
    private var seen: Set<String> = []
    private var number = 0

    /// Parses `text`; `inherited` finds a base theme by name. Throws at the first bad line.
    static func parse(_ text: String, file: String, inherited: (String) -> ThemeSource?) throws(ThemeError) -> ThemeSource {
        var parser = ThemeParser(file: file)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            parser.number += 1
            try parser.read(line, inherited)
        }
        guard !parser.source.name.isEmpty else { throw ThemeError(file: file, line: 1, message: "the theme has no name line") }
        return parser.source
    }

    private init(file: String) { self.file = file }

    private mutating func read(_ line: Substring, _ inherited: (String) -> ThemeSource?) throws(ThemeError) {
        let isIndented = line.first == " " || line.first == "\t"
        var words: [Substring] = []
        for word in line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" }) {
            if word.first == "#", section != .palette || words.isEmpty || !Self.isHex(word) { break }
            words.append(word)
        }
        guard let first = words.first else { return }
        if !isIndented {
            guard seen.insert(String(first)).inserted else { throw bad("\(first) appears twice") }
            switch first {
            case "name" where words.count > 1: source.name = words.dropFirst().joined(separator: " ")
            case "palette" where words.count == 1: section = .palette
            case "styles" where words.count == 1: section = .styles
            case "inherits" where words.count == 2:
                guard let base = inherited(String(words[1])) else { throw bad("there is no theme named \(words[1])") }
                source.rules = base.rules
            default: throw bad("expected name, inherits, palette or styles, found \"\(line)\"")
            }
            return
        }
        switch section {
        case .none: throw bad("an indented line belongs under palette or styles")
        case .palette: try readShade(words)
        case .styles: try readRule(words)
        }
    }

    private func bad(_ message: String) -> ThemeError { ThemeError(file: file, line: number, message: message) }

    private mutating func readShade(_ words: [Substring]) throws(ThemeError) {
        guard words.count == 4 else { throw bad("a palette line is: name #rrggbb index-of-256 name-of-16") }
        let name = String(words[0])
        guard palette[name] == nil else { throw bad("the colour \(name) is defined twice") }
        guard let truecolor = Self.hex(words[1]) else { throw bad("\(words[1]) is not a colour like #6cb6ff, or default") }
        guard let indexed = Self.indexed(words[2]) else { throw bad("\(words[2]) is not an index from 0 to 255, or default") }
        guard let sixteen = Self.sixteen(words[3]) else {
            throw bad("\(words[3]) is not one of \(Self.names.joined(separator: " ")), or default")
        }
        palette[name] = ThemeSource.Shade(truecolor: truecolor, indexed: indexed, sixteen: sixteen)
    }

    private mutating func readRule(_ words: [Substring]) throws(ThemeError) {
        guard let scope = Scope(rawValue: String(words[0])) else { throw bad("\(words[0]) is not a scope") }
        guard seen.insert("scope \(scope.rawValue)").inserted else { throw bad("\(scope.rawValue) is styled twice") }
        var rule = ThemeSource.Rule()
        for word in words.dropFirst() {
            if word.hasPrefix("fg=") || word.hasPrefix("bg=") {
                guard let shade = palette[String(word.dropFirst(3))] else { throw bad("the palette has no colour \(word.dropFirst(3))") }
                if word.hasPrefix("fg=") { rule.foreground = shade } else { rule.background = shade }
            } else if word.hasPrefix("mono=") {
                var attributes: Attributes = []
                for part in word.dropFirst(5).split(separator: "+") {
                    guard let attribute = Self.attributes[String(part)] else { throw bad("\(part) is not an attribute") }
                    attributes.formUnion(attribute)
                }
                rule.monoAttributes = attributes
            } else if let attribute = Self.attributes[String(word)] {
                rule.attributes = (rule.attributes ?? []).union(attribute)
            } else {
                throw bad("\(word) is not fg=, bg=, mono= or an attribute")
            }
        }
        source.rules[scope] = rule
    }

    private static let attributes: [String: Attributes] = [
        "bold": .bold, "dim": .dim, "italic": .italic, "underline": .underline, "reverse": .reverse, "strike": .strike, "plain": [],
    ]

    private static let names = [
        "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white", "brightblack", "brightred", "brightgreen", "brightyellow",
        "brightblue",
        "brightmagenta", "brightcyan", "brightwhite",
    ]

    private static func isHex(_ word: Substring) -> Bool {
        word.count == 7 && word.first == "#" && UInt32(word.dropFirst(), radix: 16) != nil
    }

    private static func hex(_ word: Substring) -> Color? {
        if word == "default" { return .terminal }
        guard isHex(word), let value = UInt32(word.dropFirst(), radix: 16) else { return nil }
        return .rgb(UInt8(value >> 16), UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF))
    }

    private static func indexed(_ word: Substring) -> Color? {
        word == "default" ? .terminal : UInt8(word).map(Color.index)
    }

    private static func sixteen(_ word: Substring) -> Color? {
        word == "default" ? .terminal : names.firstIndex(of: String(word)).map { .index(UInt8($0)) }
    }
}
