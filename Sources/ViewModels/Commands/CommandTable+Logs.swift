extension CommandTable {
    static let logs: [Command] = [
        logs("follow", "Follow or pause", ["f", "s"]) { $0.logs.isFollowing.toggle() },
        logs("wrap", "Wrap lines", ["w", "W"]) { $0.logs.isWrapping.toggle() },
        logs("timestamps", "Times: of this machine, UTC, how long ago, none", ["t s"]) { app in
            app.logs.times = app.logs.times.next
            app.toast(app.logs.times.text, .dim)
            app.preferences.store?.save("logTimes", app.logs.times.rawValue, in: "screen.yaml")
        },
        logs("open", "Open the line", ["enter"]) { $0.openLogLine() },
        logs("container", "Choose the container", ["o"]) { $0.logs.merge == nil ? $0.pickLogContainer() : $0.pickLogSource() },
        logs("filter", "Show only lines that match", ["&"]) { $0.openLogFilter() },
        logs("level", "Show only lines of a level and above", ["v"]) { $0.raiseLogLevel() },
        logs("columns", "Fields as columns", ["F"]) { $0.pickLogColumns() },
        logs("previous", "The instance before; after the oldest the newest again", ["p"]) { $0.cluster?.showEarlierInstance() },
        logs("instances", "Any instance of this container that is kept", ["I"]) { $0.cluster?.pickLogInstance() },
        logs("kept", "Logs of a deleted pod", ["L"], availability: whenConnected) { $0.cluster?.pickKeptLog() },
        logs("all", "All containers of the pod", ["a"], availability: whenLogPod) { app in
            if let binding = app.logPodBinding { app.cluster?.showLogs(of: [binding]) }
        },
        logs("owner", "All pods of its owner", ["A"], availability: whenLogPod) { app in
            if let binding = app.logPodBinding { app.cluster?.showOwnerLogs(binding) }
        },
        logs("labels", "Label lines by their source", ["l"], availability: whenMerged) { $0.logs.showsSources.toggle() },
        logs("copy", "Copy the line or the selected lines", ["c", "y"]) { $0.copyLog(visible: false) },
        logs("copyVisible", "Copy the lines on the screen", ["Y"]) { $0.copyLog(visible: true) },
        logs("select", "Select lines", ["V"]) { $0.logs.toggleSelection() },
        logs("save", "Save to a file", ["ctrl-s"]) { $0.saveLog() },
        logs("mark", "Mark the line", ["m"]) { $0.logs.toggleMark() },
        logs("nextMark", "Next mark", ["'"]) { if !$0.logs.goToMark(next: true) { $0.toast("no line is marked: m marks one", .dim) } },
        logs("previousMark", "Previous mark", ["\""]) { if !$0.logs.goToMark(next: false) { $0.toast("no line is marked: m marks one", .dim) } },
        logs("time", "Go to a time", ["T", "g t"]) { $0.askForLogTime() },
        logs("clear", "Clear what is there", ["x"]) { $0.logs.clearShown() },
        logs("tail", "Everything, at its end", ["g 0"]) { $0.logs.showEverything(fromEnd: true) },
        logs("head", "Everything, from its start", ["g 1"]) { $0.logs.showEverything(fromEnd: false) },
        since("g 2", 1, "minute"), since("g 3", 5, "minutes"), since("g 4", 15, "minutes"), since("g 5", 30, "minutes"), since("g 6", 60, "minutes"),
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

    private static func since(_ key: String, _ minutes: Int64, _ unit: String) -> Command {
        logs("since\(minutes)", "Go to the last \(minutes == 1 ? "" : "\(minutes) ")\(unit)", [key]) { $0.goToLog(minutesAgo: minutes) }
    }

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
