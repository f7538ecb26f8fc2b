internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import KubeSchemas
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

    /// Appends the event of an object that was there when the watch began.
    mutating func appendInitial(_ item: StoredObject, into out: inout [UInt8]) {
        guard selection.matches(item.key) else { return }
        if selection.isByKeyOnly, renderer.isPlain { return frames.append("ADDED", item, into: &out) }
        // best effort: an object that cannot be read is reported by a get of it.
        guard let object = try? ObjectCoding.decode(item), isWanted(object) else { return }
        append("ADDED", object, item, into: &out)
    }

    /// Appends one event, if it concerns this watch.
    mutating func append(_ event: StoreEvent, into out: inout [UInt8]) {
        guard selection.matches(event.object.key) else { return }
        if selection.isByKeyOnly, renderer.isPlain { return frames.append(event, as: Self.name(event.kind), into: &out) }
        // best effort: as above.
        guard let object = try? ObjectCoding.decode(event.object) else { return }
        if selection.isByKeyOnly { return append(Self.name(event.kind), object, event.object, into: &out) }
        let isWanted = event.kind != .deleted && isWanted(object)
        let before = event.previous.flatMap { try? ObjectCoding.decode($0, revision: event.revision, key: event.object.key) }
        let wasWanted = before.map(self.isWanted) ?? false
        switch (wasWanted, isWanted) {
        case (false, false): return
        case (true, true):
            if renderer.isPlain { frames.append(event, as: Self.name(event.kind), into: &out) } else { append("MODIFIED", object, event.object, into: &out) }
        case (false, true):
            if renderer.isPlain, event.kind == .added { return frames.append(event, as: Self.name(event.kind), into: &out) }
            append("ADDED", object, event.object, into: &out)
        case (true, false):
            if event.kind == .deleted, renderer.isPlain { return frames.append(event, as: Self.name(event.kind), into: &out) }
            guard let last = event.kind == .deleted ? object : before else { return }
            frames.append("DELETED", renderer.render(last, isFirst: takeColumns()), into: &out)
        }
    }

    /// Appends a bookmark at `revision`; `endsInitial` marks the end of the initial events.
    mutating func appendBookmark(_ revision: Int64, endsInitial: Bool, into out: inout [UInt8]) {
        var metadata: JSONObject = ["resourceVersion": .string(String(revision)), "creationTimestamp": .null]
        if endsInitial { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
        let descriptor = endpoint.descriptor
        switch renderer.choice.form {
        case .table(let version):
            let table = renderer.table([], version: version, metadata: metadata, hasColumns: false)
            frames.append("BOOKMARK", table, into: &out)
        case .metadata:
            frames.append(
                "BOOKMARK", ["kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": .object(metadata)], into: &out)
        case .object:
            frames.append(
                "BOOKMARK",
                [
                    "kind": .string(descriptor.kind), "apiVersion": .string(descriptor.groupVersion.apiVersion),
                    "metadata": .object(metadata),
                ], into: &out)
        }
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

    private mutating func append(_ type: String, _ object: KubeObject, _ stored: StoredObject, into out: inout [UInt8]) {
        if renderer.isPlain { return frames.append(type, stored, into: &out) }
        frames.append(type, renderer.render(object, isFirst: takeColumns()), into: &out)
    }

    private static func name(_ kind: StoreEvent.Kind) -> String {
        switch kind {
        case .added: "ADDED"
        case .modified: "MODIFIED"
        case .deleted: "DELETED"
        }
    }
}
