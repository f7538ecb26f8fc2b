internal import Glibc

/// One end-to-end flow of connection tracking, by its IPv4 addresses. Numbers are the kernel's own (linux/netfilter/nfnetlink_conntrack.h).
package struct TrackedConnection: Sendable, Hashable {
    /// Addresses and ports of one direction; ports are 0 for protocols that have none.
    package struct Tuple: Sendable, Hashable {
        package let source: IPv4Address
        package let sourcePort: UInt16
        package let destination: IPv4Address
        package let destinationPort: UInt16

        package init(source: IPv4Address, sourcePort: UInt16, destination: IPv4Address, destinationPort: UInt16) {
            self.source = source
            self.sourcePort = sourcePort
            self.destination = destination
            self.destinationPort = destinationPort
        }
    }

    /// How much went one way; nil where the kernel does not count.
    package struct Volume: Sendable, Hashable {
        package let packets: UInt64
        package let bytes: UInt64

        package init(packets: UInt64, bytes: UInt64) {
            self.packets = packets
            self.bytes = bytes
        }
    }

    /// IP protocol number.
    package let transport: UInt8
    /// As the opening side sees it, before any translation.
    package let original: Tuple
    /// As the answering side sees it, from itself.
    package let reply: Tuple
    /// `TCP_CONNTRACK_…`: 1 SYN_SENT … 8 LISTEN; nil for other protocols.
    package let tcpState: UInt8?
    /// Whether answers came.
    package let hasReply: Bool
    package let sent: Volume?
    package let received: Volume?
    /// The original direction as the kernel wrote it, by which it is found again; empty for one that is not to be forgotten.
    let identity: [UInt8]

    package init(
        transport: UInt8, original: Tuple, reply: Tuple, tcpState: UInt8?, hasReply: Bool, sent: Volume?, received: Volume?
    ) {
        self.transport = transport
        self.original = original
        self.reply = reply
        self.tcpState = tcpState
        self.hasReply = hasReply
        self.sent = sent
        self.received = received
        identity = []
    }
}

extension NetlinkSocket {
    /// Every IPv4 connection that the namespace of this netfilter socket tracks.
    package func connections() throws(SystemError) -> [TrackedConnection] {
        try dump(Self.tracking("IPCTNL_MSG_CT_GET", 1)).compactMap { TrackedConnection($0.attributes(after: 4)) }
    }

    /// Forgets a connection: its next packet counts as a first one. One that is gone already is no failure.
    package func forget(_ connection: TrackedConnection) throws(SystemError) {
        var message = Self.tracking("IPCTNL_MSG_CT_DELETE", 2)
        message.payload.attribute(1 | 0x8000, connection.identity)
        try send([message.tolerating(ENOENT)])
    }

    private static func tracking(_ label: String, _ type: UInt16) -> NetlinkMessage {
        var payload = NetlinkPayload()
        payload.header(UInt8(2), UInt8(0), UInt16(0))
        return NetlinkMessage(label, type: 1 << 8 | type, payload: payload)
    }
}

extension TrackedConnection {
    /// nil for what is no IPv4 flow.
    init?(_ attributes: NetlinkAttributes) {
        guard let forth = attributes.nested(1), let back = attributes.nested(2), let original = Self.tuple(forth), let reply = Self.tuple(back),
            let transport = forth.nested(2)?.number(1, UInt8.self)
        else { return nil }
        self.transport = transport
        self.original = original
        self.reply = reply
        tcpState = attributes.nested(4)?.nested(1)?.number(1, UInt8.self)
        hasReply = (attributes.bigEndian(3, UInt32.self) ?? 0) & 2 != 0  // IPS_SEEN_REPLY
        sent = Self.volume(attributes.nested(9))
        received = Self.volume(attributes.nested(10))
        identity = Array(attributes[1] ?? [])
    }

    private static func tuple(_ attributes: NetlinkAttributes) -> Tuple? {
        guard let addresses = attributes.nested(1), let source = addresses.address(1), let destination = addresses.address(2) else { return nil }
        let ports = attributes.nested(2)
        return Tuple(
            source: source, sourcePort: ports?.bigEndian(2) ?? 0, destination: destination, destinationPort: ports?.bigEndian(3) ?? 0)
    }

    private static func volume(_ attributes: NetlinkAttributes?) -> Volume? {
        guard let attributes, let packets = attributes.bigEndian(1, UInt64.self), let bytes = attributes.bigEndian(2, UInt64.self) else { return nil }
        return Volume(packets: packets, bytes: bytes)
    }
}
