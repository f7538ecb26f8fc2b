/// One create, update or delete, with what must hold for it to happen.
package struct ObjectWrite: Sendable {
    /// What must be true of the object when the write's turn comes.
    package enum Precondition: Sendable, Hashable {
        /// The object must be absent: a create.
        case mustNotExist
        /// The object must be at this revision.
        case revision(Int64)
        /// The object must exist, at any revision.
        case any
        /// Nothing is required.
        case anyOrAbsent
    }

    /// When a write is acknowledged.
    package enum Durability: Sendable, Hashable {
        /// After its transaction has reached the disk.
        case durable
        /// At once: it gets a revision and an event and is lost in a crash, until the next durable write of the object carries it on.
        /// For heartbeats only. Creates and deletes are durable whatever is asked.
        case volatile
    }

    /// How long a version is kept after it was superseded.
    package enum Retention: Int64, Sendable, Hashable {
        /// As long as changes can be watched, and no longer: Leases, Events and heartbeats.
        case window = 0
        /// For as long as ``ObjectStore/Options/archiveAge`` and bytes allow.
        case archive = 1
        /// For as long as ``ObjectStore/Options/stateAge`` and bytes allow: writes of the status only.
        case state = 2
    }

    /// What is written.
    package var key: ObjectKey

    /// The new JSON without `metadata.resourceVersion`; nil deletes the object.
    package var bytes: [UInt8]?

    /// Of a delete, the final JSON its watchers see; nil shows them the last stored one.
    package var finalBytes: [UInt8]?

    /// Where `resourceVersion` belongs in `bytes` (or `finalBytes`): inside `metadata`, after its brace or after a member. Nil for none.
    package var spliceOffset: Int?

    /// What must hold.
    package var precondition: Precondition

    /// The user that asks, kept with archived versions.
    package var writer: String

    /// When to acknowledge.
    package var durability: Durability

    /// How long this version is kept in the history of the object.
    package var retention: Retention

    package init(
        key: ObjectKey, bytes: [UInt8]?, finalBytes: [UInt8]? = nil, spliceOffset: Int?, precondition: Precondition,
        writer: String, durability: Durability = .durable, retention: Retention = .archive
    ) {
        self.key = key
        self.bytes = bytes
        self.finalBytes = finalBytes
        self.spliceOffset = spliceOffset
        self.precondition = precondition
        self.writer = writer
        self.durability = durability
        self.retention = retention
    }
}
