import APIMachinery
import ClusterOperations
import JSONCore
import KubeSchemas
import LinuxKernel

extension ObjectDescription {
    mutating func writeDeployment() {
        let deployment = Deployment(object)
        let (spec, status) = (deployment.spec, deployment.status)
        text.fact("replicas", replicas(wanted: spec.replicas, ready: status.readyReplicas))
        text.fact("updated", "\(status.updatedReplicas) of \(spec.replicas)", status.updatedReplicas < spec.replicas ? .pending : .normal)
        text.fact("unavailable", status.unavailableReplicas == 0 ? "" : "\(status.unavailableReplicas)", .warning)
        if spec.paused { text.fact("paused", "changes of the template wait", .warning) }
        let rolling = spec.strategyType == "RollingUpdate" ? ", \(word(spec.maxSurge)) surge, \(word(spec.maxUnavailable)) unavailable" : ""
        text.fact("strategy", spec.strategyType + rolling)
        text.fact("selector", DetailText.selector(spec.selector))
        writeObservation(status.observedGeneration)
        text.template(PodSpec(object["spec", "template", "spec"] ?? .null), now: now)
        writeReplicaSets()
        text.pods(related(.pods), now: now)
    }

    /// The ReplicaSets, the newest revision first.
    private mutating func writeReplicaSets() {
        let sets = related(.replicaSets).map { ReplicaSet($0) }.sorted { revision($0.object) > revision($1.object) }
        text.heading("ReplicaSets", [TextSpan(sets.isEmpty ? "  none" : "  newest first", .dim)])
        let width = sets.reduce(14) { max($0, $1.name.count + 2) }
        for set in sets {
            let images = set.object.array("spec", "template", "spec", "containers").compactMap { $0["image"]?.stringValue }
            let isUsed = set.spec.replicas > 0
            text.fact(
                set.name,
                [
                    TextSpan("revision \(revision(set.object))  ", .dim),
                    TextSpan("\(set.status.readyReplicas)/\(set.spec.replicas)", isUsed ? set.status.readyReplicas < set.spec.replicas ? .pending : .ok : .dim),
                    TextSpan("  \(images.joined(separator: ", "))", .dim),
                ], width: width)
            text.link("ReplicaSet", set.name, namespace: set.namespace, uid: set.uid)
        }
    }

    private func revision(_ set: KubeObject) -> Int64 { set.annotations["deployment.kubernetes.io/revision"].flatMap { Int64($0) } ?? 0 }

    mutating func writeReplicaSet() {
        text.fact(
            "replicas", replicas(wanted: object.integer("spec", "replicas") ?? 1, ready: object.integer("status", "readyReplicas") ?? 0))
        text.fact("selector", object.kind == "ReplicaSet" ? DetailText.selector(object["spec", "selector"]) : "")
        writeObservation(object.integer("status", "observedGeneration") ?? 0)
        text.template(PodSpec(object["spec", "template", "spec"] ?? .null), now: now)
        text.pods(related(.pods), now: now)
    }

    mutating func writeStatefulSet() {
        text.fact(
            "replicas", replicas(wanted: object.integer("spec", "replicas") ?? 1, ready: object.integer("status", "readyReplicas") ?? 0))
        text.fact("service", object.string("spec", "serviceName") ?? "")
        text.link("Service", object.string("spec", "serviceName") ?? "", namespace: object.namespace)
        let partition = object.integer("spec", "updateStrategy", "rollingUpdate", "partition") ?? 0
        text.fact("updates", (object.string("spec", "updateStrategy", "type") ?? "RollingUpdate") + (partition > 0 ? ", from pod \(partition) on" : ""))
        text.fact("pods come", object.string("spec", "podManagementPolicy") == "Parallel" ? "all at once" : "one after another")
        text.fact("selector", DetailText.selector(object["spec", "selector"]))
        writeRevisions()
        writeObservation(object.integer("status", "observedGeneration") ?? 0)
        text.template(PodSpec(object["spec", "template", "spec"] ?? .null), now: now)
        for claim in object.array("spec", "volumeClaimTemplates") {
            text.heading("Claim of each pod", [TextSpan(" \(claim["metadata", "name"]?.stringValue ?? "")")])
            text.fact("size", claim["spec", "resources", "requests", "storage"]?.stringValue ?? "")
            text.fact("class", claim["spec", "storageClassName"]?.stringValue ?? "the default")
        }
        text.pods(related(.pods), now: now)
    }

    private mutating func writeRevisions() {
        let (current, update) = (object.string("status", "currentRevision") ?? "", object.string("status", "updateRevision") ?? "")
        text.fact("revision", current)
        guard !update.isEmpty, update != current else { return }
        text.fact("going to", "\(update), \(object.integer("status", "updatedReplicas") ?? 0) pods have it", .pending)
    }

    mutating func writeDaemonSet() {
        let wanted = object.integer("status", "desiredNumberScheduled") ?? 0
        text.fact("pods", replicas(wanted: wanted, ready: object.integer("status", "numberReady") ?? 0))
        let updated = object.integer("status", "updatedNumberScheduled") ?? 0
        text.fact("updated", "\(updated) of \(wanted)", updated < wanted ? .pending : .normal)
        let misplaced = object.integer("status", "numberMisscheduled") ?? 0
        text.fact("misplaced", misplaced == 0 ? "" : "\(misplaced) on nodes they should not be on", .warning)
        text.fact("updates", object.string("spec", "updateStrategy", "type") ?? "RollingUpdate")
        text.fact("selector", DetailText.selector(object["spec", "selector"]))
        text.map("node labels", ObjectPart(object["spec", "template", "spec"] ?? .null).textMap("nodeSelector"))
        writeObservation(object.integer("status", "observedGeneration") ?? 0)
        text.template(PodSpec(object["spec", "template", "spec"] ?? .null), now: now)
        text.pods(related(.pods), now: now)
    }

