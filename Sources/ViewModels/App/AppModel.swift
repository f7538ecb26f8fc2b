package import KubeClient
package import LinuxKernel

/// Everything the screen shows.
@MainActor package final class AppModel {
    /// Wakes the screen.
    package let signal = ChangeSignal()
    /// The namespaces pane.
    package let namespaces: NamespacesModel
    /// The pods pane.
    package let pods: PodsModel
    /// The logs pane.
    package let logs: LogsModel
    /// The YAML pane.
    package let editor: EditorModel
    /// What keys and the palette can do.
    package var commands: CommandTable
    /// How the screen looks and which keys mean what.
    package private(set) lazy var preferences = PreferencesModel(app: self)
    /// Wall time; tests stand it still.
    package var clock: () -> Timestamp
    /// An application without a cluster.
    package init(clock: @escaping @MainActor () -> Timestamp) {
        self.clock = clock
        namespaces = NamespacesModel(signal: signal)
        pods = PodsModel(signal: signal)
        logs = LogsModel(signal: signal)
        editor = EditorModel(signal: signal)
        commands = CommandTable.standard()
        pods.onSelect = { [weak self] in if self?.kind.isPods == true { self?.onSelect() } }
        logs.onMissing = { [weak self] in self?.toast("no match for \"\($0)\" in this log", .warning) }
        editor.onMissing = { [weak self] in self?.toast("no match for \"\($0)\" in this text", .warning) }
    }
    /// Where we are.
    package var context = ContextState(name: "kdash", access: .writable, isEmbedded: true) { didSet { signal.touch() } }
    /// The tables of kinds other than pods that were opened, by the kind's id.
    var tables: [String: ResourcesModel] = [:]
    /// The kinds that the cluster has; pods alone until it has told.
    package var kinds: [ServedKind] = [.pods] {
        didSet {
            if case .palette(let palette)? = modal { palette.refresh() }
            signal.touch()
        }
    }
    /// The kind that the pane of objects shows.
    package var kind = ServedKind.pods {
        didSet {
            guard kind.id != oldValue.id else { return }
            list.scope = scope
            // Whoever comes to a table sees where its cursor is.
            list.vanished = nil
            cluster?.kindChanged()
            signal.touch()
        }
    }
    /// Writing to a file of the user's.
    var saving: Task<Void, Never>?
    /// What writes the objects of shown rows to a file; nil after saying why it cannot.
    var exportObjects: (TableSnapshot) -> FileExport? = { _ in nil }
    /// How many objects of a kind there are, where that was asked since the palette was opened, by the kind's id.
    var kindCounts: [String: KindCount] = [:] { didSet { signal.touch() } }
    /// Told of a table that is made.
    var onTable: (ResourcesModel, ServedKind) -> Void = { _, _ in }
    /// Where one has been.
    package var visited = PlaceHistory()
    /// The namespaces shown.
    package var scope: NamespaceScope = .all {
        didSet {
            pods.scope = scope
            list.scope = scope
            namespaces.current = scope
            signal.touch()
        }
    }
    /// The only namespace shown; nil for several or all.
    package var namespace: String? {
        get { scope.single }
        set { scope = NamespaceScope(newValue) }
    }
    /// Told when the user, and not a vanished object, moved the cursor of the pane of objects.
    package var onSelect: () -> Void = {}
    /// How the screen stands with its cluster.
    package var connection: ConnectionState = .starting("starting the cluster") { didSet { signal.touch() } }
    /// The pane that gets the keys.
    package var focus: PaneID = .pods { didSet { signal.touch() } }
    /// Whether the focused pane covers the screen.
    package var isZoomed = false { didSet { signal.touch() } }
    /// The panes somebody can see; set by the screen.
    package var visiblePanes: Set<PaneID> = [] { didSet { if visiblePanes != oldValue { onVisibilityChange() } } }
    /// Tells the drivers that ``visiblePanes`` changed.
    package var onVisibilityChange: () -> Void = {}
    /// Describe or why, over the panes.
    package var detail: DetailModel? {
        didSet {
            if let oldValue, oldValue !== detail { oldValue.onClose() }
            if oldValue !== detail { endToasts() }
            signal.touch()
        }
    }
    /// The tour, while it is open.
    package var tour: TourModel? { didSet { signal.touch() } }
    /// Where the tour was left.
    var tourStep = 0
    /// What lies on top of everything.
    package var modal: Modal? { didSet { signal.touch() } }
    /// What was typed before the cluster has what it needs; nil for nothing. Set by the screen, which holds the keys.
    package var typedAhead: TypedAhead? { didSet { if typedAhead != oldValue { signal.touch() } } }
    /// Whether what runs now was typed before there was anything to see. Set by the screen.
    package var isTypedUnseen = false
    /// The one-line input at the bottom.
    package var prompt: PromptModel? { didSet { signal.touch() } }
    /// The messages that go by themselves.
    package private(set) var toasts: [Toast] = []
    /// What still runs and how to stop it; printed after the terminal is restored. Empty for nothing to say.
    package var quitLine = ""
    /// The screen leaves its loop when this is true.
    package var isQuitting = false { didSet { signal.touch() } }
    /// The screen.
    package weak var host: (any ScreenHost)?
    /// What reaches the cluster; nil in tests of models alone.
    package weak var cluster: (any ClusterActions)?
    /// What has these panes among others; nil in tests of models alone.
    package weak var workspace: Workspace?
    /// What makes its table one of several contexts; nil for one context's panes.
    package internal(set) var joined: JoinedContexts?
    /// The joined table that these panes were opened from, and how many places were behind then: Esc leads back there.
    var cameFrom: (split: Int, depth: Int)?
    /// What tells of the past of a cluster; nil in tests of models alone.
    package weak var history: (any HistoryActions)?
    /// What unlocks the context; nil in tests of models alone.
    package weak var gatekeeper: (any GateActions)?
    /// What reads the past that the cluster keeps; nil in tests of models alone.
    package weak var time: (any TimeActions)?
    /// Hints that are given once: their ids.
    var givenHints: Set<String> = []

    /// Ends messages about what was left: those that were there for a second. One that came with the step itself stays.
    func endToasts() { toasts.removeAll { clock() - $0.since > .seconds(1) } }

    /// Shows a message for four seconds, errors for eight. What was done ends the messages before it.
    package func toast(_ text: String, _ tone: Tone = .normal) {
        let now = clock()
        let last = toasts.last?.id ?? 0
        // Said again it stays longer; it does not stand there twice.
        toasts.removeAll { $0.until <= now || $0.text == text && $0.tone == tone }
        if tone == .ok { endToasts() }
        toasts.append(
            Toast(id: last + 1, text: text, tone: tone, since: now, until: now.advanced(by: .seconds(tone == .error ? 8 : 4))))
        signal.touch()
    }

    /// Where printable keys go now.
    package var inputMode: InputMode {
        if prompt != nil { return .type }
        switch modal {
        case .palette?, .help?: return .type
        case .dialog(let dialog)?: return dialog.typedName == nil ? .browse : .type
        case .some: return .browse
        case nil: return detail == nil && focus == .yaml && editor.isTyping ? .type : .browse
        }
    }

    /// The selected pod as it is now; actions keep it from the key press on. Nil while another kind is shown.
    package var selectedPodBinding: ObjectBinding? { kind.isPods ? selectedListBinding : nil }

    /// The object under the cursor of the focused pane; that of the pane of objects from the panes of text. Nil when there is none.
    package var selectedBinding: ObjectBinding? {
        if let detail, let binding = detail.selectedLink.flatMap({ detail.bindingOfLink?($0) }) { return binding }
        guard focus == .namespaces else { return selectedListBinding }
        return namespaces.selectedRow.map { ObjectBinding(context: context.name, namespace: nil, kind: "Namespace", name: $0.name, uid: $0.uid) }
    }
}
