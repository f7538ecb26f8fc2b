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
        let surge = Self.resolve(spec.maxSurge, of: spec.replicas, roundsUp: true)
        let unavailable = min(Self.resolve(spec.maxUnavailable, of: spec.replicas, roundsUp: false), spec.replicas)
        (self.surge, self.unavailable) = (surge, surge == 0 && unavailable == 0 ? min(1, spec.replicas) : unavailable)
    }

    private static func resolve(_ value: JSONValue, of total: Int64, roundsUp: Bool) -> Int64 {
        if let number = value.integerValue { return max(0, number) }
        guard let text = value.stringValue, text.hasSuffix("%"), let percent = Int64(text.dropLast()) else { return 0 }
        let product = max(0, min(percent, 1000)).multipliedReportingOverflow(by: total)
        guard !product.overflow else { return total }
        return (product.partialValue + (roundsUp ? 99 : 0)) / 100
    }
}
