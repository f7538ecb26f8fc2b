import JSONCore
import KubeSchemas

/// How many pods a rolling update may have too many, and how many too few.
struct RolloutBudget {
    let surge: Int64
    let unavailable: Int64

    /// Reads numbers and percentages; surges round up, absences down, and when both are zero one pod may be absent, since nothing
    /// could move otherwise. Source: kubernetes `deployment/util.ResolveFenceposts`.
    init(_ spec: DeploymentSpec) {
        guard spec.strategyType == "RollingUpdate" else {
            (surge, unavailable) = (0, spec.replicas)
            return
        }
        let surge = ScaledAmount.of(spec.replicas, spec.maxSurge, roundsUp: true)
        let unavailable = min(ScaledAmount.of(spec.replicas, spec.maxUnavailable, roundsUp: false), spec.replicas)
        (self.surge, self.unavailable) = (surge, surge == 0 && unavailable == 0 ? min(1, spec.replicas) : unavailable)
    }
}
