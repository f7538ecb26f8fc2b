package import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
package import LinuxKernel

/// Makes jobs at the times of a schedule. Source: `pkg/controller/cronjob/cronjob_controllerv2.go`.
package struct CronJobController: Controller {
    /// The annotation of a job with the time that it was made for.
    static let timeAnnotation = "batch.kubernetes.io/cronjob-scheduled-timestamp"
    /// More missed times than this are worth a warning.
    private static let manyMissed: Int64 = 100

    private let zone: @Sendable (String) -> TimeZoneRules?

    /// A controller that knows the time zones of `zone`; by default those of this machine.
    package init(zone: @escaping @Sendable (String) -> TimeZoneRules? = { TimeZoneRules(named: $0) }) { self.zone = zone }

    package var name: String { "cronjob-controller" }
    package var watched: [GroupVersionResource] { [CronJob.resource, Job.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        keysOfOwner(CronJob.resource, kind: "CronJob", resource, object)
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key) else { return Reconciliation() }
        let cron = CronJob(object)
        let jobs = caches.owned(by: object.uid, Job.resource).filter { $0.controllerRef?.uid == object.uid }.map { Job($0) }
        var result = Reconciliation()
        var status = observe(cron, jobs, caches, &result)
        if !object.isBeingDeleted, !cron.spec.suspend { start(cron, jobs, &status, now, &result) }
        result.changes += surplus(cron, jobs)
        if status != cron.status {
            var fresh = cron
            fresh.status = status
            result.changes.append(.updateSubresource(CronJob.resource, fresh.object, "status"))
        }
        return result
    }

    // MARK: - What there is

    private func observe(_ cron: CronJob, _ jobs: [Job], _ caches: any Caches, _ result: inout Reconciliation) -> CronJobStatus {
        var status = cron.status
        let known = Set(status.active.compactMap { $0.text("uid") })
        let mine = jobs.filter { Self.time(of: $0) != nil }
        let active = mine.filter { !$0.isFinished }.sorted { $0.name < $1.name }
        for job in mine where job.isFinished && known.contains(job.uid) {
            let end = job.status.conditions["Complete"]?.isTrue ?? false ? "Complete" : "Failed"
            result.changes.append(
                .event(about: cron.object, .normal, reason: "SawCompletedJob", message: "Saw completed job: \(job.name), condition: \(end)"))
        }
        let present = Set(jobs.map(\.uid))
        for reference in status.active where !present.contains(reference.text("uid") ?? "") {
            let message = "Active job went missing: \(reference.text("name") ?? "")"
            result.changes.append(.event(about: cron.object, .normal, reason: "MissingJob", message: message))
        }
        for job in jobs where !job.isFinished && Self.time(of: job) == nil && !known.contains(job.uid) {
            let message = "Saw a job that the controller did not create or forgot: \(job.name)"
            result.changes.append(.event(about: cron.object, .warning, reason: "UnexpectedJob", message: message))
        }
        status.set("active", active.map { ObjectPart(Self.reference(to: $0)) })
        if let last = (mine.compactMap { Self.time(of: $0) } + [status.lastScheduleTime].compactMap { $0 }).max() {
            status.set("lastScheduleTime", last)
        }
        if let last = (jobs.compactMap(\.status.completionTime) + [status.lastSuccessfulTime].compactMap { $0 }).max() {
            status.set("lastSuccessfulTime", last)
        }
        return status
    }

    /// The time that a job was made for; nil when somebody else made it.
    private static func time(of job: Job) -> Timestamp? { job.object.annotations[timeAnnotation].flatMap { Timestamp(rfc3339: $0) } }

    private static func reference(to job: Job) -> JSONValue {
        [
            "kind": "Job", "namespace": .string(job.namespace ?? ""), "name": .string(job.name), "uid": .string(job.uid),
            "apiVersion": "batch/v1", "resourceVersion": .string(job.object.resourceVersion),
        ]
    }

    // MARK: - What is due

    private func start(_ cron: CronJob, _ jobs: [Job], _ status: inout CronJobStatus, _ now: Timestamp, _ result: inout Reconciliation) {
        let spec = cron.spec
        func report(_ reason: String, _ message: String) {
            result.changes.append(.event(about: cron.object, .warning, reason: reason, message: message))
        }
        guard let zone = spec.timeZone.map(zone) ?? .utc else {
            report("UnknownTimeZone", "invalid timeZone: \((spec.timeZone ?? "").goQuoted): unknown time zone \(spec.timeZone ?? "")")
            return
        }
        let schedule: CronSchedule
        do throws(CronSchedule.Problem) {
            schedule = try CronSchedule(spec.schedule)
        } catch {
            report("UnparseableSchedule", "unparseable schedule: \(spec.schedule.goQuoted) : \(error.message)")
            return
        }
        let last = status.lastScheduleTime
        var earliest = last ?? cron.object.creationTimestamp ?? now
        // Runs that may not be started any more need not be found.
        if let limit = spec.startingDeadlineSeconds { earliest = max(earliest, now.advanced(by: .seconds(-limit))) }
        if case .some(let next) = schedule.next(after: now, in: zone) { result.look(after: max(next - now, .milliseconds(1))) }
        guard let time = schedule.last(after: earliest, notAfter: now, in: zone) else { return }
        if missed(schedule, from: earliest, to: now, zone) > Self.manyMissed {
            report("TooManyMissedTimes", "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew")
        }
        let name = "\(cron.name)-\(time.seconds / 60)"
        guard last != time, !jobs.contains(where: { $0.name == name }) else { return }
        let active = jobs.filter { job in status.active.contains { $0.text("uid") == job.uid } }
        if spec.concurrencyPolicy == "Forbid", !active.isEmpty {
            let message = "Not starting job because prior execution is running and concurrency policy is Forbid"
            result.changes.append(.event(about: cron.object, .normal, reason: "JobAlreadyActive", message: message))
            return
        }
        if spec.concurrencyPolicy == "Replace" {
            result.changes += active.map { Self.delete($0, cron) }
            status.set("active", [ObjectPart]())
        }
        result.changes.append(.create(Job.resource, Self.job(name, at: time, cron, zone), reporter: cron.object))
    }

    /// About how many times have come since a moment. Source: `mostRecentScheduleTime`.
    private func missed(_ schedule: CronSchedule, from earliest: Timestamp, to now: Timestamp, _ zone: TimeZoneRules) -> Int64 {
        guard let first = schedule.next(after: earliest, in: zone), let second = schedule.next(after: first, in: zone), second > first,
            now >= first
        else { return 0 }
        return (now.seconds - first.seconds) / max(1, second.seconds - first.seconds) + 1
    }

    private static func job(_ name: String, at time: Timestamp, _ cron: CronJob, _ zone: TimeZoneRules) -> KubeObject {
        let template = cron.spec.jobTemplate
        var job = Job(name: name, namespace: cron.namespace)
        job.object.labels = ObjectPart(template["metadata"] ?? .null).textMap("labels")
        job.object.annotations = ObjectPart(template["metadata"] ?? .null).textMap("annotations")
        job.object.annotations[timeAnnotation] = text(time, zone)
        job.object.ownerReferences = [OwnerReference(controller: cron.object)]
        job.object["spec"] = template["spec"] ?? [:]
        return job.object
    }

    /// A moment as the clocks of a zone show it.
    private static func text(_ time: Timestamp, _ zone: TimeZoneRules) -> String {
        let offset = zone.offset(at: time.seconds) / 60
        guard offset != 0 else { return time.rfc3339 }
        let local = Timestamp(seconds: time.seconds + offset * 60).rfc3339.dropLast()
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(local)\(offset < 0 ? "-" : "+")\(two(abs(offset) / 60)):\(two(abs(offset) % 60))"
    }

    // MARK: - What is over

    private func surplus(_ cron: CronJob, _ jobs: [Job]) -> [Change] {
        let finished = jobs.filter { $0.isFinished && !$0.object.isBeingDeleted }
        func started(_ job: Job) -> Timestamp { job.status.startTime ?? job.object.creationTimestamp ?? Timestamp(seconds: 0) }
        func beyond(_ limit: Int64, _ isWanted: (Job) -> Bool) -> [Change] {
            let matching = finished.filter(isWanted).sorted { (started($0), $0.name) < (started($1), $1.name) }
            return matching.prefix(max(0, matching.count - Int(clamping: limit))).map { Self.delete($0, cron) }
        }
        func isFailed(_ job: Job) -> Bool { job.status.conditions["Failed"]?.isTrue ?? false }
        return beyond(cron.spec.successfulJobsHistoryLimit) { !isFailed($0) } + beyond(cron.spec.failedJobsHistoryLimit, isFailed)
    }

    private static func delete(_ job: Job, _ cron: CronJob) -> Change {
        .delete(ObjectName(Job.resource, job.object), uid: job.uid, .background, reporter: cron.object)
    }
}
