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
        let file = SavedForward.File()
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
    /// Where those that are open are kept.
    var forwardsFile: SavedForward.File { shared.file }
    /// Rings when something went through one.
    var forwardsChanged: ChangeBell { shared.changed }
    /// The image of the last debug container.
    var debugImage: String?
    /// The drains, by the uid of their node.
    var drains: [String: RunningDrain] = [:]

    /// Nothing goes on but the forwards of `other`.
    init(sharing other: OperationState? = nil) { shared = other?.shared ?? Forwards() }
}
