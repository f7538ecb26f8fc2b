/// How many pods there are by the values of a node label.
struct TopologyCounts: Sendable {
    /// The node label.
    let key: String
    private(set) var counts: [String: Int] = [:]

    /// Numbers of nodes, added up by the label's value; nodes without the label do not count.
    init(_ key: String, _ byNode: [String: Int] = [:], _ nodes: [String: NodeState] = [:]) {
        self.key = key
        for (name, count) in byNode {
            if let value = nodes[name]?.labels[key] { counts.add(count, at: value) }
        }
    }

    var isEmpty: Bool { counts.isEmpty }

    /// How many there are near a node; nil when it does not have the label.
    func count(near node: NodeState) -> Int? { node.labels[key].map { counts[$0] ?? 0 } }

    /// Adds or takes away pods on a node.
    mutating func add(_ amount: Int, on node: NodeState) {
        if let value = node.labels[key] { counts.add(amount, at: value) }
    }
}
