package import LinuxKernel

/// One port of one Service at one of its addresses, and where its connections may go.
package struct ServicePort: Sendable, Hashable {
    /// IP protocol numbers.
    package enum TransportProtocol: UInt8, Sendable {
        case tcp = 6
        case udp = 17
        case sctp = 132

        /// By the API's name; TCP when none is given, nil for another word.
        package init?(named name: String?) {
            switch name ?? "TCP" {
            case "TCP": self = .tcp
            case "UDP": self = .udp
            case "SCTP": self = .sctp
            default: return nil
            }
        }
    }

    /// Where connections come in.
    package enum Frontend: Sendable, Hashable {
        /// The service's own address; its other ports are refused.
        case cluster(IPv4Address)
        /// An address from outside the service range, or one of the node's own, loopback included.
        case external(IPv4Address)
        /// Every address of the node, but those of its loopback network.
        case node

        /// nil for the node's.
        var address: IPv4Address? {
            switch self {
            case .cluster(let address), .external(let address): address
            case .node: nil
            }
        }
    }

    /// The address and port of a ready pod.
    package struct Endpoint: Sendable, Hashable {
        package let address: IPv4Address
        package let port: UInt16
        package init(address: IPv4Address, port: UInt16) {
            self.address = address
            self.port = port
        }
    }

    package let frontend: Frontend
    package let transport: TransportProtocol
    package let port: UInt16
    /// Connections are refused when there are none.
    package let endpoints: [Endpoint]
    /// How long a client keeps its endpoint after its last connection; nil when each connection goes anywhere.
    package let affinity: Duration?

    package init(_ frontend: Frontend, transport: TransportProtocol, port: UInt16, endpoints: [Endpoint], affinity: Duration? = nil) {
        self.frontend = frontend
        self.transport = transport
        self.port = port
        self.endpoints = endpoints
        self.affinity = affinity
    }

    /// What makes it one: address, protocol and port.
    package struct Key: Hashable, Sendable {
        /// nil at the node's own addresses.
        let address: IPv4Address?
        let transport: TransportProtocol
        let port: UInt16

        /// As a compound nf_tables key: parts of four bytes.
        var bytes: [UInt8] { (address?.bytes ?? []) + [transport.rawValue, 0, 0, 0] + ServicePort.bytes(port) + [0, 0] }
        var chain: String { "\(address.map { "\($0)" } ?? "node")/\(transport)/\(port)" }
    }

    package var key: Key { Key(address: frontend.address, transport: transport, port: port) }

    static func bytes(_ port: UInt16) -> [UInt8] { [UInt8(port >> 8), UInt8(port & 255)] }
}

extension ServicePort.Endpoint {
    /// As nf_tables data: two parts of four bytes.
    var bytes: [UInt8] { address.bytes + ServicePort.bytes(port) + [0, 0] }
}
