/// The keys that ship: what each set changes in the command table.
package enum KeySet: String, Sendable, CaseIterable {
    /// The table as it is written: k9s's keys, without those that surprise.
    case k9s
    /// What fingers that know vim expect.
    case vim

    /// In words.
    package var title: String {
        switch self {
        case .k9s: "the keys of k9s"
        case .vim: "the keys of vim"
        }
    }

    /// The keys that differ from the table's, by command id.
    var changes: [String: [String]] {
        switch self {
        case .k9s: [:]
        case .vim: Self.vimChanges
        }
    }

    private static let vimChanges: [String: [String]] = [
        "app.quit": ["Z Z", "Z Q", "ctrl-q"], "app.zoom": ["ctrl-w o"], "focus.next": ["ctrl-w w", "ctrl-w l", "ctrl-w j", "tab"],
        "focus.previous": ["ctrl-w W", "ctrl-w h", "ctrl-w k", "shift-tab"], "focus.namespaces": ["ctrl-w 1", "1"], "focus.pods": ["ctrl-w 2", "2"],
        "focus.logs": ["g l", "3"], "focus.yaml": ["g y", "4"], "objects.describe": ["K"], "objects.delete": ["D d", "d d"],
        "objects.mark": ["v", "space"], "objects.yaml": ["y y"], "objects.edit": ["i", "e"], "objects.columns": ["g C"], "yaml.copy": ["y y"],
        "yaml.paste": ["p", "P"], "tabs.beside": ["ctrl-w v", "t v"], "tabs.below": ["ctrl-w s", "t h", "t -"], "tabs.close": ["ctrl-w c", "t x"],
        "yaml.redo": ["ctrl-r", "U"], "yaml.branch": ["g r"], "yaml.edit": ["i", "a", "enter"], "yaml.apply": ["Z A"],
    ]
}
