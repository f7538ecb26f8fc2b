internal import NIOCore

/// The last piece of a streamed body that was written, with what was made of it: an event that a thousand watches see is copied once.
struct SharedPiece {
    /// Larger ones are not kept.
    private static let largest = 16 << 10

    private var bytes: [UInt8] = []
    private var isChunk = false
    private var buffer = ByteBuffer()

    /// The buffer of `bytes`; they are the same only when they lie in the same place, where the last ones are still held.
    mutating func buffer(_ bytes: [UInt8], isChunk: Bool, _ make: () -> ByteBuffer) -> ByteBuffer {
        guard !bytes.isEmpty, bytes.count <= Self.largest else { return make() }
        if isChunk == self.isChunk, bytes.count == self.bytes.count, Self.place(of: bytes) == Self.place(of: self.bytes) { return buffer }
        let made = make()
        (self.bytes, self.isChunk, buffer) = (bytes, isChunk, made)
        return made
    }

    private static func place(of bytes: [UInt8]) -> UnsafePointer<UInt8>? { bytes.withUnsafeBufferPointer { $0.baseAddress } }
}
