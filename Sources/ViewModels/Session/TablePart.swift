import LinuxKernel

/// The rows that one feed fills of a table that several fill: a context's, a namespace's, or both. What a list of the part does not bring is gone
/// from the part alone.
@MainActor final class TablePart {
    private let isOwn: (_ uid: String, _ namespace: String) -> Bool
    private let row: (ResourceRow) -> ResourceRow
    private let uid: (String) -> String
    /// What the list that is being read has brought; nil while none is.
    private var listed: Set<ObjectID>?
    /// Whether it was listed as a whole.
    private(set) var isListed = false

    /// A part. `isOwn` says which rows of the table are its; `row` and `uid` make such a row, and its uid, of what its feed brings.
    init(
        isOwn: @escaping (_ uid: String, _ namespace: String) -> Bool, row: @escaping (ResourceRow) -> ResourceRow = { $0 },
        uid: @escaping (String) -> String = { $0 }
    ) {
        (self.isOwn, self.row, self.uid) = (isOwn, row, uid)
    }

    /// Takes what a feed brought; returns the uids of what is gone.
    func apply(_ batch: ResourceFeed.Batch, to table: ResourcesModel, now: Timestamp) -> [String] {
        if batch.isListBegun { listed = [] }
        let rows = batch.rows.values.map(row)
        table.upsert(rows, now: now)
        for row in rows { listed?.insert(ObjectID(row.uid)) }
        var gone = batch.gone.map(uid)
        if batch.isListEnded, let listed {
            gone += table.uids { uid, namespace in isOwn(uid, namespace) && !listed.contains(ObjectID(uid)) }
            (self.listed, isListed) = (nil, true)
        }
        table.remove(uids: gone)
        return gone
    }
}
