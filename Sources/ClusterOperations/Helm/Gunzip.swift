import CDeflate

/// Unpacks gzip.
enum Gunzip {
    /// The most that a release may unpack to.
    static let maximumSize = 64 << 20

    /// The content; nil for what is no gzip, or too large.
    static func unpack(_ bytes: [UInt8], limit: Int = maximumSize) -> [UInt8]? {
        guard bytes.count >= 18, let decompressor = libdeflate_alloc_decompressor() else { return nil }
        defer { libdeflate_free_decompressor(decompressor) }
        // The last four bytes tell the size; where they lie, unpacking fails.
        let told = bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard told <= limit else { return nil }
        var result = LIBDEFLATE_SHORT_OUTPUT
        let unpacked = [UInt8](unsafeUninitializedCapacity: told + 1) { buffer, count in
            var written = 0
            result = libdeflate_gzip_decompress(decompressor, bytes, bytes.count, buffer.baseAddress, told + 1, &written)
            count = result == LIBDEFLATE_SUCCESS ? written : 0
        }
        return result == LIBDEFLATE_SUCCESS ? unpacked : nil
    }
}
