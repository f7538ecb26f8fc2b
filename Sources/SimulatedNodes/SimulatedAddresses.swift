/// The made-up addresses of pods on simulated nodes: a pod keeps its own for as long as it is there. A value without I/O.
struct SimulatedAddresses: Sendable {
    private struct Lease {
        let node: SimulatedNode
        let number: Int
    }

    private var leases: [String: Lease] = [:]
    private var used: [SimulatedNode: Set<Int>] = [:]

    /// Takes in the address that a pod has already.
    mutating func note(_ address: String, of uid: String, on node: SimulatedNode) {
        guard leases[uid] == nil, let number = node.podNumber(of: address) else { return }
        lease(number, to: uid, on: node)
    }

    /// The address of a pod, the same each time; nil when the node has none left.
    mutating func address(of uid: String, on node: SimulatedNode) -> String? {
        if let known = leases[uid] { return known.node.podAddress(known.number) }
        let taken = used[node] ?? []
        guard let number = (1...254).first(where: { !taken.contains($0) }) else { return nil }
        lease(number, to: uid, on: node)
        return node.podAddress(number)
    }

    /// Frees the address of a pod that is gone.
    mutating func free(_ uid: String) {
        guard let old = leases.removeValue(forKey: uid) else { return }
        used[old.node]?.remove(old.number)
        if used[old.node]?.isEmpty == true { used[old.node] = nil }
    }

    private mutating func lease(_ number: Int, to uid: String, on node: SimulatedNode) {
        leases[uid] = Lease(node: node, number: number)
        used[node, default: []].insert(number)
    }
}
