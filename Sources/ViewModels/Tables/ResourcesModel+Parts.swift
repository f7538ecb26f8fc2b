extension ResourcesModel {
    /// The uids of the rows whose uid and namespace are of a part of the table.
    func uids(where isOwn: (_ uid: String, _ namespace: String) -> Bool) -> [String] {
        let rows = packed
        return (0..<rows.capacity).compactMap { slot in
            guard rows.generation(slot) != nil else { return nil }
            let (uid, namespace) = rows.read(slot) { reader in (reader.uid(), reader.text()) }
            return isOwn(uid, namespace) ? uid : nil
        }
    }

    /// Marks these rows, and no others.
    func mark(only uids: [String]) {
        clearMarks()
        for uid in uids where row(uid: uid) != nil { mark(uid: uid) }
    }

    /// Replaces what its objects use; those that are left out have no sample.
    package func setUsage(_ samples: [String: PodUsage]) { setUsage(UsageCells(samples)) }

    /// The same, made ready beside the main actor.
    func setUsage(_ new: UsageCells) {
        guard usage != new else { return }
        usage = new
        measuresChanged(["cpu", "memory"])
    }

    /// What the server says of the filter's selectors.
    package func setMatches(_ uids: [String]) {
        matches = Set(uids.map { ObjectID($0) })
        refresh()
    }

    /// What is measured changed: rows ordered by it move.
    func measuresChanged(_ columns: Set<String>) {
        if columns.contains(sort.column) { index.invalidate() }
        signal.touch()
    }
}
