internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import KubeSchemas
internal import ObjectStore

/// Turns store events into the lines of one watch: filters, detects objects that enter and leave the selection, and writes each in
/// the asked form. Lines in the plain form are made once for all watches.
struct WatchEncoder: Sendable {
    private let renderer: ObjectRenderer
    private let selection: ObjectSelection
    private let endpoint: ResourceEndpoint
    /// Whether the next Table names its columns.
    private var needsColumns = true

    init(renderer: ObjectRenderer, selection: ObjectSelection, endpoint: ResourceEndpoint) {
        self.renderer = renderer
        self.selection = selection
        self.endpoint = endpoint
    }

    /// Appends the line of an object that was there when the watch began.
    mutating func appendInitial(_ item: StoredObject, into out: inout [UInt8]) {
        guard selection.matches(item.key) else { return }
        if selection.isByKeyOnly, renderer.isPlain { return Self.appendPlain("ADDED", item, into: &out) }
        // best effort: an object that cannot be read is reported by a get of it.
        guard let object = try? ObjectCoding.decode(item), isWanted(object) else { return }
        append("ADDED", object, item, into: &out)
    }

    /// Appends the line of one event, if it concerns this watch.
    mutating func append(_ event: StoreEvent, into out: inout [UInt8]) {
        guard selection.matches(event.object.key) else { return }
        if selection.isByKeyOnly, renderer.isPlain { return Self.appendShared(event, into: &out) }
        // best effort: as above.
        guard let object = try? ObjectCoding.decode(event.object) else { return }
        if selection.isByKeyOnly { return append(Self.name(event.kind), object, event.object, into: &out) }
        let isWanted = event.kind != .deleted && isWanted(object)
        let before = event.previous.flatMap { try? ObjectCoding.decode($0, revision: event.revision, key: event.object.key) }
        let wasWanted = before.map(self.isWanted) ?? false
        switch (wasWanted, isWanted) {
        case (false, false): return
        case (true, true):
            if renderer.isPlain { Self.appendShared(event, into: &out) } else { append("MODIFIED", object, event.object, into: &out) }
        case (false, true):
            if renderer.isPlain, event.kind == .added { return Self.appendShared(event, into: &out) }
            append("ADDED", object, event.object, into: &out)
        case (true, false):
            if event.kind == .deleted, renderer.isPlain { return Self.appendShared(event, into: &out) }
            guard let last = event.kind == .deleted ? object : before else { return }
            write("DELETED", renderer.render(last, isFirst: takeColumns()), into: &out)
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
            write("BOOKMARK", table, into: &out)
        case .metadata:
            write(
                "BOOKMARK", ["kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": .object(metadata)], into: &out)
        case .object:
            write(
                "BOOKMARK",
                [
                    "kind": .string(descriptor.kind), "apiVersion": .string(descriptor.groupVersion.apiVersion),
                    "metadata": .object(metadata),
                ], into: &out)
        }
    }

    /// Appends an ERROR event, after which nothing follows.
    static func appendError(_ status: APIStatus, into out: inout [UInt8]) {
        out += "{\"type\":\"ERROR\",\"object\":".utf8
        JSON.encode(status.value, into: &out)
        out += "}\n".utf8
    }

    private func isWanted(_ object: KubeObject) -> Bool {
        selection.matches(endpoint.conversion.map { KubeObject($0.served(object.value)) } ?? object)
    }

    private mutating func takeColumns() -> Bool {
        defer { needsColumns = false }
        return needsColumns
    }

    private mutating func append(_ type: String, _ object: KubeObject, _ stored: StoredObject, into out: inout [UInt8]) {
        if renderer.isPlain { return Self.appendPlain(type, stored, into: &out) }
        write(type, renderer.render(object, isFirst: takeColumns()), into: &out)
    }

    private func write(_ type: String, _ value: JSONValue, into out: inout [UInt8]) {
        out += "{\"type\":\"\(type)\",\"object\":".utf8
        JSON.encode(value, into: &out)
        out += "}\n".utf8
    }

    private static func appendShared(_ event: StoreEvent, into out: inout [UInt8]) {
        let line = event.encodedOnce { event in
            var line: [UInt8] = []
            appendPlain(name(event.kind), event.object, into: &line)
            return line
        }
        line.append(0..<line.count, to: &out)
    }

    private static func appendPlain(_ type: String, _ object: StoredObject, into out: inout [UInt8]) {
        out += "{\"type\":\"\(type)\",\"object\":".utf8
        object.rendered(into: &out)
        out += "}\n".utf8
    }

    private static func name(_ kind: StoreEvent.Kind) -> String {
        switch kind {
        case .added: "ADDED"
        case .modified: "MODIFIED"
        case .deleted: "DELETED"
        }
    }
}
