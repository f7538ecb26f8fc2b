package import LinuxKernel

/// One port of one Service, and where its connections may go.
package struct ServicePort: Sendable, Hashable {
    /// IP protocol numbers.
    package enum TransportProtocol: UInt8, Sendable {
        case tcp = 6
        case udp = 17
        case sctp = 132
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

    package let clusterIP: IPv4Address
    package let transport: TransportProtocol
    package let port: UInt16
    /// Connections are refused when there are none.
    package let endpoints: [Endpoint]

    package init(clusterIP: IPv4Address, transport: TransportProtocol, port: UInt16, endpoints: [Endpoint]) {
        self.clusterIP = clusterIP
        self.transport = transport
        self.port = port
        self.endpoints = endpoints
    }

    /// What makes it one: address, protocol and port.
    struct Key: Hashable, Sendable {
        let clusterIP: IPv4Address
        let transport: TransportProtocol
        let port: UInt16

        /// As a compound nf_tables key: three parts of four bytes.
        var bytes: [UInt8] { clusterIP.bytes + [transport.rawValue, 0, 0, 0] + ServicePort.bytes(port) + [0, 0] }
        var chain: String { "\(clusterIP)/\(transport)/\(port)" }
    }

    var key: Key { Key(clusterIP: clusterIP, transport: transport, port: port) }

    static func bytes(_ port: UInt16) -> [UInt8] { [UInt8(port >> 8), UInt8(port & 255)] }
}
