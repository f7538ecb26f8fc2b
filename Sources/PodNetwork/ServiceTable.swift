internal import LinuxKernel

/// The nf_tables table of services: what is asked of the kernel for it.
///
/// Layout after kube-proxy's nftables mode: one verdict map from address, protocol and port to a chain per service port (and one from protocol
/// and port for the node's own addresses), a random choice from a map of its endpoints there, a refusal for those without endpoints
/// and for other ports of a service's address, and masquerade for a pod that reaches itself, for the node's loopback network and for what
/// came from elsewhere and goes on to another node, so that the answer takes the way back. A service whose clients keep their endpoint has a
/// map from client to endpoint, which
/// its chain looks into first and writes.
struct ServiceTable {
    /// Two names, so that a whole new table is made beside the old one and takes its place in one transaction.
    static let names = ["kdash-services", "kdash-services-2"]

    let table: NFTable
    /// The addresses of the node and its pods; nil where nothing comes from elsewhere.
    private let own: IPv4Network?
    let services: NFSet
    let nodePorts: NFSet
    let refused: NFSet
    let refusedNodePorts: NFSet
    let clusterAddresses: NFSet
    let hairpin: NFSet

    init(_ name: String, own: IPv4Network? = nil) {
        table = NFTable(.ipv4, name)
        self.own = own
        services = NFSet(in: table, "services", keyLength: 12, content: .verdicts, id: 1)
        refused = NFSet(in: table, "refused", keyLength: 12, id: 2)
        hairpin = NFSet(in: table, "hairpin", keyLength: 8, id: 3)
        nodePorts = NFSet(in: table, "node-ports", keyLength: 8, content: .verdicts, id: 4)
        refusedNodePorts = NFSet(in: table, "refused-node-ports", keyLength: 8, id: 5)
        clusterAddresses = NFSet(in: table, "cluster-addresses", keyLength: 4, id: 6)
    }

    /// The sets, in a table that no packet passes yet; whatever was there under its name goes.
    var foundation: [NetlinkMessage] {
        [
            table.create(), table.delete(), table.create(), services.create(), refused.create(), hairpin.create(), nodePorts.create(),
            refusedNodePorts.create(), clusterAddresses.create(),
        ]
    }

    /// Lets packets pass, which makes it work.
    var opening: [NetlinkMessage] {
        let addressed: [NFExpression] = [.destinationAddress(into: 0), .meta(.transportProtocol, into: 1), .destinationPort(into: 2)]
        let local = Self.isLocal + [.meta(.transportProtocol, into: 0), .destinationPort(into: 1)]
        let wayIn = [addressed + [.verdictMap("services")], local + [.verdictMap("node-ports")]]
        let refusals =
            Self.refuse(addressed + [.lookup("refused")]) + Self.refuse([.destinationAddress(into: 0), .lookup("cluster-addresses")])
        let localRefusals = Self.refuse(local + [.lookup("refused-node-ports")])
        let itself: [NFExpression] =
            Self.isTranslated + [.sourceAddress(into: 0), .destinationAddress(into: 1), .lookup("hairpin"), .masquerade()]
        // A pod could not answer the node's loopback network.
        let loopback: [NFExpression] =
            Self.isTranslated + [.sourceAddress(into: 0), Self.networkPart, .compare(.equal, [127, 0, 0, 0]), .masquerade()]
        let chains: [(String, NFTable.ChainType, NFTable.Hook, Int32, [[NFExpression]])] = [
            ("prerouting", .nat, .prerouting, -100, wayIn),
            ("output", .nat, .output, -100, wayIn),
            ("postrouting", .nat, .postrouting, 100, [itself, loopback] + passing),
            ("forward", .filter, .forward, 0, refusals),
            ("filter-input", .filter, .input, 0, localRefusals),
            ("filter-output", .filter, .output, 0, refusals + localRefusals),
        ]
        return chains.flatMap { name, type, hook, priority, rules in
            [table.createBaseChain(name, type, hook, priority: priority)] + rules.map { table.appendRule(to: name, $0) }
        }
    }

