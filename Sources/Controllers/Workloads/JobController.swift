package import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
package import LinuxKernel

/// Runs pods until enough of them succeeded, or too many failed.
package struct JobController: Controller {
    /// The most pods made in one run.
    private static let burst = 500

    package init() {}

    package var name: String { "job-controller" }
    package var watched: [GroupVersionResource] { [Job.resource, Pod.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        let keys = keysOfOwner(Job.resource, kind: "Job", resource, object)
        guard keys.isEmpty, resource == Pod.resource, !isGone, object.controllerRef == nil else { return keys }
        // An orphan may be adopted by whoever selects it.
        return caches.all(Job.resource, namespace: object.namespace).filter { JobPods.canAdopt(Job($0), object) }
            .map { ObjectName(Job.resource, $0) }
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key) else { return Reconciliation() }
        let job = Job(object)
        guard job.isOurs else { return Reconciliation() }
        guard !object.isBeingDeleted, !job.isFinished else {
            let mine = caches.owned(by: job.uid, Pod.resource).filter { $0.controllerRef?.uid == job.uid }.map { Pod($0) }
            return Reconciliation(mine.filter(JobPods.isTracked).map(JobPods.release))
        }
        let ownership = PodOwnership(of: object, selector: job.spec.selector, caches, finalizer: JobPods.finalizer)
        var result = Reconciliation(ownership.changes)
        let tally = JobTally(job, ownership.mine)
        result.changes += tally.releases.map(JobPods.release)
        var status = job.status
        if status.startTime == nil, !job.spec.suspend { status.set("startTime", now) }
        // The time before a pause does not count.
        let startedAt = status.conditions["Suspended"]?.isTrue ?? false ? now : status.startTime
        let outcome = JobOutcome(decided: status) ?? JobOutcome.of(job, tally, startedAt: startedAt, now: now)
        if let outcome {
            end(job, outcome, tally, &status, now, &result)
        } else if job.spec.suspend {
            suspend(job, tally, &status, now, &result)
        } else {
            resume(job, &status, now, &result)
            work(job, tally, now, &result)
            if let limit = job.spec.activeDeadlineSeconds, let start = status.startTime {
                result.look(after: .seconds(limit) - (now - start))
            }
        }
        count(tally, job, &status)
        if let outcome, Self.isSettled(tally) { finish(job, outcome, &status, now, &result) }
        if status != job.status {
            var fresh = job
            fresh.status = status
            result.changes.append(.updateSubresource(Job.resource, fresh.object, "status"))
        }
        return result
    }

    // MARK: - Pods

    private func work(_ job: Job, _ tally: JobTally, _ now: Timestamp, _ result: inout Reconciliation) {
        let spec = job.spec
        let superfluous = spec.isIndexed ? Self.superfluous(job, tally) : []
        let useful = tally.active.filter { pod in !superfluous.contains { $0.uid == pod.uid } }
        drop(superfluous, job, &result)
        let active = Int64(useful.count)
        let wanted =
            if let completions = spec.completions {
                min(spec.parallelism, max(0, completions - tally.succeeded - (spec.isIndexed ? tally.lost.count : 0)))
            } else {
                tally.succeeded > 0 ? active : spec.parallelism
            }
        if active > wanted {
            let ranked = useful.map { ($0, DeletionRank($0, neighbours: 0)) }.sorted { $0.1 < $1.1 }
            drop(ranked.prefix(Int(active - wanted)).map(\.0), job, &result)
            return
        }
        let missing = wanted - active - (spec.replacesFailedOnly ? Int64(tally.terminating.count) : 0)
        guard missing > 0 else { return }
        if spec.backoffLimitPerIndex == nil, let pause = tally.pause(now: now) {
            result.look(after: pause)
            return
        }
        let most = Int(min(missing, Int64(Self.burst)))
        guard spec.isIndexed else {
            result.changes += Array(repeating: .create(Pod.resource, JobPods.make(job, index: nil).object, reporter: job.object), count: most)
            return
        }
        result.changes += free(job, tally, useful, most, now, &result).map { index in
            .create(Pod.resource, JobPods.make(job, index: index, after: tally.lastFailures[index]).object, reporter: job.object)
        }
    }

    /// The smallest numbers that need a pod and may have it now.
    private func free(
        _ job: Job, _ tally: JobTally, _ active: [Pod], _ most: Int, _ now: Timestamp, _ result: inout Reconciliation
    ) -> [Int64] {
        let occupying = active + (job.spec.replacesFailedOnly ? tally.terminating : [])
        let busy = Set(occupying.compactMap(JobPods.index))
        var found: [Int64] = []
        var index: Int64 = 0
        while index < job.spec.completions ?? 0, found.count < most {
            let next = tally.lost.next(notBefore: tally.completed.next(notBefore: index))
            guard next == index else {
                index = next
                continue
            }
            index += 1
            if busy.contains(next) { continue }
            if job.spec.backoffLimitPerIndex != nil, let pause = tally.pause(of: next, now: now) {
                result.look(after: pause)
            } else {
                found.append(next)
            }
        }
        return found
    }

    /// Active pods without a number that the job still needs, and all but the first of each number.
    private static func superfluous(_ job: Job, _ tally: JobTally) -> [Pod] {
        var seen: Set<Int64> = []
        let oldest = tally.active.sorted { JobTally.begin(of: $0) < JobTally.begin(of: $1) }
        return oldest.filter { pod in
            guard let index = JobPods.index(of: pod), index < job.spec.completions ?? 0, !tally.completed.contains(index),
                !tally.lost.contains(index)
            else { return true }
            return !seen.insert(index).inserted
        }
    }

    /// Ends pods that the job does not want any more; they do not count.
    private func drop(_ pods: [Pod], _ job: Job, _ result: inout Reconciliation) {
        result.changes += pods.filter(JobPods.isTracked).map(JobPods.release)
        result.changes += pods.map { Self.delete($0, job) }
    }

    private static func delete(_ pod: Pod, _ job: Job) -> Change {
        .delete(ObjectName(Pod.resource, pod.object), uid: pod.uid, .background, reporter: job.object)
    }

    // MARK: - The end

    /// Says how the job ends, and ends what still runs.
    private func end(
        _ job: Job, _ outcome: JobOutcome, _ tally: JobTally, _ status: inout JobStatus, _ now: Timestamp, _ result: inout Reconciliation
    ) {
        if outcome.isSuccess {
            drop(tally.active, job, &result)
        } else {
            result.changes += tally.active.map { Self.delete($0, job) }
        }
        guard status.conditions[outcome.interim] == nil else { return }
        status.conditions.put(Self.condition(outcome.interim, outcome, now))
        guard outcome.isSuccess, let completions = job.spec.completions, tally.succeeded >= completions else { return }
        func warn(_ what: String, _ reason: String) {
            result.changes.append(
                .event(about: job.object, .warning, reason: reason, message: "Too many \(what) pods running after completion count reached"))
        }
        if !tally.active.isEmpty { warn("active", "TooManyActivePods") }
        if tally.succeeded > completions { warn("succeeded", "TooManySucceededPods") }
    }

    /// Whether every pod has ended and is counted.
    private static func isSettled(_ tally: JobTally) -> Bool {
        tally.active.isEmpty && tally.terminating.isEmpty && tally.notedSuccesses.isEmpty && tally.notedFailures.isEmpty
    }

    private func finish(_ job: Job, _ outcome: JobOutcome, _ status: inout JobStatus, _ now: Timestamp, _ result: inout Reconciliation) {
        status.conditions.put(Self.condition(outcome.final, outcome, now))
        // A pause takes the start away, and no job ends without one.
        if status.startTime == nil { status.set("startTime", now) }
        if outcome.isSuccess { status.set("completionTime", now) }
        result.changes.append(
            .event(
                about: job.object, outcome.isSuccess ? .normal : .warning, reason: outcome.isSuccess ? "Completed" : outcome.reason,
                message: outcome.isSuccess ? "Job completed" : outcome.message))
    }

    private static func condition(_ type: String, _ outcome: JobOutcome, _ now: Timestamp) -> Condition {
        var condition = Condition(type: type, status: true, reason: outcome.reason, message: outcome.message, since: now)
        condition.set("lastProbeTime", now)
        return condition
    }

    // MARK: - The pause

    private func suspend(
        _ job: Job, _ tally: JobTally, _ status: inout JobStatus, _ now: Timestamp, _ result: inout Reconciliation
    ) {
        drop(tally.active, job, &result)
        guard !(status.conditions["Suspended"]?.isTrue ?? false) else { return }
        status.conditions.put(Condition(type: "Suspended", status: true, reason: "JobSuspended", message: "Job suspended", since: now))
        status.set("startTime", Timestamp?.none)
        result.changes.append(.event(about: job.object, .normal, reason: "Suspended", message: "Job suspended"))
    }

    private func resume(_ job: Job, _ status: inout JobStatus, _ now: Timestamp, _ result: inout Reconciliation) {
        guard status.conditions["Suspended"]?.isTrue ?? false else { return }
        status.conditions.put(Condition(type: "Suspended", status: false, reason: "JobResumed", message: "Job resumed", since: now))
        status.set("startTime", now)
        result.changes.append(.event(about: job.object, .normal, reason: "Resumed", message: "Job resumed"))
    }

    // MARK: - Numbers

    private func count(_ tally: JobTally, _ job: Job, _ status: inout JobStatus) {
        func orNone(_ number: Int64) -> Int64? { number == 0 ? nil : number }
        status.set("active", orNone(Int64(tally.active.count)))
        status.set("ready", Int64(tally.active.filter(\.isReady).count))
        status.set("terminating", Int64(tally.terminating.count))
        status.set("succeeded", orNone(tally.countedSuccesses))
        status.set("failed", orNone(tally.countedFailures))
        status.uncounted = (tally.notedSuccesses, tally.notedFailures)
        guard job.spec.isIndexed else { return }
        status.set("completedIndexes", tally.completed.text)
        if job.spec.backoffLimitPerIndex != nil { status.value["failedIndexes"] = .string(tally.lost.text) }
    }
}
