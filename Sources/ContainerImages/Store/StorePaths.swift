/// Where things lie in a store.
struct StorePaths: Sendable {
    let root: String

    var records: String { "\(root)/images.json" }
    var blobs: String { "\(root)/blobs/sha256" }
    var layers: String { "\(root)/layers" }
    var staging: String { "\(root)/staging" }
    func blob(_ digest: Digest) -> String { "\(blobs)/\(digest.hex)" }
    func layer(_ chain: Digest) -> String { "\(layers)/\(chain.hex)" }
    /// The overlay directory of a layer.
    func content(_ chain: Digest) -> String { "\(layer(chain))/fs" }
    /// The layer's unpacked size in bytes, as text.
    func size(_ chain: Digest) -> String { "\(layer(chain))/size" }
}
