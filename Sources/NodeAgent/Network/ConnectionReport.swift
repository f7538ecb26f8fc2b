package import KubeClient
package import LinuxKernel
package import PodNetwork

/// Tells what a node's network carries and refuses, with the names of pods and services and the rules that decide.
package struct ConnectionReport: Sendable {
    /// Which connections are told.
    package enum Filter: Sendable, Hashable {
        case all
        case pods(inNamespace: String)
        /// A pod as NAMESPACE/NAME.
        case pod(String)
        /// A service as NAMESPACE/NAME.
        case service(String)
    }

    private let policies: EnforcedPolicies
    private let names: [IPv4Address: String]
    private let services: [IPv4Address: String]

    /// - Parameters:
    ///   - policies: what the kernel enforces.
    ///   - names: what is at an address: pods as NAMESPACE/NAME.
    ///   - services: the services of cluster addresses, as NAMESPACE/NAME.
    package init(policies: EnforcedPolicies, names: [IPv4Address: String], services: [IPv4Address: String]) {
        self.policies = policies
        self.names = names
        self.services = services
    }

    package func make(_ tracked: [TrackedConnection], denied: [DeniedConnection], _ filter: Filter) -> NetworkConnections {
        // Who is open to the world is told before what is quiet.
        let refused = denied.map(describe).filter { passes($0, filter) }
        let open = tracked.map(describe).filter { passes($0, filter) }.sorted {
            ($0.source.name, $0.destination.name, $0.destination.port, $0.source.port) < (
                $1.source.name, $1.destination.name, $1.destination.port, $1.source.port
            )
        }
        let isCounted = tracked.isEmpty || tracked.contains { $0.sent != nil }
        let all = refused + open
        return NetworkConnections(
            connections: Array(all.prefix(NetworkConnections.maximumCount)), isCut: all.count > NetworkConnections.maximumCount,
            notes: isCounted ? [] : ["packets and bytes are not counted: net.netfilter.nf_conntrack_acct of the node is 0"])
    }

    /// What becomes of a new connection in both directions.
    package func verdicts(
        from source: IPv4Address, to destination: IPv4Address, transport: UInt8, port: UInt16
    ) -> (egress: NetworkVerdict, ingress: NetworkVerdict) {
        let decide = { (direction: NetworkPolicy.Direction) in
            NetworkVerdict(decision: policies.decide(direction, from: source, to: destination, transport: transport, port: port))
        }
        return (decide(.egress), decide(.ingress))
    }

    private func describe(_ connection: TrackedConnection) -> NetworkConnection {
        // The answering side's own address is where a translation led to; a masqueraded opener is still known from the first direction.
        let (source, destination) = (connection.original.source, connection.reply.source)
        let verdicts = verdicts(from: source, to: destination, transport: connection.transport, port: connection.reply.sourcePort)
        let service = services[connection.original.destination].map { "\($0):\(connection.original.destinationPort)" }
        return NetworkConnection(
            source: end(source, connection.original.sourcePort), destination: end(destination, connection.reply.sourcePort), service: service,
            transport: Self.name(ofTransport: connection.transport), state: Self.state(connection),
            sent: connection.sent.map(Self.volume), received: connection.received.map(Self.volume), egress: verdicts.egress, ingress: verdicts.ingress)
    }

    private func describe(_ denied: DeniedConnection) -> NetworkConnection {
        let verdicts = verdicts(from: denied.source, to: denied.destination, transport: denied.transport, port: denied.port)
        return NetworkConnection(
            source: end(denied.source, 0), destination: end(denied.destination, denied.port), service: nil,
            transport: Self.name(ofTransport: denied.transport), state: "DENIED", sent: .init(packets: Int64(clamping: denied.packets), bytes: 0),
            received: nil, egress: verdicts.egress, ingress: verdicts.ingress, deniedAgo: denied.age.components.seconds)
    }

    private func end(_ address: IPv4Address, _ port: UInt16) -> NetworkConnection.End {
        let name = names[address] ?? services[address].map { "service \($0)" } ?? (policies.node.contains(address) ? "node" : "")
        return .init(address: address.description, port: Int(port), name: name)
    }

    private func passes(_ connection: NetworkConnection, _ filter: Filter) -> Bool {
        switch filter {
        case .all: true
        case .pods(let namespace): [connection.source.name, connection.destination.name].contains { $0.hasPrefix("\(namespace)/") }
        case .pod(let name): connection.source.name == name || connection.destination.name == name
        case .service(let name): connection.service?.hasPrefix("\(name):") ?? false
        }
    }

    private static func volume(_ volume: TrackedConnection.Volume) -> NetworkConnection.Volume {
        .init(packets: Int64(clamping: volume.packets), bytes: Int64(clamping: volume.bytes))
    }

    private static let tcpStates = [
        "NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE", "SYN_SENT2",
    ]

    private static func state(_ connection: TrackedConnection) -> String {
        if let number = connection.tcpState.map(Int.init), tcpStates.indices.contains(number) { return tcpStates[number] }
        return connection.hasReply ? "REPLIED" : "UNREPLIED"
    }

    static func name(ofTransport number: UInt8) -> String {
        switch number {
        case 1: "ICMP"
        case 6: "TCP"
        case 17: "UDP"
        case 132: "SCTP"
        default: "\(number)"
        }
    }
}

extension NetworkVerdict {
    init(decision: EnforcedPolicies.Decision) {
        switch decision {
        case .open: self.init(.open)
        case .exempt: self.init(.exempt)
        case .allowed(let origin): self.init(.allowed, policies: ["\(origin.namespace)/\(origin.policy)"], rule: origin.number)
        case .denied(let policies): self.init(.denied, policies: policies)
        }
    }
}
