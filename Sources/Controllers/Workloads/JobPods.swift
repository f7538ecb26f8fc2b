import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas

/// What a Job's pods look like. Source: `pkg/controller/job/job_controller.go`, `indexed_job_utils.go`.
enum JobPods {
    /// Keeps an ended pod until the job has counted it.
    static let finalizer = "batch.kubernetes.io/job-tracking"
    static let indexKey = "batch.kubernetes.io/job-completion-index"
    static let failuresKey = "batch.kubernetes.io/job-index-failure-count"
    static let ignoredKey = "batch.kubernetes.io/job-index-ignored-failure-count"

    /// The number of an Indexed job's pod; nil when it has none.
    static func index(of pod: Pod) -> Int64? { pod.object.annotations[indexKey].flatMap { Int64($0) }.flatMap { $0 >= 0 ? $0 : nil } }

    /// How often the pods of its number had failed before this one.
    static func failures(before pod: Pod) -> Int64 { pod.object.annotations[failuresKey].flatMap { Int64($0) } ?? 0 }

    /// How often they had failed in ways that do not count.
    static func ignoredFailures(before pod: Pod) -> Int64 { pod.object.annotations[ignoredKey].flatMap { Int64($0) } ?? 0 }

    static func isTracked(_ pod: Pod) -> Bool { pod.object.finalizers.contains(finalizer) }

    /// Whether a job that goes on selects a pod.
    static func canAdopt(_ job: Job, _ pod: KubeObject) -> Bool {
        guard !job.object.isBeingDeleted, !job.isFinished, job.isOurs else { return false }
        // best effort: admission refuses jobs without a readable selector
        guard let selector = try? LabelSelector(value: job.spec.selector), !selector.isEmpty else { return false }
        return selector.matches(pod.labels)
    }

    /// A patch that lets a counted pod go.
    static func release(_ pod: Pod) -> Change {
        .patch(
            ObjectName(Pod.resource, pod.object), .strategicMerge,
            ["metadata": ["uid": .string(pod.uid), "$deleteFromPrimitiveList/finalizers": [.string(finalizer)]]])
    }

    /// The next pod of a job, of a number when it has them; `after` is the pod of the number that failed last.
    static func make(_ job: Job, index: Int64?, after last: (pod: Pod, isIgnored: Bool)? = nil) -> Pod {
        var pod = Pod.fromTemplate(job.spec.template, owner: job.object)
        let marks = [
            "controller-uid": job.uid, "job-name": job.name, "batch.kubernetes.io/controller-uid": job.uid,
            "batch.kubernetes.io/job-name": job.name,
        ]
        pod.object.labels.merge(marks) { template, _ in template }
        pod.object.finalizers = pod.object.finalizers.filter { $0 != finalizer } + [finalizer]
        guard let index else { return pod }
        pod.object.annotations[indexKey] = String(index)
        pod.object.labels[indexKey] = String(index)
        let ending = "-\(index)-"
        pod.object["metadata", "generateName"] = .string(job.name.prefix(58 - ending.utf8.count) + ending)
        pod.object["spec", "hostname"] = .string("\(job.name)-\(index)")
        if job.spec.backoffLimitPerIndex != nil {
            let before = last.map { failures(before: $0.pod) + ($0.isIgnored ? 0 : 1) } ?? 0
            pod.object.annotations[failuresKey] = String(before)
            let ignored = last.map { ignoredFailures(before: $0.pod) + ($0.isIgnored ? 1 : 0) } ?? 0
            if ignored > 0 { pod.object.annotations[ignoredKey] = String(ignored) }
        }
        for kind in ["initContainers", "containers"] {
            guard let containers = pod.object["spec", kind]?.arrayValue else { continue }
            pod.object["spec", kind] = .array(containers.map(withIndex))
        }
        return pod
    }

    private static func withIndex(_ container: JSONValue) -> JSONValue {
        var container = container
        let variables = container["env"]?.arrayValue ?? []
        guard !variables.contains(where: { $0["name"] == "JOB_COMPLETION_INDEX" }) else { return container }
        let field: JSONValue = ["fieldRef": ["fieldPath": .string("metadata.labels['\(indexKey)']")]]
        container["env"] = .array(variables + [["name": "JOB_COMPLETION_INDEX", "valueFrom": field]])
        return container
    }
}
