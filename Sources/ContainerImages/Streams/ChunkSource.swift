internal import LinuxKernel

/// Bytes in pieces, pulled. A piece is valid until the next call.
protocol ChunkSource: AnyObject {
    /// The next piece, never empty; nil at the end.
    func next() throws(ImageError) -> UnsafeRawBufferPointer?
    /// Passes over up to `count` bytes without reading them; returns how many. 0 when this source cannot.
    func skip(_ count: Int64) -> Int64
}

extension ChunkSource {
    func skip(_ count: Int64) -> Int64 { 0 }
}

/// Reads a slice of a file in large pieces.
final class FileChunks: ChunkSource {
    private let slice: FileSlice
    private let buffer: UnsafeMutableRawBufferPointer
    private var position: Int64 = 0

    init(_ slice: FileSlice) {
        self.slice = slice
        buffer = .allocate(byteCount: Int(min(max(slice.length, 1), 512 << 10)), alignment: 64)
    }

    deinit { buffer.deallocate() }

    func next() throws(ImageError) -> UnsafeRawBufferPointer? {
        let wanted = Int(min(Int64(buffer.count), slice.length - position))
        guard wanted > 0 else { return nil }
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
        let got = try explaining("read \(slice.name)") { () throws(SystemError) in
            try slice.file.descriptor.read(into: part, at: slice.offset + position)
        }
        guard got == wanted else {
            throw ImageError(.corrupt, "\(slice.name) ends after \(position + Int64(got)) of \(slice.length) bytes")
        }
        position += Int64(got)
        return UnsafeRawBufferPointer(part)
    }
}

/// Passes pieces on and hashes them.
final class HashingChunks: ChunkSource {
    private let source: any ChunkSource
    private var hasher = DigestHasher()
    private(set) var byteCount: Int64 = 0

    init(_ source: any ChunkSource) { self.source = source }

    func next() throws(ImageError) -> UnsafeRawBufferPointer? {
        guard let piece = try source.next() else { return nil }
        hasher.update(piece)
        byteCount += Int64(piece.count)
        return piece
    }

    /// Reads what is left and returns the digest of everything.
    func finish() throws(ImageError) -> Digest {
        while try next() != nil {}
        return hasher.finish()
    }
}
