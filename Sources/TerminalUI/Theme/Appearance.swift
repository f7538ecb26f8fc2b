import ViewModels

/// Chooses theme and signs from what the user wants and what the terminal can, whenever either changes.
@MainActor final class Appearance {
    private struct Wish: Equatable {
        var revision: Int
        var theme: ScreenSettings.Theme
        var background: ScreenSettings.Background
        var glyphs: ScreenSettings.Glyphs
        var isTerminalLight: Bool?
    }

    private let app: AppModel
    private let depth: ColorDepth
    private let canUnicode: Bool
    private var catalog = ThemeCatalog()
    private var revision = -1
    private var last: Wish?
    /// What the terminal answered about its background; nil as long as it has not.
    var isTerminalLight: Bool?

    init(app: AppModel, depth: ColorDepth, canUnicode: Bool) {
        self.app = app
        self.depth = depth
        self.canUnicode = canUnicode
    }

    /// The theme and signs to draw with; nil when they are what they were.
    func change() -> (theme: Theme, glyphs: GlyphSet)? {
        let preferences = app.preferences
        let wish = Wish(
            revision: preferences.revision, theme: preferences.theme, background: preferences.settings.screen.background, glyphs: preferences.glyphs,
            isTerminalLight: isTerminalLight)
        guard wish != last else { return nil }
        last = wish
        if revision != wish.revision {
            revision = wish.revision
            catalog = ThemeCatalog(preferences.settings.themes)
            preferences.themes = catalog.summaries
        }
        var problems = catalog.problems
        let source = source(wish, &problems)
        if preferences.themeProblems != problems { preferences.themeProblems = problems }
        return (Theme(source, depth: depth), glyphs(wish, source))
    }

    private func source(_ wish: Wish, _ problems: inout [SettingsProblem]) -> ThemeSource {
        let isLight = wish.background == .auto ? isTerminalLight ?? false : wish.background == .light
        let standard = ThemeLibrary.standardName(depth: depth, isLight: isLight)
        let name =
            switch wish.theme {
            case .automatic: standard
            case .named(let name): name
            case .pair(let dark, let light): isLight ? light : dark
            }
        do throws(ThemeError) {
            return try catalog.source(name)
        } catch {
            problems.append(SettingsProblem(file: error.file, line: error.line, message: error.message))
            return ThemeLibrary.builtin(standard) ?? ThemeSource(name: "plain", rules: [:])
        }
    }

    private func glyphs(_ wish: Wish, _ source: ThemeSource) -> GlyphSet {
        switch wish.glyphs {
        case .ascii: .ascii
        case .unicode: .unicode
        case .auto: canUnicode && !source.isASCII ? .unicode : .ascii
        }
    }
}
