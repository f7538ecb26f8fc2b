internal import JSONCore
package import LinuxKernel

/// What the store knows about one image.
package struct ImageRecord: Sendable, Hashable {
    /// The digest of its configuration, `sha256:…`: the image id.
    package let id: Digest
    /// The digest of its manifest, which registries and `name@sha256:…` use; nil for Docker's old archives and images made here.
    package var manifestDigest: Digest?
    /// Completed references, sorted; empty once other images took them all.
    package var names: [String]
    /// Chain ids, bottom first.
    package let layers: [Digest]
    /// Unpacked size of all layers, shared ones included.
    package let size: ByteCount
    package let loadedAt: Timestamp
    /// What a locally made image was made from; empty for others. Tells whether it is out of date.
    package var source: String

    var value: JSONValue {
        var object: JSONObject = [
            "id": .string("\(id)"), "names": .array(names.map { .string($0) }), "layers": .array(layers.map { .string("\($0)") }),
            "size": .integer(size.value), "loadedAt": .string(loadedAt.rfc3339),
        ]
        if let manifestDigest { object["manifest"] = .string("\(manifestDigest)") }
        if !source.isEmpty { object["source"] = .string(source) }
        return .object(object)
    }

    init(
        id: Digest, manifestDigest: Digest?, names: [String], layers: [Digest], size: ByteCount, loadedAt: Timestamp, source: String = ""
    ) {
        self.id = id
        self.manifestDigest = manifestDigest
        self.names = names.sorted()
        self.layers = layers
        self.size = size
        self.loadedAt = loadedAt
        self.source = source
    }

    /// nil when the value is not a record.
    init?(_ value: JSONValue) {
        guard let id = Digest(value["id"]?.stringValue ?? ""), let names = value["names"]?.arrayValue,
            let layers = value["layers"]?.arrayValue,
            let size = value["size"]?.integerValue, let loadedAt = Timestamp(rfc3339: value["loadedAt"]?.stringValue ?? "")
        else { return nil }
        let digests = layers.compactMap { Digest($0.stringValue ?? "") }
        guard digests.count == layers.count else { return nil }
        self.init(
            id: id, manifestDigest: Digest(value["manifest"]?.stringValue ?? ""), names: names.compactMap(\.stringValue), layers: digests,
            size: ByteCount(size), loadedAt: loadedAt, source: value["source"]?.stringValue ?? "")
    }
}

/// An image ready to run.
package struct Image: Sendable {
    package let record: ImageRecord
    package let config: ImageConfig
    /// Unpacked layers, top first, as overlayfs wants them.
    package let layerDirectories: [String]

    package var id: Digest { record.id }
    package var names: [String] { record.names }
    /// What a pod's status shows: `docker.io/library/nginx@sha256:…`, or the id.
    package var statusID: String {
        guard let digest = record.manifestDigest, let name = record.names.first, let tag = name.lastIndex(of: ":") else { return "\(id)" }
        return "\(name[..<tag])@\(digest)"
    }
}
