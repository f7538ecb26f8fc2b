import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel

/// What a StatefulSet's pods need next: to be made, replaced, updated or ended, in the order of their numbers.
/// Source: `pkg/controller/statefulset/stateful_set_control.go` updateStatefulSet.
struct StatefulSetPlan {
    private let set: StatefulSet
    private let current: ControllerRevision
    private let update: ControllerRevision
    private let caches: any Caches
    private let now: Timestamp
    /// The pod of each number that should exist; nil where it is missing.
    private let replicas: [(ordinal: Int64, pod: Pod?)]
    /// Pods whose number is out of range, highest first.
    private let condemned: [Pod]
    private(set) var changes: [Change] = []
    /// When a pod that others wait for becomes available.
    private(set) var recheck: Duration?

    /// The most pods that are looked at in one run.
    private static let most: Int64 = 10_000

    init(_ set: StatefulSet, current: ControllerRevision, update: ControllerRevision, pods: [Pod], _ caches: any Caches, now: Timestamp) {
        (self.set, self.current, self.update, self.caches, self.now) = (set, current, update, caches, now)
        let first = set.spec.firstOrdinal
        let numbers = first..<(first + min(max(0, set.spec.replicas), Self.most))
        let byOrdinal = Dictionary(pods.map { (StatefulSetPods.ordinal($0), $0) }) { first, _ in first }
        replicas = numbers.map { ($0, byOrdinal[$0]) }
        condemned = pods.filter { !numbers.contains(StatefulSetPods.ordinal($0)) && StatefulSetPods.ordinal($0) >= 0 }
            .sorted { StatefulSetPods.ordinal($0) > StatefulSetPods.ordinal($1) }
        guard !set.object.isBeingDeleted else { return }
        if fill() { return }
        keepClaims(of: condemned)
        if shrink() { return }
        if set.spec.strategyType == "RollingUpdate" { roll() }
    }

    // MARK: - The pods that should exist

    /// True when the rest has to wait.
    private mutating func fill() -> Bool {
        let isOrdered = set.spec.isOrdered
        for (ordinal, pod) in replicas {
            let mustWait = pod.map { keep($0) } ?? start(ordinal)
            if mustWait, isOrdered { return true }
        }
        return false
    }

    /// Makes the pod of a number, with its claims. True, since the next has to wait for it.
    private mutating func start(_ ordinal: Int64) -> Bool {
        for claim in StatefulSetPods.claims(set, ordinal) {
            guard let present = caches.get(ObjectName(ClaimProtection.resource, claim)) else {
                var fresh = claim
                fresh.ownerReferences = claimOwners([], pod: nil)
                changes.append(.create(ClaimProtection.resource, fresh, reporter: set.object))
                continue
            }
            // The claim of an earlier pod of the number goes first.
            if present.isBeingDeleted || isStale(present) { return true }
        }
        let revision = isOfCurrent(ordinal) ? current : update
        changes.append(.create(Pod.resource, StatefulSetPods.make(set, ordinal, revision).object, reporter: set.object))
        return true
    }

    /// Whether a claim goes with a pod that is gone.
    private func isStale(_ claim: KubeObject) -> Bool {
        claim.ownerReferences.contains { owner in
            guard owner.kind == "Pod" else { return false }
            return caches.get(ObjectName(Pod.resource, namespace: claim.namespace, name: owner.name))?.uid != owner.uid
        }
    }

    /// Pods below the partition stay what they were, also when they are made anew.
    private func isOfCurrent(_ ordinal: Int64) -> Bool {
        set.spec.strategyType == "RollingUpdate" && ordinal < set.spec.firstOrdinal + set.spec.partition
    }

