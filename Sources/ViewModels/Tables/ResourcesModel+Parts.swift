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
}
