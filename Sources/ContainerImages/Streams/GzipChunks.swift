internal import CDeflate
internal import Glibc
internal import LinuxKernel

/// Decompresses gzip with libdeflate, four times as fast as zlib, which wants the whole blob and room for the whole result.
///
/// Both lie in anonymous mappings of address space that become memory only as they are touched; a member's result is given back
/// before the next one's is made.
final class GzipChunks: ChunkSource {
    private static let pieceSize = 512 << 10
    /// No deflate stream grows more than this. Source: zlib, technical details.
    private static let maximumRatio = 1032

    private let source: any ChunkSource
    private let length: Int
    private let limit: Int
    private let name: String
    private let decompressor: OpaquePointer
    private var input: Mapping?
    private var consumed = 0
    private var output: Mapping?
    private var outputSize = 0
    private var position = 0

    /// - Parameters:
    ///   - source: exactly `length` compressed bytes.
    ///   - limit: the most bytes one member may decompress to.
    init(_ source: any ChunkSource, length: Int64, limit: Int64, name: String) throws(ImageError) {
        guard let decompressor = libdeflate_alloc_decompressor() else {
            throw ImageError(.system, "no memory for decompressing \(name)")
        }
        self.source = source
        self.length = Int(length)
        self.limit = Int(limit)
        self.name = name
        self.decompressor = decompressor
    }

    deinit { libdeflate_free_decompressor(decompressor) }

    func next() throws(ImageError) -> UnsafeRawBufferPointer? {
        let input = try loadedInput()
        while position == outputSize {
            guard consumed < length else { return nil }
            // Zero padding after the last member is allowed, as gzip(1) does.
            if consumed > 0, input.bytes[consumed..<length].allSatisfy({ $0 == 0 }) { return nil }
            try decompressMember(UnsafeRawBufferPointer(rebasing: input.bytes[consumed..<length]))
        }
        let size = min(Self.pieceSize, outputSize - position)
        defer { position += size }
        return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(output!.bytes)[position..<(position + size)])
    }

    private func loadedInput() throws(ImageError) -> Mapping {
        if let input { return input }
        let mapping = try Mapping(max(length, 1), name: name)
        var filled = 0
        while let piece = try source.next() {
            UnsafeMutableRawBufferPointer(rebasing: mapping.bytes[filled...]).copyMemory(from: piece)
            filled += piece.count
        }
        input = mapping
        return mapping
    }

    private func decompressMember(_ member: UnsafeRawBufferPointer) throws(ImageError) {
        output = nil
        (position, outputSize) = (0, 0)
        let (bound, overflow) = member.count.multipliedReportingOverflow(by: Self.maximumRatio)
        let room = min(overflow ? limit : bound + 64, limit)
        let mapping = try Mapping(room, name: name)
        var used = 0
        var written = 0
        let result = libdeflate_gzip_decompress_ex(
            decompressor, member.baseAddress, member.count, mapping.bytes.baseAddress, room, &used, &written)
        switch result {
        case LIBDEFLATE_SUCCESS:
            guard used > 0 else { throw ImageError(.corrupt, "\(name) is not valid gzip data") }
            output = mapping
            outputSize = written
            consumed += used
        case LIBDEFLATE_INSUFFICIENT_SPACE:
            throw ImageError(.tooLarge, "\(name) decompresses to more than \(limit) bytes")
        default:
            throw ImageError(.corrupt, "\(name) is truncated or not valid gzip data")
        }
    }
}

/// Address space that becomes memory as it is touched.
private final class Mapping {
    let bytes: UnsafeMutableRawBufferPointer

    init(_ size: Int, name: String) throws(ImageError) {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | CInt(0x4000)  // MAP_NORESERVE
        let address = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let address, address != MAP_FAILED else {
            throw ImageError(.system, "no address space for decompressing \(name) (\(size) bytes)", cause: .last("mmap"))
        }
        bytes = UnsafeMutableRawBufferPointer(start: address, count: size)
    }

    deinit { munmap(bytes.baseAddress, bytes.count) }
}
