/// What is known in memory of an object that exists.
struct IndexEntry: Sendable {
    let key: ObjectKey

    /// The current version.
    var revision: Int64

    /// The newest version in the log: `revision`, unless the current version is volatile.
    var durableRevision: Int64

    /// The JSON of the current version; nil when it has to be read from the log.
    var bytes: Bytes?

    /// Where `resourceVersion` belongs in `bytes`; negative for nowhere.
    var splice: Int32

    /// Whether the current version is in memory only.
    var isVolatile: Bool { durableRevision != revision }

    /// The current version, if its bytes are here.
    var object: StoredObject? {
        bytes.map { StoredObject(key: key, revision: revision, bytes: $0, spliceOffset: splice < 0 ? nil : Int(splice)) }
    }

    /// The entry of a version found in the log, whose bytes are not loaded yet.
    init(key: ObjectKey, loggedAt revision: Int64) {
        self.key = key
        self.revision = revision
        durableRevision = revision
        bytes = nil
        splice = -1
    }

    /// The entry of `object`, the newest logged version of which is `durableRevision`.
    init(_ object: StoredObject, durableRevision: Int64) {
        key = object.key
        revision = object.revision
        self.durableRevision = durableRevision
        bytes = object.bytes
        splice = Int32(clamping: object.spliceOffset ?? -1)
    }
}
