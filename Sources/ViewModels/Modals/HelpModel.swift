/// A command in help.
package struct HelpEntry: Sendable, Hashable {
    /// Its keys.
    package var keys: String
    /// What it does.
    package var title: String
    /// Why it cannot run now; nil when it can.
    package var disabledReason: String?
}

/// Commands that belong together.
package struct HelpSection: Sendable, Hashable {
    /// The heading.
    package var title: String
    /// The commands.
    package var entries: [HelpEntry]
}

/// Every command with its keys, made from the command table.
@MainActor package final class HelpModel {
    private let commands: [Command]
    private let app: AppModel
    /// Text that titles must have, ignoring case.
    package var filter = LineInput()
    /// The first row on screen; the screen keeps it inside.
    package var top = 0
    /// What lies under it, and is there again when it closes.
    private let beneath: Modal?
    /// Help for commands, over something.
    package init(commands: [Command], app: AppModel, beneath: Modal? = nil) {
        self.commands = commands
        self.app = app
        self.beneath = beneath
    }
    /// Closes it.
    package func close() { app.modal = beneath }
    /// What matches the filter; what belongs to the focused pane comes first.
    package var sections: [HelpSection] {
        let all = matching
        let own = Self.own[app.focus] ?? []
        return all.filter { own.contains($0.title) } + all.filter { !own.contains($0.title) }
    }

    private static let own: [PaneID: [String]] = [.namespaces: ["Namespace"], .pods: ["Pod"], .logs: ["Logs"], .yaml: ["YAML", "Typing"]]

    private var matching: [HelpSection] {
        var result: [HelpSection] = []
        let wanted = filter.text.lowercased()
        for command in commands
        where command.isListed && !command.keys.isEmpty
            && (wanted.isEmpty || "\(command.title) \(command.keys.joined(separator: " "))".lowercased().contains(wanted))
        {
            let entry = HelpEntry(keys: command.keys.joined(separator: " · "), title: command.title, disabledReason: command.reason(app))
            if let index = result.firstIndex(where: { $0.title == command.section }) {
                result[index].entries.append(entry)
            } else {
                result.append(HelpSection(title: command.section, entries: [entry]))
            }
        }
        return result
    }
}
