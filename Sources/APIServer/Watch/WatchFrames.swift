internal import APIMachinery
internal import JSONCore
internal import ObjectStore

/// What an event of a watch says of its object. Source: apimachinery `pkg/watch/watch.go` EventType.
enum WatchEventType: String, Sendable {
    case added = "ADDED"
    case modified = "MODIFIED"
    case deleted = "DELETED"
    case bookmark = "BOOKMARK"
    case error = "ERROR"

    init(_ kind: StoreEvent.Kind) {
        switch kind {
        case .added: self = .added
        case .modified: self = .modified
        case .deleted: self = .deleted
        }
    }
}

/// How the events of a watch stand on the wire: a line of JSON each, or a protobuf message with its length before it.
///
/// What is written of an event is made once for all watches that ask for the whole object in the same encoding. What cannot be written
/// throws InternalError, and nothing of it is appended.
struct WatchFrames: Sendable {
    private let renderer: ObjectRenderer

    init(_ renderer: ObjectRenderer) { self.renderer = renderer }

    private var isBinary: Bool { renderer.choice.encoding == .protobuf }

    /// Appends an object as it is stored; the renderer must be plain.
    func append(_ type: WatchEventType, _ object: StoredObject, into out: inout [UInt8]) throws(APIStatus) {
        guard isBinary else {
            out += "{\"type\":\"\(type.rawValue)\",\"object\":".utf8
            object.rendered(into: &out)
            out += "}\n".utf8
            return
        }
        let form = renderer.binaryForm
        try ProtobufEncoder.appendEvent(type.rawValue, json: object.rendered, type: form.type, kind: form.kind, to: &out)
    }

    /// Appends what happened to an object, with the object as it is stored; the renderer must be plain.
    func append(_ event: StoreEvent, into out: inout [UInt8]) throws(APIStatus) {
        let type = WatchEventType(event.kind)
        guard renderer.choice.form == .object else { return try append(type, event.object, into: &out) }
        let frame = try event.encodedOnce(isBinary ? .binary : .text) { (event) throws(APIStatus) in
            var frame: [UInt8] = []
            try append(type, event.object, into: &frame)
            return frame
        }
        // One event alone is handed on as it is, the same bytes to all.
        if out.isEmpty { out = frame } else { out += frame }
    }

    /// Appends a document that says its kind.
    func append(_ type: WatchEventType, _ value: JSONValue, into out: inout [UInt8]) throws(APIStatus) {
        guard isBinary else {
            out += "{\"type\":\"\(type.rawValue)\",\"object\":".utf8
            JSON.encode(value, into: &out)
            out += "}\n".utf8
            return
        }
        let kind = KubeObject(value).gvk
        guard let schema = renderer.registry.type(kind: kind) else { throw .internalError("no protobuf form is known for \(kind)") }
        try ProtobufEncoder.appendEvent(type.rawValue, json: JSON.encode(value), type: schema, kind: kind, to: &out)
    }

    /// Appends an ERROR event, after which nothing follows.
    func append(_ status: APIStatus, into out: inout [UInt8]) {
        // best effort: a Status of our own making can be written, and without it the watch ends all the same.
        try? append(.error, status.value, into: &out)
    }
}
