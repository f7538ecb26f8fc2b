internal import Glibc
package import LinuxKernel

/// The one routed link between the host and a node, and the node's way out.
///
/// Host: interface `kd<id>n<index>` with the first service address, routes to the node's pods and to services, one masquerade
/// rule in table `kdash_<id>`, forwarding on. Node: `eth0` with the node's address and the default route, and none to the
/// reserved 240.0.0.0/4.
///
/// An ordinary user's node has no link (``enclose(_:)``): its addresses and the first service address are on its loopback interface, and its way
/// out is ``outsideInterface``, which a program of the user makes.
package struct NodeLink: Sendable {
    package struct Configuration: Sendable {
        /// Eight hexadecimal digits.
        package let clusterID: String
        /// 0…126.
        package let nodeIndex: Int
        package let ranges: ClusterRanges
        package let node: NetworkNamespace
        /// The host's network; nil is this process's own. Tests give another.
        package let host: NetworkNamespace?
        package let shared: SharedDirectory

        package init(
            clusterID: String, nodeIndex: Int, ranges: ClusterRanges, node: NetworkNamespace, host: NetworkNamespace? = nil,
            shared: SharedDirectory
        ) {
            precondition(clusterID.utf8.count == 8, "a cluster id has eight digits")
            precondition((0...126).contains(nodeIndex), "a node index fits the link's hardware address")
            self.clusterID = clusterID
            self.nodeIndex = nodeIndex
            self.ranges = ranges
            self.node = node
            self.host = host
            self.shared = shared
        }
    }

    private let configuration: Configuration
    /// The host's end, for example `kd12ab34cdn0`; nil for a node without a link.
    package let hostInterface: String?
    /// The largest packet on the way out; pods use it too.
    package let mtu: UInt32
    /// The node's own address, which is its InternalIP.
    package let nodeAddress: IPv4Address
    /// Where the node's pods get their addresses.
    package let podCIDR: IPv4Network
    /// Whether forwarding was off on the host before.
    package let didEnableForwarding: Bool

    /// What leads an ordinary user's node to the outside, when something does.
    package static let outsideInterface = "tap0"
    /// What programs that stand for the outside take at once. Source: the largest packet of slirp4netns and pasta.
    private static let outsideMTU: UInt32 = 65520

    /// The node's own network.
    package var namespace: NetworkNamespace { configuration.node }

    /// Makes the link, or adopts and completes the one a surviving node has.
    package static func establish(_ c: Configuration) throws(PodNetworkError) -> NodeLink {
        let (podCIDR, address) = try place(c)
        let name = interfacePrefix(c.clusterID) + "n\(c.nodeIndex)"
        return try explaining("link node \(c.nodeIndex) to the host") { () throws(SystemError) in
            let host = try NetlinkSocket.open(.route, in: c.host)
            let node = try NetlinkSocket.open(.route, in: c.node)
            let mtu = try wayOutMTU(host)
            try connect(c, name, address, podCIDR, host, node, mtu)
            try guardLoopback(c.node)
            try prepareNode(c.node, wayOut: "eth0")
            try makeWayOut(c, in: c.host, leavingTheNodes)
            let forwarding = try HostForwarding(directory: c.shared, namespace: c.host).acquire(c.clusterID)
            return NodeLink(
                configuration: c, hostInterface: name, mtu: mtu, nodeAddress: address, podCIDR: podCIDR,
                didEnableForwarding: forwarding)
        }
    }

    /// Gives a node of a user namespace of this user's own its addresses, and what of it goes out by ``outsideInterface`` the address there.
    /// Repeating it changes nothing.
    package static func enclose(_ c: Configuration) throws(PodNetworkError) -> NodeLink {
        let (podCIDR, address) = try place(c)
        return try explaining("give node \(c.nodeIndex) its addresses") { () throws(SystemError) in
            try NetlinkSocket.open(.route, in: c.node).send(
                [
                    RouteRequest.setUp(1), RouteRequest.addAddress(address, to: 1), RouteRequest.addAddress(c.ranges.apiAddress, to: 1),
                ] + routesWithin(c.ranges, address))
            try guardLoopback(c.node)
            try prepareNode(c.node, wayOut: nil)
            try makeWayOut(c, in: c.node, [.meta(.outputName), .compare(.equal, Array(outsideInterface.utf8) + [0])])
            return NodeLink(
                configuration: c, hostInterface: nil, mtu: outsideMTU, nodeAddress: address, podCIDR: podCIDR, didEnableForwarding: false)
        }
    }

    private static func place(_ c: Configuration) throws(PodNetworkError) -> (pods: IPv4Network, address: IPv4Address) {
        guard let pods = c.ranges.podCIDR(ofNode: c.nodeIndex), let address = c.ranges.address(ofNode: c.nodeIndex) else {
            throw PodNetworkError(.noFreeRange, "the pod range \(c.ranges.podCIDR) has no room for node \(c.nodeIndex)")
        }
        return (pods, address)
    }

    /// The cluster's address ranges.
    package var ranges: ClusterRanges { configuration.ranges }

    /// What was changed on the host, a line each, for `up` to print.
    package func announce() -> [String] {
        guard let hostInterface else { return [] }
        let ranges = configuration.ranges
        var lines = [
            "link \(hostInterface) (\(ranges.apiAddress)) with routes to pods \(podCIDR)"
                + (configuration.nodeIndex == 0 ? " and services \(ranges.serviceCIDR)" : ""),
            "pods reach the outside through nf_tables table \(Self.tableName(configuration.clusterID)) (masquerade \(ranges.podCIDR))",
        ]
        if didEnableForwarding { lines.append("net.ipv4.ip_forward set to 1 (was 0); `kdash down` puts it back") }
        return lines
    }

    /// What in the host's firewall keeps pods from the outside; nil when nothing does.
    package func forwardObstacle() throws(PodNetworkError) -> ForwardObstacle? {
        guard hostInterface != nil else { return nil }
        let netfilter = try explaining("read the host's firewall") { () throws(SystemError) in
            try NetlinkSocket.open(.netfilter, in: configuration.host)
        }
        return try ForwardObstacle.find(netfilter, podCIDR: configuration.ranges.podCIDR)
    }

    /// Undoes everything a cluster changed on the host: links that its dead nodes left, its table, its need of forwarding, its claim to addresses.
    /// Repeating it is harmless. A living node loses its link.
    package static func sweep(
        clusterID: String, host: NetworkNamespace? = nil, shared: SharedDirectory
    ) throws(PodNetworkError) {
        try explaining("remove the network of cluster \(clusterID)") { () throws(SystemError) in
            let route = try NetlinkSocket.open(.route, in: host)
            for link in try route.links() where link.name.hasPrefix(interfacePrefix(clusterID) + "n") {
                try route.send([RouteRequest.deleteLink(named: link.name).tolerating(ENODEV)])
            }
            let table = NFTable(.ipv4, tableName(clusterID))
            let netfilter = try NetlinkSocket.open(.netfilter, in: host)
            if try netfilter.tables(.ipv4).contains(table.name) { try netfilter.commit([table.delete()]) }
            try HostForwarding(directory: shared, namespace: host).release(clusterID)
            // Last: others may have the addresses once nothing uses them.
            try RangeClaim.remove(clusterID, from: shared)
        }
    }

    /// As `sweep`, for the cluster of this link.
    package func remove() throws(PodNetworkError) {
        try Self.sweep(clusterID: configuration.clusterID, host: configuration.host, shared: configuration.shared)
    }

    /// The start of every interface name of a cluster, for example `kd12ab34cd`.
    package static func interfacePrefix(_ clusterID: String) -> String { anyInterface + clusterID }
    private static let anyInterface = "kd"
    /// The cluster's nf_tables table on the host.
    package static func tableName(_ clusterID: String) -> String { "kdash_\(clusterID)" }
    /// The table inside a node that keeps its loopback network to itself.
    static let guardTableName = "kdash-loopback"
}

