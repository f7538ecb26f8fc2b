internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import ObjectStore

extension ObjectRenderer {
    /// What an object of the endpoint is in protobuf. Metadata is read from the text of the whole object.
    var binaryForm: (type: TypeSchema, kind: GroupVersionKind) {
        let partial = GroupVersionKind(group: "meta.k8s.io", version: "v1", kind: "PartialObjectMetadata")
        guard choice.form == .metadata, let type = registry.type(kind: partial) else { return (endpoint.descriptor.type, endpoint.descriptor.gvk) }
        return (type, partial)
    }

    /// A stored object's JSON text as a protobuf body. Throws InternalError when the text is damaged.
    func binary(_ json: [UInt8]) throws(APIStatus) -> [UInt8] {
        let (type, kind) = binaryForm
        return try ProtobufEncoder.encode(json: json, type: type, kind: kind)
    }

    /// A document that says its kind as a protobuf body. Throws InternalError for a kind without one, which negotiation rules out.
    func binary(_ value: JSONValue) throws(APIStatus) -> [UInt8] {
        let kind = KubeObject(value).gvk
        guard let body = try ProtobufEncoder.encode(json: JSON.encode(value), kind: kind, registry: registry) else {
            throw .internalError("no protobuf form is known for \(kind)")
        }
        return body
    }

    /// Whether a list takes so long to write as protobuf (3 ms a megabyte) that the other clients of an event loop would notice.
    func isSlow(_ items: [StoredObject]) -> Bool {
        isPlain && choice.encoding == .protobuf && items.reduce(0) { $0 + $1.bytes.count } > ListBody.threshold
    }

    /// A list as a protobuf body, item by item from the stored bytes. An object that cannot be written is left out.
    func binaryList(_ items: [StoredObject], metadata: ListMeta) -> APIResponse {
        var (type, kind) = binaryForm
        kind.kind += "List"
        if choice.form == .object { kind = endpoint.descriptor.listKind }
        let size = items.reduce(0) { $0 + $1.bytes.count }
        var list = ProtobufListEncoder(
            kind, of: type, metadata: metadata, capacity: choice.form == .metadata ? size / 4 : size / 4 * 3)
        var text: [UInt8] = []
        for item in items {
            text.removeAll(keepingCapacity: true)
            item.rendered(into: &text)
            do throws(APIStatus) { try list.append(text) } catch { leaveOut(item.key, error) }
        }
        return APIResponse(contentType: choice.encoding.contentType, body: .bytes(list.finish()))
    }
}
