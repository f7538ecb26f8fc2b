internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import KubeSchemas
internal import Logging
internal import ObjectStore

/// Turns store events into the events of one watch: filters, detects objects that enter and leave the selection, and writes each in
/// the asked form.
struct WatchEncoder: Sendable {
    private let renderer: ObjectRenderer
    private let frames: WatchFrames
    private let selection: ObjectSelection
    private let endpoint: ResourceEndpoint
    /// Whether the next Table names its columns.
    private var needsColumns = true

    init(renderer: ObjectRenderer, selection: ObjectSelection, endpoint: ResourceEndpoint) {
        self.renderer = renderer
        frames = WatchFrames(renderer)
        self.selection = selection
        self.endpoint = endpoint
    }

    /// Appends the event of an object that was there when the watch began. One that cannot be shown is left out, as from a list.
    mutating func appendInitial(_ item: StoredObject, into out: inout [UInt8]) {
        guard selection.matches(item.key) else { return }
        do throws(APIStatus) {
            if selection.isByKeyOnly, renderer.isPlain { return try frames.append(.added, item, into: &out) }
            let object = try ObjectCoding.decode(item)
            if isWanted(object) { try append(.added, object, item, into: &out) }
        } catch {
            renderer.leaveOut(item.key, error)
        }
    }

    /// Appends one event, if it concerns this watch. Throws InternalError when it cannot be shown: the client would miss it for ever, so
    /// the watch must end, and the client lists again.
    mutating func append(_ event: StoreEvent, into out: inout [UInt8]) throws(APIStatus) {
        guard selection.matches(event.object.key) else { return }
        do throws(APIStatus) {
            try write(event, into: &out)
        } catch {
            renderer.logger.error(
                "a watch ends at an event that cannot be shown", metadata: ["key": "\(event.object.key.string)", "error": "\(error.message)"])
            throw error
        }
    }

    private mutating func write(_ event: StoreEvent, into out: inout [UInt8]) throws(APIStatus) {
        if selection.isByKeyOnly, renderer.isPlain { return try frames.append(event, into: &out) }
        let object = try ObjectCoding.decode(event.object)
        if selection.isByKeyOnly { return try append(WatchEventType(event.kind), object, event.object, into: &out) }
        let isWanted = event.kind != .deleted && isWanted(object)
        let before = try event.previous.map { (bytes) throws(APIStatus) in
            try ObjectCoding.decode(bytes, revision: event.revision, key: event.object.key)
        }
        let wasWanted = before.map(self.isWanted) ?? false
        switch (wasWanted, isWanted) {
        case (false, false): return
        case (true, true):
            if renderer.isPlain { try frames.append(event, into: &out) } else { try append(.modified, object, event.object, into: &out) }
        case (false, true):
            if renderer.isPlain, event.kind == .added { return try frames.append(event, into: &out) }
            try append(.added, object, event.object, into: &out)
        case (true, false):
            if event.kind == .deleted, renderer.isPlain { return try frames.append(event, into: &out) }
            guard let last = event.kind == .deleted ? object : before else { return }
            try frames.append(.deleted, renderer.render(last, isFirst: takeColumns()), into: &out)
        }
    }

    /// Appends a bookmark at `revision`; `endsInitial` marks the end of the initial events. A Table shows it as the row of an object that
    /// has nothing but its metadata. Source: apiserver `pkg/endpoints/handlers/response.go` watchListTransformer.
    mutating func appendBookmark(_ revision: Int64, endsInitial: Bool, into out: inout [UInt8]) throws(APIStatus) {
        var metadata: JSONObject = ["resourceVersion": .string(String(revision)), "creationTimestamp": .null]
        if endsInitial {
            metadata["annotations"] = [
                "k8s.io/initial-events-end": "true", "kubernetes.io/initial-events-list-blueprint": .string(try blueprint()),
            ]
        }
        let descriptor = endpoint.descriptor
        let object = KubeObject([
            "kind": .string(descriptor.kind), "apiVersion": .string(descriptor.groupVersion.apiVersion), "metadata": .object(metadata),
        ])
        switch renderer.choice.form {
        case .table(let version):
            let table = renderer.table(
                [object], version: version, metadata: ["resourceVersion": .string(String(revision))], hasColumns: takeColumns())
            try frames.append(.bookmark, table, into: &out)
        case .metadata: try frames.append(.bookmark, renderer.partial(object), into: &out)
        case .object: try frames.append(.bookmark, object.value, into: &out)
        }
    }

    /// The empty list that a client fills with the initial events, in the form and encoding of its request, in base 64.
    private func blueprint() throws(APIStatus) -> String {
        let descriptor = endpoint.descriptor
        let list: JSONValue
        switch renderer.choice.form {
        case .table(let version): list = renderer.table([], version: version, metadata: JSONObject(), hasColumns: true)
        case .metadata: list = ["kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": [:], "items": []]
        case .object:
            list = [
                "kind": .string(descriptor.listKind.kind), "apiVersion": .string(descriptor.groupVersion.apiVersion), "metadata": [:], "items": [],
            ]
        }
        return Base64.encode(renderer.choice.encoding == .protobuf ? try renderer.binary(list) : JSON.encode(list))
    }

    /// Appends an ERROR event, after which nothing follows.
    func appendError(_ status: APIStatus, into out: inout [UInt8]) { frames.append(status, into: &out) }

    private func isWanted(_ object: KubeObject) -> Bool {
        selection.matches(endpoint.conversion.map { KubeObject($0.served(object.value)) } ?? object)
    }

    private mutating func takeColumns() -> Bool {
        defer { needsColumns = false }
        return needsColumns
    }

    private mutating func append(
        _ type: WatchEventType, _ object: KubeObject, _ stored: StoredObject, into out: inout [UInt8]
    ) throws(APIStatus) {
        if renderer.isPlain { return try frames.append(type, stored, into: &out) }
        try frames.append(type, renderer.render(object, isFirst: takeColumns()), into: &out)
    }
}
