internal import CDeflate

/// Decompresses zstd, frame after frame.
final class ZstdChunks: ChunkSource {
    private let source: any ChunkSource
    private let name: String
    private let context: OpaquePointer
    private let buffer: UnsafeMutableRawBufferPointer
    private var input = ZSTD_inBuffer(src: nil, size: 0, pos: 0)
    private var isInsideFrame = false
    private var mayHoldMore = false

    init(_ source: any ChunkSource, name: String) throws(ImageError) {
        guard let context = ZSTD_createDCtx() else { throw ImageError(.system, "no memory for decompressing \(name)") }
        self.source = source
        self.name = name
        self.context = context
        // 128 MiB of window: more is refused, as the zstd program does, so that an archive cannot claim gigabytes.
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 27)
        buffer = .allocate(byteCount: 512 << 10, alignment: 64)
    }

    deinit {
        ZSTD_freeDCtx(context)
        buffer.deallocate()
    }

    func next() throws(ImageError) -> UnsafeRawBufferPointer? {
        while true {
            if input.pos == input.size, !mayHoldMore {
                guard let piece = try source.next() else {
                    guard !isInsideFrame else { throw ImageError(.corrupt, "\(name) ends in the middle of its zstd data") }
                    return nil
                }
                input = ZSTD_inBuffer(src: piece.baseAddress, size: piece.count, pos: 0)
            }
            var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
            let rest = ZSTD_decompressStream(context, &output, &input)
            guard ZSTD_isError(rest) == 0 else {
                throw ImageError(.corrupt, "\(name) is not valid zstd data: \(String(cString: ZSTD_getErrorName(rest)))")
            }
            isInsideFrame = rest != 0
            mayHoldMore = output.pos == output.size
            if output.pos > 0 { return UnsafeRawBufferPointer(rebasing: buffer[..<output.pos]) }
        }
    }
}
