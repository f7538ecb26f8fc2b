import APIMachinery
import JSONCore
import KubeSchemas

/// How many pods of a PodDisruptionBudget there should be, and how many of them healthy.
/// Source: `pkg/controller/disruption/disruption.go` getExpectedPodCount.
struct DisruptionExpectation {
    var count: Int64 = 0
    var healthy: Int64 = 0
    /// Why that cannot be said.
    var failure: String?

    init(_ budget: KubeObject, _ pods: [KubeObject], _ owners: DisruptionOwners, _ caches: any Caches) {
        let most = budget["spec", "maxUnavailable"].flatMap { $0.isNull ? nil : $0 }
        let least = budget["spec", "minAvailable"].flatMap { $0.isNull ? nil : $0 }
        if most == nil, let number = least?.integerValue {
            (count, healthy) = (Int64(pods.count), number)
        } else if let amount = most ?? least {
            scale(pods, owners, caches)
            let part = ScaledAmount.of(count, amount, roundsUp: true)
            healthy = most != nil ? max(0, count - part) : part
        }
    }

    /// Sums the wanted replicas of everything that owns pods; a pod without an owner counts for nothing.
    private mutating func scale(_ pods: [KubeObject], _ owners: DisruptionOwners, _ caches: any Caches) {
        var known: Set<String> = []
        for pod in pods {
            guard let owner = pod.controllerRef, known.insert(owner.uid).inserted else { continue }
            switch owners.scale(of: owner, namespace: pod.namespace, caches) {
            case .replicas(let wanted, let uid):
                guard uid == owner.uid || known.insert(uid).inserted else { continue }
                let (sum, overflow) = count.addingReportingOverflow(max(0, wanted))
                count = overflow ? .max : sum
            case .unknown:
                failure = "found no controllers for pod \(pod.name.goQuoted)"
                return
            case .failed(let why):
                failure = why
                return
            }
        }
    }
}