extension NodeLink {
    private static func connect(
        _ c: Configuration, _ name: String, _ address: IPv4Address, _ podCIDR: IPv4Network, _ host: NetlinkSocket,
        _ node: NetlinkSocket, _ mtu: UInt32
    ) throws(SystemError) {
        let (hostHardware, nodeHardware) = hardwareAddresses(c.clusterID, c.nodeIndex)
        let isWhole = try node.links().contains { $0.name == "eth0" && $0.hardwareAddress == nodeHardware }
        if !isWhole {
            // A pair whose node died and whose namespace the kernel has not finished removing.
            try host.send([RouteRequest.deleteLink(named: name).tolerating(ENODEV)])
            try host.send([
                RouteRequest.createVeth(
                    .init(name: name, hardwareAddress: hostHardware),
                    peer: .init(name: "eth0", hardwareAddress: nodeHardware, namespace: c.node.raw), mtu: mtu)
            ])
        }
        guard let outer = try host.links().first(where: { $0.name == name })?.index,
            let inner = try node.links().first(where: { $0.name == "eth0" })?.index
        else { throw SystemError(call: "netlink", errno: ENODEV, arguments: "RTM_GETLINK \(name)") }
        let api = c.ranges.apiAddress
        var hostSide = [
            RouteRequest.setUp(outer),
            RouteRequest.addAddress(api, to: outer),
            RouteRequest.addNeighbour(address, nodeHardware, on: outer),
            RouteRequest.addRoute(to: podCIDR, through: outer, gateway: address, source: api),
        ]
        // Services are translated inside a node; the first one serves the host.
        if c.nodeIndex == 0 {
            hostSide.append(RouteRequest.addRoute(to: c.ranges.serviceCIDR, through: outer, gateway: address, source: api))
        }
        try host.send(hostSide)
        try node.send(
            [
                RouteRequest.setUp(1),
                RouteRequest.setUp(inner),
                RouteRequest.addAddress(address, to: inner),
                RouteRequest.addNeighbour(api, hostHardware, on: inner),
                RouteRequest.addRoute(to: .host(api), through: inner, source: address),
                RouteRequest.addRoute(to: IPv4Network(IPv4Address(0), 0), through: inner, gateway: api, source: address),
            ] + routesWithin(c.ranges, address))
    }

