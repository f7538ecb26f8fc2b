package import APIMachinery
import JSONCore
import KubeSchemas
package import LinuxKernel

/// Writes into every PodDisruptionBudget how many of its pods are healthy and how many may go, which evictions ask.
/// Source: `pkg/controller/disruption/disruption.go`.
package struct DisruptionController: Controller {
    static let resource = GroupVersionResource(group: "policy", version: "v1", resource: "poddisruptionbudgets")

    /// How long an evicted pod counts as gone before it is.
    private static let deletionTime: Duration = .seconds(120)

    private let owners: DisruptionOwners

    /// A controller that knows the built-in kinds.
    package init(_ registry: SchemaRegistry) { owners = DisruptionOwners(registry) }

    package var name: String { "disruption-controller" }
    package var watched: [GroupVersionResource] { [Self.resource, Pod.resource] + DisruptionOwners.scaled }
    package var watchesCustomResources: Bool { true }

    package func keys(_ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches) -> [ObjectName] {
        if resource == Self.resource { return isGone ? [] : [ObjectName(Self.resource, object)] }
        let custom = caches.customKinds.first { $0.resource == resource }
        if let custom, custom.replicas == nil { return [] }
        return caches.all(Self.resource, namespace: object.namespace).filter { budget in
            resource != Pod.resource || Self.selector(budget)?.matches(object.labels) ?? false
        }.map { ObjectName(Self.resource, $0) }
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let budget = caches.get(key), !budget.isBeingDeleted else { return Reconciliation() }
        let selector = Self.selector(budget)
        let pods = caches.all(Pod.resource, namespace: key.namespace).filter { selector?.matches($0.labels) ?? false }
        let expectation = DisruptionExpectation(budget, pods, owners, caches)
        if let failure = expectation.failure { return failed(budget, failure, now) }
        let (disrupted, recheck) = Self.disrupted(budget, pods, now)
        let healthy = pods.count { !$0.isBeingDeleted && disrupted[$0.name] == nil && Pod($0).isReady }
        let allowed = expectation.count > 0 ? max(0, Int64(healthy) - expectation.healthy) : 0
        var status: JSONObject = [
            "observedGeneration": .integer(budget.generation), "disruptionsAllowed": .integer(allowed), "currentHealthy": .integer(Int64(healthy)),
            "desiredHealthy": .integer(expectation.healthy), "expectedPods": .integer(expectation.count),
        ]
        if !disrupted.isEmpty { status["disruptedPods"] = .object(JSONObject(disrupted.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })) }
        let isAllowed = allowed > 0
        status["conditions"] = Self.conditions(budget, isAllowed, isAllowed ? "SufficientPods" : "InsufficientPods", "", now)
        var result = write(budget, status)
        if let recheck { result.look(after: recheck) }
        return result
    }

    // MARK: - Status

    private func failed(_ budget: KubeObject, _ why: String, _ now: Timestamp) -> Reconciliation {
        var status = budget["status"]?.objectValue ?? JSONObject()
        status["disruptionsAllowed"] = 0
        status["observedGeneration"] = .integer(budget.generation)
        for field in ["currentHealthy", "desiredHealthy", "expectedPods"] where status[field] == nil { status[field] = 0 }
        status["conditions"] = Self.conditions(budget, false, "SyncFailed", why, now)
        var result = write(budget, status)
        guard !result.changes.isEmpty else { return result }
        let message = "Failed to calculate the number of expected pods: \(why)"
        result.changes.append(.event(about: budget, .warning, reason: "CalculateExpectedPodCountFailed", message: message))
        return result
    }

    private func write(_ budget: KubeObject, _ status: JSONObject) -> Reconciliation {
        guard budget["status"] != .object(status) else { return Reconciliation() }
        var changed = budget
        changed["status"] = .object(status)
        return Reconciliation([.updateSubresource(Self.resource, changed, "status")])
    }

    /// The conditions with a new word on `DisruptionAllowed`, whose time changes with its status.
    private static func conditions(_ budget: KubeObject, _ isAllowed: Bool, _ reason: String, _ message: String, _ now: Timestamp) -> JSONValue {
        var conditions = budget.array("status", "conditions")
        let place = conditions.firstIndex { $0["type"] == "DisruptionAllowed" }
        let status: JSONValue = isAllowed ? "True" : "False"
        let isSame = place.map { conditions[$0]["status"] == status } ?? false
        let since = isSame ? place.flatMap { conditions[$0]["lastTransitionTime"] } : nil
        let condition: JSONValue = [
            "type": "DisruptionAllowed", "status": status, "observedGeneration": .integer(budget.generation),
            "lastTransitionTime": since ?? .string(now.rfc3339), "reason": .string(reason), "message": .string(message),
        ]
        if let place { conditions[place] = condition } else { conditions.append(condition) }
        return .array(conditions)
    }

    // MARK: - Pods

    private static func selector(_ budget: KubeObject) -> LabelSelector? {
        guard let value = budget["spec", "selector"], !value.isNull else { return nil }
        return try? LabelSelector(value: value)  // best effort: a stored selector has been validated
    }

    /// Pods whose eviction was granted and that are still to go, with the time of the grant; and when the first of them is overdue.
    private static func disrupted(_ budget: KubeObject, _ pods: [KubeObject], _ now: Timestamp) -> ([String: JSONValue], Duration?) {
        var kept: [String: JSONValue] = [:]
        var recheck: Duration?
        for member in budget["status", "disruptedPods"]?.objectValue ?? JSONObject() {
            guard let pod = pods.first(where: { $0.name == member.key }), !pod.isBeingDeleted,
                let granted = member.value.stringValue.flatMap({ Timestamp(rfc3339: $0) })
            else { continue }
            let left = granted.advanced(by: deletionTime) - now
            guard left > .zero else { continue }
            kept[member.key] = member.value
            recheck = min(recheck ?? left, left)
        }
        return (kept, recheck)
    }
}
