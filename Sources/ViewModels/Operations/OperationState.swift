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
        /// Its work, for stopping it.
        var work: Int
        /// The forward.
        var forward: PortForward
        /// The context it leads into.
        var context: String

        /// As the list shows it.
        var shown: ShownForward { ShownForward(port: forward.port, target: forward.target.text, context: context, traffic: forward.traffic) }
    }

    /// The forwards, in the order they were made.
    var forwards: [RunningForward] = []
    /// Rings when something went through one.
    let forwardsChanged = ChangeBell()
    /// The image of the last debug container.
    var debugImage: String?
    /// The drains, by the uid of their node.
    var drains: [String: RunningDrain] = [:]
}
