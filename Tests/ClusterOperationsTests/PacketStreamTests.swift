import Testing

@testable import ClusterOperations

@Suite struct PacketStreamTests {
    private static let header: [UInt8] = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0]

    private static func record(_ bytes: [UInt8], length: UInt8? = nil) -> [UInt8] {
        [7, 0, 0, 0, 42, 0, 0, 0, UInt8(bytes.count), 0, 0, 0, length ?? UInt8(bytes.count), 0, 0, 0] + bytes
    }

    /// An Ethernet frame with an IPv4 packet from 10.42.0.2 to 10.42.0.3.
    private static func frame(_ transport: UInt8, _ rest: [UInt8], fragment: UInt8 = 0) -> [UInt8] {
        let size = UInt8(20 + rest.count)
        return Array(repeating: 0, count: 12) + [8, 0, 0x45, 0, 0, size, 0, 0, fragment, 0, 64, transport, 0, 0, 10, 42, 0, 2, 10, 42, 0, 3] + rest
    }

    private static func tcp(flags: UInt8, data: Int = 0) -> [UInt8] {
        [0x9c, 0x40, 0x1f, 0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, flags, 0, 0, 0, 0, 0, 0] + Array(repeating: 65, count: data)
    }

    private func summary(_ bytes: [UInt8]) -> PacketSummary { PacketSummary(.init(microseconds: 0, length: bytes.count, bytes: bytes)) }

    @Test(arguments: [1, 3, 17, 1000]) func `packets are the same however the bytes are cut`(size: Int) {
        let all = Self.header + Self.record([1, 2, 3]) + Self.record([]) + Self.record([4], length: 90)
        var stream = PacketStream()
        var packets: [PacketStream.Packet] = []
        for start in stride(from: 0, to: all.count, by: size) { packets += stream.feed(Array(all[start..<min(all.count, start + size)])) }
        #expect(packets.map(\.bytes) == [[1, 2, 3], [], [4]])
        #expect(packets.map(\.length) == [3, 0, 90])
        #expect(packets.first?.microseconds == 7_000_042)
        #expect(!stream.isBroken)
    }

    @Test func `what is no capture ends it`() {
        var other = PacketStream()
        #expect(other.feed(Array("{\"kind\":\"Status\",\"code\":400,\"x\":1}".utf8)).isEmpty)
        #expect(other.isBroken)
        var huge = PacketStream()
        #expect(huge.feed(Self.header + Self.record([1]) + [0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0]).count == 1)
        #expect(huge.isBroken)
        #expect(huge.feed(Self.record([1])).isEmpty)
    }

    @Test func `a line says what a packet is`() {
        let syn = summary(Self.frame(6, Self.tcp(flags: 2)))
        #expect(syn.source == "10.42.0.2:40000" && syn.destination == "10.42.0.3:8080")
        #expect(syn.transport == "TCP" && syn.detail == "SYN" && syn.payload == 0)
        let data = summary(Self.frame(6, Self.tcp(flags: 24, data: 5)))
        #expect(data.detail == "PSH ACK" && data.payload == 5)
        let query = summary(Self.frame(17, [0, 53, 0, 99, 0, 12, 0, 0, 1, 2, 3, 4]))
        #expect(query.transport == "UDP" && query.source == "10.42.0.2:53" && query.payload == 4)
        #expect(summary(Self.frame(1, [3, 3, 0, 0])).detail == "port unreachable")
        #expect(summary(Self.frame(6, Self.tcp(flags: 2), fragment: 1)).detail == "fragment")
    }

    @Test func `no bytes trap it`() {
        let whole = Self.frame(6, Self.tcp(flags: 2, data: 3))
        for end in 0...whole.count { _ = summary(Array(whole[0..<end])) }
        for place in 0..<whole.count {
            for value: UInt8 in [0, 0x4f, 0xff] {
                var changed = whole
                changed[place] = value
                _ = summary(changed)
            }
        }
        #expect(summary([]).transport == "?")
        #expect(summary(Array(repeating: 0, count: 12) + [0x86, 0xdd]).transport == "IPv6")
    }
}
