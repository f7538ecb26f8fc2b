/// Takes a pcap file apart as it arrives. What is no pcap file, or breaks off, ends it; nothing is kept but the rest of one packet.
package struct PacketStream: Sendable {
    /// One packet.
    package struct Packet: Sendable, Hashable {
        /// Microseconds since 1970.
        package var microseconds: Int64
        /// How long it was on the wire.
        package var length: Int
        /// What was kept of it, from the Ethernet header on.
        package var bytes: [UInt8]
    }

    private var rest: [UInt8] = []
    private var hasHeader = false
    /// Whether what came is no pcap file.
    package private(set) var isBroken = false

    /// A stream of which nothing has come.
    package init() {}

    /// Takes bytes and returns the packets that they complete.
    package mutating func feed(_ bytes: [UInt8]) -> [Packet] {
        guard !isBroken else { return [] }
        rest += bytes
        var position = 0
        if !hasHeader {
            guard rest.count >= 24 else { return [] }
            guard Self.number(rest, 0) == 0xa1b2_c3d4, Self.number(rest, 20) == 1 else { return broken() }
            hasHeader = true
            position = 24
        }
        var packets: [Packet] = []
        while rest.count - position >= 16 {
            let kept = Int(Self.number(rest, position + 8))
            guard kept <= 1 << 18 else { return packets + broken() }
            guard rest.count - position - 16 >= kept else { break }
            packets.append(
                Packet(
                    microseconds: Int64(Self.number(rest, position)) * 1_000_000 + Int64(Self.number(rest, position + 4)),
                    length: Int(Self.number(rest, position + 12)), bytes: Array(rest[(position + 16)..<(position + 16 + kept)])))
            position += 16 + kept
        }
        rest.removeFirst(position)
        return packets
    }

    private mutating func broken() -> [Packet] {
        isBroken = true
        rest = []
        return []
    }

    /// A number as kdash's own captures write it: the least significant byte first.
    private static func number(_ bytes: [UInt8], _ at: Int) -> UInt32 {
        UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3]) << 24
    }
}
