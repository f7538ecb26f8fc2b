extension CommandTable {
    static let logs: [Command] = [
        logs("follow", "Follow or pause", ["f", "s"]) { $0.logs.isFollowing.toggle() },
        logs("wrap", "Wrap lines", ["w", "W"]) { $0.logs.isWrapping.toggle() },
        logs("timestamps", "Timestamps", ["t"]) { $0.logs.showsTimestamps.toggle() },
        logs("container", "Choose the container", ["c"]) { $0.pickLogContainer() },
        logs("previous", "The instance before", ["p"]) { $0.togglePreviousLog() },
        logs("kept", "Logs of a deleted pod", ["L"], availability: whenConnected) { $0.cluster?.pickKeptLog() },
        logs("all", "All containers of the pod", ["a"], availability: whenLogPod) { app in
            if let binding = app.logPodBinding { app.cluster?.showLogs(of: [binding]) }
        },
        logs("owner", "All pods of its owner", ["A"], availability: whenLogPod) { app in
            if let binding = app.logPodBinding { app.cluster?.showOwnerLogs(binding) }
        },
        logs("labels", "Label lines by their source", ["l"], availability: whenMerged) { $0.logs.showsSources.toggle() },
        Command(
            "logs.selector", "Logs of pods by labels", section: "Logs", keys: [], scope: .browse, availability: whenConnected
        ) { $0.askForLogSelector("app=") },
        Command(
            "pods.ownerLogs", "Logs of all pods of its owner", section: "Pod", keys: [], scope: .pane(.pods), availability: whenPod
        ) { app in if let binding = app.selectedPodBinding { app.cluster?.showOwnerLogs(binding) } },
        Command("logs.next", "Next match", section: "Logs", keys: ["n"], scope: .pane(.logs), isListed: false) {
            $0.host?.move(.nextMatch)
        },
        Command("logs.nextBefore", "Previous match", section: "Logs", keys: ["N"], scope: .pane(.logs), isListed: false) {
            $0.host?.move(.previousMatch)
        },
    ]

    private static func logs(
        _ id: String, _ title: String, _ keys: [String], availability: @escaping @MainActor (AppModel) -> Availability = { _ in .enabled },
        run: @escaping @MainActor (AppModel) -> Void
    ) -> Command {
        Command("logs.\(id)", title, section: "Logs", keys: keys, scope: .pane(.logs), availability: availability, run: run)
    }

    private static func whenLogPod(_ app: AppModel) -> Availability {
        app.logPodBinding == nil ? .disabled("no pod's log is shown") : whenConnected(app)
    }

    private static func whenMerged(_ app: AppModel) -> Availability {
        app.logs.merge == nil ? .disabled("only one container is shown") : .enabled
    }
}
