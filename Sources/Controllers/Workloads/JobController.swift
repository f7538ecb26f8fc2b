package import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
package import LinuxKernel

/// Runs pods until enough of them succeeded, or too many failed.
package struct JobController: Controller {
    package init() {}

    package var name: String { "job-controller" }
    package var watched: [GroupVersionResource] { [Job.resource, Pod.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        keysOfOwner(Job.resource, kind: "Job", resource, object)
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key) else { return Reconciliation() }
        let job = Job(object)
        guard !object.isBeingDeleted, !job.isFinished else { return Reconciliation() }
        let pods = caches.owned(by: job.uid, Pod.resource).filter { $0.controllerRef?.uid == job.uid }.map { Pod($0) }
        let count = JobCount(job, pods)
        var result = Reconciliation()
        var status = job.status
        if status.startTime == nil, !job.spec.suspend { status.set("startTime", now) }
        if let end = JobOutcome.of(job, count, startedAt: status.startTime, now: now) {
            finish(job, end, count, &status, now, &result)
        } else if job.spec.suspend {
            suspend(job, count, &status, now, &result)
        } else {
            resume(job, &status, now, &result)
            work(job, count, now, &result)
            if let limit = job.spec.activeDeadlineSeconds, let start = status.startTime {
                result.look(after: .seconds(limit) - (now - start))
            }
        }
        status.set("active", count.active.isEmpty ? nil : Int64(count.active.count))
        status.set("ready", count.active.isEmpty ? 0 : Int64(count.active.filter(\.isReady).count))
        status.set("succeeded", count.succeeded == 0 ? nil : count.succeeded)
        status.set("failed", count.failed == 0 ? nil : count.failed)
        status.set("terminating", Int64(count.terminating))
        if job.isFinished == false, status.conditions.contains(where: { ["Complete", "Failed"].contains($0.type) && $0.isTrue }) {
            status.set("active", Int64?.none)
            status.set("ready", 0)
        }
        if status != job.status {
            var fresh = job
            fresh.status = status
            result.changes.append(.updateSubresource(Job.resource, fresh.object, "status"))
        }
        return result
    }

    private func work(_ job: Job, _ count: JobCount, _ now: Timestamp, _ result: inout Reconciliation) {
        let spec = job.spec
        let active = Int64(count.active.count)
        let wanted =
            if let completions = spec.completions {
                min(spec.parallelism, max(0, completions - count.succeeded))
            } else {
                count.succeeded > 0 ? active : spec.parallelism
            }
        if active > wanted {
            let ranked = count.active.map { ($0, DeletionRank($0, neighbours: 0)) }.sorted { $0.1 < $1.1 }
            for (pod, _) in ranked.prefix(Int(active - wanted)) { result.changes.append(Self.delete(pod, job)) }
        } else if active < wanted {
            if let pause = count.pause(now: now) {
                result.look(after: pause)
                return
            }
            let pod = Self.pod(job)
            let missing = Int(min(wanted - active, 500))
            result.changes += Array(repeating: .create(Pod.resource, pod.object, reporter: job.object), count: missing)
        }
    }

    private func finish(
        _ job: Job, _ end: JobOutcome, _ count: JobCount, _ status: inout JobStatus, _ now: Timestamp, _ result: inout Reconciliation
    ) {
        for pod in count.active { result.changes.append(Self.delete(pod, job)) }
        var condition = Condition(type: end.type, status: true, reason: end.reason, message: end.message, since: now)
        condition.set("lastProbeTime", now)
        status.conditions.put(condition)
        let isComplete = end.type == "Complete"
        if isComplete { status.set("completionTime", now) }
        result.changes.append(
            .event(
                about: job.object, isComplete ? .normal : .warning, reason: isComplete ? "Completed" : end.reason,
                message: isComplete ? "Job completed" : end.message))
    }

    private func suspend(
        _ job: Job, _ count: JobCount, _ status: inout JobStatus, _ now: Timestamp, _ result: inout Reconciliation
    ) {
        for pod in count.active { result.changes.append(Self.delete(pod, job)) }
        guard !(status.conditions["Suspended"]?.isTrue ?? false) else { return }
        status.conditions.put(Condition(type: "Suspended", status: true, reason: "JobSuspended", message: "Job suspended", since: now))
        status.set("startTime", Timestamp?.none)
        result.changes.append(.event(about: job.object, .normal, reason: "Suspended", message: "Job suspended"))
    }

    private func resume(_ job: Job, _ status: inout JobStatus, _ now: Timestamp, _ result: inout Reconciliation) {
        guard status.conditions["Suspended"]?.isTrue ?? false else { return }
        status.conditions.put(Condition(type: "Suspended", status: false, reason: "JobResumed", message: "Job resumed", since: now))
        result.changes.append(.event(about: job.object, .normal, reason: "Resumed", message: "Job resumed"))
    }

    private static func delete(_ pod: Pod, _ job: Job) -> Change {
        .delete(ObjectName(Pod.resource, pod.object), uid: pod.uid, .background, reporter: job.object)
    }

    private static func pod(_ job: Job) -> Pod {
        var pod = Pod.fromTemplate(job.spec.template, owner: job.object)
        let marks = [
            "controller-uid": job.uid, "job-name": job.name, "batch.kubernetes.io/controller-uid": job.uid,
            "batch.kubernetes.io/job-name": job.name,
        ]
        pod.object.labels.merge(marks) { template, _ in template }
        return pod
    }
}
