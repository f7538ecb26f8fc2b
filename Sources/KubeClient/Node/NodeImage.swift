package import JSONCore
package import LinuxKernel

/// An image on the nodes.
package struct NodeImage: Sendable, Hashable {
    /// One of its layers.
    package struct Layer: Sendable, Hashable {
        /// What names it and everything below it; images that share it have the same.
        package var chain: String
        /// The digest of its content.
        package var digest: String
        /// Its size on the disk.
        package var size: ByteCount
        /// What made it; empty when unknown.
        package var command: String

        /// A layer.
        package init(chain: String, digest: String, size: ByteCount, command: String) {
            self.chain = chain
            self.digest = digest
            self.size = size
            self.command = command
        }
    }

    /// Its id: the digest of its configuration.
    package var id: String
    /// Its names; none for one whose name went to another.
    package var names: [String]
    /// When it was loaded.
    package var loadedAt: Timestamp
    /// The layers, the lowest first.
    package var layers: [Layer]
    /// The containers that were made from it, as NAMESPACE/POD/CONTAINER.
    package var containers: [String]

    /// An image.
    package init(id: String, names: [String], loadedAt: Timestamp, layers: [Layer], containers: [String]) {
        self.id = id
        self.names = names
        self.loadedAt = loadedAt
        self.layers = layers
        self.containers = containers
    }

    /// Reads what `/kdash/v1/images/layers` says; nil when it is no image.
    package init?(_ value: JSONValue) {
        guard let id = value["id"]?.stringValue, let time = value["loadedAt"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) }) else { return nil }
        func texts(_ name: String) -> [String] { (value[name]?.arrayValue ?? []).compactMap(\.stringValue) }
        let layers = (value["layers"]?.arrayValue ?? []).map { layer in
            Layer(
                chain: layer["chain"]?.stringValue ?? "", digest: layer["digest"]?.stringValue ?? "", size: ByteCount(layer["size"]?.integerValue ?? 0),
                command: layer["command"]?.stringValue ?? "")
        }
        self.init(id: id, names: texts("names"), loadedAt: time, layers: layers, containers: texts("containers"))
    }
}
