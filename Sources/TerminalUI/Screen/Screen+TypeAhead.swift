import LinuxKernel
import ViewModels

/// Keys and pasted text that came before the cluster has what they need.
struct TypeAhead {
    /// The most events that wait.
    static let most = 256
    /// The most bytes of pasted text that wait.
    static let mostPasted = 65_536
    /// How long the first of them waits.
    static let patience = Duration.seconds(30)

    var events: [InputEvent] = []
    /// When the first of them was typed.
    var since: Timestamp?
    /// Some are being carried out.
    var isRunning = false
    /// The first of them goes to a kind, and waits for the kinds of the cluster.
    var needsKinds = false
    /// Help that was opened past them: it has the keys, and they wait behind it.
    var help: HelpModel?

    /// When waiting ends by itself; nil while nothing waits.
    var end: Timestamp? { events.isEmpty ? nil : since?.advanced(by: Self.patience) }
    /// What waits, in words for a message.
    var text: String { events.count == 1 ? "1 key" : "\(events.count) keys" }

    /// The keys, as help writes them.
    @MainActor var labels: [String] {
        events.map { event in
            if case .key(let key) = event { KeyLabel.text(key.name) } else { "(pasted text)" }
        }
    }
}

/// What is typed at the start is kept, as a terminal's buffer would keep it, and carried out in order once what it needs is there. The bottom row
/// says so; Esc takes it back.
extension Screen {
    /// Whether an event comes after others that wait, and waits behind them.
    func waits(_ event: InputEvent) -> Bool {
        guard !ahead.events.isEmpty, !ahead.isRunning else { return false }
        switch event {
        case .key(let key):
            // A terminal's own keys, and those that go away from here.
            if Self.passing.contains(key.name) || isHelpAhead { return false }
            if opensHelp(key) { return true }
            guard key.name != "esc", key.name != "ctrl-c" else {
                app.toast("\(ahead.text) taken back", .dim)
                forgetAhead()
                return true
            }
            hold([event])
        case .paste where isHelpAhead: return false
        case .paste: hold([event])
        case .mouse, .focus, .reply: return false
        }
        return true
    }

    /// The keys that never wait.
    private static let passing: Set = ["ctrl-z", "ctrl-l", "ctrl-q", "f12"]

    /// Whether help has the keys that was opened past what waits.
    private var isHelpAhead: Bool {
        if case .help(let model)? = app.modal { model === ahead.help } else { false }
    }

    /// Opens help past what waits, over the list whose Enter may be among that, when a key means nothing else; whether it does.
    private func opensHelp(_ key: Key) -> Bool {
        guard key.isChord, app.modal?.isQuestion != true else { return false }
        guard case .command(let command) = app.commands.lookup([key.name], scopes: [.anywhere], on: nil), command.id == "app.helpF1" else { return false }
        let help = HelpModel(commands: app.commands.commands, app: app, beneath: app.modal)
        app.modal = .help(help)
        ahead.help = help
        app.signal.touch()
        return true
    }

    /// The longest line, with the keys after it, that is taken for typed where it came at once.
    private static let longestLine = 64

    /// Whether a burst is what somebody typed while the program was starting: it begins with `:` before there is a cluster, and is short. What it
    /// means waits, and can be taken back.
    func beginsAtStart(_ events: [InputEvent]) -> Bool {
        guard case .key(let first)? = events.first, first.name == ":", events.count <= Self.longestLine else { return false }
        return app.cluster?.startWait(isQueued: false, needsKinds: true) != nil
    }

    /// Keeps the keys of a command that needs the cluster, when that is not there yet; whether it does.
    func hold(_ keys: [Key], for command: Command) -> Bool {
        guard !command.needsNoCluster, !keys.isEmpty, !ahead.isRunning || command.needsKinds else { return false }
        guard app.cluster?.startWait(isQueued: ahead.isRunning, needsKinds: command.needsKinds) != nil else { return false }
        // In what is open already keys move, whatever the cluster does.
        if app.detail != nil, command.id.hasPrefix("move.") { return false }
        hold(keys.map { .key($0) }, needsKinds: command.needsKinds)
        return true
    }

