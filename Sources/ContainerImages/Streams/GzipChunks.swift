internal import CDeflate
internal import Glibc
internal import LinuxKernel

/// Decompresses gzip with libdeflate, four times as fast as zlib, which wants the whole blob and room for the whole result.
///
/// A result up to `memoryLimit` lies in memory, a larger one in a nameless file on the disk that the layer is unpacked to anyway.
final class GzipChunks: ChunkSource {
    /// Where results that do not belong in memory go: an empty file nobody else has.
    typealias Scratch = () throws(ImageError) -> SharedFile

    static let defaultMemoryLimit = 256 << 20
    private static let pieceSize = 512 << 10
    /// No deflate stream grows more than this. Source: zlib, technical details.
    private static let maximumRatio = 1032

    private let source: any ChunkSource
    private let length: Int
    private let limit: Int
    private let name: String
    private let memoryLimit: Int
    private let scratch: Scratch
    private let decompressor: OpaquePointer
    private var input: Mapping?
    private var consumed = 0
    private var output: Mapping?
    private var outputSize = 0
    private var position = 0

    /// - Parameters:
    ///   - source: exactly `length` compressed bytes.
    ///   - limit: the most bytes one member may decompress to.
    ///   - memoryLimit: up to this size a result lies in memory.
    init(
        _ source: any ChunkSource, length: Int64, limit: Int64, name: String, memoryLimit: Int = GzipChunks.defaultMemoryLimit,
        scratch: @escaping Scratch
    ) throws(ImageError) {
        guard let decompressor = libdeflate_alloc_decompressor() else {
            throw ImageError(.system, "no memory for decompressing \(name)")
        }
        self.source = source
        self.length = Int(length)
        self.limit = Int(limit)
        self.name = name
        self.memoryLimit = memoryLimit
        self.scratch = scratch
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
        let (product, overflow) = member.count.multipliedReportingOverflow(by: Self.maximumRatio)
        let bound = min(overflow ? limit : product + 64, limit)
        var room = bound <= memoryLimit ? bound : min(bound, max(Self.statedSize(member), memoryLimit))
        while true {
            let mapping = room <= memoryLimit ? try Mapping(room, name: name) : try Mapping(room, name: name, in: try scratch())
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
                return
            case LIBDEFLATE_INSUFFICIENT_SPACE where room < bound:
                // The size at the end belongs to another member, or passed 4 GiB.
                room = min(bound, room.multipliedReportingOverflow(by: 4).overflow ? bound : room * 4)
            case LIBDEFLATE_INSUFFICIENT_SPACE:
                throw ImageError(.tooLarge, "\(name) decompresses to more than \(limit) bytes")
            default:
                throw ImageError(.corrupt, "\(name) is truncated or not valid gzip data")
            }
        }
    }

    /// What the last four bytes say about the size: right for one member below 4 GiB, a first guess otherwise.
    private static func statedSize(_ member: UnsafeRawBufferPointer) -> Int {
        guard member.count >= 18 else { return 0 }
        return Int(UInt32(littleEndian: member.loadUnaligned(fromByteOffset: member.count - 4, as: UInt32.self)))
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

    /// Room in a file; reserved at once, so that a full disk is an error here and not a fault at the first touch.
    init(_ size: Int, name: String, in file: SharedFile) throws(ImageError) {
        let raw = file.descriptor.raw
        let error = posix_fallocate(raw, 0, off_t(size))
        try explaining("make room for decompressing \(name)") { () throws(SystemError) in
            if error != 0 { throw SystemError(call: "posix_fallocate", errno: error, arguments: "\(size) bytes") }
        }
        let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, raw, 0)
        guard let address, address != MAP_FAILED else {
            throw ImageError(.system, "no address space for decompressing \(name) (\(size) bytes)", cause: .last("mmap"))
        }
        bytes = UnsafeMutableRawBufferPointer(start: address, count: size)
    }

    deinit { munmap(bytes.baseAddress, bytes.count) }
}
