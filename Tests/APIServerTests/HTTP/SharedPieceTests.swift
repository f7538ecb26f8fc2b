import NIOCore
import Testing

@testable import APIServer

struct SharedPieceTests {
    @Test func `the same bytes are framed once, whoever sends them`() {
        var piece = SharedPiece()
        let event = [UInt8](repeating: 7, count: 100)
        var made = 0
        func send(_ bytes: [UInt8], isChunk: Bool = false) -> ByteBuffer {
            piece.buffer(bytes, isChunk: isChunk) {
                made += 1
                return ByteBuffer(bytes: isChunk ? [0] + bytes : bytes)
            }
        }
        for _ in 0..<3 { #expect(send(event).readableBytes == 100) }
        #expect(made == 1)
        #expect(send(event, isChunk: true).readableBytes == 101)
        #expect(send(event).readableBytes == 100)
        #expect(made == 3)
        // Equal bytes elsewhere are others, and so are other bytes of the same length.
        #expect(send(event.map { $0 }).readableBytes == 100)
        #expect(send([UInt8](repeating: 8, count: 100)).getBytes(at: 0, length: 1) == [8])
        #expect(made == 5)
    }

    @Test func `what is empty or large is not kept`() {
        var piece = SharedPiece()
        var made = 0
        for bytes in [[UInt8](), [UInt8](repeating: 1, count: 20 << 10)] {
            for _ in 0..<2 {
                _ = piece.buffer(bytes, isChunk: false) {
                    made += 1
                    return ByteBuffer(bytes: bytes)
                }
            }
        }
        #expect(made == 4)
    }
}
