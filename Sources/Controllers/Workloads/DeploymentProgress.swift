import APIMachinery
import KubeSchemas
import LinuxKernel

/// A Deployment's status: numbers, and the conditions Available and Progressing. Source: kubernetes `deployment/progress.go`.
enum DeploymentProgress {
    /// Whether every pod is of the present template and available.
    static func isComplete(_ rollout: Rollout) -> Bool {
        guard let current = rollout.current else { return false }
        let wanted = rollout.deployment.spec.replicas
        return current.status.replicas == wanted && current.status.availableReplicas == wanted
            && rollout.all.reduce(0) { $0 + $1.status.replicas } == wanted
    }

    static func status(_ rollout: Rollout, _ now: Timestamp, _ result: inout Reconciliation) -> DeploymentStatus {
        let all = rollout.all
        func sum(_ number: (ReplicaSet) -> Int64) -> Int64 { all.reduce(0) { $0 + number($1) } }
        func orNone(_ number: Int64) -> Int64? { number == 0 ? nil : number }
        let available = sum { $0.status.availableReplicas }
        var status = rollout.deployment.status
        status.set("observedGeneration", rollout.deployment.object.generation)
        status.set("replicas", orNone(sum { $0.status.replicas }))
        status.set("updatedReplicas", orNone(rollout.current?.status.replicas ?? 0))
        status.set("readyReplicas", orNone(sum { $0.status.readyReplicas }))
        status.set("availableReplicas", orNone(available))
        status.set("unavailableReplicas", orNone(max(0, sum { $0.spec.replicas } - available)))
        put(availability(rollout, available, now), into: &status, now)
        if let progressing = progress(rollout, status, now, &result) { put(progressing, into: &status, now) }
        note(rollout, now, &status)
        return status
    }

    private static func availability(_ rollout: Rollout, _ available: Int64, _ now: Timestamp) -> Condition {
        let spec = rollout.deployment.spec
        let isEnough = available >= spec.replicas - RolloutBudget(spec).unavailable
        return Condition(
            type: "Available", status: isEnough,
            reason: isEnough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
            message: isEnough ? "Deployment has minimum availability." : "Deployment does not have minimum availability.", since: now)
    }

    /// Passes on that the sets are refused pods, the newest set first.
    private static func note(_ rollout: Rollout, _ now: Timestamp, _ status: inout DeploymentStatus) {
        guard let failure = rollout.all.reversed().compactMap({ $0.status.conditions["ReplicaFailure"] }).first(where: \.isTrue) else {
            if status.conditions["ReplicaFailure"] != nil { status.conditions.removeAll { $0.type == "ReplicaFailure" } }
            return
        }
        put(
            Condition(type: "ReplicaFailure", status: true, reason: failure.reason, message: failure.message, since: now), into: &status, now)
    }

    private static func progress(
        _ rollout: Rollout, _ status: DeploymentStatus, _ now: Timestamp, _ result: inout Reconciliation
    ) -> Condition? {
        let old = rollout.deployment.status
        let known = old.conditions["Progressing"]
        guard !rollout.deployment.spec.paused else {
            return Condition(type: "Progressing", status: nil, reason: "DeploymentPaused", message: "Deployment is paused", since: now)
        }
        func condition(_ holds: Bool, _ reason: String, _ message: String) -> Condition {
            Condition(type: "Progressing", status: holds, reason: reason, message: message, since: now)
        }
        guard let current = rollout.current else {
            return condition(true, "NewReplicaSetCreated", "Created new replica set")
        }
        if isComplete(rollout) {
            return condition(true, "NewReplicaSetAvailable", "ReplicaSet \"\(current.name)\" has successfully progressed.")
        }
        // A rollout that was through stays so while single pods come and go.
        if known?.reason == "NewReplicaSetAvailable", status.replicas == status.updatedReplicas { return nil }
        let hasMoved =
            status.updatedReplicas > old.updatedReplicas || status.readyReplicas > old.readyReplicas
            || status.availableReplicas > old.availableReplicas
            || status.replicas - status.updatedReplicas < old.replicas - old.updatedReplicas
            || rollout.deployment.object.generation != old.observedGeneration
        let message = "ReplicaSet \"\(current.name)\" is progressing."
        guard !hasMoved, let known, known.reason != "NewReplicaSetAvailable" else {
            return condition(true, "ReplicaSetUpdated", message)
        }
        if known.reason == "ProgressDeadlineExceeded" { return nil }
        let since = known.time("lastUpdateTime") ?? known.lastTransitionTime ?? now
        let rest = Duration.seconds(rollout.deployment.spec.progressDeadlineSeconds) - (now - since)
        if rest <= .zero {
            return condition(false, "ProgressDeadlineExceeded", "ReplicaSet \"\(current.name)\" has timed out progressing.")
        }
        result.look(after: rest)
        return nil
    }

    /// Replaces a condition unless it says the same already; `lastUpdateTime` moves with what it says.
    private static func put(_ condition: Condition, into status: inout DeploymentStatus, _ now: Timestamp) {
        if let known = status.conditions[condition.type], known.status == condition.status, known.reason == condition.reason,
            known.message == condition.message, condition.reason != "ReplicaSetUpdated"
        {
            return
        }
        var fresh = condition
        fresh.set("lastUpdateTime", now)
        status.conditions.put(fresh)
    }
}
