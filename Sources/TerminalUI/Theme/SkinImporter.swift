import JSONCore
package import ViewModels

/// Makes a theme file of a k9s skin. Every colour of the skin is looked at; what is none is named with its line and left out.
package struct SkinImporter {
    /// A colour of the skin: nil bytes for the terminal's own.
    private struct Shade: Hashable {
        var red: UInt8
        var green: UInt8
        var blue: UInt8
        var isTerminal = false
        static let terminal = Shade(red: 0, green: 0, blue: 0, isTerminal: true)

        var color: Color { isTerminal ? .terminal : .rgb(red, green, blue) }
        var hex: String {
            isTerminal ? "default" : "#" + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        /// How bright it looks, from 0 to 1.
        var brightness: Double { (0.299 * Double(red) + 0.587 * Double(green) + 0.114 * Double(blue)) / 255 }
        func mixed(_ other: Shade, _ share: Double) -> Shade {
            func part(_ a: UInt8, _ b: UInt8) -> UInt8 { UInt8((Double(a) * (1 - share) + Double(b) * share).rounded()) }
            return Shade(red: part(red, other.red), green: part(green, other.green), blue: part(blue, other.blue))
        }
    }

    /// The theme's file.
    package private(set) var text = ""
    /// What is wrong in the skin.
    package private(set) var problems: [SettingsProblem] = []
    /// The keys of the skin that have no counterpart here.
    package private(set) var unused: [String] = []
    private var shades: [String: Shade] = [:]
    private var menuStyle: String?
    private let file: String
    private let document: YAMLDocument

    /// Reads a skin. `name` is what the theme is called. Throws when the file is no skin at all.
    package init(_ bytes: [UInt8], file: String, name: String) throws(SettingsProblem) {
        self.file = file
        do throws(YAMLError) {
            document = try YAML.parseSingle(bytes)
        } catch {
            throw SettingsProblem(file: file, line: error.mark.line + 1, message: error.message)
        }
        guard let skin = document.value["k9s"], skin.objectValue != nil else {
            throw SettingsProblem(file: file, line: 1, message: "a k9s skin has a map k9s: at its top")
        }
        read(skin, JSONPointer(["k9s"]), "")
        text = make(name)
    }

    // MARK: - Reading

    private mutating func read(_ value: JSONValue, _ pointer: JSONPointer, _ path: String) {
        for member in value.objectValue ?? [:] {
            let at = pointer.appending(member.key)
            // k9s itself writes mem in one place and memory in another.
            let key = path == "views.charts.resourceColors" && member.key == "mem" ? "memory" : member.key
            let name = path.isEmpty ? key : "\(path).\(key)"
            if path == "frame.menu", member.key == "fgStyle" {
                readMenuStyle(member.value, at)
            } else if Self.lists.contains(where: { $0.leaf == name }) {
                for (index, element) in (member.value.arrayValue ?? [member.value]).enumerated() {
                    if let shade = shade(element, at.appending(index), "\(name)[\(index)]") { shades["\(name)[\(index)]"] = shade }
                }
            } else if Self.isLeaf(name) {
                if let shade = shade(member.value, at, name) { shades[name] = shade }
            } else if Self.isBranch(name) {
                guard member.value.objectValue != nil || member.value.isNull else {
                    report("\(name) is a map of colours", at)
                    continue
                }
                read(member.value, at, name)
            } else if !Self.ignored.contains(name) {
                report("skins have no key \(name)\(NearestName.question(name, in: Self.names))", at)
            }
        }
    }

    private mutating func readMenuStyle(_ value: JSONValue, _ pointer: JSONPointer) {
        guard let style = value.stringValue, ["normal", "bold", "dim"].contains(style) else {
            return report("frame.menu.fgStyle is normal, bold or dim, not \(value.description.prefix(40))", pointer)
        }
        menuStyle = style
    }

    private mutating func shade(_ value: JSONValue, _ pointer: JSONPointer, _ name: String) -> Shade? {
        guard let word = value.stringValue else {
            if !value.isNull { report("\(name): \(value.description.prefix(40)) is not a colour", pointer) }
            return nil
        }
        if word == "default" || word == "-" { return .terminal }
        if word.hasPrefix("#"), word.count == 7, let bits = UInt32(word.dropFirst(), radix: 16) {
            return Shade(red: UInt8(bits >> 16), green: UInt8(bits >> 8 & 0xFF), blue: UInt8(bits & 0xFF))
        }
        if let found = CSSColors.color(word) { return Shade(red: found.red, green: found.green, blue: found.blue) }
        report("\(name): \(word.prefix(40)) is not a CSS colour, #rrggbb or default\(NearestName.question(word, in: CSSColors.names))", pointer)
        return nil
    }

    private mutating func report(_ message: String, _ pointer: JSONPointer) {
        guard problems.count < 200 else { return }
        problems.append(SettingsProblem(file: file, line: document.nearestMark(of: pointer).line + 1, message: message))
    }

    // MARK: - Writing

    private mutating func make(_ name: String) -> String {
        let ground = shades["body.bgColor"] ?? Shade(red: 0, green: 0, blue: 0)
        let isLight = !ground.isTerminal && ground.brightness > 0.5
        var styles: [String: (foreground: Shade?, background: Shade?)] = [:]
        // What comes later wins: the more particular key of the skin.
        for (leaf, scope, isBackground) in Self.counterparts {
            guard let shade = shades[leaf] else { continue }
            if isBackground { styles[scope, default: (nil, nil)].background = shade } else { styles[scope, default: (nil, nil)].foreground = shade }
        }
        let notes = soften(&styles, ground)
        unused = shades.keys.filter { leaf in !Self.counterparts.contains { $0.leaf == leaf } }.sorted()
        var names: [Shade: String] = [.terminal: "default"]
        var palette: [String] = []
        var lines: [String] = []
        func colour(_ shade: Shade) -> String {
            if let name = names[shade] { return name }
            let name = "c\(names.count)"
            names[shade] = name
            palette.append("  \(name)  \(shade.hex)  \(Self.index(shade, .indexed))  \(Self.sixteen(shade))")
            return name
        }
        for scope in styles.keys.sorted() {
            guard let style = styles[scope] else { continue }
            var line = "  \(scope)"
            if let shade = style.foreground { line += " fg=\(colour(shade))" }
            if let shade = style.background { line += " bg=\(colour(shade))" }
            if scope == "bar", let menuStyle, menuStyle != "normal" { line += " \(menuStyle)" }
            if let kept = Self.attributes[scope] { line += " \(kept)" }
            lines.append(line)
        }
        let head =
            ["# Made from the k9s skin \(Self.oneLine(file))."] + notes.map { "# \($0)" }
            + (unused.isEmpty ? [] : ["# Without a counterpart here: \(unused.joined(separator: ", "))."])
        let title = Self.oneLine(name)
        return
            (head + ["name \(title)", "inherits \(isLight ? "light" : "dark")", "background \(isLight ? "light" : "dark")", "", "palette"] + palette
            + ["", "styles"] + lines).joined(separator: "\n") + "\n"
    }

    /// k9s paints a row in one colour on its cursor; here words keep theirs, so that a glaring cursor is mixed with the ground until text is readable.
    private func soften(_ styles: inout [String: (foreground: Shade?, background: Shade?)], _ ground: Shade) -> [String] {
        let text = styles["text"]?.foreground ?? shades["views.table.fgColor"] ?? Shade(red: 0xCC, green: 0xD4, blue: 0xDF)
        var notes: [String] = []
        for scope in ["table.cursor.focused", "popup.selected"] {
            guard let wanted = styles[scope]?.background, !wanted.isTerminal, !text.isTerminal else { continue }
            let base = ground.isTerminal ? Shade(red: 0, green: 0, blue: 0) : ground
            var step = 0
            while step < 10, Self.contrast(text, wanted.mixed(base, Double(step) / 10)) < 4.5 { step += 1 }
            guard step > 0 else { continue }
            styles[scope]?.background = wanted.mixed(base, Double(min(step, 9)) / 10)
            styles[scope]?.foreground = nil
            notes.append("\(scope): \(wanted.hex) is mixed with the ground, so that words on it stay readable.")
        }
        return notes
    }

    private static func contrast(_ a: Shade, _ b: Shade) -> Double {
        func light(_ shade: Shade) -> Double {
            func part(_ value: UInt8) -> Double {
                let share = Double(value) / 255
                // x^2.2 as x^2 with a little of x^3: near enough to choose a colour by.
                return share * share * (0.8 + 0.2 * share)
            }
            return 0.2126 * part(shade.red) + 0.7152 * part(shade.green) + 0.0722 * part(shade.blue)
        }
        let (x, y) = (light(a), light(b))
        return (max(x, y) + 0.05) / (min(x, y) + 0.05)
    }

    private static func index(_ shade: Shade, _ depth: ColorDepth) -> String {
        guard case .index(let index) = depth.nearest(shade.color).value else { return "default" }
        return String(index)
    }

    private static func sixteen(_ shade: Shade) -> String {
        guard case .index(let index) = ColorDepth.sixteen.nearest(shade.color).value, index < 16 else { return "default" }
        return ThemeParser.names[Int(index)]
    }

    private static func oneLine(_ text: String) -> String {
        String(text.prefix(120).map { $0.isNewline ? " " : $0 }).split(separator: " ").filter { !$0.hasPrefix("#") }.joined(separator: " ")
    }
}
