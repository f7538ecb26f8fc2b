internal import Glibc
package import LinuxKernel

/// A pod's one interface: a routed veth pair between the pod's and its node's network namespaces.
///
/// The pod sees `eth0` with its address as a /32 and 169.254.1.1 as gateway; the node has a route to the pod. Both neighbours are
/// fixed, so no ARP is ever sent. There is no detach: dropping the pod's namespace takes the pair with it, while deleting a veth
/// would block for 12 to 44 ms.
package enum PodLink {
    /// Every pod's gateway; it exists on the node's end of each pair.
    package static let gateway = IPv4Address(169, 254, 1, 1)

    /// Connects a pod. Repeating it for a pod that is connected changes nothing.
    /// - Parameters:
    ///   - address: from the node's `PodAddressPool`.
    ///   - node: a route socket inside the node's namespace.
    ///   - pod: a route socket inside the pod's namespace.
    ///   - podNamespace: an open descriptor of the pod's namespace.
    ///   - mtu: `NodeLink.mtu`.
    ///   - nodeAddress: what the node's own processes come to the pod with; nil leaves it to the kernel, which takes the gateway's.
    package static func attach(
        address: IPv4Address, node: NetlinkSocket, pod: NetlinkSocket, podNamespace: CInt, mtu: UInt32, nodeAddress: IPv4Address? = nil
    ) throws(PodNetworkError) {
        // 0a:58 and 0e:58 followed by the address, as container networks do: readable, and unique within the cluster.
        let podHardware: [UInt8] = [0x0a, 0x58] + address.bytes
        let nodeHardware: [UInt8] = [0x0e, 0x58] + address.bytes
        // Fixed indexes let everything go in one message per side, without asking which number the kernel chose.
        let nodeIndex = Int32(1 << 24 | Int32(address.value & 0xff_ffff))
        let name = interfaceName(for: address)
        let nodeEnd = RouteRequest.VethEnd(name: name, index: nodeIndex, hardwareAddress: nodeHardware)
        let podEnd = RouteRequest.VethEnd(name: "eth0", index: 2, hardwareAddress: podHardware, namespace: podNamespace)
        let create = RouteRequest.createVeth(nodeEnd, peer: podEnd, mtu: mtu)
        let nodeSide = [
            RouteRequest.setUp(nodeIndex),
            RouteRequest.addAddress(gateway, to: nodeIndex, scope: 253),
            RouteRequest.addNeighbour(address, podHardware, on: nodeIndex),
            RouteRequest.addRoute(to: .host(address), through: nodeIndex, source: nodeAddress),
        ]
        let podSide = [
            RouteRequest.setUp(1),
            RouteRequest.setUp(2),
            RouteRequest.addAddress(address, to: 2),
            RouteRequest.addNeighbour(gateway, nodeHardware, on: 2),
            RouteRequest.addRoute(to: .host(gateway), through: 2),
            RouteRequest.addRoute(to: IPv4Network(IPv4Address(0), 0), through: 2, gateway: gateway, source: address),
        ]
        try explaining("connect the pod at \(address)") { () throws(SystemError) in
            do throws(SystemError) {
                try node.send([create] + nodeSide)
            } catch  where error.errno == EEXIST || error.errno == EBUSY {
                guard try !isConnected(pod, podHardware) else { return try node.send(nodeSide) }
                // An earlier pod's pair whose namespace the kernel has not finished removing.
                try node.send([RouteRequest.deleteLink(named: name).tolerating(ENODEV)])
                try node.send([create] + nodeSide)
            }
            try pod.send(podSide)
        }
    }

    /// Brings only the loopback interface up, for a pod without a network of its own yet.
    package static func loopbackOnly(_ pod: NetlinkSocket) throws(PodNetworkError) {
        try explaining("bring up the pod's loopback interface") { () throws(SystemError) in try pod.send([RouteRequest.setUp(1)]) }
    }

    /// The name of the node's end, for example `pod0a2a0005` for 10.42.0.5.
    package static func interfaceName(for address: IPv4Address) -> String {
        let digits = String(address.value, radix: 16)
        return "pod" + String(repeating: "0", count: 8 - digits.count) + digits
    }

    private static func isConnected(_ pod: NetlinkSocket, _ hardware: [UInt8]) throws(SystemError) -> Bool {
        try pod.links().contains { $0.name == "eth0" && $0.hardwareAddress == hardware }
    }
}
