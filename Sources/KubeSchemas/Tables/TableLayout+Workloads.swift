import APIMachinery
import JSONCore
import LinuxKernel

extension TableLayout {
    static let deployment = TableLayout(
        "Name", "Ready", "Up-to-date", "Available", "Age", "wide:Containers", "wide:Images", "wide:Selector"
    ) { object, now in
        let deployment = Deployment(object)
        let (spec, status) = (deployment.spec, deployment.status)
        return [
            .string(object.name), .string("\(status.readyReplicas)/\(spec.replicas)"), .integer(status.updatedReplicas),
            .integer(status.availableReplicas), .age(object, now),
        ] + containers(spec.template) + [.string(SelectorText.selector(spec.selector))]
    }

    static let replicaSet = TableLayout(
        "Name", "number:Desired", "number:Current", "number:Ready", "Age", "wide:Containers", "wide:Images", "wide:Selector"
    ) { object, now in
        let replicaSet = ReplicaSet(object)
        let (spec, status) = (replicaSet.spec, replicaSet.status)
        return [
            .string(object.name), .integer(spec.replicas), .integer(status.replicas), .integer(status.readyReplicas),
            .age(object, now),
        ] + containers(spec.template) + [.string(SelectorText.selector(spec.selector))]
    }

    static let job = TableLayout(
        "Name", "Status", "Completions", "Duration", "Age", "wide:Containers", "wide:Images", "wide:Selector"
    ) { object, now in
        let job = Job(object)
        let (spec, status) = (job.spec, job.status)
        let completions =
            if let wanted = spec.completions {
                "\(status.succeeded)/\(wanted)"
            } else if spec.parallelism > 1 {
                "\(status.succeeded)/1 of \(spec.parallelism)"
            } else {
                "\(status.succeeded)/1"
            }
        let duration = status.startTime.map { HumanDuration.text((status.completionTime ?? now) - $0) } ?? ""
        return [
            .string(object.name), .string(state(of: job)), .string(completions), .string(duration), .age(object, now),
        ] + containers(spec.template) + [.string(SelectorText.selector(spec.selector))]
    }

    private static func state(of job: Job) -> String {
        let conditions = job.status.conditions
        func holds(_ type: String) -> Bool { conditions[type]?.isTrue ?? false }
        if holds("Complete") { return "Complete" }
        if holds("Failed") { return "Failed" }
        if job.object.isBeingDeleted { return "Terminating" }
        return ["Suspended", "FailureTarget", "SuccessCriteriaMet"].first(where: holds) ?? "Running"
    }
}
