/// What the log pane shows.
package enum LogSelection: Sendable, Hashable {
    /// One container.
    case container(LogTarget)
    /// Many containers as one log.
    case merge(LogMerge)
}