    mutating func writeJob() {
        let job = Job(object)
        let (spec, succeeded) = (job.spec, object.integer("status", "succeeded") ?? 0)
        text.fact("completions", "\(succeeded) of \(spec.completions ?? spec.parallelism)", job.isFinished ? .done : .normal)
        text.fact("at once", "\(spec.parallelism)")
        let failed = object.integer("status", "failed") ?? 0
        text.fact("failed", failed == 0 ? "" : "\(failed), \(spec.backoffLimit) retries are allowed", .warning)
        if spec.suspend { text.fact("suspended", "no pods are made", .warning) }
        let start = moment("status", "startTime")
        text.fact("started", start.map { "\($0.rfc3339), \(HumanDuration.text(now - $0)) ago" } ?? "")
        if let start, let end = moment("status", "completionTime") { text.fact("took", HumanDuration.text(end - start)) }
        text.fact("deadline", spec.activeDeadlineSeconds.map { "\($0) s" } ?? "")
        text.fact("removed", spec.ttlSecondsAfterFinished.map { "\($0) s after it ended" } ?? "")
        text.template(PodSpec(object["spec", "template", "spec"] ?? .null), now: now)
        text.pods(related(.pods), now: now)
    }

    mutating func writeCronJob() {
        let zone = object.string("spec", "timeZone").map { " in \($0)" } ?? ""
        text.fact("schedule", (object.string("spec", "schedule") ?? "") + zone)
        if object.bool("spec", "suspend") == true { text.fact("suspended", "no jobs are started", .warning) }
        text.fact("overlaps", object.string("spec", "concurrencyPolicy") ?? "Allow")
        text.fact("last start", moment("status", "lastScheduleTime").map { "\($0.rfc3339), \(HumanDuration.text(now - $0)) ago" } ?? "never")
        text.fact("last success", moment("status", "lastSuccessfulTime").map { "\(HumanDuration.text(now - $0)) ago" } ?? "")
        text.template(PodSpec(object["spec", "jobTemplate", "spec", "template", "spec"] ?? .null), now: now)
        let jobs = related(.jobs).map { Job($0) }.sorted { ($0.object.creationTimestamp ?? now) > ($1.object.creationTimestamp ?? now) }
        text.heading("Jobs", [TextSpan(jobs.isEmpty ? "  none" : "  newest first", .dim)])
        let width = jobs.reduce(14) { max($0, $1.name.count + 2) }
        for job in jobs.prefix(100) {
            let conditions = job.object.array("status", "conditions").map { Condition($0) }
            let (state, tone): (String, Tone) =
                conditions["Failed"]?.isTrue == true ? ("failed", .error) : conditions["Complete"]?.isTrue == true ? ("complete", .done) : ("active", .pending)
            text.fact(
                job.name, [TextSpan(state, tone), TextSpan("  \(ContainerText.age(job.object.creationTimestamp, now)) ago", .dim)], width: width)
            text.link("Job", job.name, namespace: job.namespace, uid: job.uid)
        }
    }

    mutating func writeAutoscaler() {
        let (kind, name) = (object.string("spec", "scaleTargetRef", "kind") ?? "", object.string("spec", "scaleTargetRef", "name") ?? "")
        text.fact("scales", "\(kind) \(name)")
        text.link(kind, name, namespace: object.namespace)
        text.fact("between", "\(object.integer("spec", "minReplicas") ?? 1) and \(object.integer("spec", "maxReplicas") ?? 0) replicas")
        text.fact("replicas", "\(object.integer("status", "currentReplicas") ?? 0), \(object.integer("status", "desiredReplicas") ?? 0) wanted")
        text.fact("last change", moment("status", "lastScaleTime").map { "\(HumanDuration.text(now - $0)) ago" } ?? "never")
        text.fields("Measures", object["spec", "metrics"])
        text.fields("Measured", object["status", "currentMetrics"])
    }

    mutating func writeBudget() {
        text.fact("at least", object["spec", "minAvailable"].map(word) ?? "")
        text.fact("at most away", object["spec", "maxUnavailable"].map(word) ?? "")
        let allowed = object.integer("status", "disruptionsAllowed") ?? 0
        text.fact("allows now", "\(allowed) evictions", allowed == 0 ? .warning : .ok)
        text.fact("healthy", "\(object.integer("status", "currentHealthy") ?? 0) of \(object.integer("status", "expectedPods") ?? 0)")
        text.fact("selector", DetailText.selector(object["spec", "selector"]))
        text.pods(related(.pods), now: now)
    }

    private mutating func writeObservation(_ observed: Int64) {
        guard object.generation > observed else { return }
        text.fact("controller", "has not seen the latest change yet", .pending)
    }

    private func replicas(wanted: Int64, ready: Int64) -> [TextSpan] {
        [TextSpan("\(ready)/\(wanted) ready", ready < wanted ? .warning : wanted == 0 ? .dim : .ok)]
    }

    func moment(_ path: String...) -> Timestamp? { object.value.value(at: path[...])?.stringValue.flatMap { Timestamp(rfc3339: $0) } }

    /// A number or a percentage.
    func word(_ value: JSONValue) -> String { value.stringValue ?? value.integerValue.map(String.init) ?? "" }
}
