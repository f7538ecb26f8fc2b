import APIMachinery
import KubeSchemas

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
            + settings.plugins.flatMap(commands)
    }

    /// A plugin is a command on the objects of its kinds.
    private static func commands(_ plugin: Plugin) -> [AddedCommand] {
        let isForAll = plugin.scopes.contains("all")
        let builtin = plugin.scopes.map { ($0, builtinSchemas.resources(named: kindWord($0)).map(\.kind)) }
        let kinds = Set(builtin.flatMap { $1.isEmpty ? [kindWord($0)] : $1 })
        func command(_ id: String, _ scope: CommandScope, _ kinds: Set<String>?, isListed: Bool) -> AddedCommand {
            let command = Command(
                id, plugin.description, section: "Plugins", keys: plugin.key.map { [$0] } ?? [], scope: scope, isDestructive: plugin.isDangerous,
                isListed: isListed, kinds: kinds, subject: { $0.selectedBinding?.name }, availability: { PluginRunner.availability(plugin, $0) },
                run: { $0.preferences.plugins.run(plugin) })
            return AddedCommand(command: command, mayTakeKeys: plugin.overrides, file: plugin.file, line: plugin.line)
        }
        var result: [AddedCommand] = []
        if isForAll || kinds != ["Namespace"] { result.append(command("plugin.\(plugin.name)", .pane(.pods), isForAll ? nil : kinds, isListed: true)) }
        if isForAll || kinds.contains("containers") {
            result.append(command("plugin.\(plugin.name).container", .detail, ["containers"], isListed: false))
        }
        if isForAll || kinds.contains("Namespace") {
            result.append(command("plugin.\(plugin.name).namespace", .pane(.namespaces), nil, isListed: !isForAll && kinds == ["Namespace"]))
        }
        return result
    }

    /// `v1/pods` and `apps/v1/deployments` are kinds as well as `pods` and `po`.
    private static func kindWord(_ scope: String) -> String { scope.split(separator: "/").last.map(String.init) ?? scope }
}
