package import LinuxKernel

/// A text that was never applied.
package struct DraftSummary: Sendable, Hashable {
    /// Names it.
    package var id: String
    /// Where it would go.
    package var binding: ObjectBinding
    /// When it was saved.
    package var savedAt: Timestamp
    /// Its difference to the cluster, secrets masked.
    package var preview: [DiffLine]
    /// Whether it was written for another cluster whose context has the same name.
    package var isForeign: Bool
    /// A draft.
    package init(id: String, binding: ObjectBinding, savedAt: Timestamp, preview: [DiffLine], isForeign: Bool = false) {
        self.isForeign = isForeign
        self.id = id
        self.binding = binding
        self.savedAt = savedAt
        self.preview = preview
    }
}

/// Texts that were never applied, offered at start.
@MainActor package final class DraftsModel {
    /// The texts, newest first.
    package var drafts: [DraftSummary]
    /// The one under the cursor.
    package var selected = 0
    /// The one that another `D` deletes; any other key keeps it.
    package private(set) var doomed: String?
    /// Opens one by its id.
    package var onOpen: (String) -> Void = { _ in }
    /// Deletes one by its id.
    package var onDiscard: (String) -> Void = { _ in }
    /// Leaves them for later.
    package var onClose: () -> Void = {}
    /// A list.
    package init(drafts: [DraftSummary]) { self.drafts = drafts }

    /// The first time it only asks: what is deleted cannot be brought back.
    package func discardSelected() {
        guard drafts.indices.contains(selected) else { return }
        let id = drafts[selected].id
        guard doomed == id else {
            doomed = id
            return
        }
        doomed = nil
        onDiscard(id)
    }

    /// Takes the first `D` back.
    package func spare() { doomed = nil }
}
