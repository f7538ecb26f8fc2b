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
    /// Whether the built-in controller carries it out.
    package var isOurs: Bool { spec.managedBy == nil || spec.managedBy == "kubernetes.io/job-controller" }
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
    /// Failures that are borne. Default 6; without limit when the numbers have limits of their own.
    package var backoffLimit: Int64 { integer("backoffLimit") ?? (backoffLimitPerIndex == nil ? 6 : .max) }
    /// Failures that are borne of each number; nil when they count together.
    package var backoffLimitPerIndex: Int64? { integer("backoffLimitPerIndex") }
    /// How many numbers may fail before the job does; nil for all.
    package var maxFailedIndexes: Int64? { integer("maxFailedIndexes") }
    /// What single kinds of failure lead to; nil when all count.
    package var podFailurePolicy: JSONValue? { value["podFailurePolicy"].flatMap { $0.isNull ? nil : $0 } }
    /// Of which one is enough to be done early.
    package var successRules: [JSONValue] { value["successPolicy", "rules"]?.arrayValue ?? [] }
    /// Whether a new pod waits for the real end of the old one.
    package var replacesFailedOnly: Bool { text("podReplacementPolicy").map { $0 == "Failed" } ?? (podFailurePolicy != nil) }
    /// Who carries it out; nil for Kubernetes itself.
    package var managedBy: String? { text("managedBy") }
    /// Seconds after the start until it fails; nil for no limit.
    package var activeDeadlineSeconds: Int64? { integer("activeDeadlineSeconds") }
    /// Seconds after the end until it is deleted; nil for never.
    package var ttlSecondsAfterFinished: Int64? { integer("ttlSecondsAfterFinished") }
    /// Whether it has no pods for now.
    package var suspend: Bool { flag("suspend") ?? false }
    /// `NonIndexed` or `Indexed`.
    package var completionMode: String { text("completionMode") ?? "NonIndexed" }
    /// Whether each pod has a number.
    package var isIndexed: Bool { completionMode == "Indexed" }
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
    /// Uids of ended pods that are not in the numbers yet.
    package var uncounted: (succeeded: [String], failed: [String]) {
        get {
            let part: ObjectPart = part("uncountedTerminatedPods")
            return (part.texts("succeeded"), part.texts("failed"))
        }
        set {
            var part = JSONObject()
            if !newValue.succeeded.isEmpty { part["succeeded"] = .array(newValue.succeeded.map { .string($0) }) }
            if !newValue.failed.isEmpty { part["failed"] = .array(newValue.failed.map { .string($0) }) }
            value["uncountedTerminatedPods"] = .object(part)
        }
    }
    /// When work began.
    package var startTime: Timestamp? { time("startTime") }
    /// When it completed.
    package var completionTime: Timestamp? { time("completionTime") }
}
