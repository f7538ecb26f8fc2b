/// One part of a tab: a cluster with its panes, or a shell. It goes on while nobody looks at it.
@MainActor package final class Split {
    /// What is in it.
    package enum Content {
        /// A cluster's panes, with all that is open in them.
        case cluster(AppModel)
        /// A terminal in a container.
        case shell(ShellModel)
    }

    /// Unique in a workspace, for its whole life.
    package let id: Int
    /// What is in it.
    package let content: Content
    /// What keeps a cluster's panes true; nil for a shell, and in tests of models alone.
    let session: ClusterSession?
    /// The place that it shows once it is first looked at; nil when it is there already.
    var place: SavedPlace?
    /// Something came or ended since it was looked at.
    package internal(set) var hasNews = false
    /// The end of the log when it was looked at last.
    private var seenLine = 0

    init(id: Int, _ content: Content, session: ClusterSession? = nil, place: SavedPlace? = nil) {
        self.id = id
        self.content = content
        self.session = session
        self.place = place
    }

    /// The panes; nil for a shell.
    package var app: AppModel? { if case .cluster(let app) = content { app } else { nil } }
    /// The shell; nil for panes.
    package var shell: ShellModel? { if case .shell(let shell) = content { shell } else { nil } }

    /// What is in it in a few words: `pods demo`, `log web-1`, `sh web-1/app`.
    package var title: String {
        switch content {
        case .shell(let shell): "sh \(shell.binding.name)/\(shell.container)"
        case .cluster(let app): place.map(\.title) ?? app.tabTitle
        }
    }

    /// How it is: `running`, `exit 1`, `12 new lines`; empty for nothing to say.
    package var state: String {
        switch content {
        case .shell(let shell):
            switch shell.state {
            case .connecting: return "connecting"
            case .open: return hasNews ? "running, new output" : "running"
            case .ended(let reason): return "ended: \(reason)"
            }
        case .cluster(let app):
            if place != nil { return "opened when it is shown" }
            if let trouble = app.joined?.table.troubles.first { return trouble }
            if let target = app.editor.target, app.editor.isDirty { return "unsaved: \(target.binding.text)" }
            switch app.connection {
            case .failed(let reason, _), .stale(_, let reason): return reason
            case .starting(let what): return what
            case .ready: break
            }
            let count = app.logs.endLine - seenLine
            return hasNews && count > 0 ? "\(count) new \(count == 1 ? "line" : "lines")" : ""
        }
    }

    /// Whether a shell in it still runs.
    package var isRunning: Bool { shell?.isRunning ?? false }

    /// Somebody looks at it.
    func see() {
        hasNews = false
        seenLine = app?.logs.endLine ?? 0
    }

    /// Learns that something changed while nobody looked; returns whether that is news. Of panes only a log that was being read has any.
    func note() -> Bool {
        guard !hasNews else { return false }
        if let app {
            guard app.focus == .logs, app.logs.endLine > seenLine else { return false }
        }
        hasNews = true
        return true
    }
}

/// A place of its own on the screen, of one split or several.
@MainActor package final class Tab {
    /// Unique in a workspace, for its whole life.
    package let id: Int
    /// How it is divided.
    package internal(set) var tree: SplitTree
    /// The split that gets the keys.
    package internal(set) var focus: Int
    /// Whether that split has the whole tab.
    package internal(set) var isZoomed = false

    init(id: Int, split: Int) {
        self.id = id
        tree = .split(split)
        focus = split
    }

    /// The splits that are on the screen when the tab is.
    package var shown: [Int] { isZoomed ? [focus] : tree.splits }
}
