/// What commands ask of the past that the cluster itself keeps, of what would be, and of what can be.
@MainActor package protocol TimeActions: AnyObject {
    /// Shows every kept version of an object, to compare and to go back to.
    func openRevisions(_ binding: ObjectBinding)
    /// Shows everything that anybody wrote to objects of the shown kind.
    func openWritten()
    /// Whether the line under the cursor is a version that can be put back.
    var versionAvailability: Availability { get }
    /// Asks whether to make the object as it was in the version under the cursor.
    func putBack()
    /// Marks the version under the cursor, for Enter to compare others with; takes the mark away when it is there.
    func markVersion()
    /// Shows the table of the shown kind as it was.
    func openPast()
    /// Goes to the change before or after the shown moment.
    func movePast(byChanges amount: Int)
    /// Goes back or forward by a time.
    func movePast(by duration: Duration)
    /// Asks for a moment to go to.
    func askPastMoment()
    /// Asks what a pod is to reach, and tells whether it can; `text` stands in the line already.
    func askReach(_ binding: ObjectBinding, _ text: String)
    /// Shows what would follow from applying the editor's text.
    func showWhatIf()
}
