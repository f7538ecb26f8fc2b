import APIMachinery
import KubeClient

extension JoinedContexts {
    /// Where a command acts.
    enum Routing { case here, inContext, nowhere }

    /// What is about the table as a table is done to it; what is about objects or clusters, in the context of the row under the cursor. Of the
    /// other panes there are none.
    static func routing(_ command: Command) -> Routing {
        if own.contains(command.id) { return .here }
        if absent.contains(command.id) { return .nowhere }
        if locks.contains(command.id) { return .inContext }
        switch command.id.prefix(while: { $0 != "." }) {
        case "focus": return .nowhere
        case "app", "tabs", "move", "view", "settings", "places", "hotkey", "alias": return .here
        default: break
        }
        switch command.scope {
        case .pane(.pods), .browse, .anywhere: return .inContext
        case .pane, .typing, .detail: return .nowhere
        }
    }

    /// Why a command is not for the shown kind, which is known without asking its context; nil when it is.
    private static func foreign(_ command: Command, _ app: AppModel) -> String? {
        guard command.id.hasPrefix("pods."), !app.kind.isPods, command.id != "pods.keptLogs" else { return nil }
        if command.id == "pods.logs" { return CommandTable.logged.contains(app.kind.id) ? nil : "\(app.kind.resource.resource) write no logs" }
        return "only for pods"
    }

    private static let own: Set = [
        "objects.mark", "objects.markRange", "objects.unmark", "objects.copyName", "objects.save", "objects.sort", "objects.columnBefore",
        "objects.columnAfter", "objects.sortPicked", "objects.sortName", "objects.sortAge", "objects.sortStatus", "objects.columns", "objects.failing",
        "plugins.output",
    ]

    private static let absent: Set = ["app.zoom", "app.zoomF11", "app.tour", "app.demo", "places.find"]

    private static let locks: Set = ["app.unlock", "app.lock"]

    /// Whether a command can run now. What is done in a row's context is asked about again there.
    func state(_ command: Command, _ app: AppModel) -> Availability {
        switch Self.routing(command) {
        case .here: return command.availability(app)
        case .nowhere: return .disabled("a table of several contexts has no other panes: Enter opens a tab of the row's context")
        case .inContext: break
        }
        guard table.selectedRow != nil else { return .disabled("no row is under the cursor to say in which context") }
        if Self.locks.contains(command.id) { return command.availability(app) }
        if let reason = Self.foreign(command, app) { return .disabled(reason) }
        // What is not followed here is known in its own context alone; that nothing may be changed there, and nothing unlocks it, is known here.
        if !app.context.canUnlock, case .disabled(let reason) = command.availability(app), reason == app.refusal { return .disabled(reason) }
        return .enabled
    }

    /// What Enter does, for the foot of the table; nil without a row.
    package var footer: [TextSpan]? {
        guard let row = table.selectedRow, let place = place(of: row) else { return nil }
        return [
            TextSpan("Enter", .accent), TextSpan(" and every action on it open a tab of ", .dim), TextSpan(names[place]),
            TextSpan("; Esc there comes back", .dim),
        ]
    }
}
