import Testing

@testable import NodeAgent

struct GRPCHealthTests {
    private func frame(_ kind: UInt8, flags: UInt8 = 0, stream: UInt8 = 1, _ payload: [UInt8] = []) -> [UInt8] {
        [0, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF), kind, flags, 0, 0, 0, stream] + payload
    }

    private func message(_ body: [UInt8]) -> [UInt8] { [0, 0, 0, 0, UInt8(body.count)] + body }

    @Test func `the request names the method and the service`() {
        let bytes = GRPCHealth.request(authority: "10.0.0.1:80", service: "svc")
        #expect(bytes.starts(with: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8))
        #expect(bytes.suffix(10) == [0, 0, 0, 0, 5, 0x0A, 3] + "svc".utf8)
    }

    @Test(arguments: [([UInt8(8), 1], GRPCHealth.Answer.status(1)), ([8, 2], .status(2)), ([], .status(0))])
    func `the message decides`(body: [UInt8], answer: GRPCHealth.Answer) {
        var health = GRPCHealth()
        let bytes = frame(4, stream: 0) + frame(1, flags: 4, [0x88]) + frame(0, message(body)) + frame(1, flags: 5, [0x88])
        #expect(health.receive(bytes).answer == answer)
    }

    @Test func `frames may arrive byte by byte, and settings and pings are answered`() {
        var health = GRPCHealth()
        var replies: [UInt8] = []
        var last = GRPCHealth.Answer.pending
        for byte in frame(4, stream: 0) + frame(6, stream: 0, [1, 2, 3, 4, 5, 6, 7, 8]) + frame(0, flags: 1, message([8, 1])) {
            let (reply, answer) = health.receive([byte])
            replies += reply
            last = answer
        }
        #expect(last == .status(1))
        #expect(replies == frame(4, flags: 1, stream: 0) + frame(6, flags: 1, stream: 0, [1, 2, 3, 4, 5, 6, 7, 8]))
    }

    @Test(arguments: [
        [UInt8(0), 0, 1, 1, 5, 0, 0, 0, 1, 0x88],  // headers that end the stream
        [0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 1],  // reset
        [0, 0, 0, 7, 0, 0, 0, 0, 0],  // go away
        [255, 255, 255, 0, 0, 0, 0, 0, 1],  // a frame larger than allowed
        [0, 0, 0, 0, 1, 0, 0, 0, 1],  // an end without a message
    ])
    func `anything but a message is a refusal`(bytes: [UInt8]) {
        var health = GRPCHealth()
        #expect(health.receive(bytes).answer == .refused)
    }
}
