import JSONCore

/// `screen.yaml`: how the screen looks and behaves.
package struct ScreenSettings: Sendable, Hashable {
    /// Which theme is used.
    package enum Theme: Sendable, Hashable {
        /// The built-in pair for the terminal's background and colours.
        case automatic
        /// One theme whatever the background is.
        case named(String)
        /// One for a dark background, one for a light one.
        case pair(dark: String, light: String)

        /// The themes it names.
        package var names: [String] {
            switch self {
            case .automatic: []
            case .named(let name): [name]
            case .pair(let dark, let light): [dark, light]
            }
        }
    }
    /// What the terminal's background is taken for.
    package enum Background: String, Sendable, CaseIterable { case auto, dark, light }
    /// Which signs and lines are drawn.
    package enum Glyphs: String, Sendable, CaseIterable { case auto, unicode, ascii }
    /// Whether addresses in texts are links that the terminal opens.
    package enum Links: String, Sendable, CaseIterable { case auto, on, off }
    /// A context that looks different from the others.
    package struct ContextRule: Sendable, Hashable {
        /// The context's name, where `*` stands for any text.
        package var pattern: String
        /// Its theme.
        package var theme: Theme
    }

    /// Which theme is used. Default ``Theme/automatic``.
    package var theme = Theme.automatic
    /// What the background is taken for. Default: what the terminal answers, dark when it does not.
    package var background = Background.auto
    /// Which signs are drawn. Default: what the terminal's encoding allows.
    package var glyphs = Glyphs.auto
    /// Whether the mouse is used. Default yes.
    package var hasMouse = true
    /// Whether addresses are links. Default: where the terminal is known to understand them.
    package var links = Links.auto
    /// Whether nothing lights up or moves by itself. Default no.
    package var reducesMotion = false
    /// How the times of log lines are shown. Default: not.
    package var logTimes = LogTimes.off
    /// Whether nothing may be changed, as with `--readonly`; read at start. Default no.
    package var isReadOnly = false
    /// The first rule that matches a context wins.
    package var contexts: [ContextRule] = []

    /// The defaults.
    package init() {}

    init(_ root: SettingsNode) {
        for (key, node) in root.members(known: ["theme", "background", "glyphs", "mouse", "links", "reduceMotion", "logTimes", "readonly", "contexts"]) {
            switch key {
            case "theme": theme = Self.theme(node) ?? theme
            case "background": background = node.choice(Background.self) ?? background
            case "glyphs": glyphs = node.choice(Glyphs.self) ?? glyphs
            case "mouse": hasMouse = node.flag() ?? hasMouse
            case "links": links = Self.links(node) ?? links
            case "reduceMotion": reducesMotion = node.flag() ?? reducesMotion
            case "logTimes": logTimes = Self.logTimes(node) ?? logTimes
            case "readonly": isReadOnly = node.flag() ?? isReadOnly
            default: contexts = Self.contexts(node)
            }
        }
    }

    /// YAML reads `on` and `off` as flags.
    private static func links(_ node: SettingsNode) -> Links? {
        if case .bool(let flag) = node.value { return flag ? .on : .off }
        return node.choice(Links.self)
    }

    private static func logTimes(_ node: SettingsNode) -> LogTimes? {
        if case .bool(false) = node.value { return .off }
        return node.choice(LogTimes.self)
    }

    private static func theme(_ node: SettingsNode) -> Theme? {
        guard case .object = node.value else {
            guard let name = node.text("a theme's name, or {dark: NAME, light: NAME}") else { return nil }
            return name == "auto" ? .automatic : .named(name)
        }
        var names: [String: String] = [:]
        for (key, member) in node.members(known: ["dark", "light"]) { names[key] = member.text("a theme's name") }
        guard let dark = names["dark"], let light = names["light"] else {
            node.report("a pair names both: {dark: NAME, light: NAME}")
            return nil
        }
        return .pair(dark: dark, light: light)
    }

    private static func contexts(_ node: SettingsNode) -> [ContextRule] {
        node.members().compactMap { pattern, rule in
            rule.members(known: ["theme"]).first.flatMap { theme($0.node) }.map { ContextRule(pattern: pattern, theme: $0) }
        }
    }

    /// The theme of a context.
    package func theme(context: String) -> Theme { contexts.first { Self.matches(context, $0.pattern) }?.theme ?? theme }

    /// Whether a text matches a pattern in which `*` stands for any text. Linear in the product of both, whatever the pattern is.
    static func matches(_ text: String, _ pattern: String) -> Bool {
        let (characters, wanted) = (Array(text), Array(pattern))
        var (at, next) = (0, 0)
        var star: (pattern: Int, text: Int)?
        while at < characters.count {
            if next < wanted.count, wanted[next] == "*" {
                star = (next, at)
                next += 1
            } else if next < wanted.count, wanted[next] == characters[at] {
                at += 1
                next += 1
            } else if let last = star {
                star = (last.pattern, last.text + 1)
                (at, next) = (last.text + 1, last.pattern + 1)
            } else {
                return false
            }
        }
        return wanted[next...].allSatisfy { $0 == "*" }
    }
}
