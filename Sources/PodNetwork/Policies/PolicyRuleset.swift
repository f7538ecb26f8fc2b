import LinuxKernel

/// Policies as a table of nf_tables, as a value: what two of them differ in is what the kernel is told.
///
/// Layout: a verdict map by the pod's address leads to the pod's chain, which jumps to a chain per rule of each policy that isolates it, and
/// ends with a drop that is noted. A rule's chain accepts; that ends only its direction, so both sides have to let a connection pass.
struct PolicyRuleset: Sendable, Hashable {
    /// A set's keys, all of one length.
    struct Keys: Sendable, Hashable {
        var length: UInt32
        var values: Set<[UInt8]>
    }

    var sets: [String: Keys] = [:]
    /// The rules of each chain that is only jumped to.
    var chains: [String: [[NFExpression]]] = [:]
    /// Each isolated pod's chain.
    var isolated: [NetworkPolicy.Direction: [IPv4Address: String]] = [:]

    static let table = NFTable(.ipv4, "kdash-policies")
    static let node = "node"

    init() {}

    init(_ policies: EnforcedPolicies) {
        sets[Self.node] = Keys(length: 4, values: Set(policies.node.map(\.bytes)))
        for (origin, rule) in policies.rules { add(rule, origin) }
        for (direction, pods) in policies.isolations {
            for (address, isolation) in pods {
                let chain = Self.chain(of: address, direction)
                isolated[direction, default: [:]][address] = chain
                let itself: [NFExpression] = [Self.peer(direction), .compare(.equal, address.bytes), .verdict(.accept)]
                chains[chain] =
                    [itself] + isolation.rules.map { [.verdict(.jump(Self.chain(of: $0)))] } + [[.verdict(.goto(Self.denied(direction).name))]]
            }
        }
    }

    static func chain(of address: IPv4Address, _ direction: NetworkPolicy.Direction) -> String { "\(direction.rawValue)/\(address)" }
    static func chain(of origin: PolicyOrigin) -> String { "\(origin.uid)/\(origin.direction.rawValue)/\(origin.number)" }

    /// Connections that were not let through, by addresses, protocol and port; the newest of ten minutes. It and the chain that drops have the
    /// same name.
    static func denied(_ direction: NetworkPolicy.Direction) -> NFTimedSet {
        NFTimedSet(
            in: table, "denied-\(direction.rawValue)", keyLength: 16, size: 4096, timeoutMilliseconds: 600_000, id: direction == .ingress ? 5 : 6)
    }

    /// From a pod's address to its chain.
    static func map(_ direction: NetworkPolicy.Direction) -> NFSet {
        NFSet(in: table, "isolated-\(direction.rawValue)", keyLength: 4, content: .verdicts, id: direction == .ingress ? 3 : 4)
    }

    /// Loads the other end's address.
    private static func peer(_ direction: NetworkPolicy.Direction) -> NFExpression {
        direction == .ingress ? .sourceAddress() : .destinationAddress()
    }

    // MARK: A rule's chain

    private mutating func add(_ rule: EnforcedPolicies.Rule, _ origin: PolicyOrigin) {
        let chain = Self.chain(of: origin)
        let peers = peerMatches(rule, origin)
        let ports = portMatches(rule, chain)
        let pass: [NFExpression] = [.counter(), .verdict(.accept)]
        // Every peer with every port would be as many rules as their product.
        if peers.count > 1, ports.count > 1 {
            let inner = chain + "/ports"
            chains[inner] = ports.map { $0 + pass }
            chains[chain] = peers.map { $0 + [.verdict(.jump(inner))] }
        } else {
            chains[chain] = peers.flatMap { peer in ports.map { peer + $0 + pass } }
        }
    }

    private mutating func peerMatches(_ rule: EnforcedPolicies.Rule, _ origin: PolicyOrigin) -> [[NFExpression]] {
        guard rule.addresses != nil || rule.blocks != nil else { return [[]] }
        let load = Self.peer(origin.direction)
        var matches: [[NFExpression]] = []
        if let addresses = rule.addresses, !addresses.isEmpty {
            let name = Self.chain(of: origin)
            sets[name] = Keys(length: 4, values: Set(addresses.map(\.bytes)))
            matches.append([load, .lookup(name)])
        }
        for block in rule.blocks ?? [] {
            matches.append(Self.within(block.range, .equal, load) + block.except.flatMap { Self.within($0, .notEqual, load) })
        }
        return matches
    }

    private static func within(_ range: IPv4Network, _ comparison: NFExpression.Comparison, _ load: NFExpression) -> [NFExpression] {
        [load, .bitwise(mask: range.mask.bytes, xor: [0, 0, 0, 0]), .compare(comparison, range.address.bytes)]
    }

    private mutating func portMatches(_ rule: EnforcedPolicies.Rule, _ chain: String) -> [[NFExpression]] {
        guard rule.ports != nil || rule.named != nil else { return [[]] }
        var matches: [[NFExpression]] = (rule.ports ?? []).map { ports in
            let transport: [NFExpression] = [.meta(.transportProtocol), .compare(.equal, [ports.transport.rawValue])]
            let (first, last) = (ports.range.lowerBound, ports.range.upperBound)
            if first == 0, last == .max { return transport }
            if first == last { return transport + [.destinationPort(), .compare(.equal, ServicePort.bytes(first))] }
            return transport + [
                .destinationPort(), .compare(.greaterOrEqual, ServicePort.bytes(first)), .compare(.lessOrEqual, ServicePort.bytes(last)),
            ]
        }
        if let named = rule.named, !named.isEmpty {
            let name = chain + "/ports"
            let keys = named.map { $0.address.bytes + [$0.transport.rawValue, 0, 0, 0] + ServicePort.bytes($0.port) + [0, 0] }
            sets[name] = Keys(length: 12, values: Set(keys))
            matches.append([.destinationAddress(into: 0), .meta(.transportProtocol, into: 1), .destinationPort(into: 2), .lookup(name)])
        }
        return matches
    }
}
