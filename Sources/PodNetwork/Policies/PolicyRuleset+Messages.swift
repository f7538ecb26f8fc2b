import LinuxKernel

extension PolicyRuleset {
    /// One transaction that leaves exactly this table, whatever was there.
    func replacement() -> [NetlinkMessage] {
        let table = Self.table
        var batch = [table.create(), table.delete(), table.create()]
        for direction in NetworkPolicy.Direction.allCases {
            batch += [Self.denied(direction).create(), Self.map(direction).create(), table.createChain(Self.denied(direction).name)]
            batch += Self.drops(direction).map { table.appendRule(to: Self.denied(direction).name, $0) }
        }
        batch += changes(from: PolicyRuleset())
        batch += Self.hook("egress", .forward, priority: 1, [Self.pod(.egress)])
        // What a pod sends to its node itself.
        batch += Self.hook("egress-to-node", .input, priority: 1, [Self.pod(.egress)])
        batch += Self.hook("ingress", .forward, priority: 2, [[.sourceAddress(), .lookup(Self.node), .verdict(.accept)], Self.pod(.ingress)])
        return batch
    }

    /// One transaction that makes this of `old`: first what comes, then who uses it, then what goes.
    func changes(from old: PolicyRuleset) -> [NetlinkMessage] {
        let table = Self.table
        var (batch, end): ([NetlinkMessage], [NetlinkMessage]) = ([], [])
        for (index, (name, keys)) in sets.sorted(by: { $0.key < $1.key }).enumerated() {
            let set = NFSet(in: table, name, keyLength: keys.length, id: UInt32(16 + index))
            let known = old.sets[name]
            if known == nil { batch.append(set.create()) }
            batch += set.add(keys.values.subtracting(known?.values ?? []).sorted(by: { $0.lexicographicallyPrecedes($1) }))
            end += set.remove((known?.values ?? []).subtracting(keys.values).sorted(by: { $0.lexicographicallyPrecedes($1) }))
        }
        let changed = chains.filter { old.chains[$0.key] != $0.value }.sorted { $0.key < $1.key }
        batch += changed.filter { old.chains[$0.key] == nil }.map { table.createChain($0.key) }
        for (chain, rules) in changed {
            if old.chains[chain] != nil { batch.append(table.flushChain(chain)) }
            batch += rules.map { table.appendRule(to: chain, $0) }
        }
        for direction in NetworkPolicy.Direction.allCases {
            let (was, wanted) = (old.isolated[direction] ?? [:], isolated[direction] ?? [:])
            batch += Self.map(direction).remove(was.keys.filter { wanted[$0] == nil }.sorted().map(\.bytes))
            let new = wanted.filter { was[$0.key] == nil }.sorted { $0.key < $1.key }
            batch += Self.map(direction).add(new.map { (key: $0.key.bytes, verdict: .goto($0.value)) })
        }
        let gone = old.chains.keys.filter { chains[$0] == nil }.sorted()
        end += gone.filter { !(old.chains[$0] ?? []).isEmpty }.map { table.flushChain($0) } + gone.map { table.deleteChain($0) }
        end += old.sets.keys.filter { sets[$0] == nil }.sorted().map { table.deleteSet($0) }
        return batch + end
    }

    /// Leads to the pod's chain.
    private static func pod(_ direction: NetworkPolicy.Direction) -> [NFExpression] {
        [direction == .ingress ? .destinationAddress() : .sourceAddress(), .verdictMap(map(direction).name)]
    }

    /// Notes by addresses, protocol and port, where there is no port by 0, and drops; also when nothing more can be noted.
    private static func drops(_ direction: NetworkPolicy.Direction) -> [[NFExpression]] {
        let ends: [NFExpression] = [.sourceAddress(into: 0), .destinationAddress(into: 1), .meta(.transportProtocol, into: 2)]
        let ported: [[NFExpression]] = [ServicePort.TransportProtocol.tcp, .udp, .sctp].map { transport in
            [.meta(.transportProtocol), .compare(.equal, [transport.rawValue])] + ends
                + [.immediate([0, 0, 0, 0], into: 3), .destinationPort(into: 3), denied(direction).note(), .verdict(.drop)]
        }
        let others: [NFExpression] = ends + [.immediate([0, 0, 0, 0], into: 3), denied(direction).note(), .verdict(.drop)]
        return ported + [others, [.counter(), .verdict(.drop)]]
    }

    /// A base chain that lets pass what belongs to a connection that was let through, and else goes through `rules`.
    private static func hook(_ name: String, _ hook: NFTable.Hook, priority: Int32, _ rules: [[NFExpression]]) -> [NetlinkMessage] {
        // `ct state established,related`, bits in the machine's order.
        let belongs: [UInt8] = withUnsafeBytes(of: UInt32(2 | 4), Array.init)
        let first: [NFExpression] = [
            .connection(.state), .bitwise(mask: belongs, xor: [0, 0, 0, 0]), .compare(.notEqual, [0, 0, 0, 0]), .verdict(.accept),
        ]
        return [table.createBaseChain(name, .filter, hook, priority: priority)] + ([first] + rules).map { table.appendRule(to: name, $0) }
    }
}
