package import KubeSchemas

/// A port of the node that a container wants for itself.
package struct HostPort: Sendable, Hashable {
    /// The node's address, or `0.0.0.0` for all.
    package var address: String
    /// `TCP`, `UDP` or `SCTP`.
    package var `protocol`: String
    /// The number.
    package var port: Int64

    /// The host ports of a pod.
    package static func all(of spec: PodSpec) -> [HostPort] {
        spec.containers.flatMap(\.ports).compactMap { port in
            guard port.hostPort > 0 else { return nil }
            return HostPort(address: port.hostIP.isEmpty ? "0.0.0.0" : port.hostIP, protocol: port.protocol, port: port.hostPort)
        }
    }

    /// Whether the two cannot be had together.
    package func conflicts(with other: HostPort) -> Bool {
        guard port == other.port, self.protocol == other.protocol else { return false }
        return address == other.address || address == "0.0.0.0" || other.address == "0.0.0.0"
    }
}
