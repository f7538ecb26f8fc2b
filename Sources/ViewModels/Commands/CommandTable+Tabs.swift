extension CommandTable {
    /// The commands of tabs and splits.
    static let tabs: [Command] =
        [
            tab("new", "New tab with this place", ["t n"]) { $0.openTab($1) },
            tab("context", "New tab with another context", ["t c"], availability: whenConnected) { $0.pickContext($1) },
            tab("joined", "Contexts in one table", ["t j"], availability: whenConnected) { $0.pickJoined($1) },
            tab("next", "Next tab", ["t t", "t right"], availability: whenTabs) { workspace, _ in workspace.shiftTab(by: 1) },
            tab("previous", "Tab before", ["t T", "t left"], availability: whenTabs) { workspace, _ in workspace.shiftTab(by: -1) },
            Command("tabs.last", "Back to the tab or split before", section: "Tabs", keys: ["f12"], scope: .anywhere, availability: whenWorkspace) {
                $0.workspace?.goLast()
            },
            tab("list", "List what is open", ["t l"]) { $0.list($1) },
            tab("close", "Close this tab or split", ["t x"]) { $0.askClose($1) },
            tab("closeAll", "Close this tab with all its splits", ["t X"]) { $0.askClose(tab: $0.current, $1) },
            tab("beside", "Split: the same place beside this", ["t v"]) { $0.divide(.beside, $1) },
            tab("below", "Split: the same place below this", ["t h", "t -"]) { $0.divide(.below, $1) },
            tab("split", "Next split", ["t w", "f6"], availability: whenSplit) { workspace, _ in workspace.focusNextSplit() },
            tab("zoom", "Zoom the split", ["t z"], availability: whenSplit) { workspace, _ in workspace.toggleZoom() },
            tab("larger", "Make the split larger", ["t >", "t +"], availability: whenSplit) { workspace, _ in workspace.resize(by: 5) },
            tab("smaller", "Make the split smaller", ["t <"], availability: whenSplit) { workspace, _ in workspace.resize(by: -5) },
        ] + (1...9).map { numbered($0) }

    private static func numbered(_ number: Int) -> Command {
        let open: @MainActor (AppModel) -> Availability = { app in
            app.workspace.map { $0.tabs.count >= number ? .enabled : .disabled("there is no tab \(number)") } ?? whenWorkspace(app)
        }
        return tab("go\(number)", "Tab \(number)", ["t \(number)"], availability: open) { workspace, _ in workspace.show(number - 1) }
    }

    private static func tab(
        _ id: String, _ title: String, _ keys: [String], availability: @escaping @MainActor (AppModel) -> Availability = whenWorkspace,
        run: @escaping @MainActor (Workspace, AppModel) -> Void
    ) -> Command {
        Command("tabs.\(id)", title, section: "Tabs", keys: keys, scope: .browse, availability: availability) { app in
            if let workspace = app.workspace { run(workspace, app) }
        }
    }

    private static func whenWorkspace(_ app: AppModel) -> Availability {
        app.workspace == nil ? .disabled("there are no tabs here") : .enabled
    }

    private static func whenTabs(_ app: AppModel) -> Availability {
        (app.workspace?.tabs.count ?? 0) > 1 ? .enabled : .disabled("there is one tab only")
    }

    private static func whenSplit(_ app: AppModel) -> Availability {
        (app.workspace?.tab.tree.splits.count ?? 0) > 1 ? .enabled : .disabled("this tab is not split")
    }
}