    /// Refuses what matches: TCP by a reset, the rest by ICMP.
    private static func refuse(_ match: [NFExpression]) -> [[NFExpression]] {
        [[.meta(.transportProtocol), .compare(.equal, [6])] + match + [.resetConnection()], match + [.reject()]]
    }

    /// The destination is an address of the node, outside of 127.0.0.0/8.
    private static let isLocal: [NFExpression] = [
        .destinationType(into: 0), .compare(.equal, machineOrder(2)),
        .destinationAddress(into: 0), networkPart, .compare(.notEqual, [127, 0, 0, 0]),
    ]

    /// Leaves the first eight bits of an address.
    private static let networkPart = NFExpression.bitwise(mask: [255, 0, 0, 0], xor: [0, 0, 0, 0])

    /// ct status dnat oifname "eth0" ip saddr != OWN masquerade
    private var passing: [[NFExpression]] {
        guard let own else { return [] }
        let elsewhere: [NFExpression] = [.sourceAddress(), .bitwise(mask: own.mask.bytes, xor: [0, 0, 0, 0]), .compare(.notEqual, own.address.bytes)]
        return [Self.isTranslated + [.meta(.outputName), .compare(.equal, Array("eth0".utf8) + [0])] + elsewhere + [.masquerade()]]
    }

    /// Connection tracking's status bit IPS_DST_NAT is set.
    private static let isTranslated: [NFExpression] = [
        .connection(.status), .bitwise(mask: machineOrder(1 << 5), xor: [0, 0, 0, 0]), .compare(.notEqual, [0, 0, 0, 0]),
    ]

    private static func machineOrder(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number, Array.init) }

    // MARK: One service port

    func remove(_ port: ServicePort) -> [NetlinkMessage] {
        let isNode = port.frontend == .node
        guard !port.endpoints.isEmpty else { return (isNode ? refusedNodePorts : refused).remove([port.key.bytes]) }
        return (isNode ? nodePorts : services).remove([port.key.bytes]) + [table.flushChain(port.key.chain)]
    }

    /// - Parameter id: distinguishes the sets that are made in one transaction.
    func add(_ port: ServicePort, id: UInt32) -> [NetlinkMessage] {
        let isNode = port.frontend == .node
        guard !port.endpoints.isEmpty else { return (isNode ? refusedNodePorts : refused).add([port.key.bytes]) }
        let chain = port.key.chain
        var batch = [table.createChain(chain)]
        if let clients = clients(port, id: id) {
            batch.append(clients.create())
            batch.append(
                table.appendRule(
                    to: chain,
                    [
                        .sourceAddress(into: 0), .map(clients.name, into: 1), .update(clients.name, key: 0, value: 1),
                        .destinationNAT(address: 1, port: 2),
                    ]))
        }
        let values = port.endpoints.map(\.bytes)
        var choice: [NFExpression]
        if values.count == 1 {
            choice = [.immediate(Array(values[0].prefix(4)), into: 1), .immediate(Array(values[0].suffix(4)), into: 2)]
        } else {
            let map = NFSet(in: table, "__map%d", keyLength: 4, content: .data(length: 8), id: id, isAnonymous: true)
            batch.append(map.create())
            batch += map.add(values.enumerated().map { index, value in (key: Self.machineOrder(UInt32(index)), value: value) })
            choice = [.randomNumber(below: UInt32(values.count)), .map("__map%d", id: id, into: 1)]
        }
        if let clients = clients(port, id: id) { choice += [.sourceAddress(into: 0), .update(clients.name, key: 0, value: 1)] }
        batch.append(table.appendRule(to: chain, choice + [.destinationNAT(address: 1, port: 2)]))
        return batch + (isNode ? nodePorts : services).add([(key: port.key.bytes, verdict: .goto(chain))])
    }

    /// Which endpoint each client has; nil when clients keep none.
    func clients(_ port: ServicePort, id: UInt32 = 0) -> NFSet? {
        guard let affinity = port.affinity, !port.endpoints.isEmpty else { return nil }
        // The time is in the name, as it cannot be changed.
        let name = "clients-\(port.key.chain)-\(affinity.components.seconds)"
        return NFSet(in: table, name, keyLength: 4, content: .data(length: 8), id: id + 1, timeout: affinity)
    }
}