    /// Keeps a pod as it should be. True when the next has to wait for it.
    private mutating func keep(_ pod: Pod) -> Bool {
        if pod.isTerminated {
            guard !pod.object.isBeingDeleted else { return true }
            let reason = pod.status.phase == "Failed" ? "RecreatingFailedPod" : "RecreatingTerminatedPod"
            changes.append(
                .event(
                    about: set.object, .warning, reason: reason,
                    message: "StatefulSet \(set.namespace ?? "")/\(set.name) is recreating \(pod.status.phase.lowercased()) Pod \(pod.name)"))
            changes.append(delete(pod))
            return true
        }
        guard !pod.object.isBeingDeleted else { return true }
        let marks = StatefulSetPods.marks(pod.name)
        if !marks.allSatisfy({ pod.labels[$0.key] == $0.value }) {
            let labels = JSONObject(marks.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) })
            changes.append(
                .patch(ObjectName(Pod.resource, pod.object), .merge, ["metadata": ["uid": .string(pod.uid), "labels": .object(labels)]]))
        }
        for claim in StatefulSetPods.claims(set, StatefulSetPods.ordinal(pod))
        where pod.status.phase == "Pending" && caches.get(ObjectName(ClaimProtection.resource, claim)) == nil {
            changes.append(.create(ClaimProtection.resource, claim, reporter: set.object))
        }
        keepClaims(of: [pod])
        return !isAvailable(pod)
    }

    // MARK: - The pods that should not

    private mutating func shrink() -> Bool {
        let isOrdered = set.spec.isOrdered
        let firstUnhealthy = replicas.first { $0.pod.map { !isHealthy($0) } ?? true }
        let blamed = firstUnhealthy == nil ? condemned.last { !isHealthy($0) } : nil
        for pod in condemned {
            if pod.object.isBeingDeleted {
                if isOrdered { return true }
                continue
            }
            if isOrdered, !isAvailable(pod), pod.uid != blamed?.uid { return true }
            changes.append(delete(pod))
            if isOrdered { return true }
        }
        return false
    }

    // MARK: - Updates

    /// Replaces pods of other revisions from the highest number down, as many as may be missing. What is missing anyway costs nothing.
    private mutating func roll() {
        let most = max(1, ScaledAmount.of(set.spec.replicas, set.spec.maxUnavailable, roundsUp: false))
        let missing = replicas.map { $0.pod.map { !isHealthy($0) || !isAvailable($0) } ?? true }
        var allowance = most - Int64(missing.count { $0 })
        for ((ordinal, pod), isMissing) in zip(replicas, missing).reversed() where ordinal >= set.spec.firstOrdinal + set.spec.partition {
            guard let pod, !pod.object.isBeingDeleted, StatefulSetPods.revision(pod) != update.name else { continue }
            guard isMissing || allowance > 0 else { return }
            changes.append(delete(pod))
            if !isMissing { allowance -= 1 }
        }
    }

    // MARK: - Claims

    /// Gives the claims of pods the owners that the retention policy wants.
    private mutating func keepClaims(of pods: [Pod]) {
        for pod in pods {
            for wanted in StatefulSetPods.claims(set, StatefulSetPods.ordinal(pod)) {
                guard var claim = caches.get(ObjectName(ClaimProtection.resource, wanted)), !claim.isBeingDeleted else { continue }
                let owners = claimOwners(claim.ownerReferences, pod: pod)
                guard owners != claim.ownerReferences else { continue }
                claim.ownerReferences = owners
                changes.append(.update(ClaimProtection.resource, claim))
            }
        }
    }

    /// The owners of a claim: others' stay; the set when the claim goes with it, a pod out of range when the claim goes with that.
    private func claimOwners(_ present: [OwnerReference], pod: Pod?) -> [OwnerReference] {
        let isCondemned = pod.map { pod in condemned.contains { $0.uid == pod.uid } } ?? false
        var owners = present.filter { $0.uid != set.uid && $0.uid != pod?.uid }
        func add(_ object: KubeObject) {
            owners.append(OwnerReference(apiVersion: object.apiVersion, kind: object.kind, name: object.name, uid: object.uid))
        }
        if let pod, isCondemned, set.spec.deletesClaimsWhenScaled {
            add(pod.object)
        } else if set.spec.deletesClaimsWhenDeleted {
            add(set.object)
        }
        return Set(owners) == Set(present) ? present : owners
    }

    // MARK: - Pods

    private func delete(_ pod: Pod) -> Change {
        .delete(ObjectName(Pod.resource, pod.object), uid: pod.uid, .background, reporter: set.object)
    }

    private func isHealthy(_ pod: Pod) -> Bool { pod.isRunningAndReady && !pod.object.isBeingDeleted }

    private mutating func isAvailable(_ pod: Pod) -> Bool {
        guard pod.isRunningAndReady, let rest = pod.timeToAvailable(set.spec.minReadySeconds, now: now) else { return false }
        if rest > .zero { recheck = min(recheck ?? rest, rest) }
        return rest == .zero
    }
}

extension Pod {
    /// Whether it runs and says that it is ready.
    var isRunningAndReady: Bool { status.phase == "Running" && isReady }
}
