/// An interface as the kernel lists it.
package struct NetworkLink: Sendable, Hashable {
    package let index: Int32
    package let name: String
    package let mtu: UInt32
    package let isUp: Bool
    /// Empty for interfaces without one.
    package let hardwareAddress: [UInt8]
}

/// An IPv4 route as the kernel lists it.
package struct NetworkRoute: Sendable, Hashable {
    package let destination: IPv4Network
    /// 254 is the main table, 255 the local one.
    package let table: UInt32
    /// 1 unicast, 2 local, 3 broadcast, …
    package let type: UInt8
    /// 0 when the route has no single interface.
    package let interface: Int32
    package let gateway: IPv4Address?
    package let priority: UInt32
}

/// An IPv4 address of an interface.
package struct NetworkAddress: Sendable, Hashable {
    package let address: IPv4Address
    package let prefixLength: Int
    package let interface: Int32
}

/// A policy routing rule (ip-rule(8)).
package struct NetworkRule: Sendable, Hashable {
    package let priority: UInt32
    package let table: UInt32
    /// The range that sources must lie in; nil for all.
    package let source: IPv4Network?
}

extension NetlinkSocket {
    /// Every interface.
    package func links() throws(SystemError) -> [NetworkLink] {
        var payload = NetlinkPayload()
        payload.header(UInt8(0), UInt8(0), UInt16(0), Int32(0), UInt32(0), UInt32(0))
        return try dump(NetlinkMessage("RTM_GETLINK", type: 18, payload: payload)).map { reply in
            let attributes = reply.attributes(after: 16)
            return NetworkLink(
                index: reply.field(Int32.self, at: 4), name: attributes.text(3) ?? "", mtu: attributes.number(4) ?? 0,
                isUp: reply.field(UInt32.self, at: 8) & 1 != 0, hardwareAddress: Array(attributes[1] ?? []))
        }
    }

    /// Every IPv4 route of every table.
    package func routes() throws(SystemError) -> [NetworkRoute] {
        var payload = NetlinkPayload()
        payload.header(UInt8(2), UInt8(0), UInt8(0), UInt8(0), UInt8(0), UInt8(0), UInt8(0), UInt8(0), UInt32(0))
        return try dump(NetlinkMessage("RTM_GETROUTE", type: 26, payload: payload)).map { reply in
            let attributes = reply.attributes(after: 12)
            let length = min(32, Int(reply.field(UInt8.self, at: 1)))
            return NetworkRoute(
                destination: IPv4Network(attributes.address(1) ?? IPv4Address(0), length),
                table: attributes.number(15) ?? UInt32(reply.field(UInt8.self, at: 4)), type: reply.field(UInt8.self, at: 7),
                interface: attributes.number(4) ?? 0, gateway: attributes.address(5), priority: attributes.number(6) ?? 0)
        }
    }

    /// Every IPv4 address.
    package func addresses() throws(SystemError) -> [NetworkAddress] {
        try dump(Self.addressListing(family: 2)).compactMap { reply in
            let attributes = reply.attributes(after: 8)
            guard let address = attributes.address(2) ?? attributes.address(1) else { return nil }
            return NetworkAddress(
                address: address, prefixLength: Int(reply.field(UInt8.self, at: 1)), interface: reply.field(Int32.self, at: 4))
        }
    }

    /// Every address of either protocol that was given for good and holds beyond its link.
    package func lastingAddresses() throws(SystemError) -> [LinkAddress] { try dump(Self.addressListing(family: 0)).compactMap { LinkAddress($0) } }

    private static func addressListing(family: UInt8) -> NetlinkMessage {
        var payload = NetlinkPayload()
        payload.header(family, UInt8(0), UInt8(0), UInt8(0), Int32(0))
        return NetlinkMessage("RTM_GETADDR", type: 22, payload: payload)
    }

    /// Every IPv4 policy rule.
    package func rules() throws(SystemError) -> [NetworkRule] {
        var payload = NetlinkPayload()
        payload.header(UInt8(2), UInt8(0), UInt8(0), UInt8(0), UInt8(0), UInt8(0), UInt8(0), UInt8(0), UInt32(0))
        return try dump(NetlinkMessage("RTM_GETRULE", type: 34, payload: payload)).map { reply in
            let attributes = reply.attributes(after: 12)
            let length = min(32, Int(reply.field(UInt8.self, at: 2)))
            return NetworkRule(
                priority: attributes.number(6) ?? 0, table: attributes.number(15) ?? UInt32(reply.field(UInt8.self, at: 4)),
                source: attributes.address(2).map { IPv4Network($0, length) })
        }
    }
}
