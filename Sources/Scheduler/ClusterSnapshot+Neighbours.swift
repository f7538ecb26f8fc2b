import KubeSchemas

extension ClusterSnapshot {
    /// What the pods around mean for one that wants a place.
    func neighbourhood(of demand: PodDemand) -> Neighbourhood { Neighbourhood(demand, index, nodes: nodes, placed: placed.values) }

    /// What keeps a pod off a node, and the node with the pods that it is kept free for. A place next to those must do, and one
    /// without them, too, as they may never come.
    func obstacles(
        _ demand: PodDemand, on node: NodeState, _ around: inout Neighbourhood, beside pod: Pod
    ) -> (node: NodeState, texts: [String]) {
        let promised = promises(on: node, beside: pod)
        guard !promised.isEmpty else { return (node, NodeFit.obstacles(demand, on: node, around)) }
        var full = node
        for other in promised {
            full.take(other)
            around.take(other, on: node)
        }
        let beside = NodeFit.obstacles(demand, on: full, around)
        for other in promised { around.release(other, on: node) }
        return (full, beside.isEmpty ? NodeFit.obstacles(demand, on: node, around) : beside)
    }

    /// The best of the nodes on which a pod fits; nil without any.
    func best(of fitting: [NodeState], for demand: PodDemand) -> String? {
        guard fitting.count > 1 else { return fitting.first?.name }
        let neighbours = NeighbourScore(demand, index, nodes: nodes, placed: placed)?.scores(fitting)
        var best: (score: Int64, name: String)?
        for (number, node) in fitting.enumerated() {
            let score = NodeScore.score(demand, on: node) + (neighbours?[number] ?? 0)
            // Names break ties, so that the outcome does not depend on the order of a dictionary.
            if best.map({ score > $0.score || (score == $0.score && node.name < $0.name) }) ?? true { best = (score, node.name) }
        }
        return best?.name
    }
}
