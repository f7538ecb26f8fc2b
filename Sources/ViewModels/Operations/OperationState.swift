import ClusterOperations

/// What goes on beside the panes and can be stopped.
@MainActor final class OperationState {
    /// A drain that is going on.
    struct RunningDrain {
        /// Its work, for stopping it.
        var work: Int
        /// The text that tells of it.
        var model: DetailModel
    }

    /// A forward that is open.
    struct RunningForward {
        /// Ends it.
        var stop: @MainActor () -> Void
        /// The forward.
        var forward: PortForward
        /// The context it leads into.
        var context: String

        /// What it takes to begin it again.
        var saved: SavedForward { SavedForward(port: forward.port, target: forward.target, context: context) }

        /// As the list shows it.
        var shown: ShownForward { ShownForward(port: forward.port, target: forward.target.text, context: context, traffic: forward.traffic) }
    }

    /// The forwards of the whole program, whichever panes made them.
    @MainActor final class Forwards {
        var running: [RunningForward] = []
        /// How many are about to be opened.
        var beginning = 0
        /// Those that were stopped here.
        var stopped: [SavedForward] = []
        /// Those that were open when kdash ended last, and were not begun again yet; nil before they were read.
        var left: [SavedForward]?
        var isReading = false
        /// Those that are being begun again, which no other window may begin meanwhile.
        var claimed: [SavedForward] = []
        /// Those before that were forgotten, or begun anew, and are in the file still.
        var dropped: [SavedForward] = []
        var file: ForwardsFile?
        /// Rings when something went through one.
        let changed = ChangeBell()
    }

    private let shared: Forwards
    /// The forwards, in the order they were made.
    var forwards: [RunningForward] {
        get { shared.running }
        set { shared.running = newValue }
    }
    /// How many forwards are about to be opened: they count, too.
    var beginningForwards: Int {
        get { shared.beginning }
        set { shared.beginning = newValue }
    }
    /// Forwards that were stopped here.
    var stoppedForwards: [SavedForward] {
        get { shared.stopped }
        set { shared.stopped = newValue }
    }
    /// Forwards of the session before; nil before they were read.
    var leftForwards: [SavedForward]? {
        get { shared.left }
        set { shared.left = newValue }
    }
    /// Whether those of the session before are being read.
    var isReadingForwards: Bool {
        get { shared.isReading }
        set { shared.isReading = newValue }
    }
    /// Forwards of sessions before that are being begun again.
    var claimedForwards: [SavedForward] {
        get { shared.claimed }
        set { shared.claimed = newValue }
    }
    /// Forwards of sessions before that are to go from the file.
    var droppedForwards: [SavedForward] {
        get { shared.dropped }
        set { shared.dropped = newValue }
    }
    /// What the file is to have as this window's.
    var keptForwards: [SavedForward] {
        let open = shared.running.map(\.saved)
        return open + shared.claimed.filter { !open.contains($0) }
    }
    /// One that was claimed is not begun, or is open: it counts as one of those that are open from then on.
    func giveBack(_ forward: SavedForward) { shared.claimed.removeAll { $0 == forward } }

    /// Where those that are open are kept.
    func forwardsFile(_ stateDirectory: String) -> ForwardsFile {
        if let file = shared.file { return file }
        let file = ForwardsFile(stateDirectory)
        shared.file = file
        return file
    }
    /// Rings when something went through one.
    var forwardsChanged: ChangeBell { shared.changed }
    /// The image of the last debug container.
    var debugImage: String?
    /// The drains, by the uid of their node.
    var drains: [String: RunningDrain] = [:]

    /// Nothing goes on but the forwards of `other`.
    init(sharing other: OperationState? = nil) { shared = other?.shared ?? Forwards() }
}
