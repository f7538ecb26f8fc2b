import APIMachinery
import KubeSchemas

/// How the sets of a Deployment share a new size in the middle of a rollout: each in proportion to what it has, so that a rollout that is
/// stuck does not get the whole difference. Source: `pkg/controller/deployment/sync.go` scale.
struct ProportionalScaling {
    /// The sets whose size or annotations should change, with their sizes.
    let sizes: [(set: ReplicaSet, size: Int64)]

    /// Whether the deployment's size is another than its sets were last told.
    static func isDue(_ rollout: Rollout) -> Bool {
        let active = rollout.all.filter { $0.spec.replicas > 0 }
        guard active.count == 1 || rollout.deployment.spec.strategyType == "RollingUpdate" else { return false }
        return active.contains { set in
            set.object.annotations[DeploymentRevisions.desired].flatMap { Int64($0) }.map { $0 != rollout.deployment.spec.replicas } ?? false
        }
    }

    init(_ rollout: Rollout) {
        let spec = rollout.deployment.spec
        let active = rollout.all.filter { $0.spec.replicas > 0 }
        if active.count <= 1 {
            sizes = (active.first ?? rollout.current ?? rollout.old.last).map { [($0, spec.replicas)] } ?? []
            return
        }
        if let current = rollout.current, Self.isSaturated(current, spec) {
            sizes = active.filter { $0.uid != current.uid }.map { ($0, 0) } + [(current, current.spec.replicas)]
            return
        }
        guard spec.strategyType == "RollingUpdate" else {
            sizes = []
            return
        }
        let allowed = spec.replicas > 0 ? spec.replicas + RolloutBudget(spec).surge : 0
        let difference = allowed - active.reduce(0) { $0 + $1.spec.replicas }
        // The largest first; of equal ones the newest when growing, the oldest when shrinking.
        let byAge = difference > 0 ? active.reversed() : active
        let sorted = byAge.enumerated().sorted { left, right in
            let (first, second) = (left.element.spec.replicas, right.element.spec.replicas)
            return first == second ? left.offset < right.offset : first > second
        }.map(\.element)
        var given: Int64 = 0
        var sizes: [(set: ReplicaSet, size: Int64)] = []
        for set in sorted {
            let share = Self.share(of: set, rollout, difference - given)
            given += share
            sizes.append((set, set.spec.replicas + share))
        }
        if !sizes.isEmpty { sizes[0].size = max(0, sizes[0].size + difference - given) }
        self.sizes = sizes
    }

    private static func isSaturated(_ set: ReplicaSet, _ spec: DeploymentSpec) -> Bool {
        set.object.annotations[DeploymentRevisions.desired] == String(spec.replicas) && set.spec.replicas == spec.replicas
            && set.status.availableReplicas == spec.replicas
    }

    /// What a set gets of what is left, negative when it has to give.
    private static func share(of set: ReplicaSet, _ rollout: Rollout, _ left: Int64) -> Int64 {
        let spec = rollout.deployment.spec
        guard left != 0 else { return 0 }
        guard spec.replicas > 0 else { return -set.spec.replicas }
        let before = set.object.annotations[DeploymentRevisions.maximum].flatMap { Int64($0) } ?? rollout.deployment.status.replicas
        guard before > 0 else { return 0 }
        let after = spec.replicas + RolloutBudget(spec).surge
        let size = (Double(set.spec.replicas) * Double(after) / Double(before)).rounded()
        let share = Int64(min(size, Double(Int32.max))) - set.spec.replicas
        return left > 0 ? min(share, left) : max(share, left)
    }
}
