/// What one line says of a packet. Whatever the bytes are, it says something.
package struct PacketSummary: Sendable, Hashable {
    /// Address, with its port where there is one.
    package var source = ""
    /// Address, with its port where there is one.
    package var destination = ""
    /// `TCP`, `UDP`, `ICMP`, `ARP`, or a number.
    package var transport = ""
    /// Flags of TCP, type of ICMP, question of ARP; empty for the rest.
    package var detail = ""
    /// Bytes of the transport's own data; nil where that is not known.
    package var payload: Int?

    /// Reads a packet from its Ethernet header on.
    package init(_ packet: PacketStream.Packet) {
        let bytes = packet.bytes
        guard bytes.count >= 14 else {
            transport = "?"
            return
        }
        switch UInt16(bytes[12]) << 8 | UInt16(bytes[13]) {
        case 0x0800: readIPv4(bytes)
        case 0x0806: readARP(bytes)
        case 0x86dd: transport = "IPv6"
        case let other: transport = "0x" + String(other, radix: 16)
        }
    }

    private mutating func readARP(_ bytes: [UInt8]) {
        transport = "ARP"
        guard bytes.count >= 42 else { return }
        (source, destination) = (Self.address(bytes, 28), Self.address(bytes, 38))
        detail = bytes[21] == 1 ? "who has \(destination)" : "is at"
    }

    private mutating func readIPv4(_ bytes: [UInt8]) {
        guard bytes.count >= 34, bytes[14] >> 4 == 4 else {
            transport = "IPv4?"
            return
        }
        (source, destination) = (Self.address(bytes, 26), Self.address(bytes, 30))
        let start = 14 + Int(bytes[14] & 15) * 4
        let size = (Int(bytes[16]) << 8 | Int(bytes[17])) + 14 - start
        let isFirst = bytes[20] & 0x1f == 0 && bytes[21] == 0
        switch bytes[23] {
        case 1:
            transport = "ICMP"
            if isFirst, bytes.count > start + 1 { detail = Self.icmp(bytes[start], bytes[start + 1]) }
        case 6:
            transport = "TCP"
            guard isFirst, bytes.count >= start + 14 else { break }
            readPorts(bytes, start)
            detail = Self.flags(bytes[start + 13])
            payload = max(0, size - Int(bytes[start + 12] >> 4) * 4)
        case 17:
            transport = "UDP"
            guard isFirst, bytes.count >= start + 8 else { break }
            readPorts(bytes, start)
            payload = max(0, size - 8)
        case 132: transport = "SCTP"
        case let other: transport = "protocol \(other)"
        }
        if !isFirst { detail = "fragment" }
    }

    private mutating func readPorts(_ bytes: [UInt8], _ start: Int) {
        source += ":\(Int(bytes[start]) << 8 | Int(bytes[start + 1]))"
        destination += ":\(Int(bytes[start + 2]) << 8 | Int(bytes[start + 3]))"
    }

    private static func address(_ bytes: [UInt8], _ at: Int) -> String { bytes[at..<(at + 4)].map { "\($0)" }.joined(separator: ".") }

    private static func flags(_ byte: UInt8) -> String {
        let names = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"]
        return names.enumerated().filter { byte & 1 << $0.offset != 0 }.map(\.element).joined(separator: " ")
    }

    private static func icmp(_ type: UInt8, _ code: UInt8) -> String {
        switch (type, code) {
        case (0, _): "echo reply"
        case (8, _): "echo request"
        case (3, 3): "port unreachable"
        case (3, _): "unreachable (\(code))"
        case (11, _): "time exceeded"
        default: "type \(type)"
        }
    }
}
