package import JSONCore

/// A connection that a node tracks, or one that policies did not let through.
package struct NetworkConnection: Sendable, Hashable {
    /// One end.
    package struct End: Sendable, Hashable {
        /// Dotted quad.
        package var address: String
        /// 0 for protocols without, and for the opening end of what was not let through.
        package var port: Int
        /// The pod, as NAMESPACE/NAME, or what else is known to be there; empty for an address outside of the cluster.
        package var name: String

        /// An end.
        package init(address: String, port: Int, name: String) {
            self.address = address
            self.port = port
            self.name = name
        }
    }

    /// How much went one way.
    package struct Volume: Sendable, Hashable {
        /// Packets.
        package var packets: Int64
        /// Bytes, headers included.
        package var bytes: Int64

        /// How much.
        package init(packets: Int64, bytes: Int64) {
            self.packets = packets
            self.bytes = bytes
        }
    }

    /// Who opened it.
    package var source: End
    /// Who answers, behind any service.
    package var destination: End
    /// The service that it was opened to, as NAMESPACE/NAME:PORT; nil when to an address itself.
    package var service: String?
    /// `TCP`, `UDP`, `SCTP`, `ICMP`, or the protocol's number.
    package var transport: String
    /// As connection tracking calls it: `ESTABLISHED`, `UNREPLIED`; `DENIED` for what was not let through.
    package var state: String
    /// From who opened it; nil where the node does not count.
    package var sent: Volume?
    /// To who opened it; nil where the node does not count.
    package var received: Volume?
    /// What lets it out of the opening pod.
    package var egress: NetworkVerdict
    /// What lets it in to the answering pod.
    package var ingress: NetworkVerdict
    /// Seconds since the last packet of what was not let through; nil for connections.
    package var deniedAgo: Int64?

    /// A connection.
    package init(
        source: End, destination: End, service: String?, transport: String, state: String, sent: Volume?, received: Volume?, egress: NetworkVerdict,
        ingress: NetworkVerdict, deniedAgo: Int64? = nil
    ) {
        self.source = source
        self.destination = destination
        self.service = service
        self.transport = transport
        self.state = state
        self.sent = sent
        self.received = received
        self.egress = egress
        self.ingress = ingress
        self.deniedAgo = deniedAgo
    }

    /// Whether policies did not let it through.
    package var isDenied: Bool { deniedAgo != nil }

    /// Whether it was opened before policies came that would not let it through now; it goes on until it ends.
    package var isOutlived: Bool { !isDenied && (egress.outcome == .denied || ingress.outcome == .denied) }
}

/// What a node's network carries and refuses.
package struct NetworkConnections: Sendable, Hashable {
    /// The most that is told at once.
    package static let maximumCount = 2000

    /// What was denied first, the newest of it first; then connections.
    package var connections: [NetworkConnection]
    /// Whether there are more.
    package var isCut: Bool
    /// What is not known, and why.
    package var notes: [String]

    /// What is there.
    package init(connections: [NetworkConnection], isCut: Bool, notes: [String] = []) {
        self.connections = connections
        self.isCut = isCut
        self.notes = notes
    }

    /// What several nodes tell: what was denied first.
    package init(merging parts: [NetworkConnections]) {
        let all = parts.flatMap(\.connections)
        let sorted = all.filter { $0.deniedAgo != nil }.sorted { ($0.deniedAgo ?? 0) < ($1.deniedAgo ?? 0) } + all.filter { $0.deniedAgo == nil }
        var notes: [String] = []
        for note in parts.flatMap(\.notes) where !notes.contains(note) { notes.append(note) }
        self.init(
            connections: Array(sorted.prefix(Self.maximumCount)), isCut: sorted.count > Self.maximumCount || parts.contains(where: \.isCut), notes: notes)
    }

    /// As JSON.
    package var value: JSONValue {
        ["connections": .array(connections.map(\.value)), "cut": .bool(isCut), "notes": .array(notes.map { .string($0) })]
    }

    /// Reads what ``value`` wrote; nil for anything else.
    package init?(_ value: JSONValue) {
        guard let listed = value["connections"]?.arrayValue else { return nil }
        self.init(
            connections: listed.compactMap { NetworkConnection($0) }, isCut: value["cut"]?.boolValue ?? false,
            notes: (value["notes"]?.arrayValue ?? []).compactMap(\.stringValue))
    }
}

extension NetworkConnection {
    /// As JSON.
    var value: JSONValue {
        var value: JSONValue = [
            "source": source.value, "destination": destination.value, "transport": .string(transport), "state": .string(state),
            "egress": egress.value, "ingress": ingress.value,
        ]
        if let service { value["service"] = .string(service) }
        if let sent { value["sent"] = sent.value }
        if let received { value["received"] = received.value }
        if let deniedAgo { value["deniedAgo"] = .integer(deniedAgo) }
        return value
    }

    /// Reads what `value` wrote; nil for anything else.
    init?(_ value: JSONValue) {
        guard let source = End(value["source"]), let destination = End(value["destination"]), let egress = NetworkVerdict(value["egress"]),
            let ingress = NetworkVerdict(value["ingress"])
        else { return nil }
        self.init(
            source: source, destination: destination, service: value["service"]?.stringValue, transport: value["transport"]?.stringValue ?? "",
            state: value["state"]?.stringValue ?? "", sent: Volume(value["sent"]), received: Volume(value["received"]), egress: egress, ingress: ingress,
            deniedAgo: value["deniedAgo"]?.integerValue)
    }
}

extension NetworkConnection.End {
    fileprivate var value: JSONValue { ["address": .string(address), "port": .integer(Int64(port)), "name": .string(name)] }

    fileprivate init?(_ value: JSONValue?) {
        guard let address = value?["address"]?.stringValue else { return nil }
        self.init(
            address: address, port: value?["port"]?.integerValue.flatMap { Int(exactly: $0) } ?? 0, name: value?["name"]?.stringValue ?? "")
    }
}

extension NetworkConnection.Volume {
    fileprivate var value: JSONValue { ["packets": .integer(packets), "bytes": .integer(bytes)] }

    fileprivate init?(_ value: JSONValue?) {
        guard let packets = value?["packets"]?.integerValue, let bytes = value?["bytes"]?.integerValue else { return nil }
        self.init(packets: packets, bytes: bytes)
    }
}
