/// An address of either protocol that was given to an interface for good and holds beyond its link, as the kernel has it.
package struct LinkAddress: Sendable {
    /// The interface's index.
    package let interface: Int32
    private let family: UInt8
    private let prefixLength: UInt8
    private let flags: UInt32
    /// IFA_ADDRESS, IFA_LOCAL and IFA_BROADCAST as the kernel has them.
    private let attributes: [(type: UInt16, value: [UInt8])]

    /// nil for any other: what routers announce and what each link has by itself comes again.
    init?(_ reply: NetlinkReply) {
        let attributes = reply.attributes(after: 8)
        let flags: UInt32 = attributes.number(8) ?? UInt32(reply.field(UInt8.self, at: 2))  // IFA_FLAGS
        let isPermanent = flags & 0x80 != 0
        guard reply.type == 20, isPermanent, reply.field(UInt8.self, at: 3) == 0 else { return nil }  // RTM_NEWADDR, RT_SCOPE_UNIVERSE
        interface = reply.field(Int32.self, at: 4)
        family = reply.field(UInt8.self, at: 0)
        prefixLength = reply.field(UInt8.self, at: 1)
        self.flags = flags & 0x702  // NODAD, MANAGETEMPADDR, NOPREFIXROUTE, MCAUTOJOIN; the rest says how it fares
        self.attributes = attributes.ordered.filter { [1, 2, 4].contains($0.type) }.map { ($0.type, Array($0.value)) }
    }

    /// Gives it to another interface.
    package func request(on index: Int32) -> NetlinkMessage {
        var payload = NetlinkPayload()
        payload.header(family, prefixLength, UInt8(0), UInt8(0), index)
        for attribute in attributes { payload.attribute(attribute.type, attribute.value) }
        if flags != 0 { payload.attribute(8, flags) }
        return NetlinkMessage("RTM_NEWADDR on \(index)", type: 20, flags: NetlinkMessage.create | NetlinkMessage.replace, payload: payload)
    }
}
