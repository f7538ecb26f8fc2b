package import APIMachinery
package import JSONCore
package import LinuxKernel

/// batch/v1 Job.
package struct Job: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind(group: "batch", version: "v1", kind: "Job")
    package static let resource = GroupVersionResource(group: "batch", version: "v1", resource: "jobs")

    /// What is wanted.
    package var spec: JobSpec { part("spec") }
    /// What was observed.
    package var status: JobStatus {
        get { part("status") }
        set { object["status"] = newValue.value }
    }
    /// Whether it is Complete or Failed.
    package var isFinished: Bool {
        let conditions = status.conditions
        return conditions["Complete"]?.isTrue ?? false || conditions["Failed"]?.isTrue ?? false
    }
}

/// batch/v1 JobSpec.
package struct JobSpec: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// Pods at the same time. Default 1.
    package var parallelism: Int64 { integer("parallelism") ?? 1 }
    /// Successes that complete it; nil when any one success does.
    package var completions: Int64? { integer("completions") }
    /// Failures that are borne. Default 6.
    package var backoffLimit: Int64 { integer("backoffLimit") ?? 6 }
    /// Seconds after the start until it fails; nil for no limit.
    package var activeDeadlineSeconds: Int64? { integer("activeDeadlineSeconds") }
    /// Seconds after the end until it is deleted; nil for never.
    package var ttlSecondsAfterFinished: Int64? { integer("ttlSecondsAfterFinished") }
    /// Whether it has no pods for now.
    package var suspend: Bool { flag("suspend") ?? false }
    /// `NonIndexed` or `Indexed`.
    package var completionMode: String { text("completionMode") ?? "NonIndexed" }
    /// Which pods belong to it, as a LabelSelector.
    package var selector: JSONValue { value["selector"] ?? .null }
    /// What the pods are made from.
    package var template: PodTemplateSpec { part("template") }
}

/// batch/v1 JobStatus.
package struct JobStatus: ConditionedStatus {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// Pods that have not ended.
    package var active: Int64 { integer("active") ?? 0 }
    /// Pods that succeeded.
    package var succeeded: Int64 { integer("succeeded") ?? 0 }
    /// Pods that failed.
    package var failed: Int64 { integer("failed") ?? 0 }
    /// Active pods that are ready.
    package var ready: Int64 { integer("ready") ?? 0 }
    /// When work began.
    package var startTime: Timestamp? { time("startTime") }
    /// When it completed.
    package var completionTime: Timestamp? { time("completionTime") }
}
