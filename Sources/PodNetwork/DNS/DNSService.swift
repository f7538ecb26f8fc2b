package import LinuxKernel

/// What a Service has in the cluster's DNS.
package struct DNSService: Sendable, Hashable {
    /// What its own name stands for.
    package enum Kind: Sendable, Hashable {
        /// Its address.
        case address(IPv4Address)
        /// The addresses of its endpoints.
        case headless
        /// Another name.
        case alias(String)
    }

    /// A port with a name.
    package struct Port: Sendable, Hashable {
        /// May be empty; then it has no record.
        package let name: String
        /// `tcp`, `udp` or `sctp`.
        package let transport: String
        package let number: UInt16
        package init(name: String, transport: String, number: UInt16) {
            self.name = name
            self.transport = transport
            self.number = number
        }
    }

    /// An address behind it that may be used.
    package struct Endpoint: Sendable, Hashable {
        package let address: IPv4Address
        /// nil when it is named after its address.
        package let hostname: String?
        /// The ports that it answers on, which may differ between endpoints.
        package let ports: [Port]
        package init(address: IPv4Address, hostname: String? = nil, ports: [Port] = []) {
            self.address = address
            self.hostname = hostname
            self.ports = ports
        }

        /// Its label below the service, for example `db-0` or `10-42-0-5`.
        var label: String { hostname ?? address.description.split(separator: ".").joined(separator: "-") }
    }

    package let namespace: String
    package let name: String
    package let kind: Kind
    /// The service's own ports; of use for the kind `address`.
    package let ports: [Port]
    package let endpoints: [Endpoint]

    package init(namespace: String, name: String, kind: Kind, ports: [Port] = [], endpoints: [Endpoint] = []) {
        self.namespace = namespace
        self.name = name
        self.kind = kind
        self.ports = ports
        self.endpoints = endpoints
    }

    /// The names that its addresses have, without the cluster's domain.
    var reverseNames: [(address: IPv4Address, name: String)] {
        switch kind {
        case .address(let address): [(address, "\(name).\(namespace).svc")]
        case .headless: endpoints.map { ($0.address, "\($0.label).\(name).\(namespace).svc") }
        case .alias: []
        }
    }
}
