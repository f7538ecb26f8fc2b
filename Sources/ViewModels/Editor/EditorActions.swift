/// What a text can be compared with.
package enum TextSource: Sendable, Hashable {
    /// What the cluster has now.
    case live
    /// What was applied last, by kubectl's annotation or by the fields of an applier.
    case lastApplied
    /// What was opened or applied before the first change.
    case opened
}

/// What the editor's commands ask of the cluster beyond ``ClusterActions``, and of the disk.
@MainActor package protocol EditorActions: AnyObject {
    /// Offers what could be written at the cursor, also before anything of it is.
    func completeAtCursor()
    /// Shows what the field at the cursor means, and keeps it current as the cursor moves; or hides it.
    func toggleFieldHelp()
    /// Offers changes that take away what is wrong at the cursor's line, or anywhere when nothing is wrong there.
    func offerFixes()
    /// Shows who wrote each field last, or hides it.
    func toggleOwners()
    /// Shows how the text differs from another one.
    func showDifference(to other: TextSource)
    /// Lets the user's own editor change the text.
    func openExternalEditor()
    /// Asks which file or folder of manifests to open.
    func askForFile()
    /// Goes to one of the documents of the text.
    func pickDocument()
    /// Saves the text to its file, or asks for one.
    func saveFile()
    /// Opens a Secret to type in, with its values as text.
    func openDecoded(_ binding: ObjectBinding)
    /// Shows the values of the text's Secrets as text, or as base64 again.
    func toggleDecoded()
    /// Offers examples to start a new object from.
    func newFromTemplate()
}
