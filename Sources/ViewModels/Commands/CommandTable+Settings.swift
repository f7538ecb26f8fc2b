extension CommandTable {
    static let settings: [Command] = [
        setting("theme", "Choose a theme", [", t"]) { $0.pickTheme() },
        setting("keys", "Choose the keys: k9s or vim", [", k"]) { $0.pickKeySet() },
        setting("mouse", "Mouse on or off", [", m"]) { app in
            app.preferences.hasMouse.toggle()
            app.tellSession(app.preferences.hasMouse ? "the mouse is on" : "the mouse is off: the terminal selects text again", "mouse")
        },
        Command("settings.mouseF9", "Mouse on or off", section: "Settings", keys: ["f9"], scope: .anywhere, isListed: false) {
            $0.run(command: "settings.mouse")
        },
        setting("links", "Addresses as links: automatic, off, on", [", u"]) { app in
            let order: [ScreenSettings.Links: ScreenSettings.Links] = [.auto: .off, .off: .on, .on: .auto]
            app.preferences.links = order[app.preferences.links] ?? .auto
            let texts: [ScreenSettings.Links: String] = [
                .auto: "addresses are links where the terminal is known to understand them", .off: "addresses are no links", .on: "addresses are links",
            ]
            app.tellSession(texts[app.preferences.links] ?? "", "links")
        },
        setting("glyphs", "Only ASCII signs, or all", [", a"]) { app in
            app.preferences.glyphs = app.preferences.glyphs == .ascii ? .unicode : .ascii
            app.tellSession(app.preferences.glyphs == .ascii ? "only ASCII signs are drawn" : "all signs are drawn", "glyphs")
        },
        setting("motion", "Reduced motion on or off", [", r"]) { app in
            app.preferences.reducesMotion.toggle()
            app.tellSession(app.preferences.reducesMotion ? "nothing lights up by itself" : "changes light up", "reduceMotion")
        },
        setting("problems", "What is wrong in the settings files", [", p"]) { app in
            let detail = DetailModel(title: "Settings", binding: nil)
            detail.lines = app.preferences.problemLines()
            app.detail = detail
        },
        Command("plugins.output", "Output of the last plugin", section: "Settings", keys: [", o"], scope: .browse) {
            $0.preferences.plugins.showLast()
        }, Command("app.tour", "Tour in ten steps", section: "Screen", keys: [", h"], scope: .browse) { $0.startTour() },
        setting("reload", "Read the settings files again", [", l"]) { app in
            guard let store = app.preferences.store else { return app.toast("no settings files are read", .dim) }
            store.reload()
        },
    ]

    private static func setting(_ id: String, _ title: String, _ keys: [String], run: @escaping @MainActor (AppModel) -> Void) -> Command {
        Command("settings.\(id)", title, section: "Settings", keys: keys, scope: .browse, run: run)
    }
}

extension AppModel {
    fileprivate func tellSession(_ text: String, _ key: String) { toast("\(text); \(key) in screen.yaml keeps it", .dim) }

    /// Asks for the theme; the one under the cursor is shown at once.
    func pickTheme() {
        let preferences = preferences
        let before = preferences.previewedTheme
        let choices = Self.themeChoices(preferences.themes)
        let items = choices.map(\.item)
        let themes = Dictionary(choices.map { ($0.item.id, $0.theme) }, uniquingKeysWith: { first, _ in first })
        let model = PaletteModel(title: "Theme", placeholder: "type to find", items: items) { [weak self] item in
            self?.modal = nil
            preferences.previewedTheme = nil
            preferences.chosenTheme = themes[item.id]
            preferences.store?.save("theme", item.id, in: "screen.yaml")
        }
        model.onMove = { preferences.previewedTheme = $0.flatMap { themes[$0.id] } }
        model.onCancel = { preferences.previewedTheme = before }
        modal = .palette(model)
    }

    /// Pairs that follow the terminal's background, then every theme. An item's id is what the file says.
    private static func themeChoices(_ themes: [ThemeSummary]) -> [(item: PaletteItem, theme: ScreenSettings.Theme)] {
        let follows = "dark or light as the terminal is"
        let pairs = themes.compactMap { dark in
            dark.pair.map { light in
                (
                    PaletteItem(id: "{dark: \(dark.name), light: \(light)}", title: "\(dark.title) pair", detail: follows),
                    ScreenSettings.Theme.pair(dark: dark.name, light: light)
                )
            }
        }
        return [(PaletteItem(id: "auto", title: "As the terminal is", detail: "dark or light, and its number of colours"), .automatic)] + pairs
            + themes.map { (PaletteItem(id: $0.name, title: $0.title, detail: $0.detail), .named($0.name)) }
    }

    /// Asks for the set of keys.
    func pickKeySet() {
        let items = KeySet.allCases.map { set in
            PaletteItem(id: set.rawValue, title: set.rawValue, detail: set == preferences.keySet ? "\(set.title), now" : set.title)
        }
        pick("Keys", items) { [weak self] id in
            guard let self, let set = KeySet(rawValue: id) else { return }
            preferences.use(set)
            toast("\(set.title) from now on", .ok)
            preferences.store?.save("set", id, in: "keys.yaml")
        }
    }
}
