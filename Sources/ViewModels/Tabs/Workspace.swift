import KubeClient
package import LinuxKernel

/// Everything that is open: tabs, each divided into splits, each with a cluster's panes or a shell of its own.
///
/// A split with a cluster has an ``AppModel`` and a ``ClusterSession`` to itself, so that whatever goes on in it (logs, unsaved text,
/// questions, running actions) goes on when another is looked at and nothing of one can reach into another. What is about the user and not
/// about a place (drafts, undo, command log) is shared by all sessions.
@MainActor package final class Workspace {
    /// Clusters' panes at once. Each follows its cluster: namespaces, pods, events and the kinds shown last.
    package static let mostClusters = 9
    /// Shells at once.
    package static let mostShells = 16
    /// Bytes of log that panes opened later keep, in memory and on the disk; the first have ``LogIndex/standardBudget``.
    static let laterBudget = 256 << 20

    /// Wakes the screen.
    package let signal = ChangeSignal()
    /// Wall time.
    package let clock: () -> Timestamp
    /// The tabs, in order; never none.
    package internal(set) var tabs: [Tab] = []
    /// The place of the shown tab.
    package internal(set) var current = 0
    /// The split that had the keys before others, latest last.
    var recent: [Int] = []
    var splits: [Int: Split] = [:]
    private var nextID = 0
    /// Shells run here, whatever becomes of the panes that opened them.
    let tasks = TaskSlots()
    /// Makes the session of other panes; nil where there can be no others.
    private let makeSession: ((AppModel) -> ClusterSession)?
    /// Told of panes that are made, before they are shown.
    package var onOpen: (AppModel) -> Void = { _ in }
    /// Sessions of closed panes whose actions have not ended.
    private var retired: [ClusterSession] = []
    /// The screen leaves its loop when this is true.
    package private(set) var isQuitting = false { didSet { signal.touch() } }
    /// The context whose tabs these are, and the folder they are kept in; nil keeps none.
    var saving: (context: String, directory: String)?
    var saved: SavedTabs?

    /// How many splits of a tab that is so divided would have too little room on the screen.
    package var crowded: (SplitTree) -> Int = { _ in 0 }

    /// One tab with an application's panes. `session` keeps them true, `makeSession` makes the sessions of panes that are opened later.
    package init(app: AppModel, session: ClusterSession? = nil, makeSession: ((AppModel) -> ClusterSession)? = nil) {
        clock = app.clock
        self.makeSession = makeSession
        let split = adopt(app, session)
        tabs = [Tab(id: newID(), split: split.id)]
        recent = [split.id]
        (saved, saving) = (nil, session.map { (app.context.name, $0.stateDirectory) })
    }

    func newID() -> Int {
        nextID += 1
        return nextID
    }

    // MARK: - What is there

    /// The shown tab.
    package var tab: Tab { tabs[current] }
    /// A split by its id.
    package func split(_ id: Int) -> Split? { splits[id] }
    /// The split that gets the keys.
    package var focused: Split? { splits[tab.focus] }
    /// The panes that have the keys, or had them last.
    package var app: AppModel? { panes?.app }
    /// The split of those panes.
    package var panes: Split? {
        recent.reversed().lazy.compactMap { self.splits[$0] }.first { $0.app != nil } ?? splits.values.first { $0.app != nil }
    }
    /// All panes, those that have the keys first.
    package var apps: [AppModel] {
        let first = app
        return (first.map { [$0] } ?? []) + splits.sorted { $0.key < $1.key }.compactMap(\.value.app).filter { $0 !== first }
    }
    /// Shells that still run.
    var runningShells: [Split] { splits.values.filter(\.isRunning).sorted { $0.id < $1.id } }
    var sessions: [ClusterSession] { splits.sorted { $0.key < $1.key }.compactMap(\.value.session) }
    /// The unsaved texts that some panes show.
    var openDrafts: Set<String> { Set(sessions.compactMap(\.editing.draftID)) }
    /// The tab that has a split.
    func tab(of split: Int) -> Int? { tabs.firstIndex { $0.tree.splits.contains(split) } }
    /// What is said after the terminal is given back.
    package var quitLine: String { splits.sorted { $0.key < $1.key }.lazy.compactMap(\.value.app?.quitLine).first { !$0.isEmpty } ?? "" }

    // MARK: - Opening

    private func adopt(_ app: AppModel, _ session: ClusterSession?, place: SavedPlace? = nil) -> Split {
        let split = Split(id: newID(), .cluster(app), session: session, place: place)
        splits[split.id] = split
        app.workspace = self
        app.signal.onChange = { [weak self, weak split] in if let split { self?.changed(split) } }
        return split
    }

    /// Makes panes that show a place once they are looked at; nil, and said why, where there can be no more.
    func makePanes(_ place: SavedPlace, like model: AppModel) -> Split? {
        guard let makeSession else { return refuse("no more panes can be opened here", model) }
        guard splits.values.filter({ $0.app != nil }).count < Self.mostClusters else {
            return refuse("\(Self.mostClusters) places are open, and that is the most: close one with \(key("tabs.close"))", model)
        }
        let app = AppModel(clock: { [weak self] in self?.clock() ?? Timestamp(seconds: 0) })
        app.kinds = model.context.name == place.context ? model.kinds : [.pods]
        app.preferences.follow(model.preferences)
        app.logs.budget = Self.laterBudget
        let isSame = model.context.name == place.context
        app.context = isSame ? model.context : ContextState(name: place.context, access: .protected, isEmbedded: false)
        if !place.contexts.isEmpty {
            if model.kind.id == place.kind { app.kind = model.kind }
            app.join(place.contexts, place)
        }
        onOpen(app)
        return adopt(app, makeSession(app), place: place)
    }

    private func refuse(_ reason: String, _ app: AppModel) -> Split? {
        app.toast(reason, .warning)
        return nil
    }

    func key(_ command: String) -> String { app?.keyText(command) ?? command }

    /// Opens a shell in a tab of its own, or beside what has the keys. `run` carries it until it ends. Returns why it cannot.
    func open(_ shell: ShellModel, isBeside: Bool, run: @escaping @MainActor () async -> Void) -> String? {
        guard splits.values.filter({ $0.shell != nil }).count < Self.mostShells else {
            return "\(Self.mostShells) shells are open, and that is the most: close one that \(key("tabs.list")) lists"
        }
        if isBeside, let reason = obstacle(.beside) { return reason }
        let split = Split(id: newID(), .shell(shell))
        splits[split.id] = split
        shell.onChange = { [weak self, weak split] in if let split { self?.changed(split) } }
        var work = 0
        let begin: () -> Void = { [weak self, weak shell] in
            guard let self, let shell else { return }
            tasks.cancelWork(work)
            // What comes begins on a row of its own.
            if work != 0 { shell.receive([0x0D, 0x0A]) }
            shell.state = .connecting
            work = tasks.add(run)
        }
        shell.onReopen = begin
        shell.onClose = { [weak self] in self?.tasks.cancelWork(work) }
        begin()
        if isBeside { divide(.beside, with: split) } else { addTab(split) }
        return nil
    }

    func addTab(_ split: Split) { add(Tab(id: newID(), split: split.id)) }

    /// Shows a new tab, after the one that is shown.
    func add(_ tab: Tab) {
        tabs.insert(tab, at: current + 1)
        show(current + 1)
    }

    /// Why the split that has the keys cannot be divided; nil when it can.
    func obstacle(_ axis: SplitTree.Axis) -> String? {
        // No split has this id.
        guard crowded(tab.tree.dividing(tab.focus, axis, with: 0)) > crowded(tab.tree) else { return nil }
        let room = axis == .beside ? "too narrow" : "too low"
        let close = tab.tree.splits.count > 1 ? ", or \(key("tabs.close")) closes a split" : ""
        return "\(room) to divide: enlarge the terminal\(close)"
    }

    func divide(_ axis: SplitTree.Axis, with split: Split) {
        let tab = tab
        tab.tree = tab.tree.dividing(tab.focus, axis, with: split.id)
        tab.isZoomed = false
        focus(split.id)
    }

    // MARK: - Showing

    /// Shows a tab by its place.
    package func show(_ index: Int) {
        guard tabs.indices.contains(index) else { return }
        current = index
        focus(tab.focus)
    }

    /// Gives a split the keys, and shows it.
    package func focus(_ id: Int) {
        guard let index = tab(of: id) else { return }
        current = index
        tab.focus = id
        recent.removeAll { $0 == id }
        recent.append(id)
        updateVisibility()
        save()
        signal.touch()
    }

    /// What is on the screen is current and goes on; what is not seen does no more than it has to.
    func updateVisibility() {
        let shown = Set(tab.shown)
        for split in splits.values.sorted(by: { $0.id < $1.id }) {
            guard shown.contains(split.id) else {
                if let app = split.app, !app.visiblePanes.isEmpty { app.visiblePanes = [] }
                continue
            }
            split.see()
            split.app?.followRowContext()
            if let place = split.place, let session = split.session {
                split.place = nil
                session.start(at: place)
            }
        }
    }

    private func changed(_ split: Split) {
        if let app = split.app, app.isQuitting { isQuitting = true }
        if tab.shown.contains(split.id) {
            split.see()
            return signal.touch()
        }
        if split.note() { signal.touch() }
    }

    // MARK: - Closing

    /// Closes a split without asking; its place goes to its neighbour, and a tab without one goes.
    package func remove(_ id: Int) {
        guard let split = splits[id], let index = tab(of: id), splits.count > 1 else { return }
        split.shell?.onClose()
        if let session = split.session { retire(session) }
        splits[id] = nil
        recent.removeAll { $0 == id }
        let tab = tabs[index]
        if let rest = tab.tree.removing(id) {
            let wasZoomed = tab.isZoomed && tab.focus != id
            tab.tree = rest
            if tab.focus == id { tab.focus = recent.last { rest.splits.contains($0) } ?? rest.splits[0] }
            tab.isZoomed = wasZoomed
            return focus(index == current ? tab.focus : self.tab.focus)
        }
        let shownID = self.tab.id
        tabs.remove(at: index)
        guard shownID == tab.id else {
            current = tabs.firstIndex { $0.id == shownID } ?? 0
            return focus(self.tab.focus)
        }
        // Where one came from is where one goes.
        let back = recent.last.flatMap { self.tab(of: $0) } ?? min(index, tabs.count - 1)
        show(back)
    }

    /// Ends a session but for what must not stop half done.
    private func retire(_ session: ClusterSession) {
        session.retire()
        retired.removeAll { !$0.tasks.hasWork }
        if session.tasks.hasWork { retired.append(session) }
    }

    /// Whether there are panes besides a split's.
    func hasOtherPanes(_ id: Int) -> Bool { splits.values.contains { $0.id != id && $0.app != nil } }

    // MARK: - The whole

    /// Starts the sessions: the shown ones now, others when they are looked at.
    package func start() {
        for session in sessions where splits.values.contains(where: { $0.session === session && $0.place == nil }) { session.start() }
        restore()
        updateVisibility()
    }

    /// Ends everything, after unsaved text is on disk.
    package func stop() {
        save()
        for session in sessions + retired { session.stop() }
        for split in splits.values { split.app?.preferences.plugins.stop() }
        tasks.cancelAll()
    }

    /// Leaves, after what a quit would lose is on disk.
    func quit() {
        save()
        for session in sessions { session.prepareToQuit() }
        isQuitting = true
    }
}
