import KubeSchemas

extension ClusterSnapshot {
    /// What a pod needs, its volumes and the pods that its services lead to included. Throws when they can be nowhere.
    func demand(_ pod: Pod) throws(VolumeDemand.Obstacle) -> PodDemand {
        var demand = PodDemand(pod)
        demand.served = served(with: demand)
        guard !demand.claims.isEmpty, let storage else { return demand }
        demand.volumes = try VolumeDemand(pod, storage, promised: promisedVolumes)
        let exclusive = demand.volumes?.exclusive ?? []
        guard !exclusive.isEmpty else { return demand }
        for other in placed.values where other.uid != pod.uid && !exclusive.isDisjoint(with: other.claims) {
            demand.exclusiveUsers.insert(other.node)
        }
        return demand
    }

    /// How a pod's claims that wait get their volumes on a node; empty when none waits.
    func volumeSteps(_ pod: Pod, on node: String) -> [VolumeDemand.Step] {
        guard let demand = try? demand(pod), let state = nodes[node] else { return [] }  // best effort: it was just decided
        return demand.volumes?.steps(on: state) ?? []
    }
}
