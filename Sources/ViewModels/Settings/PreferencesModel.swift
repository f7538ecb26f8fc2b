/// A theme that can be chosen.
package struct ThemeSummary: Sendable, Hashable {
    /// What settings call it.
    package var name: String
    /// What people call it.
    package var title: String
    /// Where it is from, and for which background it is.
    package var detail: String
    /// The theme for a light background, of one for a dark background that has one.
    package var pair: String?
    /// A theme.
    package init(name: String, title: String, detail: String, pair: String? = nil) {
        self.pair = pair
        self.name = name
        self.title = title
        self.detail = detail
    }
}

/// How the screen looks and which keys mean what: the user's files, and what was chosen since they were read.
@MainActor package final class PreferencesModel {
    private unowned let app: AppModel
    /// What the files say.
    package private(set) var settings = UserSettings()
    /// Where the files are; empty when there are none.
    package private(set) var directory = ""
    /// What is wrong in them.
    package var problems: [SettingsProblem] { settings.problems + keyProblems + themeProblems }
    private var keyProblems: [SettingsProblem] = []
    /// What is wrong in theme files; told by the screen, which knows themes.
    package var themeProblems: [SettingsProblem] = [] { didSet { if themeProblems != oldValue { tellProblems() } } }
    /// The themes that can be chosen; told by the screen.
    package var themes: [ThemeSummary] = []
    /// The set of keys.
    package private(set) var keySet = KeySet.k9s
    /// The theme that the command line or the user chose; nil for what the files say.
    package var chosenTheme: ScreenSettings.Theme? { didSet { app.signal.touch() } }
    /// The theme under the cursor of the theme picker.
    package var previewedTheme: ScreenSettings.Theme? { didSet { app.signal.touch() } }
    /// Whether the mouse is used.
    package var hasMouse = true { didSet { app.signal.touch() } }
    /// Whether addresses are links.
    package var links = ScreenSettings.Links.auto { didSet { app.signal.touch() } }
    /// Which signs are drawn.
    package var glyphs = ScreenSettings.Glyphs.auto { didSet { app.signal.touch() } }
    /// Whether nothing lights up or moves by itself.
    package var reducesMotion = false { didSet { app.signal.touch() } }
    /// Changes whenever the files were read anew.
    package private(set) var revision = 0
    /// Runs the user's plugins.
    package private(set) lazy var plugins = PluginRunner(app: app)
    /// The kubeconfig that programs are to use for a context; nil for their own default.
    package var kubeconfigOf: (String) -> String? = { _ in nil }
    /// The kubeconfig for the shown context.
    var kubeconfig: String? { kubeconfigOf(app.context.name) }
    /// Reads and writes the files; nil in tests of models alone.
    package weak var store: (any PreferencesStore)?
    /// The problems that were told last.
    private var told: [SettingsProblem] = []

    init(app: AppModel) { self.app = app }

    /// The theme to draw with.
    package var theme: ScreenSettings.Theme { previewedTheme ?? chosenTheme ?? settings.screen.theme(context: app.context.name) }

    /// Takes what the files say. What the user chose since stays, unless the file says something new about it.
    package func adopt(_ new: UserSettings, directory: String) {
        let old = settings
        let isFirst = revision == 0
        settings = new
        self.directory = directory
        revision += 1
        if isFirst || new.keys.set != old.keys.set { keySet = new.keys.set }
        if new.screen.hasMouse != old.screen.hasMouse { hasMouse = new.screen.hasMouse }
        if new.screen.links != old.screen.links { links = new.screen.links }
        if new.screen.glyphs != old.screen.glyphs { glyphs = new.screen.glyphs }
        if new.screen.reducesMotion != old.screen.reducesMotion { reducesMotion = new.screen.reducesMotion }
        if new.screen.logTimes != old.screen.logTimes { app.logs.times = new.screen.logTimes }
        if !isFirst, new.screen.theme != old.screen.theme || new.screen.contexts != old.screen.contexts { chosenTheme = nil }
        rebuildKeys()
        app.applyViews()
        if !isFirst, new != old, problems.isEmpty { app.toast("settings read again", .dim) }
        tellProblems()
        app.signal.touch()
    }

    /// Takes all that another application's preferences say now.
    func follow(_ other: PreferencesModel) {
        (settings, directory, keySet, revision, told) = (other.settings, other.directory, other.keySet, other.revision, other.problems)
        (chosenTheme, hasMouse, glyphs, reducesMotion) = (other.chosenTheme, other.hasMouse, other.glyphs, other.reducesMotion)
        links = other.links
        (app.logs.times, app.logs.zone) = (other.app.logs.times, other.app.logs.zone)
        (themes, themeProblems, kubeconfigOf, store) = (other.themes, other.themeProblems, other.kubeconfigOf, other.store)
        rebuildKeys()
    }

    /// Goes over to another set of keys.
    package func use(_ set: KeySet) {
        keySet = set
        rebuildKeys()
        app.signal.touch()
    }

    /// What is wrong with the keys that files give, in the set they choose.
    package static func keyProblems(_ settings: UserSettings) -> [SettingsProblem] { keyMap(settings, settings.keys.set).problems }

    private static func keyMap(_ settings: UserSettings, _ set: KeySet) -> KeyMap {
        KeyMap(CommandTable.standard().commands, set: set, settings: settings.keys, added: addedCommands(settings))
    }

    private func rebuildKeys() {
        let map = Self.keyMap(settings, keySet)
        keyProblems = map.problems
        app.commands = CommandTable(map.commands)
    }

    /// One message however many there are: the list has the rest.
    private func tellProblems() {
        let all = problems
        guard revision > 0, all != told else { return }
        told = all
        guard let first = all.first else { return }
        let key = app.commands["settings.problems"]?.keys.first ?? ":"
        let rest = all.count == 1 ? "" : ", and \(all.count - 1) more"
        app.toast("\(short(first))\(rest) (\(key) lists what is wrong in the settings)", .warning)
    }

    private func short(_ problem: SettingsProblem) -> String {
        var problem = problem
        if problem.file.hasPrefix("\(directory)/") { problem.file = String(problem.file.dropFirst(directory.count + 1)) }
        return problem.description
    }

    /// What is wrong, as a text.
    func problemLines() -> [[TextSpan]] {
        guard !directory.isEmpty else { return [[TextSpan("No settings files are read.")]] }
        let all = problems
        var lines: [[TextSpan]] = [[TextSpan("Files are in ", .dim), TextSpan(directory)], []]
        if all.isEmpty { lines.append([TextSpan("Nothing is wrong in them.", .ok)]) }
        for problem in all {
            let place = problem.line == 0 ? "" : ":\(problem.line)"
            let name = problem.file.hasPrefix("\(directory)/") ? String(problem.file.dropFirst(directory.count + 1)) : problem.file
            lines.append([TextSpan("\(name)\(place)  ", .accent), TextSpan(problem.message, .warning)])
        }
        return lines + [[], [TextSpan("What is wrong has its default; a file that is saved is read again at once.", .dim)]]
    }
}

/// Keeps the user's files.
@MainActor package protocol PreferencesStore: AnyObject {
    /// Reads them again.
    func reload()
    /// Writes one value into a file, leaving everything else in it as it is.
    func save(_ key: String, _ yaml: String, in file: String)
    /// Takes one value out of a file, leaving everything else in it as it is.
    func remove(_ key: String, in file: String)
    /// Gives one value of a file another key, in one write, in the place of what has that key.
    func rename(_ key: String, to new: String, _ yaml: String, in file: String)
}
