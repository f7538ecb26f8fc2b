/// A parsed theme file, before it is resolved for a terminal.
struct ThemeSource: Sendable, Hashable {
    /// One palette entry, explicit for every depth: nearest-colour guesses turn pastels to mud.
    struct Shade: Sendable, Hashable {
        var truecolor: Color
        var indexed: Color
        var sixteen: Color

        static let terminal = Shade(truecolor: .terminal, indexed: .terminal, sixteen: .terminal)

        func color(_ depth: ColorDepth) -> Color {
            switch depth {
            case .truecolor: truecolor
            case .indexed: indexed
            case .sixteen: sixteen
            case .mono: .terminal
            }
        }
    }

    /// One line of the styles block; what is nil comes from the parent scope. Colours are names of the palette, so that a theme that builds on this
    /// one changes them by naming other colours.
    struct Rule: Sendable, Hashable {
        var foreground: String?
        var background: String?
        var attributes: Attributes?
        /// Attributes on a terminal without colour.
        var monoAttributes: Attributes?
    }

    /// Which background of the terminal a theme is made for.
    enum Ground: String, Sendable, CaseIterable { case dark, light, any }

    var name: String
    var ground = Ground.any
    /// The theme for the other background.
    var pair: String?
    /// Whether it is drawn with ASCII signs only.
    var isASCII = false
    var palette: [String: Shade] = ["default": .terminal]
    var rules: [Scope: Rule]

    /// Walks up the parents until every part of the style is known.
    func style(_ scope: Scope, depth: ColorDepth) -> Style {
        var foreground: String?
        var background: String?
        var attributes: Attributes?
        var mono: Attributes?
        var next: Scope? = scope
        while let current = next {
            if let rule = rules[current] {
                foreground = foreground ?? rule.foreground
                background = background ?? rule.background
                attributes = attributes ?? rule.attributes
                mono = mono ?? rule.monoAttributes
            }
            next = current.parent
        }
        let shown = depth == .mono ? mono ?? attributes?.subtracting(.dim) : attributes
        return Style(foreground: color(foreground, depth), background: color(background, depth), attributes: shown ?? [])
    }

    private func color(_ name: String?, _ depth: ColorDepth) -> Color {
        name.flatMap { palette[$0] }?.color(depth) ?? .terminal
    }
}
