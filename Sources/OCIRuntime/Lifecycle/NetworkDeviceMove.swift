internal import Glibc
internal import LinuxKernel

/// Takes network devices of the machine into a container's network namespace, with their lasting addresses, and sets them up there. Source:
/// config-linux.md of the specification, netDevices.
enum NetworkDeviceMove {
    /// `process` lives in the namespace.
    static func perform(_ devices: [NetworkDevice], to process: Int32) throws(OCIError) {
        guard !devices.isEmpty else { return }
        let here = try OCIError.attempt("list network devices") { () throws(SystemError) in try NetlinkSocket.open(.route) }
        let links = try OCIError.attempt("list network devices") { () throws(SystemError) in try here.links() }
        for device in devices {
            guard let link = links.first(where: { $0.name == device.name }) else {
                throw OCIError(.invalidConfiguration, "config.json: linux.netDevices has `\(device.name)`, and there is no such network device")
            }
            try OCIError.attempt("move the network device \(device.name) into the container") { () throws(SystemError) in
                try move(link, as: device.newName, from: here, to: process)
            }
        }
    }

    private static func move(_ link: NetworkLink, as name: String, from here: NetlinkSocket, to process: Int32) throws(SystemError) {
        // The kernel forgets the addresses of what it moves.
        let addresses = try here.dump(addressListing).compactMap { LinkAddress($0) }.filter { $0.interface == link.index }
        let namespace = try NetworkNamespace.ofProcess(process)
        var payload = header(link.index)
        payload.attribute(3, name)  // IFLA_IFNAME
        payload.attribute(28, UInt32(bitPattern: namespace.raw))  // IFLA_NET_NS_FD
        try withExtendedLifetime(namespace) { () throws(SystemError) in
            try here.send([NetlinkMessage("RTM_NEWLINK \(link.name) as \(name)", type: 16, payload: payload)])
        }
        let there = try NetlinkSocket.open(.route, in: namespace)
        guard let moved = try there.links().first(where: { $0.name == name }) else {
            throw SystemError(call: "netlink", errno: ENODEV, arguments: "RTM_GETLINK \(name)")
        }
        // Up last: routes to the addresses' networks come with that.
        try there.send(addresses.map { $0.request(on: moved.index) } + [RouteRequest.setUp(moved.index)])
    }

    private static func header(_ index: Int32) -> NetlinkPayload {
        var payload = NetlinkPayload()
        payload.header(UInt8(0), UInt8(0), UInt16(0), index, UInt32(0), UInt32(0))
        return payload
    }

    private static var addressListing: NetlinkMessage {
        var payload = NetlinkPayload()
        payload.header(UInt8(0), UInt8(0), UInt8(0), UInt8(0), Int32(0))
        return NetlinkMessage("RTM_GETADDR", type: 22, payload: payload)
    }
}

/// An address of either protocol that was given to an interface for good and holds beyond its link.
struct LinkAddress: Sendable {
    let interface: Int32
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

    func request(on index: Int32) -> NetlinkMessage {
        var payload = NetlinkPayload()
        payload.header(family, prefixLength, UInt8(0), UInt8(0), index)
        for attribute in attributes { payload.attribute(attribute.type, attribute.value) }
        if flags != 0 { payload.attribute(8, flags) }
        return NetlinkMessage("RTM_NEWADDR on \(index)", type: 20, flags: NetlinkMessage.create | NetlinkMessage.replace, payload: payload)
    }
}
