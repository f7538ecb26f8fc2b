/// Which pods have a place on which simulated node: as many as a node says that it has room for. A value without I/O.
struct SimulatedRoom: Sendable {
    private var pods: [SimulatedNode: Set<String>] = [:]

    /// Takes in a pod that has its place already.
    mutating func note(_ uid: String, on node: SimulatedNode) { pods[node, default: []].insert(uid) }

    /// Gives a pod a place, the same each time; false when the node is full.
    mutating func admit(_ uid: String, on node: SimulatedNode) -> Bool {
        let placed = pods[node] ?? []
        if placed.contains(uid) { return true }
        guard placed.count < SimulatedNode.podCapacity else { return false }
        note(uid, on: node)
        return true
    }

    /// Frees the place of a pod that has ended or is gone.
    mutating func free(_ uid: String, on node: SimulatedNode) {
        pods[node]?.remove(uid)
        if pods[node]?.isEmpty == true { pods[node] = nil }
    }
}
