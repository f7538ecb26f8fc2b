internal import LinuxKernel

/// The folders of a store, open for as long as the store is.
struct StoreFolders: Sendable {
    /// Holds `images.json`.
    let root: StoreFolder
    /// Configurations and manifests, named by their digests.
    let blobs: StoreFolder
    /// One folder per chain id: `fs` is its overlay directory, `size` the unpacked size in bytes, as text.
    let layers: StoreFolder
    /// What is not whole yet.
    let staging: StoreFolder

    static let records = "images.json"

    /// Opens the store at `directory`, making it when new, and empties its staging folder.
    init(_ directory: String) throws(SystemError) {
        try FileSystem.makeDirectories(directory, mode: 0o700)
        root = try StoreFolder.trusted(directory)
        try root.remove("staging")
        blobs = try root.make("blobs", mode: 0o700).make("sha256", mode: 0o700)
        layers = try root.make("layers", mode: 0o700)
        staging = try root.make("staging", mode: 0o700)
    }

    /// The overlay directory of a layer, as the node's supervisor is told.
    func content(_ chain: Digest) -> String { "\(layers.path)/\(chain.hex)/fs" }
}
