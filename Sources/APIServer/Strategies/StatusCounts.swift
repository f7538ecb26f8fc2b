internal import APIMachinery
internal import JSONCore

/// Numbers in the status of workloads and what counts them: none is negative, and a part is no more than the whole.
/// Source: `pkg/apis/{apps,core,policy,autoscaling}/validation/validation.go`, what they ask of a status.
struct StatusCounts: Sendable {
    /// Fields of the status that count something.
    var counts: [String]
    /// Which of them may not be greater than `replicas`.
    var parts: [String] = []
    /// What the message calls the number that `availableReplicas` may not exceed.
    var ready = "readyReplicas"

    static let deployment = StatusCounts(
        counts: [
            "observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas", "collisionCount",
            "terminatingReplicas",
        ], parts: ["updatedReplicas", "readyReplicas", "availableReplicas"])
    static let replicas = StatusCounts(
        counts: ["observedGeneration", "replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "terminatingReplicas"],
        parts: ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"])
    static let statefulSet = StatusCounts(
        counts: [
            "observedGeneration", "replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas", "collisionCount",
        ], parts: ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"], ready: "status.readyReplicas")
    static let daemonSet = StatusCounts(
        counts: [
            "currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady", "observedGeneration",
            "updatedNumberScheduled", "numberAvailable", "numberUnavailable", "collisionCount",
        ])
    static let disruptionBudget = StatusCounts(counts: ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"])
    static let autoscaler = StatusCounts(counts: ["currentReplicas", "desiredReplicas"])

    /// What is wrong with the numbers of a status that is written over that of `old`.
    func errors(_ object: KubeObject, old: KubeObject) -> [FieldError] {
        var errors: [FieldError] = []
        func number(_ name: String) -> Int64 { object.integer("status", name) ?? 0 }
        for name in counts where number(name) < 0 {
            errors.append(.invalid("status.\(name)", .integer(number(name)), "must be greater than or equal to 0"))
        }
        for name in parts where number(name) > number("replicas") {
            errors.append(.invalid("status.\(name)", .integer(number(name)), "cannot be greater than status.replicas"))
        }
        if parts.contains("availableReplicas"), number("availableReplicas") > number("readyReplicas") {
            errors.append(.invalid("status.availableReplicas", .integer(number("availableReplicas")), "cannot be greater than \(ready)"))
        }
        return errors + collisions(object, old)
    }

    /// Names are made of how often one was taken, so the count never goes back, nor away.
    private func collisions(_ object: KubeObject, _ old: KubeObject) -> [FieldError] {
        guard counts.contains("collisionCount"), let before = old.integer("status", "collisionCount") else { return [] }
        let count = object.integer("status", "collisionCount")
        if let count, count >= before { return [] }
        return [.invalid("status.collisionCount", .integer(count ?? 0), "cannot be decremented")]
    }
}
