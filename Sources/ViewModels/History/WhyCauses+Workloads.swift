import APIMachinery
import KubeSchemas
import LinuxKernel

extension WhyCauses {
    static func deployment(_ facts: WhyFacts) -> [Cause] {
        let deployment = Deployment(facts.subject)
        let (spec, status) = (deployment.spec, deployment.status)
        var causes = unseen(facts)
        if spec.paused { causes.append(Cause(rank: 1, tone: .warning, text: "its rollout is paused", details: ["next: resume it (spec.paused: false)"])) }
        if spec.replicas == 0 { causes.append(Cause(rank: 2, tone: .warning, text: "it asks for no pods: spec.replicas is 0", details: ["next: scale it up"])) }
        let sets = facts.owned("ReplicaSet")
        causes += refusals(sets, facts)
        if let failure = status.conditions["ReplicaFailure"], failure.isTrue, causes.allSatisfy({ $0.rank != 0 }) {
            causes.append(Cause(rank: 0, tone: .error, text: "its pods cannot be created: \(failure.reason)", details: [failure.message]))
        }
        if let progress = status.conditions["Progressing"], progress.status == "False" {
            causes.append(
                Cause(
                    rank: 3, tone: .error, text: "the rollout does not get on: \(progress.reason)",
                    details: [progress.message, "next: correct the template, or undo the last change"].filter { !$0.isEmpty }))
        }
        if status.availableReplicas < spec.replicas {
            causes += pods(facts.owned("Pod"), facts)
            causes.append(
                Cause(
                    rank: 4, tone: .warning,
                    text: "\(status.availableReplicas) of \(spec.replicas) pods are available, \(status.updatedReplicas) of them up to date"))
        } else if status.updatedReplicas < spec.replicas || status.replicas > status.updatedReplicas || status.unavailableReplicas > 0 {
            // Old pods keep it available while those of the new template may never start.
            causes += pods(newest(sets, facts), facts)
            causes.append(Cause(rank: 3, tone: .pending, text: "the rollout goes on: \(status.updatedReplicas) of \(spec.replicas) pods are up to date"))
        }
        return causes
    }

    /// The pods of the ReplicaSet with the newest template.
    private static func newest(_ sets: [KubeObject], _ facts: WhyFacts) -> [KubeObject] {
        func revision(_ set: KubeObject) -> Int64 { set.annotations["deployment.kubernetes.io/revision"].flatMap { Int64($0) } ?? 0 }
        guard let newest = sets.max(by: { revision($0) < revision($1) }) else { return [] }
        return facts.owned("Pod").filter { pod in pod.ownerReferences.contains { $0.uid == newest.uid } }
    }

    static func replicas(_ facts: WhyFacts) -> [Cause] {
        let wanted = facts.subject.integer("spec", "replicas") ?? 1
        let ready = facts.subject.integer("status", "readyReplicas") ?? 0
        var causes = unseen(facts) + refusals([facts.subject], facts)
        if wanted == 0, !(facts.subject.kind == "ReplicaSet" && facts.subject.controllerRef != nil) {
            causes.append(Cause(rank: 2, tone: .warning, text: "it asks for no pods: spec.replicas is 0", details: ["next: scale it up"]))
        }
        guard ready < wanted else { return causes }
        causes += pods(facts.owned("Pod"), facts)
        let isOrdered = facts.subject.kind == "StatefulSet" && facts.subject.string("spec", "podManagementPolicy") != "Parallel"
        let present = facts.owned("Pod").count
        causes.append(
            Cause(
                rank: 4, tone: .warning, text: "\(ready) of \(wanted) pods are ready, \(present) are there",
                details: isOrdered && present < wanted
                    ? ["they start one after the other: the next one waits until \(facts.subject.name)-\(max(0, present - 1)) is ready"] : []))
        return causes
    }

