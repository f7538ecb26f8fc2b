internal import CDeflate

/// gzip for whole buffers.
enum GzipCodec {
    /// Compresses fast (level 1); nil when memory is short.
    static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        guard let compressor = libdeflate_alloc_compressor(1) else { return nil }
        defer { libdeflate_free_compressor(compressor) }
        let bound = libdeflate_gzip_compress_bound(compressor, bytes.count)
        let out = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            count = libdeflate_gzip_compress(compressor, bytes, bytes.count, buffer.baseAddress, bound)
        }
        return out.isEmpty ? nil : out
    }

    /// The result of decompressing.
    enum Decompressed {
        case bytes([UInt8])
        case tooLarge
        case malformed
    }

    /// Decompresses all members of a gzip body to at most `limit` bytes.
    static func decompress(_ bytes: [UInt8], limit: Int) -> Decompressed {
        guard let decompressor = libdeflate_alloc_decompressor() else { return .malformed }
        defer { libdeflate_free_decompressor(decompressor) }
        var result: [UInt8] = []
        var offset = 0
        while offset < bytes.count {
            var capacity = min(limit - result.count, max(4 * (bytes.count - offset), 64 << 10))
            member: while true {
                var used = 0
                var outcome = LIBDEFLATE_BAD_DATA
                let piece = bytes.withUnsafeBytes { input in
                    [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
                        outcome = libdeflate_gzip_decompress_ex(
                            decompressor, input.baseAddress! + offset, bytes.count - offset, buffer.baseAddress, capacity, &used, &count)
                        if outcome != LIBDEFLATE_SUCCESS { count = 0 }
                    }
                }
                switch outcome {
                case LIBDEFLATE_SUCCESS:
                    result += piece
                    offset += used
                    break member
                case LIBDEFLATE_INSUFFICIENT_SPACE:
                    guard capacity < limit - result.count else { return .tooLarge }
                    capacity = min(limit - result.count, capacity * 2)
                default: return .malformed
                }
            }
        }
        return .bytes(result)
    }
}
