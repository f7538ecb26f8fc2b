internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel
internal import ObjectStore

/// The disruption budgets that an eviction asks. Source: `pkg/registry/core/pod/storage/eviction.go`.
enum DisruptionBudgets {
    private static let refusal = "Cannot evict pod as it would violate the pod's disruption budget."

    /// The budget that stands for a pod; nil when none does, or when the pod is not worth protecting.
    static func budget(of pod: KubeObject, _ context: RequestContext) throws(APIStatus) -> KubeObject? {
        guard !pod.isBeingDeleted, !["Succeeded", "Failed", "Pending"].contains(pod.string("status", "phase") ?? "Pending"),
            let labels = pod["metadata", "labels"]?.objectValue, !labels.isEmpty,
            let endpoint = context.core.endpoints["policy", "v1", "poddisruptionbudgets"]
        else { return nil }
        let prefix = endpoint.prefix(namespace: pod.namespace ?? "")
        let listing = try context.core.reading { () throws(StoreError) in try context.core.store.list(prefix: prefix) }
        var found: [KubeObject] = []
        for item in listing.items {
            let budget = try ObjectCoding.decode(item)
            guard let value = budget["spec", "selector"] else { continue }
            // best effort: a stored selector has been validated.
            if (try? LabelSelector(value: value))?.matches(labels: labels) == true { found.append(budget) }
        }
        guard found.count <= 1 else {
            throw .untyped("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")
        }
        guard let budget = found.first, !ignores(budget, pod) else { return nil }
        return budget
    }

    /// Whether the budget lets a pod go that is not ready.
    private static func ignores(_ budget: KubeObject, _ pod: KubeObject) -> Bool {
        let isReady = pod.array("status", "conditions").contains { $0["type"] == "Ready" && $0["status"] == "True" }
        if isReady { return false }
        if budget.string("spec", "unhealthyPodEvictionPolicy") == "AlwaysAllow" { return true }
        let desired = budget.integer("status", "desiredHealthy") ?? 0
        return desired > 0 && (budget.integer("status", "currentHealthy") ?? 0) >= desired
    }

    /// Takes one disruption from a budget, or fails with 429 and the cause DisruptionBudget.
    static func take(
        _ budget: KubeObject, for pod: KubeObject, _ context: RequestContext, isDryRun: Bool,
        _ completion: @escaping @Sendable (Result<Void, APIStatus>) -> Void
    ) {
        guard let endpoint = context.core.endpoints["policy", "v1", "poddisruptionbudgets"] else { return completion(.success(())) }
        var path = ResourcePath(group: "policy", version: "v1", resource: endpoint.descriptor.plural)
        path.namespace = budget.namespace
        path.name = budget.name
        let own = RequestContext(
            core: context.core, request: context.request, path: path, user: context.user, endpoint: endpoint, now: context.now,
            reply: context.reply)
        let mutation = Mutation(own, isDryRun: isDryRun, subresource: "status") { (current) throws(APIStatus) in
            guard let current, current.uid == budget.uid else { throw .notFound(endpoint.descriptor.groupResource, budget.name) }
            return .put(try decremented(current, pod.name, at: context.now.rfc3339))
        }
        mutation.run { result in
            switch result {
            case .success: completion(.success(()))
            // A budget that has gone meanwhile protects nothing.
            case .failure(let status): completion(status.reason == .notFound ? .success(()) : .failure(status))
            }
        }
    }

    private static func decremented(_ budget: KubeObject, _ pod: String, at time: String) throws(APIStatus) -> KubeObject {
        let name = budget.name
        if (budget.integer("status", "observedGeneration") ?? 0) < budget.generation {
            throw tooMany("The disruption budget \(name) is still being processed by the server.", retryAfter: 10)
        }
        let allowed = budget.integer("status", "disruptionsAllowed") ?? 0
        let resource = GroupResource(group: "policy", resource: "poddisruptionbudget")
        if allowed < 0 { throw .forbidden(resource, name, "pdb disruptions allowed is negative") }
        if (budget["status", "disruptedPods"]?.objectValue?.count ?? 0) > 2000 {
            throw .forbidden(resource, name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller")
        }
        guard allowed > 0 else {
            let sync = budget.array("status", "conditions").first {
                $0["type"] == "DisruptionAllowed" && $0["status"] == "False" && $0["reason"] == "SyncFailed"
            }
            if let sync {
                let why = sync["message"]?.stringValue ?? ""
                throw tooMany("The disruption budget \(name) does not allow evicting pods currently because it failed sync: \(why)")
            }
            let (wanted, current) = (budget.integer("status", "desiredHealthy") ?? 0, budget.integer("status", "currentHealthy") ?? 0)
            throw tooMany("The disruption budget \(name) needs \(wanted) healthy pods and has \(current) currently")
        }
        var budget = budget
        budget["status", "disruptionsAllowed"] = .integer(allowed - 1)
        budget["status", "disruptedPods", pod] = .string(time)
        if allowed == 1 {
            var conditions = budget.array("status", "conditions").filter { $0["type"] != "DisruptionAllowed" }
            conditions.append([
                "type": "DisruptionAllowed", "status": "False", "observedGeneration": .integer(budget.generation),
                "lastTransitionTime": .string(time), "reason": "InsufficientPods", "message": "",
            ])
            budget["status", "conditions"] = .array(conditions)
        }
        return budget
    }

    private static func tooMany(_ cause: String, retryAfter: Int = 0) -> APIStatus {
        var status = APIStatus.tooManyRequests(refusal, retryAfterSeconds: retryAfter)
        status.details?.causes = [APIStatus.Cause(reason: "DisruptionBudget", message: cause)]
        return status
    }
}
