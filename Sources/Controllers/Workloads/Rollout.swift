import APIMachinery
import KubeSchemas

/// A Deployment with its ReplicaSets, and the sizes that they should have next. Pure.
struct Rollout {
    let deployment: Deployment
    /// The ReplicaSet of the present template; nil until it is made.
    let current: ReplicaSet?
    /// The others, oldest first.
    let old: [ReplicaSet]

    var all: [ReplicaSet] { old + (current.map { [$0] } ?? []) }

    /// The size the current set should have; for one that is not made yet, its first size.
    var currentSize: Int64 {
        let spec = deployment.spec
        let present = current?.spec.replicas ?? 0
        if old.isEmpty || old.allSatisfy({ $0.spec.replicas == 0 && $0.status.replicas == 0 }) { return spec.replicas }
        if spec.strategyType == "Recreate" { return present > spec.replicas ? spec.replicas : present }
        guard present < spec.replicas else { return spec.replicas }
        let total = all.reduce(0) { $0 + $1.spec.replicas }
        let room = spec.replicas + RolloutBudget(spec).surge - total
        return room <= 0 ? present : min(spec.replicas, present + room)
    }

    /// The sets that must shrink, with their new sizes.
    var shrunk: [(ReplicaSet, size: Int64)] {
        let spec = deployment.spec
        if spec.strategyType == "Recreate" { return old.filter { $0.spec.replicas > 0 }.map { ($0, 0) } }
        let minimum = spec.replicas - RolloutBudget(spec).unavailable
        let total = all.reduce(0) { $0 + $1.spec.replicas }
        let unavailableOfCurrent = current.map { max(0, $0.spec.replicas - $0.status.availableReplicas) } ?? 0
        var allowance = total - minimum - unavailableOfCurrent
        guard allowance > 0 else { return [] }
        var sizes: [(ReplicaSet, size: Int64)] = old.map { ($0, $0.spec.replicas) }
        // First what is broken anyway.
        for index in sizes.indices where allowance > 0 {
            let broken = max(0, sizes[index].0.spec.replicas - sizes[index].0.status.availableReplicas)
            let cut = min(broken, allowance)
            sizes[index].size -= cut
            allowance -= cut
        }
        var spare = all.reduce(0) { $0 + $1.status.availableReplicas } - minimum
        for index in sizes.indices where spare > 0 {
            let cut = min(sizes[index].size, spare)
            sizes[index].size -= cut
            spare -= cut
        }
        return sizes.filter { $0.size != $0.0.spec.replicas }
    }
}
