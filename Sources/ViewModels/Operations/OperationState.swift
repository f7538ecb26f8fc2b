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

    /// The image of the last debug container.
    var debugImage: String?
    /// The drains, by the uid of their node.
    var drains: [String: RunningDrain] = [:]
}
