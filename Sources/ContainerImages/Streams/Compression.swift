/// How a blob is packed, told by its first bytes and never by its name.
enum Compression: Sendable {
    case none, gzip, zstd

    init(magic: [UInt8]) {
        if magic.starts(with: [0x1f, 0x8b]) {
            self = .gzip
        } else if magic.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) {
            self = .zstd
        } else {
            self = .none
        }
    }

    /// The blob's content. `blob` delivers its bytes, so that the caller can hash them on the way.
    func decompress(
        _ blob: any ChunkSource, length: Int64, limit: Int64, name: String, scratch: @escaping GzipChunks.Scratch
    ) throws(ImageError) -> any ChunkSource {
        switch self {
        case .none: blob
        case .gzip: try GzipChunks(blob, length: length, limit: limit, name: name, scratch: scratch)
        case .zstd: try ZstdChunks(blob, name: name)
        }
    }
}
