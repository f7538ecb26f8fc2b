package import KubeSchemas
package import LinuxKernel
package import PodNetwork

/// What the host ports of a pod mean for the rules of its node. Pure.
///
/// A port leads from the node's address and from its 127.0.0.1 to the pod; with a `hostIP`, from that one only. An address that is none of the
/// node's own leads nowhere: what is sent to it is not the node's to take. Source: the CNI plugin portmap.
package struct HostPortRouting: Sendable {
    /// The node whose rules they are.
    package let nodeName: String
    /// The node's own address.
    package let address: IPv4Address

    package init(nodeName: String, address: IPv4Address) {
        self.nodeName = nodeName
        self.address = address
    }

    /// The rules of a pod, from when it has an address until it has ended.
    package func ports(of pod: Pod) -> [PodNetwork.ServicePort] {
        let spec = pod.spec
        guard spec.nodeName == nodeName, !spec.hostNetwork, !pod.isTerminated else { return [] }
        let wanted = (spec.initContainers.filter(\.isSidecar) + spec.containers).flatMap(\.ports).filter { $0.hostPort > 0 }
        guard !wanted.isEmpty, let target = IPv4Address(pod.status.podIP) else { return [] }
        return wanted.flatMap { port -> [PodNetwork.ServicePort] in
            guard let transport = PodNetwork.ServicePort.TransportProtocol(named: port.protocol), let host = UInt16(exactly: port.hostPort),
                let inner = UInt16(exactly: port.containerPort), inner > 0
            else { return [] }
            return frontends(port.hostIP).map {
                .init(.external($0), transport: transport, port: host, endpoints: [.init(address: target, port: inner)])
            }
        }
    }

    private static let loopback = IPv4Address(127, 0, 0, 1)

    private func frontends(_ hostIP: String) -> [IPv4Address] {
        if ["", "0.0.0.0", "::"].contains(hostIP) { return [address, Self.loopback] }
        guard let named = IPv4Address(hostIP), named == address || named.bytes[0] == 127 else { return [] }
        return [named]
    }
}
