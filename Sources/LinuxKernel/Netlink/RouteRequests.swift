/// Requests to the kernel's routing and interface tables (rtnetlink(7)). Interfaces are given by index.
package enum RouteRequest {
    /// One end of a veth pair.
    package struct VethEnd: Sendable {
        package let name: String
        /// Wanted index; 0 lets the kernel choose.
        package let index: Int32
        package let hardwareAddress: [UInt8]
        /// An open /proc/…/ns/net to make it in; nil is the socket's own namespace.
        package let namespace: CInt?

        package init(name: String, index: Int32 = 0, hardwareAddress: [UInt8], namespace: CInt? = nil) {
            self.name = name
            self.index = index
            self.hardwareAddress = hardwareAddress
            self.namespace = namespace
        }
    }

    /// A veth pair whose ends may lie in different namespaces; both ends start down.
    package static func createVeth(_ end: VethEnd, peer: VethEnd, mtu: UInt32) -> NetlinkMessage {
        var payload = NetlinkPayload()
        link(&payload, end, mtu)
        payload.nested(18, flag: 0) { info in  // IFLA_LINKINFO
            info.attribute(1, "veth")  // IFLA_INFO_KIND
            info.nested(2, flag: 0) { data in  // IFLA_INFO_DATA
                data.nested(1, flag: 0) { link(&$0, peer, mtu) }  // VETH_INFO_PEER
            }
        }
        return NetlinkMessage(
            "RTM_NEWLINK \(end.name) and \(peer.name)", type: 16,
            flags: NetlinkMessage.create | NetlinkMessage.exclusive, payload: payload)
    }

    private static func link(_ payload: inout NetlinkPayload, _ end: VethEnd, _ mtu: UInt32) {
        payload.header(UInt8(0), UInt8(0), UInt16(0), end.index, UInt32(0), UInt32(0))
        payload.attribute(3, end.name)  // IFLA_IFNAME
        payload.attribute(1, end.hardwareAddress)  // IFLA_ADDRESS
        payload.attribute(4, mtu)  // IFLA_MTU
        if let namespace = end.namespace { payload.attribute(28, UInt32(bitPattern: namespace)) }  // IFLA_NET_NS_FD
    }

    /// Brings an interface up.
    package static func setUp(_ index: Int32) -> NetlinkMessage {
        var payload = NetlinkPayload()
        payload.header(UInt8(0), UInt8(0), UInt16(0), index, UInt32(1), UInt32(1))  // IFF_UP, and only that bit
        return NetlinkMessage("RTM_NEWLINK up \(index)", type: 16, payload: payload)
    }

    /// Takes an interface into another network namespace, an open /proc/…/ns/net, under a name. It is down there and has lost its addresses.
    package static func move(_ index: Int32, as name: String, to namespace: CInt) -> NetlinkMessage {
        var payload = NetlinkPayload()
        payload.header(UInt8(0), UInt8(0), UInt16(0), index, UInt32(0), UInt32(0))
        payload.attribute(3, name)  // IFLA_IFNAME
        payload.attribute(28, UInt32(bitPattern: namespace))  // IFLA_NET_NS_FD
        return NetlinkMessage("RTM_NEWLINK \(index) as \(name)", type: 16, payload: payload)
    }

    /// Removes an interface and, of a veth, its peer. Slow (12-44 ms); dropping the namespace is free.
    package static func deleteLink(named name: String) -> NetlinkMessage {
        var payload = NetlinkPayload()
        payload.header(UInt8(0), UInt8(0), UInt16(0), Int32(0), UInt32(0), UInt32(0))
        payload.attribute(3, name)
        return NetlinkMessage("RTM_DELLINK \(name)", type: 17, payload: payload)
    }

    /// Gives an interface an address without any route to a range (always /32).
    package static func addAddress(_ address: IPv4Address, to index: Int32, scope: UInt8 = 0) -> NetlinkMessage {
        var payload = NetlinkPayload()
        payload.header(UInt8(2), UInt8(32), UInt8(0), scope, index)
        payload.attribute(2, address.bytes)  // IFA_LOCAL
        payload.attribute(1, address.bytes)  // IFA_ADDRESS
        return NetlinkMessage(
            "RTM_NEWADDR \(address) on \(index)", type: 20, flags: NetlinkMessage.create | NetlinkMessage.replace, payload: payload)
    }

    /// A route in the main table; an equal one is replaced.
    /// - Parameters:
    ///   - gateway: next hop, taken as directly reachable through the interface; nil means the range itself is on the link.
    ///   - source: the address that connections from here should use.
    package static func addRoute(
        to network: IPv4Network, through index: Int32, gateway: IPv4Address? = nil, source: IPv4Address? = nil
    ) -> NetlinkMessage {
        var payload = NetlinkPayload()
        let scope: UInt8 = gateway == nil ? 253 : 0  // RT_SCOPE_LINK, RT_SCOPE_UNIVERSE
        let flags: UInt32 = gateway == nil ? 0 : 4  // RTNH_F_ONLINK
        // RT_TABLE_MAIN, RTPROT_STATIC, RTN_UNICAST
        payload.header(UInt8(2), UInt8(network.prefixLength), UInt8(0), UInt8(0), UInt8(254), UInt8(4), scope, UInt8(1), flags)
        payload.attribute(1, network.address.bytes)  // RTA_DST
        payload.attribute(4, index)  // RTA_OIF
        if let gateway { payload.attribute(5, gateway.bytes) }
        if let source { payload.attribute(7, source.bytes) }  // RTA_PREFSRC
        return NetlinkMessage(
            "RTM_NEWROUTE \(network)", type: 24, flags: NetlinkMessage.create | NetlinkMessage.replace, payload: payload)
    }

    /// Adds or replaces a route that refuses what is sent to a network: the sender hears that no host is there.
    package static func addUnreachable(_ network: IPv4Network) -> NetlinkMessage {
        var payload = NetlinkPayload()
        // RT_TABLE_MAIN, RTPROT_STATIC, RT_SCOPE_UNIVERSE, RTN_UNREACHABLE
        payload.header(UInt8(2), UInt8(network.prefixLength), UInt8(0), UInt8(0), UInt8(254), UInt8(4), UInt8(0), UInt8(7), UInt32(0))
        payload.attribute(1, network.address.bytes)  // RTA_DST
        return NetlinkMessage(
            "RTM_NEWROUTE unreachable \(network)", type: 24, flags: NetlinkMessage.create | NetlinkMessage.replace, payload: payload)
    }

    /// A neighbour that needs no ARP.
    package static func addNeighbour(_ address: IPv4Address, _ hardwareAddress: [UInt8], on index: Int32) -> NetlinkMessage {
        var payload = NetlinkPayload()
        payload.header(UInt8(2), UInt8(0), UInt16(0), index, UInt16(0x80), UInt8(0), UInt8(0))  // NUD_PERMANENT
        payload.attribute(1, address.bytes)  // NDA_DST
        payload.attribute(2, hardwareAddress)  // NDA_LLADDR
        return NetlinkMessage(
            "RTM_NEWNEIGH \(address) on \(index)", type: 28, flags: NetlinkMessage.create | NetlinkMessage.replace, payload: payload)
    }
}
