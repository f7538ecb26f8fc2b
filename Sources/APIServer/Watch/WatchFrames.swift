internal import APIMachinery
internal import JSONCore
internal import ObjectStore

/// How the events of a watch stand on the wire: a line of JSON each, or a protobuf message with its length before it.
///
/// What is written of an event is made once for all watches that ask for the whole object in the same encoding.
struct WatchFrames: Sendable {
    private let renderer: ObjectRenderer

    init(_ renderer: ObjectRenderer) { self.renderer = renderer }

    private var isBinary: Bool { renderer.choice.encoding == .protobuf }

    /// Appends an object as it is stored; the renderer must be plain.
    func append(_ type: String, _ object: StoredObject, into out: inout [UInt8]) {
        guard isBinary else {
            out += "{\"type\":\"\(type)\",\"object\":".utf8
            object.rendered(into: &out)
            out += "}\n".utf8
            return
        }
        let form = renderer.binaryForm
        // best effort: an object that cannot be read is reported by a get of it.
        try? ProtobufEncoder.appendEvent(type, json: object.rendered, type: form.type, kind: form.kind, to: &out)
    }

    /// Appends the object of an event as it is stored; the renderer must be plain.
    func append(_ event: StoreEvent, as type: String, into out: inout [UInt8]) {
        guard renderer.choice.form == .object else { return append(type, event.object, into: &out) }
        let frame = event.encodedOnce(isBinary ? .binary : .text) { event in
            var frame: [UInt8] = []
            append(type, event.object, into: &frame)
            return frame
        }
        frame.append(0..<frame.count, to: &out)
    }

    /// Appends a document that says its kind.
    func append(_ type: String, _ value: JSONValue, into out: inout [UInt8]) {
        guard isBinary else {
            out += "{\"type\":\"\(type)\",\"object\":".utf8
            JSON.encode(value, into: &out)
            out += "}\n".utf8
            return
        }
        let json = JSON.encode(value)
        guard let kind = ProtobufEncoder.kind(of: json), let schema = renderer.registry.type(kind: kind) else { return }
        // best effort: as above.
        try? ProtobufEncoder.appendEvent(type, json: json, type: schema, kind: kind, to: &out)
    }

    /// Appends an ERROR event, after which nothing follows.
    func append(_ status: APIStatus, into out: inout [UInt8]) { append("ERROR", status.value, into: &out) }
}