    /// Keeps Enter in the list of commands and kinds when what it takes needs the cluster; whether it does.
    func hold(_ key: Key, in palette: PaletteModel) -> Bool {
        guard palette.acceptsLater else { return false }
        // A click on another item while Enter waits already: that takes what is selected then.
        if !ahead.isRunning, case .key(let first)? = ahead.events.first, first.name == "enter" { return true }
        hold([.key(key)], needsKinds: true)
        return true
    }

    private func hold(_ events: [InputEvent], needsKinds: Bool = false) {
        if ahead.isRunning {
            // One of those that are being carried out: it is the first again.
            ahead.events.insert(contentsOf: events, at: 0)
            ahead.needsKinds = needsKinds
            return
        }
        if ahead.events.isEmpty { (ahead.since, ahead.needsKinds) = (app.clock(), needsKinds) }
        let pasted = (ahead.events + events).reduce(0) { sum, event in if case .paste(let text) = event { sum + text.utf8.count } else { sum } }
        guard ahead.events.count + events.count <= TypeAhead.most, pasted <= TypeAhead.mostPasted else {
            return app.toast("too much is typed ahead: this is dropped", .warning)
        }
        ahead.events += events
        tellAhead(awaited ?? "the cluster")
    }

    /// What the first of what waits is waiting for; nil when it is there.
    private var awaited: String? { app.cluster?.startWait(isQueued: true, needsKinds: ahead.needsKinds) }

    private func tellAhead(_ awaited: String) {
        app.typedAhead = TypedAhead(keys: ahead.labels, awaited: awaited, isBehindHelp: isHelpAhead)
    }

    private func forgetAhead() {
        ahead = TypeAhead()
        app.typedAhead = nil
    }

    /// The keys go elsewhere now: what was typed for this screen is not carried out when they come back.
    func dropTypedAhead() {
        guard !ahead.events.isEmpty else { return }
        app.toast("\(ahead.text) typed ahead dropped: the keys went elsewhere", .warning)
        forgetAhead()
    }

    /// Carries out what waits, as far as what it needs is there; returns what is left for whatever has the keys now.
    package func carryOutTypedAhead() -> [InputEvent] {
        guard !ahead.events.isEmpty else {
            // Asked in every frame: once all was there, nothing waits any more.
            _ = app.cluster?.startWait(isQueued: false, needsKinds: true)
            return []
        }
        let awaited = awaited
        // Whoever reads help takes the time that it takes.
        if isHelpAhead { ahead.since = app.clock() }
        if let reason = end(awaited) {
            app.toast("\(ahead.text) typed ahead dropped: \(reason)", .warning)
            forgetAhead()
            return []
        }
        if awaited != nil || isHelpAhead {
            tellAhead(awaited ?? "the end of help")
            return []
        }
        let since = ahead.since
        while let event = ahead.events.first, self.awaited == nil {
            if let modal = app.modal, modal.isQuestion { break }
            if case .palette(let palette)? = app.modal { palette.refresh() }
            ahead.events.removeFirst()
            (ahead.isRunning, ahead.needsKinds) = (true, false)
            app.isTypedUnseen = true
            hasSlid = false
            handle(event)
            app.isTypedUnseen = false
            ahead.isRunning = false
            guard isStillHeard() else { break }
        }
        let rest = ahead.events
        guard isStillHeard() else {
            forgetAhead()
            return rest
        }
        if rest.isEmpty {
            forgetAhead()
        } else {
            ahead.since = since
            tellAhead(self.awaited ?? "the cluster")
            // A question came: what was typed before it answers nothing.
            if app.modal?.isQuestion == true { _ = carryOutTypedAhead() }
        }
        app.checkTour()
        rememberSelection()
        return []
    }

    /// Why nothing is waited for any more; nil while it is.
    private func end(_ awaited: String?) -> String? {
        if let modal = app.modal, modal.isQuestion { return "answer this first" }
        if case .failed(let reason, _) = app.connection { return reason }
        guard let end = ahead.end, end <= app.clock() else { return nil }
        let limit = "\(TypeAhead.patience.components.seconds) s"
        return awaited.map { "\($0) did not come within \(limit)" } ?? "more than \(limit) have passed"
    }
}
