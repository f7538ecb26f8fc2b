import ViewModels

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
/// inherits dark                      optional: what is not given here, colours and styles, comes from that theme
/// background dark                    optional: dark, light or any: the terminal it is for
/// pair light                         optional: the theme for the other background
/// glyphs ascii                       optional: draw with ASCII signs only
/// palette
///   accent  #6cb6ff  75  brightblue  24-bit, index of 256, one of the 16 names (or `default`)
/// styles
///   table.cursor  bg=raised bold mono=reverse
/// ```
/// Style words: `fg=` and `bg=` with a palette name or `default`; `bold dim italic underline reverse strike plain`; `mono=` with attributes joined by `+`.
struct ThemeParser {
    private enum Section { case none, palette, styles }

    private let file: String
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
            case "inherits" where words.count == 2: try inherit(String(words[1]), inherited)
            case "background" where words.count == 2:
                guard let ground = ThemeSource.Ground(rawValue: String(words[1])) else { throw bad("\(words[1]) is not dark, light or any") }
                source.ground = ground
            case "pair" where words.count == 2: source.pair = String(words[1])
            case "glyphs" where words.count == 2 && ["ascii", "unicode"].contains(words[1]): source.isASCII = words[1] == "ascii"
            default:
                let near = NearestName.question(String(first), in: Self.headings)
                throw bad("expected \(Self.headings.joined(separator: ", ")), found \"\(line.prefix(60))\"\(near)")
            }
            return
        }
        switch section {
        case .none: throw bad("an indented line belongs under palette or styles")
        case .palette: try readShade(words)
        case .styles: try readRule(words)
        }
    }

    private static let headings = ["name", "inherits", "background", "pair", "glyphs", "palette", "styles"]

    /// Takes over what a theme has; what stands above in this file stays.
    private mutating func inherit(_ name: String, _ inherited: (String) -> ThemeSource?) throws(ThemeError) {
        guard section == .none else { throw bad("inherits stands above palette and styles") }
        guard let base = inherited(name) else { throw bad("there is no theme named \(name)") }
        source.palette = base.palette
        source.rules = base.rules
        if !seen.contains("background") { source.ground = base.ground }
        if !seen.contains("glyphs") { source.isASCII = base.isASCII }
    }

    private func bad(_ message: String) -> ThemeError { ThemeError(file: file, line: number, message: message) }

    private mutating func readShade(_ words: [Substring]) throws(ThemeError) {
        guard words.count == 4 else { throw bad("a palette line is: name #rrggbb index-of-256 name-of-16") }
        let name = String(words[0])
        guard name != "default", seen.insert("colour \(name)").inserted else { throw bad("the colour \(name) is defined twice") }
        guard let truecolor = Self.hex(words[1]) else { throw bad("\(words[1]) is not a colour like #6cb6ff, or default") }
        guard let indexed = Self.indexed(words[2]) else { throw bad("\(words[2]) is not an index from 0 to 255, or default") }
        guard let sixteen = Self.sixteen(words[3]) else {
            throw bad("\(words[3]) is not one of \(Self.names.joined(separator: " ")), or default")
        }
        source.palette[name] = ThemeSource.Shade(truecolor: truecolor, indexed: indexed, sixteen: sixteen)
    }

    private mutating func readRule(_ words: [Substring]) throws(ThemeError) {
        guard let scope = Scope(rawValue: String(words[0])) else {
            throw bad("\(words[0]) is not a scope\(NearestName.question(String(words[0]), in: Scope.allCases.map(\.rawValue)))")
        }
        guard seen.insert("scope \(scope.rawValue)").inserted else { throw bad("\(scope.rawValue) is styled twice") }
        var rule = ThemeSource.Rule()
        for word in words.dropFirst() {
            if word.hasPrefix("fg=") || word.hasPrefix("bg=") {
                let name = String(word.dropFirst(3))
                guard source.palette[name] != nil else {
                    throw bad("the palette has no colour \(name)\(NearestName.question(name, in: source.palette.keys.sorted()))")
                }
                if word.hasPrefix("fg=") { rule.foreground = name } else { rule.background = name }
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

    static let names = [
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
