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
        let text = Mutex<[UInt8]?>(nil)
        let binary = Mutex<[UInt8]?>(nil)

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

    /// Drops the wire forms, which are made again when somebody asks.
    func forgetWireForms() {
        content.text.withLock { $0 = nil }
        content.binary.withLock { $0 = nil }
    }

    /// A wire form of the event, made by the first caller who asks for it and shared by all later ones, whatever they pass. Throws what
    /// `make` throws, and keeps nothing of that.
    package func encodedOnce<Failure: Error>(
        _ form: WireForm = .text, _ make: (StoreEvent) throws(Failure) -> [UInt8]
    ) throws(Failure) -> [UInt8] {
        func once(_ encoded: inout [UInt8]?) throws(Failure) -> [UInt8] {
            if let encoded { return encoded }
            // Copied, so that it is as large as its content: a buffer that has grown has up to as much again to spare.
            let made = try make(self).withUnsafeBytes { [UInt8]($0) }
            encoded = made
            return made
        }
        return switch form {
        case .text: try content.text.withLock { (encoded) throws(Failure) in try once(&encoded) }
        case .binary: try content.binary.withLock { (encoded) throws(Failure) in try once(&encoded) }
        }
    }
}
