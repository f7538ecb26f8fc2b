package import LinuxKernel

/// What a question asks for, and what a record is. Source: IANA's list of resource record types.
package struct DNSType: Sendable, Hashable, CustomStringConvertible {
    package let number: UInt16
    package init(_ number: UInt16) { self.number = number }

    package static let a = DNSType(1)
    package static let ns = DNSType(2)
    package static let cname = DNSType(5)
    package static let soa = DNSType(6)
    package static let ptr = DNSType(12)
    package static let mx = DNSType(15)
    package static let txt = DNSType(16)
    package static let aaaa = DNSType(28)
    package static let srv = DNSType(33)
    static let dname = DNSType(39)
    static let opt = DNSType(41)
    static let ixfr = DNSType(251)
    static let axfr = DNSType(252)
    package static let any = DNSType(255)

    private static let names: [UInt16: String] = [
        1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 35: "NAPTR", 39: "DNAME", 41: "OPT",
        43: "DS", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 64: "SVCB", 65: "HTTPS", 251: "IXFR", 252: "AXFR", 255: "ANY", 257: "CAA",
    ]

    /// Its name; `TYPE123` for one without.
    package var description: String { Self.names[number] ?? "TYPE\(number)" }
}

/// One resource record.
package struct DNSRecord: Sendable, Hashable {
    /// What a record says; where other names are in it, they are whole.
    package enum Content: Sendable, Hashable {
        case address(IPv4Address)
        /// CNAME, NS, PTR, DNAME.
        case name(DNSName)
        /// Two bytes in front of a name for MX, six for SRV.
        case prefixed([UInt8], DNSName)
        /// SOA: two names, then 20 bytes.
        case authority(DNSName, DNSName, [UInt8])
        case opaque([UInt8])
    }

    package let name: DNSName
    package let type: DNSType
    /// 1 is the Internet.
    package let classNumber: UInt16
    /// In seconds.
    package var timeToLive: UInt32
    package let content: Content

    package init(_ name: DNSName, _ type: DNSType, classNumber: UInt16 = 1, timeToLive: UInt32, _ content: Content) {
        self.name = name
        self.type = type
        self.classNumber = classNumber
        self.timeToLive = timeToLive
        self.content = content
    }

    static func service(_ name: DNSName, timeToLive: UInt32, weight: UInt16, port: UInt16, target: DNSName) -> DNSRecord {
        var prefix = DNSWriter()
        for number in [0, weight, port] as [UInt16] { prefix.write(number) }
        return DNSRecord(name, .srv, timeToLive: timeToLive, .prefixed(prefix.bytes, target))
    }

    /// The content as text, for people.
    package var text: String {
        switch content {
        case .address(let address): address.description
        case .name(let name): name.description
        case .prefixed(let prefix, let name):
            (stride(from: 0, to: prefix.count - 1, by: 2).map { "\(UInt16(prefix[$0]) << 8 | UInt16(prefix[$0 + 1]))" } + [name.description])
                .joined(separator: " ")
        case .authority(let primary, let mailbox, _): "\(primary) \(mailbox)"
        case .opaque(let bytes) where type == .aaaa && bytes.count == 16:
            stride(from: 0, to: 16, by: 2).map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }.joined(separator: ":")
        case .opaque(let bytes): "\(bytes.count) bytes"
        }
    }
}

extension DNSRecord {
    /// Reads one record.
    init(from reader: inout DNSReader) throws(DNSMessageError) {
        name = try reader.name()
        type = DNSType(try reader.number())
        classNumber = try reader.number()
        timeToLive = try reader.longNumber()
        let length = Int(try reader.number())
        let end = reader.position + length
        guard end <= reader.bytes.count else { throw DNSMessageError("a record is longer than the message") }
        switch type {
        case .a where length == 4: content = .address(IPv4Address(bytes: try reader.bytes(4)) ?? IPv4Address(0))
        case .cname, .ns, .ptr, .dname: content = .name(try reader.name())
        case .mx:
            let prefix = try reader.bytes(2)
            content = .prefixed(prefix, try reader.name())
        case .srv:
            let prefix = try reader.bytes(6)
            content = .prefixed(prefix, try reader.name())
        case .soa:
            let primary = try reader.name()
            let mailbox = try reader.name()
            content = .authority(primary, mailbox, try reader.bytes(20))
        default: content = .opaque(try reader.bytes(length))
        }
        guard reader.position == end else { throw DNSMessageError("a record's length is not that of its content") }
    }

    func write(to writer: inout DNSWriter) {
        writer.write(name)
        writer.write(type.number)
        writer.write(classNumber)
        writer.write(timeToLive)
        let place = writer.bytes.count
        writer.write(UInt16(0))
        switch content {
        case .address(let address): writer.write(address.bytes)
        // Only the types of the first specification may be compressed.
        case .name(let name): writer.write(name, compressing: type != .dname)
        case .prefixed(let prefix, let name):
            writer.write(prefix)
            writer.write(name, compressing: type == .mx)
        case .authority(let primary, let mailbox, let numbers):
            writer.write(primary)
            writer.write(mailbox)
            writer.write(numbers)
        case .opaque(let bytes): writer.write(bytes)
        }
        writer.patch(UInt16(clamping: writer.bytes.count - place - 2), at: place)
    }
}
