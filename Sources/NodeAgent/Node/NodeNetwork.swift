import APIMachinery
import ContainerRuntime
package import LinuxKernel
package import PodNetwork
import Synchronization

/// Addresses and links of one node's pods.
package final class NodeNetwork: Sendable {
    private let pool: PodAddressPool
    private let node: NetlinkSocket
    private let mtu: UInt32
    private let address: IPv4Address
    /// Where pods are reached from; nil when the machine's own network leads to them.
    package let enclosure: NetworkNamespace?
    private let addresses = Mutex<[String: IPv4Address]>([:])
    private let policies = Mutex<PolicyEnforcer?>(nil)

    /// - Parameters:
    ///   - pool: the node's addresses.
    ///   - node: a route socket inside the node's network namespace.
    ///   - mtu: of the node's link.
    ///   - address: the node's own.
    ///   - enclosure: the node's network, when there is no link.
    package init(pool: PodAddressPool, node: NetlinkSocket, mtu: UInt32, address: IPv4Address, enclosure: NetworkNamespace? = nil) {
        self.pool = pool
        self.node = node
        self.mtu = mtu
        self.address = address
        self.enclosure = enclosure
    }

    /// From now on pods are isolated as policies say before they are connected.
    package func enforce(_ enforcer: PolicyEnforcer) { policies.withLock { $0 = enforcer } }

    /// Returns once the pod's address is isolated as policies say.
    func isolate(_ pod: KubeObject) async throws(ConfigurationError) {
        guard let address = addresses.withLock({ $0[pod.uid] }) else { return }
        try await policies.withLock { $0 }?.isolate(pod, at: address)
    }

    /// A free address for a pod, or the one it has.
    func reserveAddress(for uid: String) throws(ConfigurationError) -> String {
        if let known = addresses.withLock({ $0[uid] }) { return known.description }
        guard let address = pool.allocate() else {
            throw ConfigurationError("all \(pool.capacity) pod addresses of the node are in use; delete pods", reason: "CreatePodSandboxError")
        }
        addresses.withLock { $0[uid] = address }
        return address.description
    }

    /// Takes an address that a pod already has, after the daemon restarted.
    func keepAddress(_ text: String, for uid: String) {
        guard let address = IPv4Address(text), pool.reserve(address) else { return }
        addresses.withLock { $0[uid] = address }
    }

    func releaseAddress(of uid: String) {
        guard let address = addresses.withLock({ $0.removeValue(forKey: uid) }) else { return }
        policies.withLock { $0 }?.forget(uid)
        pool.release(address)
    }

    /// Connects a pod's namespaces with the node's.
    func connect(pod uid: String, sandbox: consuming SandboxHandles) throws(PodNetworkError) {
        let pieces = sandbox.release()
        let namespace = FileDescriptor(pieces.networkNamespace)
        let socket = NetlinkSocket(owning: pieces.netlink)
        guard let address = addresses.withLock({ $0[uid] }) else { return try PodLink.loopbackOnly(socket) }
        try PodLink.attach(address: address, node: node, pod: socket, podNamespace: namespace.raw, mtu: mtu, nodeAddress: self.address)
    }
}
