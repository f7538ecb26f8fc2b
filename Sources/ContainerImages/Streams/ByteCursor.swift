/// Exact reads over pieces.
struct ByteCursor {
    private let source: any ChunkSource
    private var piece = UnsafeRawBufferPointer(start: nil, count: 0)
    /// How many bytes were read.
    private(set) var offset: Int64 = 0

    init(_ source: any ChunkSource) { self.source = source }

    /// Hands over exactly `count` bytes in order; false when the stream ends before.
    mutating func consume(_ count: Int64, _ body: (UnsafeRawBufferPointer) throws(ImageError) -> Void) throws(ImageError) -> Bool {
        var rest = count
        while rest > 0 {
            if piece.isEmpty {
                guard let next = try source.next() else { return false }
                piece = next
            }
            let size = Int(min(Int64(piece.count), rest))
            try body(UnsafeRawBufferPointer(rebasing: piece[..<size]))
            piece = UnsafeRawBufferPointer(rebasing: piece[size...])
            rest -= Int64(size)
            offset += Int64(size)
        }
        return true
    }

    /// Passes over `count` bytes, without reading them where the source can jump; false when the stream ends before.
    mutating func skip(_ count: Int64) throws(ImageError) -> Bool {
        let here = min(Int64(piece.count), count)
        piece = UnsafeRawBufferPointer(rebasing: piece[Int(here)...])
        let jumped = source.skip(count - here)
        offset += here + jumped
        return try consume(count - here - jumped) { _ in }
    }

    /// The next `count` bytes; nil when the stream ends exactly here, shorter when it ends within.
    mutating func read(_ count: Int) throws(ImageError) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        _ = try consume(Int64(count)) { (part) throws(ImageError) in bytes += part }
        return bytes.isEmpty && count > 0 ? nil : bytes
    }
}
