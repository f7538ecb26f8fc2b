package import JSONCore

/// Writes objects as Kubernetes' protobuf bodies: `k8s`, a zero, and a `runtime.Unknown` with the kind and the object.
/// Source: apimachinery `pkg/runtime/serializer/protobuf/protobuf.go`.
package enum ProtobufEncoder {
    /// The body of a value of the type's shape, as ``SchemaDecoder/decode(_:as:validation:duplicates:)`` gives it. It is named as the
    /// value says, else as the type is. Throws 500 when the value nests without end.
    package static func encode(_ value: JSONValue, type: TypeSchema) throws(APIStatus) -> [UInt8] {
        let own = GroupVersion(apiVersion: value["apiVersion"]?.stringValue ?? "") ?? type.gvk?.groupVersion
        let kind = GroupVersionKind(
            own ?? GroupVersion(group: "", version: ""), kind: value["kind"]?.stringValue ?? type.gvk?.kind ?? type.shortName)
        return try encode(json: JSON.encode(value), type: type, kind: kind)
    }

    /// The body of a JSON text of our own making. Throws 500 when it is damaged.
    package static func encode(json: [UInt8], type: TypeSchema, kind: GroupVersionKind) throws(APIStatus) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(json.count / 4 * 3 + 128)
        try append(json: json, type: type, kind: kind, to: &body)
        return body
    }

    /// The body of a JSON text of a kind; nil when no schema knows that kind, a CustomResourceDefinition describes it, or it would lose
    /// fields.
    package static func encode(json: [UInt8], kind: GroupVersionKind, registry: SchemaRegistry) throws(APIStatus) -> [UInt8]? {
        guard let type = registry.type(kind: kind), type.custom == nil, type.hasProtobuf else { return nil }
        return try encode(json: json, type: type, kind: kind)
    }

    /// Appends a body; appends nothing when it throws.
    package static func append(
        json: [UInt8], type: TypeSchema, kind: GroupVersionKind, to body: inout [UInt8]
    ) throws(APIStatus) {
        var transcoder = ProtobufTranscoder()
        swap(&body, &transcoder.writer.bytes)
        defer { swap(&body, &transcoder.writer.bytes) }
        let start = transcoder.writer.bytes.count
        do throws(ProtobufError) {
            try transcoder.envelope(kind) { (transcoder) throws(ProtobufError) in try transcoder.object(json, type) }
        } catch {
            transcoder.reset(to: start)
            throw error.status(kind.kind)
        }
    }

    /// Appends an event of a watch: its length in four bytes, the highest first, and a `WatchEvent` whose object is a whole body.
    /// Appends nothing when it throws.
    /// Source: apimachinery `pkg/util/framer/framer.go`, `pkg/runtime/serializer/protobuf/protobuf.go` RawSerializer.
    package static func appendEvent(
        _ name: String, json: [UInt8], type: TypeSchema, kind: GroupVersionKind, to frames: inout [UInt8]
    ) throws(APIStatus) {
        var body: [UInt8] = []
        try append(json: json, type: type, kind: kind, to: &body)
        var event = ProtobufWriter()
        event.string(1, name)
        let object = event.open(2)
        event.delimited(1, body)
        event.close(object)
        let count = UInt32(truncatingIfNeeded: event.bytes.count)
        for shift in [24, 16, 8, 0] as [UInt32] { frames.append(UInt8(truncatingIfNeeded: count >> shift)) }
        frames += event.bytes
    }
}

/// Writes a list as a protobuf body, item by item, from JSON texts.
package struct ProtobufListEncoder {
    private var transcoder = ProtobufTranscoder()
    private let item: TypeSchema
    private let envelope: Int

    /// A list of `kind`, whose items are of `item`; every list has its metadata at 1 and its items at 2. `capacity` is about how many
    /// bytes the list will have.
    package init(_ kind: GroupVersionKind, of item: TypeSchema, metadata: ListMeta, capacity: Int) {
        self.item = item
        transcoder.writer.bytes.reserveCapacity(capacity + 128)
        envelope = transcoder.openEnvelope(kind)
        let place = transcoder.writer.open(1)
        transcoder.writer.string(2, metadata.resourceVersion)
        if let token = metadata.continueToken { transcoder.writer.string(3, token) }
        if let count = metadata.remainingItemCount { transcoder.writer.varint(4, UInt64(bitPattern: count)) }
        transcoder.writer.close(place)
    }

    /// Adds an object. Throws 500, and adds nothing, when its text is damaged.
    package mutating func append(_ json: [UInt8]) throws(APIStatus) {
        let start = transcoder.writer.bytes.count
        do throws(ProtobufError) {
            let place = transcoder.writer.open(2)
            try transcoder.object(json, item)
            transcoder.writer.close(place)
        } catch {
            transcoder.reset(to: start)
            throw error.status(item.shortName)
        }
    }

    /// The whole body.
    package consuming func finish() -> [UInt8] {
        transcoder.closeEnvelope(envelope)
        return transcoder.writer.bytes
    }
}

extension ProtobufError {
    /// 500: an object of a kind cannot be written.
    fileprivate func status(_ kind: String) -> APIStatus { .internalError("the \(kind) cannot be written as protobuf: \(message)") }
}

extension ProtobufTranscoder {
    /// Writes the fields of the object that a text is.
    mutating func object(_ json: [UInt8], _ type: TypeSchema) throws(ProtobufError) {
        let failure: ProtobufError? = json.withUnsafeBufferPointer { buffer in
            var cursor = JSONCursor(buffer)
            do throws(ProtobufError) { try message(&cursor, type) } catch { return error }
            return nil
        }
        if let failure { throw failure }
    }

    /// Writes what stands around an object of a kind.
    mutating func envelope(
        _ kind: GroupVersionKind, _ content: (inout ProtobufTranscoder) throws(ProtobufError) -> Void
    ) throws(ProtobufError) {
        let place = openEnvelope(kind)
        try content(&self)
        closeEnvelope(place)
    }

    /// Begins a body; what is written next is its object.
    mutating func openEnvelope(_ kind: GroupVersionKind) -> Int {
        writer.bytes += ProtobufDecoder.magic
        let meta = writer.open(1)
        writer.string(1, kind.apiVersion)
        writer.string(2, kind.kind)
        writer.close(meta)
        return writer.open(2)
    }

    /// Ends a body. Its encoding and content type are those that are meant by none.
    mutating func closeEnvelope(_ place: Int) {
        writer.close(place)
        writer.string(3, "")
        writer.string(4, "")
    }
}
