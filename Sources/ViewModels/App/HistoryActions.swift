/// What commands ask about the past of a cluster.
@MainActor package protocol HistoryActions: AnyObject {
    /// Shows what was sent to clusters in this session, newest first.
    func openCommandLog()
    /// Lets the command log keep reads and dry runs, too, or no longer.
    func toggleRecordedReads()
    /// The command lines that send what the open command log points at; nil when it points at nothing.
    func commandForms() -> CommandForms?
    /// Shows what was changed from here in the shown context, to be taken back.
    func openUndo()
    /// Whether there is something to take back under the cursor of the open list.
    var undoAvailability: Availability { get }
    /// Asks whether to take back what the cursor of the open list stands on.
    func undoSelected()
    /// Asks whether to do again what was taken back.
    func redoSelected()
    /// Asks which object to explain; `text` stands in the line already.
    func askWhy(_ text: String)
    /// Shows what changed lately in the shown namespace, or everywhere.
    func openChanges()
    /// Lets the open list of changes reach further back, or less far.
    func stretchChanges(by steps: Int)
    /// Shows how the cluster stands, kind by kind, with what it uses.
    func openPulses()
    /// Shows what a pod's containers used in the last hour.
    func openCharts(_ binding: ObjectBinding)
}

/// A request as command lines to copy.
package struct CommandForms: Sendable, Hashable {
    /// With kubectl.
    package var kubectl: String
    /// With curl, through `kubectl proxy`.
    package var curl: String
    /// Whether something has to be filled in before it can be run.
    package var isIncomplete: Bool
}
