/// What was typed before the cluster has what it needs, and waits for it as in a terminal's buffer.
package struct TypedAhead: Sendable, Hashable {
    /// The keys, in order, as help writes them.
    package var keys: [String]
    /// What they wait for: `the cluster`, `its pods`.
    package var awaited: String
    /// Whether help was opened past them: Esc closes that first.
    package var isBehindHelp: Bool

    /// Keys that wait.
    package init(keys: [String], awaited: String, isBehindHelp: Bool = false) {
        self.keys = keys
        self.awaited = awaited
        self.isBehindHelp = isBehindHelp
    }
}

extension Command {
    /// Whether it can be carried out before the cluster is reached. Everything else waits for that.
    package var needsNoCluster: Bool {
        if scope == .typing || scope == .detail { return true }
        switch id.prefix(while: { $0 != "." }) {
        case "settings", "tabs", "focus": return true
        default: return Self.independent.contains(id)
        }
    }

    private static let independent: Set = [
        "app.palette", "app.help", "app.helpF1", "app.quit", "app.suspend", "app.redraw", "app.zoom", "app.zoomF11", "app.interrupt", "app.back",
        "app.context", "app.drafts", "history.log", "plugins.output", "objects.unmark",
    ]

    /// Whether it goes to a kind, or has to know them all. Everything else is about what is shown.
    package var needsKinds: Bool {
        if ["places.pods", "places.back", "places.forward"].contains(id) { return false }
        return id.hasPrefix("places.") || id.hasPrefix("hotkey.") || id == "views.open"
    }

    /// Whether it does something to the object under the cursor at once, without a question: on an object that nobody saw it is not run.
    package var actsUnasked: Bool {
        id.hasPrefix("plugin.") || ObjectOperation.unasked.contains { id == "objects.\($0.rawValue)" || id == "namespaces.\($0.rawValue)" }
    }
}

extension ObjectOperation {
    /// The operations that change something and do not ask before.
    static let unasked: Set<ObjectOperation> = [.pause, .resume, .cordon, .uncordon, .trigger, .suspend, .unsuspend, .rerun]
}
