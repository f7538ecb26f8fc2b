import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

@MainActor @Suite struct SettingsTests {
    /// A folder with these files, for one test.
    private func with(_ files: [String: String], _ body: (String) throws -> Void) throws {
        let directory = ScratchFolder.path("settings")
        defer { try? FileSystem.removeTree(directory) }  // best effort: a temporary folder
        try FileSystem.makeDirectories("\(directory)/plugins")
        try FileSystem.makeDirectories("\(directory)/themes")
        for (name, text) in files { try FileSystem.writeAtomically("\(directory)/\(name)", Array(text.utf8)) }
        try body(directory)
    }

    private func load(_ files: [String: String]) throws -> UserSettings {
        var settings = UserSettings()
        try with(files) { settings = UserSettings.load($0) }
        return settings
    }

    @Test func `without files everything has its default`() {
        let settings = UserSettings.load("/nonexistent/kdash")
        #expect(settings == UserSettings())
        #expect(settings.problems.isEmpty)
    }

    @Test func `screen settings are read as they are written`() throws {
        let settings = try load([
            "screen.yaml": """
            theme: {dark: dark, light: light}
            background: light
            glyphs: ascii
            mouse: false
            reduceMotion: true
            readonly: true
            contexts:
              "*prod*": {theme: contrast}
            """
        ])
        #expect(settings.problems.isEmpty)
        #expect(settings.screen.theme == .pair(dark: "dark", light: "light"))
        #expect(settings.screen.background == .light && settings.screen.glyphs == .ascii)
        #expect(!settings.screen.hasMouse && settings.screen.reducesMotion && settings.screen.isReadOnly)
        #expect(settings.screen.theme(context: "gke_prod_eu") == .named("contrast"))
        #expect(settings.screen.theme(context: "kdash") == .pair(dark: "dark", light: "light"))
    }

    @Test(arguments: [
        ("screen.yaml", "mouse: maybe", 1, "mouse: \"maybe\" is not true or false"),
        ("screen.yaml", "# x\nbackground: drak", 2, "background: \"drak\" is not one of auto, dark, light; did you mean dark?"),
        ("screen.yaml", "mouse: true\nmuose: false", 2, "unknown key muose; did you mean mouse?"),
        ("screen.yaml", "- a", 1, "a list is not a map of theme"),
        ("screen.yaml", "theme: {dark: dark}", 1, "theme: a pair names both"),
        ("screen.yaml", "theme: [a]", 1, "theme: a list is not a theme's name"),
        ("screen.yaml", "contexts:\n  p:\n    thme: x", 3, "unknown key thme in contexts.p; did you mean theme?"),
        ("screen.yaml", "mouse: true\nmouse: false", 2, "duplicate key \"mouse\""),
        ("screen.yaml", "mouse: true\n\tglyphs: ascii", 2, "a tab cannot be used for indentation"),
        ("keys.yaml", "set: emacs", 1, "set: \"emacs\" is not one of k9s, vim"),
        ("keys.yaml", "commands:\n  app.quit: ctr-q", 2, "commands.app.quit: ctr-q begins with ctr"),
        ("keys.yaml", "commands:\n  app.quit: [q, ctrl-i]", 2, "commands.app.quit.1: terminals send Tab for ctrl-i"),
        ("keys.yaml", "commands:\n  app.quit: entre", 2, "commands.app.quit: entre is not a key; did you mean enter?"),
        ("keys.yaml", "commands:\n  app.quit: a b c d e", 2, "commands.app.quit: \"a b c d e\" has 5 keys; 4 are the most"),
        ("hotkeys.yaml", "hotKeys:\n  x:\n    shortCut: a", 3, "hotKeys.x: a hotkey has a shortCut and a command"),
        ("aliases.yaml", "aliases:\n  a b: ns x", 2, "aliases.a b: an alias is one word"),
        ("aliases.yaml", "alias: {}", 1, "unknown key alias; did you mean aliases?"),
        ("views.yaml", "views:\n  v1/pods:\n    columns: [\"A|X\"]", 3, "views.v1/pods.columns.0: X is not an attribute of a column"),
        ("views.yaml", "views:\n  v1/pods:\n    sortColumn: AGE:up", 3, "views.v1/pods.sortColumn: \"AGE:up\" is not NAME, NAME:asc or NAME:desc"),
        ("plugins.yaml", "plugins:\n  a:\n    shortCut: x\n    command: y", 3, "plugins.a: a plugin needs description, scopes"),
        ("plugins/x.yaml", "plugins:\n  a: 5", 2, "plugins.a: 5 is not a map"),
    ])
    func `a bad setting is named with its file, line and what is allowed`(file: String, text: String, line: Int, message: String) throws {
        let settings = try load([file: text])
        let found = settings.problems.first
        #expect(found?.line == line, "\(settings.problems)")
        #expect(found?.message.hasPrefix(message) == true, "\(found?.message ?? "nothing")")
        #expect(found?.file.hasSuffix(file) == true)
    }

