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
        let addresses = try here.lastingAddresses().filter { $0.interface == link.index }
        let namespace = try NetworkNamespace.ofProcess(process)
        try withExtendedLifetime(namespace) { () throws(SystemError) in
            try here.send([RouteRequest.move(link.index, as: name, to: namespace.raw)])
        }
        let there = try NetlinkSocket.open(.route, in: namespace)
        guard let moved = try there.links().first(where: { $0.name == name }) else {
            throw SystemError(call: "netlink", errno: ENODEV, arguments: "RTM_GETLINK \(name)")
        }
        // Up last: routes to the addresses' networks come with that.
        try there.send(addresses.map { $0.request(on: moved.index) } + [RouteRequest.setUp(moved.index)])
    }
}
