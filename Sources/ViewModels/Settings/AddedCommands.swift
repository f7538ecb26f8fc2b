extension PreferencesModel {
    /// The commands that the user's files add to the table.
    static func addedCommands(_ settings: UserSettings) -> [AddedCommand] {
        settings.keys.hotkeys.map { hotkey in
            AddedCommand(
                command: Command("hotkey.\(hotkey.name)", hotkey.description, section: "Hotkeys", keys: [hotkey.key], scope: .browse) {
                    $0.run(line: hotkey.line)
                }, mayTakeKeys: hotkey.overrides, file: hotkey.file, line: hotkey.fileLine)
        }
            + settings.aliases.aliases.map { alias in
                AddedCommand(
                    command: Command("alias.\(alias.name)", ":\(alias.name)  \(alias.line)", section: "Aliases", keys: [], scope: .browse) {
                        $0.run(line: alias.line)
                    }, mayTakeKeys: false, file: "", line: 0)
            }
    }
}
