/// Why the store refused or failed; `description` says what happened, with which value, and what to do about it.
package enum StoreError: Error, Sendable {
    /// The object is not at the expected revision; nil when it is gone.
    case conflict(current: StoredObject?)
    /// The object was to be created and is there.
    case exists(StoredObject)
    /// The object was to be there and is not.
    case notFound
    /// The revision is older than the history kept; `oldest` is the first that can still be read or watched from.
    case compacted(oldest: Int64)
    /// The revision has not been given out yet.
    case futureRevision(current: Int64)
    /// There is no space left; nothing was written and reads go on.
    case diskFull(path: String)
    /// The file is not a store, or is damaged.
    case corrupt(path: String, detail: String)
    /// The directory or file cannot be written.
    case readOnly(path: String, detail: String)
    /// A newer version of the program wrote the file.
    case newerSchema(path: String, found: Int, supported: Int)
    /// Any other failure of the disk or the file system.
    case io(path: String, detail: String)
    /// The store has been closed.
    case closed
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .conflict(let current?):
            "\(current.key.string) has been changed meanwhile (it is at revision \(current.revision)); read it again and repeat the change"
        case .conflict(nil): "the object has been deleted meanwhile; read it again"
        case .exists(let object): "\(object.key.string) exists already (revision \(object.revision))"
        case .notFound: "the object does not exist"
        case .compacted(let oldest): "the revision is too old: history starts at \(oldest); list again and watch from there"
        case .futureRevision(let current): "the revision lies in the future: the store is at \(current)"
        case .diskFull(let path):
            "no space left for \(path): nothing was written; free space on its file system, writes then work again without a restart"
        case .corrupt(let path, let detail):
            "\(path) is damaged or not a kdash store (\(detail)): it was left as it is; restore a copy of it, or move it away to start empty"
        case .readOnly(let path, let detail):
            "\(path) cannot be written (\(detail)): make the directory writable for this user, or choose another one with --data-dir"
        case .newerSchema(let path, let found, let supported):
            "\(path) has schema version \(found) and this kdash supports up to \(supported): "
                + "run the newer kdash that wrote it, or choose another --data-dir"
        case .io(let path, let detail): "\(path): \(detail); check the disk and the kernel log"
        case .closed: "the store is closed"
        }
    }
}
