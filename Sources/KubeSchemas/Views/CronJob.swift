package import APIMachinery
package import JSONCore
package import LinuxKernel

/// batch/v1 CronJob.
package struct CronJob: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind(group: "batch", version: "v1", kind: "CronJob")
    package static let resource = GroupVersionResource(group: "batch", version: "v1", resource: "cronjobs")

    /// What is wanted.
    package var spec: CronJobSpec { part("spec") }
    /// What was observed.
    package var status: CronJobStatus {
        get { part("status") }
        set { object["status"] = newValue.value }
    }
}

/// batch/v1 CronJobSpec.
package struct CronJobSpec: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// When it runs, in five fields.
    package var schedule: String { text("schedule") ?? "" }
    /// The zone of the schedule; nil for UTC.
    package var timeZone: String? { text("timeZone") }
    /// Seconds after its time within which a run is still started; nil for no limit.
    package var startingDeadlineSeconds: Int64? { integer("startingDeadlineSeconds") }
    /// `Allow`, `Forbid` or `Replace`.
    package var concurrencyPolicy: String { text("concurrencyPolicy") ?? "Allow" }
    /// Whether nothing is started for now.
    package var suspend: Bool { flag("suspend") ?? false }
    /// How many complete jobs are kept. Default 3.
    package var successfulJobsHistoryLimit: Int64 { integer("successfulJobsHistoryLimit") ?? 3 }
    /// How many failed jobs are kept. Default 1.
    package var failedJobsHistoryLimit: Int64 { integer("failedJobsHistoryLimit") ?? 1 }
    /// What the jobs are made from.
    package var jobTemplate: JSONValue { value["jobTemplate"] ?? [:] }
}

/// batch/v1 CronJobStatus.
package struct CronJobStatus: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// The jobs that run now.
    package var active: [ObjectPart] { parts("active") }
    /// The time of the last run that was started.
    package var lastScheduleTime: Timestamp? { time("lastScheduleTime") }
    /// When a job last completed.
    package var lastSuccessfulTime: Timestamp? { time("lastSuccessfulTime") }
}
