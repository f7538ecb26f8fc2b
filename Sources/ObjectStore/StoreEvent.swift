import Synchronization

/// One change of one object. A copy is one reference: every watcher shares the event, its bytes and its wire form.
package struct StoreEvent: Sendable {
    /// What happened to the object.
    package enum Kind: Sendable, Hashable {
        case added, modified, deleted
    }

    /// Which of an event's wire forms is meant.
    package enum WireForm: Sendable, Hashable {
        case text, binary
    }

    private final class Content: Sendable {
        let kind: Kind
        let object: StoredObject
        let previous: StoredObject?
        let text = Mutex<Bytes?>(nil)
        let binary = Mutex<Bytes?>(nil)

        init(kind: Kind, object: StoredObject, previous: StoredObject?) {
            self.kind = kind
            self.object = object
            self.previous = previous
        }
    }

    private let content: Content

    init(kind: Kind, object: StoredObject, previous: StoredObject?) {
        content = Content(kind: kind, object: object, previous: previous)
    }

    /// What happened.
    package var kind: Kind { content.kind }

    /// The revision of the change.
    package var revision: Int64 { content.object.revision }

    /// The state after the change; of a deleted object its last state, at the revision of the deletion.
    package var object: StoredObject { content.object }

    /// The JSON before the change; nil for a created object.
    package var previous: Bytes? { content.previous?.bytes }

    /// The version that was current before the change; nil for a created object.
    var previousObject: StoredObject? { content.previous }

    /// A wire form of the event, made by the first caller who asks for it and shared by all later ones, whatever they pass. Throws what
    /// `make` throws, and keeps nothing of that.
    package func encodedOnce<Failure: Error>(
        _ form: WireForm = .text, _ make: (StoreEvent) throws(Failure) -> [UInt8]
    ) throws(Failure) -> Bytes {
        func once(_ encoded: inout Bytes?) throws(Failure) -> Bytes {
            if let encoded { return encoded }
            let made = Bytes(try make(self))
            encoded = made
            return made
        }
        return switch form {
        case .text: try content.text.withLock { (encoded) throws(Failure) in try once(&encoded) }
        case .binary: try content.binary.withLock { (encoded) throws(Failure) in try once(&encoded) }
        }
    }
}