    private static func routesWithin(_ ranges: ClusterRanges, _ address: IPv4Address) -> [NetlinkMessage] {
        [
            // Gives connections from the node itself to a service a route, so that the output hook gets to translate them;
            // what no rule translates ends here instead of wandering between node and host.
            RouteRequest.addRoute(to: ranges.serviceCIDR, through: 1, source: address),
            // Reserved, and where simulated nodes say that their pods are: Linux would send it out by the default route.
            RouteRequest.addUnreachable(IPv4Network(IPv4Address(240, 0, 0, 0), 4)),
        ]
    }

    private static func prepareNode(_ node: NetworkNamespace, wayOut: String?) throws(SystemError) {
        try node.set("ipv4/ip_forward", "1")
        // A pod cannot send with another's address: the way back must be the way it came.
        try node.set("ipv4/conf/all/rp_filter", "1")
        try node.set("ipv4/conf/default/rp_filter", "1")
        // Host ports lead from 127.0.0.1 to pods.
        try node.set("ipv4/conf/all/route_localnet", "1")
        // What a node leads on to another leaves the way it came, and nobody else has a shorter one.
        for interface in ["all", wayOut ?? "default"] { try node.set("ipv4/conf/\(interface)/send_redirects", "0") }
    }

    /// The kernel's own refusal of loopback addresses on other interfaces is switched off for host ports: these rules stand for it, or pods
    /// could reach what listens on the node's 127.0.0.1 only (CVE-2020-8558).
    private static func guardLoopback(_ node: NetworkNamespace) throws(SystemError) {
        let table = NFTable(.ipv4, guardTableName)
        let outside: [NFExpression] = [.meta(.inputName), .compare(.notEqual, Array("lo".utf8) + [0])]
        let rules = [NFExpression.sourceAddress(), .destinationAddress()].map { address -> [NFExpression] in
            outside + [address, .bitwise(mask: [255, 0, 0, 0], xor: [0, 0, 0, 0]), .compare(.equal, [127, 0, 0, 0]), .verdict(.drop)]
        }
        try NetlinkSocket.open(.netfilter, in: node).commit(
            [
                table.create(), table.delete(), table.create(),
                // Before connection tracking: answers still have the address that they were sent to.
                table.createBaseChain("loopback", .filter, .prerouting, priority: -300),
            ] + rules.map { table.appendRule(to: "loopback", $0) })
    }

    private static func makeWayOut(_ c: Configuration, in namespace: NetworkNamespace?, _ isOut: [NFExpression]) throws(SystemError) {
        let table = NFTable(.ipv4, tableName(c.clusterID))
        try NetlinkSocket.open(.netfilter, in: namespace).commit([
            // Made, deleted, made: one transaction that ends with exactly these rules whatever was there.
            table.create(), table.delete(), table.create(),
            table.createBaseChain("postrouting", .nat, .postrouting, priority: 100),
            table.appendRule(to: "postrouting", wayOutRule(pods: c.ranges.podCIDR, isOut)),
        ])
    }

    /// oifname != "kd*"
    ///
    /// Other clusters' nodes are left out, too: what a cluster left that was killed must not change the addresses of one that has its range now.
    static let leavingTheNodes: [NFExpression] = [.meta(.outputName), .compare(.notEqual, Array(anyInterface.utf8))]

    /// ip saddr PODS <is out> masquerade fully-random
    static func wayOutRule(pods: IPv4Network, _ isOut: [NFExpression]) -> [NFExpression] {
        let isFromPods: [NFExpression] = [
            .sourceAddress(), .bitwise(mask: pods.mask.bytes, xor: [0, 0, 0, 0]), .compare(.equal, pods.address.bytes),
        ]
        return isFromPods + isOut + [.counter(), .masquerade()]
    }

    /// The MTU of the interface that the default route uses; 1500 when there is none.
    private static func wayOutMTU(_ host: NetlinkSocket) throws(SystemError) -> UInt32 {
        let best = try host.routes().filter { $0.destination.prefixLength == 0 && $0.table == 254 }.min { $0.priority < $1.priority }
        guard let interface = best?.interface, let link = try host.links().first(where: { $0.index == interface }) else { return 1500 }
        return min(max(link.mtu, 576), 9000)
    }

    private static func hardwareAddresses(_ clusterID: String, _ nodeIndex: Int) -> (host: [UInt8], node: [UInt8]) {
        let id = UInt32(clusterID, radix: 16) ?? 0
        let base: [UInt8] = [0x02, UInt8(id >> 24), UInt8(id >> 16 & 255), UInt8(id >> 8 & 255), UInt8(id & 255)]
        return (base + [UInt8(nodeIndex << 1)], base + [UInt8(nodeIndex << 1 | 1)])
    }
}
