/// A connection that the kernel follows in order to translate it, by its two directions. Numbers are the kernel's own (linux/netfilter/nfnetlink_conntrack.h).
package struct TranslatedConnection: Sendable, Hashable {
    /// One direction of it.
    package struct Direction: Sendable, Hashable {
        package let source: IPv4Address
        package let destination: IPv4Address
        package let sourcePort: UInt16
        package let destinationPort: UInt16

        package init(source: IPv4Address, destination: IPv4Address, sourcePort: UInt16, destinationPort: UInt16) {
            self.source = source
            self.destination = destination
            self.sourcePort = sourcePort
            self.destinationPort = destinationPort
        }
    }

    /// The protocol's number: 6 TCP, 17 UDP.
    package let transport: UInt8
    /// As the first packet was sent.
    package let original: Direction
    /// As answers are expected: from where packets were led to.
    package let reply: Direction
    /// The original direction as the kernel wrote it, by which it is found again.
    let identity: [UInt8]

    /// - Parameter identity: as the kernel wrote it; empty for one that is not to be forgotten.
    package init(transport: UInt8, original: Direction, reply: Direction, identity: [UInt8] = []) {
        self.transport = transport
        self.original = original
        self.reply = reply
        self.identity = identity
    }
}

extension NetlinkSocket {
    /// Every IPv4 connection that is tracked, of one protocol when it is given; connections of protocols without ports have 0 for them.
    package func translatedConnections(transport: UInt8? = nil) throws(SystemError) -> [TranslatedConnection] {
        try dump(Self.tracking("IPCTNL_MSG_CT_GET", 1)).compactMap { reply in
            let attributes = reply.attributes(after: 4)
            guard let original = attributes.nested(1), let back = attributes.nested(2), let number = original.nested(2)?.number(1, UInt8.self),
                transport == nil || number == transport, let there = Self.direction(original), let again = Self.direction(back)
            else { return nil }
            return TranslatedConnection(transport: number, original: there, reply: again, identity: Array(attributes[1] ?? []))
        }
    }

    /// Forgets a connection: its next packet counts as a first one. One that is gone already is no failure.
    package func forget(_ connection: TranslatedConnection) throws(SystemError) {
        var message = Self.tracking("IPCTNL_MSG_CT_DELETE", 2)
        message.payload.attribute(1 | 0x8000, connection.identity)
        try send([message.tolerating(2)])
    }

    private static func tracking(_ label: String, _ type: UInt16) -> NetlinkMessage {
        var payload = NetlinkPayload()
        payload.header(UInt8(2), UInt8(0), UInt16(0))
        return NetlinkMessage(label, type: 1 << 8 | type, payload: payload)
    }

    private static func direction(_ tuple: NetlinkAttributes) -> TranslatedConnection.Direction? {
        guard let addresses = tuple.nested(1), let source = addresses.address(1), let destination = addresses.address(2) else { return nil }
        let ports = tuple.nested(2)
        return TranslatedConnection.Direction(
            source: source, destination: destination, sourcePort: ports?.bigEndian(2) ?? 0, destinationPort: ports?.bigEndian(3) ?? 0)
    }
}
