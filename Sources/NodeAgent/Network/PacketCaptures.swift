package import APIMachinery
package import KubeClient
package import LinuxKernel
import PodNetwork
import Synchronization

/// Begins captures of the packets of a node's pods; a few at once.
package final class PacketCaptures: Sendable {
    /// How many at once.
    private static let maximumCount = 8

    private let namespace: NetworkNamespace
    private let poller: DescriptorPoller
    private let time: any TimeSource
    private let count = Mutex(0)

    /// - Parameter namespace: the node's, where the other ends of its pods' links are.
    package init(namespace: NetworkNamespace, time: any TimeSource) throws(SystemError) {
        self.namespace = namespace
        self.time = time
        poller = try DescriptorPoller()
    }

    /// The packets of the pod at an address as a pcap file; it runs until it is cancelled, or is full.
    /// - Parameter port: only packets from or to it; nil for all.
    package func begin(_ address: IPv4Address, port: UInt16?) async throws(APIStatus) -> any ByteSource {
        let isAdmitted = count.withLock { count in
            guard count < Self.maximumCount else { return false }
            count += 1
            return true
        }
        guard isAdmitted else { throw .tooManyRequests("\(Self.maximumCount) captures run; end one of them") }
        do throws(SystemError) {
            let socket = try await KernelThread.run("kdash-capture") { [namespace] () throws(SystemError) in
                let name = PodLink.interfaceName(for: address)
                guard let link = try NetlinkSocket.open(.route, in: namespace).links().first(where: { $0.name == name }) else {
                    throw SystemError(call: "netlink", errno: 19, arguments: "RTM_GETLINK \(name)")
                }
                return try PacketSocket(interface: link.index, in: namespace)
            }
            return PacketCapture(socket, port: port, poller: poller, time: time) { [weak self] in self?.count.withLock { $0 -= 1 } }
        } catch {
            count.withLock { $0 -= 1 }
            throw .serviceUnavailable("the packets of \(address) cannot be captured: \(error)")
        }
    }
}
