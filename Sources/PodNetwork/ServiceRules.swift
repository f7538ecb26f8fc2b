package import LinuxKernel
internal import Synchronization

/// The rules inside a node that turn a Service's address into a pod's, in table `kdash-services`.
///
/// Layout after kube-proxy's nftables mode: one verdict map from address, protocol and port to a chain per service port, a
/// random choice from a map of its endpoints there, a refusal for those without endpoints, and masquerade for a pod that
/// reaches itself. Changes cost what changed: one transaction with the differing services only.
package final class ServiceRules: Sendable {
    private struct State {
        /// nil until the table is known to hold exactly this.
        var applied: [ServicePort.Key: ServicePort]?
        var hairpins: Set<IPv4Address> = []
        /// Chains nobody jumps to any more; an old kernel forgets the last jump only a moment later.
        var stale: [String] = []
    }

    static let table = NFTable(.ipv4, "kdash-services")
    static let services = NFSet(in: table, "services", keyLength: 12, content: .verdicts, id: 1)
    static let refused = NFSet(in: table, "refused", keyLength: 12, id: 2)
    static let hairpin = NFSet(in: table, "hairpin", keyLength: 8, id: 3)

    private let netfilter: NetlinkSocket
    private let state = Mutex(State())

    /// - Parameter netfilter: a netfilter socket inside the node's namespace.
    package init(netfilter: NetlinkSocket) { self.netfilter = netfilter }

    /// Makes the node translate exactly `desired`; of equal keys the last wins. After a failure the next call starts afresh.
    package func apply(_ desired: [ServicePort]) throws(PodNetworkError) {
        let result: Result<Void, PodNetworkError> = state.withLock { state in
            do throws(PodNetworkError) {
                try explaining("update the rules of \(desired.count) services") { () throws(SystemError) in
                    try update(&state, desired)
                }
                return .success(())
            } catch {
                state.applied = nil
                return .failure(error)
            }
        }
        try result.get()
    }

    private func update(_ state: inout State, _ desired: [ServicePort]) throws(SystemError) {
        let wanted = Dictionary(desired.map { ($0.key, $0) }) { _, last in last }
        let hairpins = Set(desired.flatMap(\.endpoints).map(\.address))
        if state.applied == nil {
            try netfilter.commit(Self.skeleton())
            state.hairpins = []
            state.stale = []
        }
        for chain in state.stale {
            // EBUSY only means "not yet": the next change tries again.
            try netfilter.commit([Self.table.deleteChain(chain).tolerating(16, 2)])
        }
        state.stale = []
        let applied = state.applied ?? [:]
        var steps: [[NetlinkMessage]] = []
        for (key, old) in applied where wanted[key] == nil {
            steps.append(Self.remove(old))
            if !old.endpoints.isEmpty { state.stale.append(key.chain) }
        }
        for (index, (key, new)) in wanted.enumerated() where applied[key] != new {
            steps.append((applied[key].map(Self.remove) ?? []) + Self.add(new, mapID: UInt32(16 + index)))
        }
        steps += Self.hairpin.remove(state.hairpins.subtracting(hairpins).map { $0.bytes + $0.bytes }).map { [$0] }
        steps += Self.hairpin.add(hairpins.subtracting(state.hairpins).map { $0.bytes + $0.bytes }).map { [$0] }
        try commit(steps)
        state.applied = wanted
        state.hairpins = hairpins
    }

    /// One transaction as long as it fits what an unprivileged socket may send; a service is never split.
    private func commit(_ steps: [[NetlinkMessage]]) throws(SystemError) {
        var batch: [NetlinkMessage] = []
        var size = 0
        for step in steps {
            let length = step.reduce(0) { $0 + 16 + $1.payload.bytes.count }
            if size + length > 96 << 10, !batch.isEmpty {
                try netfilter.commit(batch)
                (batch, size) = ([], 0)
            }
            batch += step
            size += length
        }
        try netfilter.commit(batch)
    }
}

extension ServiceRules {
    /// The empty table, replacing whatever an earlier daemon left.
    static func skeleton() -> [NetlinkMessage] {
        let key: [NFExpression] = [.destinationAddress(into: 0), .meta(.transportProtocol, into: 1), .destinationPort(into: 2)]
        // Connection tracking's status bit IPS_DST_NAT, as a number in the machine's order.
        let isTranslated: [UInt8] = withUnsafeBytes(of: UInt32(1 << 5), Array.init)
        return [
            table.create(), table.delete(), table.create(), services.create(), refused.create(), hairpin.create(),
            table.createBaseChain("prerouting", .nat, .prerouting, priority: -100),
            table.createBaseChain("output", .nat, .output, priority: -100),
            table.createBaseChain("postrouting", .nat, .postrouting, priority: 100),
            table.createBaseChain("forward", .filter, .forward, priority: 0),
            table.createBaseChain("filter-output", .filter, .output, priority: 0),
            table.appendRule(to: "prerouting", key + [.verdictMap("services")]),
            table.appendRule(to: "output", key + [.verdictMap("services")]),
            table.appendRule(to: "forward", key + [.lookup("refused"), .reject()]),
            table.appendRule(to: "filter-output", key + [.lookup("refused"), .reject()]),
            table.appendRule(
                to: "postrouting",
                [
                    .connection(.status), .bitwise(mask: isTranslated, xor: [0, 0, 0, 0]), .compare(.notEqual, [0, 0, 0, 0]),
                    .sourceAddress(into: 0), .destinationAddress(into: 1), .lookup("hairpin"), .masquerade(),
                ]),
        ]
    }

    private static func remove(_ port: ServicePort) -> [NetlinkMessage] {
        guard !port.endpoints.isEmpty else { return refused.remove([port.key.bytes]) }
        return services.remove([port.key.bytes]) + [table.flushChain(port.key.chain)]
    }

    private static func add(_ port: ServicePort, mapID: UInt32) -> [NetlinkMessage] {
        guard !port.endpoints.isEmpty else { return refused.add([port.key.bytes]) }
        let chain = port.key.chain
        let values = port.endpoints.map { $0.address.bytes + ServicePort.bytes($0.port) + [0, 0] }
        var batch = [table.createChain(chain)]
        if values.count == 1 {
            let load: [NFExpression] = [.immediate(Array(values[0].prefix(4)), into: 0), .immediate(Array(values[0][4..<6]), into: 1)]
            batch.append(table.appendRule(to: chain, load + [.destinationNAT(address: 0, port: 1)]))
        } else {
            let map = NFSet(in: table, "__map%d", keyLength: 4, content: .data(length: 8), id: mapID, isAnonymous: true)
            batch.append(map.create())
            batch += map.add(
                values.enumerated().map { index, value in (key: withUnsafeBytes(of: UInt32(index), Array.init), value: value) })
            batch.append(
                table.appendRule(
                    to: chain,
                    [
                        .randomNumber(below: UInt32(values.count)), .map("__map%d", id: mapID),
                        .destinationNAT(address: 0, port: 1),
                    ]))
        }
        return batch + services.add([(key: port.key.bytes, verdict: .goto(chain))])
    }
}