    @Test func `what is bad has its default and the rest counts`() throws {
        let settings = try load(["screen.yaml": "mouse: never\nglyphs: ascii\nnothing: 1"])
        #expect(settings.screen.hasMouse && settings.screen.glyphs == .ascii)
        #expect(settings.problems.count == 2)
    }

    @Test func `a pipe, a folder and a giant are no settings`() throws {
        try with(["aliases.yaml": String(repeating: "#", count: 2 << 20)]) { directory in
            try FileSystem.makeDirectories("\(directory)/screen.yaml")
            let problems = UserSettings.load(directory).problems
            #expect(problems.count == 2, "\(problems)")
            #expect(problems.contains { $0.file.hasSuffix("screen.yaml") && $0.message == "is not a file" })
            #expect(problems.contains { $0.file.hasSuffix("aliases.yaml") && $0.message == "is larger than 1 MiB" })
        }
    }

    @Test(arguments: UserSettings.fileNames) func `the template of every file is valid with all its keys`(file: String) throws {
        let template = try #require(SettingsTemplate.text(file))
        let uncommented = template.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix("#") && (!line.hasPrefix("# ") || line.hasPrefix("#  ")) ? String(line.dropFirst()) : String(line)
        }.joined(separator: "\n")
        #expect(try load([file: template]).problems.isEmpty)
        let settings = try load([file: uncommented])
        #expect(settings.problems.isEmpty, "\(settings.problems)")
        #expect(settings != UserSettings())
        #expect(PreferencesModel.keyProblems(settings).isEmpty, "\(PreferencesModel.keyProblems(settings))")
    }

    @Test func `an alias that leads to itself ends`() throws {
        var aliases = AliasSettings()
        aliases.aliases = [.init(name: "a", line: "b x"), .init(name: "b", line: "a y")]
        #expect(aliases.expand("a z") == "a y x z")
    }

    @Test(arguments: [
        ("", "theme", "light", "theme: light\n"), ("mouse: true\n", "theme", "light", "mouse: true\ntheme: light\n"),
        ("theme: dark # mine\nmouse: true", "theme", "light", "theme: light  # mine\nmouse: true"),
        ("theme:\n  dark: a\n  light: b\n# end\n", "theme", "auto", "theme: auto\n# end\n"),
        ("# only this\n", "set", "vim", "# only this\nset: vim\n"),
        ("theme: a\n", "theme", "{dark: a, light: b}", "theme: {dark: a, light: b}\n"),
    ])
    func `keeping a choice changes one value and nothing else`(text: String, key: String, value: String, expected: String) {
        #expect(SettingsEditor.changed(text, key, to: value) == expected)
    }

    @Test(arguments: ["a: [", "- a", "text", "a: 1\n---\nb: 2"]) func `a file that cannot be changed safely stays as it is`(text: String) {
        #expect(SettingsEditor.changed(text, "theme", to: "light") == nil)
    }

    @Test func `files are read again when they change, and what is wrong is told once`() async throws {
        let directory = ScratchFolder.path("settings")
        defer { try? FileSystem.removeTree(directory) }  // best effort: a temporary folder
        let app = AppModel(clock: { Timestamp(seconds: 0) })
        try FileSystem.makeDirectories(directory)
        let driver = SettingsDriver(app: app, directory: directory)
        driver.start()
        defer { driver.stop() }
        #expect(app.toasts.isEmpty)
        try FileSystem.writeAtomically("\(directory)/screen.yaml", Array("mouse: false\nglyphs: ascci".utf8))
        try await until { !app.preferences.hasMouse }
        #expect(app.toasts.count == 1 && app.toasts[0].text.hasPrefix("screen.yaml:2: glyphs: \"ascci\""), "\(app.toasts)")
        driver.save("glyphs", "ascii", in: "screen.yaml")
        try await until { app.preferences.glyphs == .ascii && app.preferences.problems.isEmpty }
        #expect(try FileSystem.readText("\(directory)/screen.yaml") == "mouse: false\nglyphs: ascii")
    }

    private func until(_ condition: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        // The main actor is shared with every other test of models and screens.
        let deadline = ContinuousClock.now + .seconds(240)
        while ContinuousClock.now < deadline {
            if condition() { return }
            try await Task.sleep(for: .milliseconds(2))
        }
        Issue.record("never came", sourceLocation: sourceLocation)
    }
}
