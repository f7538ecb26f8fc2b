import APIMachinery

/// What the session knows about the editor's text beyond what is on screen.
struct EditingState {
    /// By document title, what the text was made from.
    var bases: [String: EditBase] = [:]
    /// What the editor showed before the first change.
    var baseText = ""
    /// The object as it was last seen in the cluster.
    var live: KubeObject?
    /// What is said above the text only until something is typed or it is accepted.
    var hint: TextSpan?
    /// The object that the text is in conflict with.
    var conflict: KubeObject?
    /// The file that holds the unsaved text.
    var draftID: String?
    /// The text's revision that is on disk.
    var savedRevision: Int?
    /// The text's revision whose server messages are shown.
    var refusedRevision: Int?
}