    static func daemonSet(_ facts: WhyFacts) -> [Cause] {
        let wanted = facts.subject.integer("status", "desiredNumberScheduled") ?? 0
        let ready = facts.subject.integer("status", "numberReady") ?? 0
        var causes = unseen(facts) + refusals([facts.subject], facts)
        if wanted == 0 {
            causes.append(
                Cause(
                    rank: 1, tone: .warning, text: "no node is meant for it",
                    details: ["next: compare spec.template.spec.nodeSelector, affinity and tolerations with the labels and taints of the nodes"]))
        }
        guard ready < wanted else { return causes }
        return causes + pods(facts.owned("Pod"), facts) + [Cause(rank: 4, tone: .warning, text: "it is ready on \(ready) of \(wanted) nodes")]
    }

    static func job(_ facts: WhyFacts) -> [Cause] {
        let job = Job(facts.subject)
        let conditions = job.status.conditions
        var causes = refusals([facts.subject], facts)
        if let failed = conditions["Failed"], failed.isTrue {
            let pods = facts.owned("Pod")
            let last = pods.max { ($0.creationTimestamp ?? facts.now) < ($1.creationTimestamp ?? facts.now) }
            let remedy: String
            switch failed.reason {
            case "BackoffLimitExceeded":
                remedy =
                    "its pods failed \(job.status.failed) times, \(job.spec.backoffLimit) retries are allowed: look at the log of \(last?.name ?? "its last pod")"
            case "DeadlineExceeded": remedy = "it ran longer than activeDeadlineSeconds \(job.spec.activeDeadlineSeconds ?? 0)"
            default: remedy = failed.message
            }
            causes.append(
                Cause(rank: 0, tone: .error, text: "it failed: \(failed.reason)", details: [failed.message, "next: \(remedy)"].filter { !$0.isEmpty }))
            return causes + self.pods(last.map { [$0] } ?? [], facts)
        }
        if job.spec.suspend { causes.append(Cause(rank: 1, tone: .warning, text: "it is suspended", details: ["next: resume it (spec.suspend: false)"])) }
        if job.isFinished || job.spec.suspend { return causes }
        causes += pods(facts.owned("Pod").filter { $0.string("status", "phase") != "Succeeded" }, facts)
        if causes.isEmpty, job.status.active > 0 {
            causes.append(
                Cause(
                    rank: 4, tone: .pending, text: "it is running: \(job.status.active) active, \(job.status.succeeded) succeeded, \(job.status.failed) failed")
            )
        }
        return causes
    }

    static func cronJob(_ facts: WhyFacts) -> [Cause] {
        let object = facts.subject
        let schedule = object.string("spec", "schedule") ?? ""
        if object.bool("spec", "suspend") == true {
            return [Cause(rank: 0, tone: .warning, text: "it is suspended: nothing is started", details: ["next: resume it (spec.suspend: false)"])]
        }
        var causes: [Cause] = []
        if let event = facts.ownEvents.last(where: { $0.type == "Warning" }) {
            causes.append(Cause(rank: 0, tone: .error, text: "its controller reports: \(event.reason)", details: [event.message]))
        }
        let jobs = facts.owned("Job").sorted { ($0.creationTimestamp ?? facts.now) > ($1.creationTimestamp ?? facts.now) }
        if let last = jobs.first {
            let failed = WhyFacts.conditions(last)["Failed"]
            if failed?.isTrue == true {
                causes.append(
                    Cause(
                        rank: 1, tone: .error, text: "its last job \(last.name) failed: \(failed?.reason ?? "")",
                        details: [failed?.message ?? "", "next: ask why of that job"]))
                causes += pods(facts.owned("Pod").filter { $0.controllerRef?.uid == last.uid }, facts)
            }
        }
        if object.string("spec", "concurrencyPolicy") == "Forbid", object.array("status", "active").count > 0 {
            causes.append(Cause(rank: 2, tone: .pending, text: "the job before is still running, and concurrencyPolicy Forbid starts no other meanwhile"))
        }
        if object.string("status", "lastScheduleTime") == nil, causes.isEmpty {
            causes.append(
                Cause(
                    rank: 3, tone: .pending,
                    text: "it has not started anything yet: its schedule is \(schedule)\(object.string("spec", "timeZone").map { " (\($0))" } ?? "")"))
        }
        return causes
    }
}
