import KubeSchemas

/// A port of the node that a container asks for.
struct HostPort: Sendable, Hashable {
    let port: Int64
    let `protocol`: String
    /// Empty: every address of the node.
    let address: String

    init(_ port: ContainerPort) {
        self.port = port.hostPort
        `protocol` = port.protocol
        address = ["0.0.0.0", "::"].contains(port.hostIP) ? "" : port.hostIP
    }

    /// Whether only one of both can be had. Source: the scheduler's HostPortInfo.
    func conflicts(with other: HostPort) -> Bool {
        port == other.port && `protocol` == other.protocol && (address == other.address || address.isEmpty || other.address.isEmpty)
    }
}
