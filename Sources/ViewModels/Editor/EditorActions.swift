/// What the editor's commands ask of the cluster beyond ``ClusterActions``, and of the disk.
@MainActor package protocol EditorActions: AnyObject {
    /// Offers what could be written at the cursor, also before anything of it is.
    func completeAtCursor()
    /// Shows what the field at the cursor means, and keeps it current as the cursor moves; or hides it.
    func toggleFieldHelp()
    /// Offers changes that take away what is wrong at the cursor's line, or anywhere when nothing is wrong there.
    func offerFixes()
}
