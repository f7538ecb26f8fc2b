import APIMachinery

/// Tells one opened text from the next: what was awaited for one must not change another.
final class EditingToken: Sendable {}

/// A step of the text that joined it with what changed in the cluster. Taking it back takes back what the text counts as made from.
struct EditJoin {
    /// The step, as a state of the ``UndoTree``.
    let state: Int
    /// What the text was made from before it.
    let before: [String: EditBase]
    /// What it is made from since.
    let after: [String: EditBase]
    /// The object that the text was in conflict with before it.
    let conflict: KubeObject?
    /// What was said above the text before it.
    let banner: TextSpan?
    /// Whether the text has it now.
    var isDone = true
}

/// What the session knows about the editor's text beyond what is on screen.
struct EditingState {
    /// Which text this is about.
    let token = EditingToken()
    /// The cluster that the text was opened from, by the uid of its kube-system; contexts of two clusters may share a name.
    var cluster: String?
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
    /// Who changed the object while the text was edited, and what was said of it.
    var lastWriter: String?
    var changeBanner: TextSpan?
    /// The steps that brought the cluster's state into the text.
    var joins: [EditJoin] = []
    /// What was said of places that both sides changed.
    var conflictBanner: TextSpan?
    /// The object that has taken the name of the one behind the text, by its uid, once that was said.
    var namesake: String?
    /// The file that holds the unsaved text.
    var draftID: String?
    /// The text's revision that is on disk.
    var savedRevision: Int?
    /// The text's revision whose server messages are shown.
    var refusedRevision: Int?
    /// What the schemas said last.
    var complaints: [Diagnostic] = []
    /// What the server's last dry run said.
    var findings = ServerFindings()
}
