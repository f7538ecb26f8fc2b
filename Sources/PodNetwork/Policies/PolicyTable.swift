package import LinuxKernel
internal import Synchronization

/// A connection that policies did not let through, from the kernel's own notes.
package struct DeniedConnection: Sendable, Hashable {
    package let direction: NetworkPolicy.Direction
    package let source: IPv4Address
    package let destination: IPv4Address
    /// IP protocol number.
    package let transport: UInt8
    /// 0 for protocols without.
    package let port: UInt16
    package let packets: UInt64
    /// How long ago the last packet came.
    package let age: Duration

    package init(
        direction: NetworkPolicy.Direction, source: IPv4Address, destination: IPv4Address, transport: UInt8, port: UInt16, packets: UInt64, age: Duration
    ) {
        self.direction = direction
        self.source = source
        self.destination = destination
        self.transport = transport
        self.port = port
        self.packets = packets
        self.age = age
    }
}

/// The rules inside a node that enforce NetworkPolicies, in table `kdash-policies`.
///
/// The kernel enforces what it was told last, also while no daemon runs; the next one replaces the table in one transaction, without a gap.
package final class PolicyTable: Sendable {
    private struct State {
        /// nil until the table is known to hold exactly this.
        var ruleset: PolicyRuleset?
    }

    private let netfilter: NetlinkSocket
    /// Held while the kernel is told.
    private let state = Mutex(State())
    private let current = Mutex(EnforcedPolicies())

    /// - Parameter netfilter: a netfilter socket inside the node's namespace.
    package init(netfilter: NetlinkSocket) { self.netfilter = netfilter }

    /// What the kernel enforces.
    package var enforced: EnforcedPolicies { current.withLock { $0 } }

    /// Makes the kernel enforce exactly these: one transaction of what differs, and the whole table where that fails. After a failure what was
    /// enforced before still is.
    package func apply(_ policies: EnforcedPolicies) throws(PodNetworkError) {
        let wanted = PolicyRuleset(policies)
        let result: Result<Void, PodNetworkError> = state.withLock { state in
            do throws(PodNetworkError) {
                try explaining("enforce \(Set(policies.rules.keys.map(\.uid)).count) network policies") { () throws(SystemError) in
                    try update(&state, wanted)
                }
                current.withLock { $0 = policies }
                state.ruleset = wanted
                return .success(())
            } catch {
                state.ruleset = nil
                return .failure(error)
            }
        }
        try result.get()
    }

    private func update(_ state: inout State, _ wanted: PolicyRuleset) throws(SystemError) {
        if let present = state.ruleset {
            // An older kernel may refuse to let go of a chain in the transaction that ends its use.
            do throws(SystemError) { return try netfilter.commit(wanted.changes(from: present)) } catch { state.ruleset = nil }
        }
        try netfilter.commit(wanted.replacement())
    }

    /// What was not let through in the last ten minutes, the newest first; at most 4096 of each direction.
    package func denied() throws(PodNetworkError) -> [DeniedConnection] {
        try explaining("read what policies denied") { () throws(SystemError) in
            var all: [DeniedConnection] = []
            for direction in NetworkPolicy.Direction.allCases {
                all += try netfilter.elements(of: PolicyRuleset.denied(direction)).compactMap { DeniedConnection($0, direction) }
            }
            return all.sorted { $0.age < $1.age }
        }
    }

    /// Every connection that the node tracks.
    package func connections() throws(PodNetworkError) -> [TrackedConnection] {
        try explaining("read the node's connections") { () throws(SystemError) in try netfilter.connections() }
    }
}

extension DeniedConnection {
    init?(_ element: NFTimedSet.Element, _ direction: NetworkPolicy.Direction) {
        let key = element.key
        guard key.count == 16, let source = IPv4Address(bytes: key[0..<4]), let destination = IPv4Address(bytes: key[4..<8]) else { return nil }
        self.direction = direction
        self.source = source
        self.destination = destination
        transport = key[8]
        port = UInt16(key[12]) << 8 | UInt16(key[13])
        packets = element.packets
        age = .milliseconds(Int64(clamping: element.millisecondsAgo))
    }
}
