/// From when on superseded versions are kept, as the log writes moments.
struct HistoryReach: Sendable, Hashable {
    /// Every archived version that was superseded after this moment is there.
    let archive: Int64

    /// Every state that was superseded after this moment is there; never before ``archive``, whose deletions it needs.
    let states: Int64

    init(archive: Int64, states: Int64) {
        self.archive = archive
        self.states = max(archive, states)
    }
}
