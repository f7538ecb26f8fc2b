internal import Glibc
package import LinuxKernel
internal import Synchronization

/// The rules inside a node that turn a Service's address into a pod's.
///
/// Changes cost what changed: one transaction with the differing services only. The first call, and the one after a failure, makes a whole new
/// table beside the one that is there and puts it in its place in one transaction, so that a daemon that starts again leaves no gap. What no new
/// packet must follow any more is forgotten, too: clients' endpoints that are gone, and connections of UDP to them.
package final class ServiceRules: Sendable {
    private struct State {
        var table: ServiceTable
        /// nil until the table is known to hold exactly this.
        var applied: [ServicePort.Key: ServicePort]?
        /// Addresses that reach themselves through a service, and those of services.
        var hairpins = CountedElements()
        var addresses = CountedElements()
        /// Chains and sets by name that nothing leads to any more; an old kernel forgets the last rule that did only a moment later.
        var stale: [String: NetlinkMessage] = [:]
    }

    private let netfilter: NetlinkSocket
    private let own: IPv4Network?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - netfilter: a netfilter socket inside the node's namespace.
    ///   - own: the addresses of the node and its pods. A connection of anybody else that leads out of the node again has the node's address
    ///     from there on, so that its answers come back this way.
    package init(netfilter: NetlinkSocket, own: IPv4Network? = nil) {
        self.netfilter = netfilter
        self.own = own
        state = Mutex(State(table: ServiceTable(ServiceTable.names[0], own: own)))
    }

    /// Makes the node translate exactly `desired`; of equal keys the last wins. After a failure the next call starts afresh.
    package func apply(_ desired: [ServicePort]) throws(PodNetworkError) {
        let result: Result<Void, PodNetworkError> = state.withLock { state in
            do throws(PodNetworkError) {
                try explaining("update the rules of \(desired.count) service ports") { () throws(SystemError) in
                    let wanted = Dictionary(desired.map { ($0.key, $0) }) { _, last in last }
                    if let applied = state.applied { try change(&state, applied, wanted) } else { try replace(&state, wanted) }
                }
                return .success(())
            } catch {
                state.applied = nil
                return .failure(error)
            }
        }
        try result.get()
    }

    /// Makes a new table and puts it in the place of the old one.
    private func replace(_ state: inout State, _ wanted: [ServicePort.Key: ServicePort]) throws(SystemError) {
        let names = ServiceTable.names
        // Only a table that is whole has chains that packets pass.
        let isFirstUsed = try netfilter.baseChains().contains { $0.family == NFTable.Family.ipv4.rawValue && $0.table == names[0] }
        state.table = ServiceTable(isFirstUsed ? names[1] : names[0], own: own)
        state.stale = [:]
        (state.hairpins, state.addresses) = (CountedElements(), CountedElements())
        let other = NFTable(.ipv4, isFirstUsed ? names[0] : names[1])
        let isOtherThere = try netfilter.tables(.ipv4).contains(other.name)
        try netfilter.commit(state.table.foundation)
        try commit(additions(&state, from: [:], to: wanted) + [state.table.opening + (isOtherThere ? [other.delete()] : [])])
        state.applied = wanted
        forgetConnections(of: Array(wanted.values))
    }

    private func change(
        _ state: inout State, _ applied: [ServicePort.Key: ServicePort], _ wanted: [ServicePort.Key: ServicePort]
    ) throws(SystemError) {
        for (name, deletion) in state.stale {
            do throws(SystemError) {
                try netfilter.commit([deletion.tolerating(ENOENT)])
                state.stale[name] = nil
            } catch  where error.errno == EBUSY {
                // Not yet: the next change tries again.
            }
        }
        var steps: [[NetlinkMessage]] = []
        for (key, old) in applied where wanted[key] == nil {
            steps.append(state.table.remove(old))
            leave(old, &state)
            count(old, nil, &state)
        }
        steps += additions(&state, from: applied, to: wanted)
        try commit(steps)
        state.applied = wanted
        try settle(state.table, applied, wanted)
    }

    /// What brings new and changed ports about, and the sets that follow from all of them.
    private func additions(
        _ state: inout State, from applied: [ServicePort.Key: ServicePort], to wanted: [ServicePort.Key: ServicePort]
    ) -> [[NetlinkMessage]] {
        let table = state.table
        var steps: [[NetlinkMessage]] = []
        for (index, (key, new)) in wanted.enumerated() where applied[key] != new {
            if let old = applied[key] { leave(old, &state) }
            count(applied[key], new, &state)
            steps.append((applied[key].map(table.remove) ?? []) + table.add(new, id: UInt32(16 + 2 * index)))
            if !new.endpoints.isEmpty { state.stale[key.chain] = nil }
            if let clients = table.clients(new) { state.stale[clients.name] = nil }
        }
        steps += state.hairpins.changes(table.hairpin).map { [$0] }
        steps += state.addresses.changes(table.clusterAddresses).map { [$0] }
        return steps
    }

    private func count(_ old: ServicePort?, _ new: ServicePort?, _ state: inout State) {
        func itself(_ port: ServicePort?) -> [[UInt8]] { (port?.endpoints ?? []).map { $0.address.bytes + $0.address.bytes } }
        func own(_ port: ServicePort?) -> [[UInt8]] { if case .cluster(let address) = port?.frontend { [address.bytes] } else { [] } }
        state.hairpins.leave(itself(old))
        state.hairpins.need(itself(new))
        state.addresses.leave(own(old))
        state.addresses.need(own(new))
    }

    /// Notes what can go of a port that is no more, or is otherwise.
    private func leave(_ old: ServicePort, _ state: inout State) {
        guard !old.endpoints.isEmpty else { return }
        state.stale[old.key.chain] = state.table.table.deleteChain(old.key.chain)
        if let clients = state.table.clients(old) { state.stale[clients.name] = clients.delete() }
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

    // MARK: What packets have left behind

    private func settle(
        _ table: ServiceTable, _ applied: [ServicePort.Key: ServicePort], _ wanted: [ServicePort.Key: ServicePort]
    ) throws(SystemError) {
        for (key, new) in wanted where applied[key] != new {
            guard let clients = table.clients(new) else { continue }
            let values = Set(new.endpoints.map(\.bytes))
            for (client, value) in try netfilter.elements(of: clients) where !values.contains(value) {
                // Each by itself: one that has just expired must not keep the others.
                for removal in clients.remove([client]) { try netfilter.commit([removal.tolerating(ENOENT)]) }
            }
        }
        let removed = applied.values.filter { wanted[$0.key] == nil }.map { ServicePort($0.frontend, transport: $0.transport, port: $0.port, endpoints: []) }
        let changed = wanted.values.filter { new in
            guard let old = applied[new.key] else { return true }
            return old.endpoints.isEmpty || !Set(old.endpoints).isSubset(of: new.endpoints)
        }
        forgetConnections(of: removed + changed)
    }

    /// Ends connections of UDP that go elsewhere than these ports lead to now: their packets never begin a connection that would be led anew.
    private func forgetConnections(of ports: [ServicePort]) {
        let ports = ports.filter { $0.transport == .udp }
        // best effort: such a connection ends by itself when it has been quiet for a while.
        guard !ports.isEmpty, let connections = try? netfilter.connections() else { return }
        for connection in StaleConnections.find(connections, ports) { try? netfilter.forget(connection) }  // best effort: as above
    }
}

/// Which connections of UDP go where their service does not lead any more.
enum StaleConnections {
    static func find(_ connections: [TrackedConnection], _ ports: [ServicePort]) -> [TrackedConnection] {
        let byKey = Dictionary(ports.map { ($0.key, $0) }) { _, last in last }
        return connections.filter { connection in
            guard connection.transport == ServicePort.TransportProtocol.udp.rawValue else { return false }
            let (there, back) = (connection.original, connection.reply)
            let own = ServicePort.Key(address: there.destination, transport: .udp, port: there.destinationPort)
            let node = ServicePort.Key(address: nil, transport: .udp, port: there.destinationPort)
            // A port of the node's is also a port of every other machine: what was not led elsewhere is none of ours.
            guard let port = byKey[own] ?? (back.source == there.destination ? nil : byKey[node]) else { return false }
            return !port.endpoints.contains(.init(address: back.source, port: back.sourcePort))
        }
    }
}
