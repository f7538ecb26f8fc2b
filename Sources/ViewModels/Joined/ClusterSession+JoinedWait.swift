import LinuxKernel

extension ClusterSession {
    /// How long keys that wait are kept for the contexts that have not answered, once there are rows of another one.
    nonisolated static let joinedPatience = Duration.seconds(2)

    /// What keys about a joined table wait for (``startWait(isQueued:needsKinds:)``): that every context has listed its rows or said why not. Rows
    /// that are shown are enough for keys that are typed then; those that wait already are kept for the slower contexts, but not for long: one that
    /// does not answer must not hold what the others have.
    func joinedWait(_ joined: JoinedContexts, isQueued: Bool, needsKinds: Bool) -> String? {
        let unheard = joined.members.filter { $0.trouble == nil && !$0.isListed }
        if unheard.isEmpty { hasStarted = true }
        guard !hasStarted || isQueued, !unheard.isEmpty else { return nil }
        if let since = joined.firstRows, !isQueued || time.monotonic() - since >= Self.joinedPatience { return nil }
        let untold = needsKinds ? unheard.filter(\.kinds.isEmpty) : []
        let awaited = untold.isEmpty ? app.kindPlural : "the kinds"
        return "\(awaited) of \((untold.isEmpty ? unheard : untold).map(\.name).joined(separator: ", "))"
    }

    /// The first rows have come, or a context has none: keys that wait go on after a while, whatever the other contexts do.
    func noteFirstRows(_ joined: JoinedContexts) {
        guard joined.firstRows == nil, joined.table.total > 0 || joined.members.contains(where: \.isListed) else { return }
        joined.firstRows = time.monotonic()
        tasks.run(.joinedPatience) { [weak self, time] in
            do { try await time.sleep(for: Self.joinedPatience) } catch { return }
            self?.app.signal.touch()
        }
    }
}
