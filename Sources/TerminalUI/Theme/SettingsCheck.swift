package import ViewModels

/// Everything that is wrong in the user's files: what ViewModels finds, keys that hide each other, and themes.
@MainActor package enum SettingsCheck {
    /// All problems, the files' own first.
    package static func problems(_ settings: UserSettings) -> [SettingsProblem] {
        let catalog = ThemeCatalog(settings.themes)
        var problems = settings.problems + PreferencesModel.keyProblems(settings) + catalog.problems
        let rules: [ScreenSettings.Theme] = [settings.screen.theme] + settings.screen.contexts.map(\.theme)
        for name in rules.flatMap(\.names) {
            do throws(ThemeError) {
                _ = try catalog.source(name)
            } catch {
                problems.append(SettingsProblem(file: error.file, line: error.line, message: error.message))
            }
        }
        return problems
    }
}
