package import APIMachinery
import JSONCore
import KubeSchemas

/// How an object is, in a word.
package struct ObjectState: Sendable, Hashable {
    /// What the word means.
    package enum Health: Sendable, Hashable { case unknown, ok, done, pending, warning, error }
    /// The word: `2/3 ready`, `CrashLoopBackOff`; empty when nothing tells.
    package var text: String
    /// What it means.
    package var health: Health

    /// A state.
    package init(_ text: String, _ health: Health) {
        self.text = text
        self.health = health
    }

    /// The state of an object of any kind, as far as its status tells.
    package init(_ object: KubeObject) {
        if object.isBeingDeleted {
            self.init("Terminating", .warning)
            return
        }
        switch (object.gvk.group, object.kind) {
        case ("", "Pod"): self = Self.pod(Pod(object))
        case ("apps", "Deployment"), ("apps", "ReplicaSet"), ("apps", "StatefulSet"), ("", "ReplicationController"):
            self = Self.ready(object.integer("status", "readyReplicas") ?? 0, of: object.integer("spec", "replicas") ?? 1)
        case ("apps", "DaemonSet"):
            self = Self.ready(object.integer("status", "numberReady") ?? 0, of: object.integer("status", "desiredNumberScheduled") ?? 0)
        case ("batch", "Job"): self = Self.job(object)
        case ("batch", "CronJob"): self = object.bool("spec", "suspend") == true ? ObjectState("suspended", .warning) : ObjectState("", .ok)
        default: self = Self.general(object)
        }
    }

    private static func pod(_ pod: Pod) -> ObjectState {
        let summary = PodSummary(pod)
        let health: Health =
            switch summary.status {
            case "Running": summary.readyContainers == summary.totalContainers ? .ok : .warning
            case "Completed", "Succeeded": .done
            case "Pending", "ContainerCreating", "PodInitializing": .pending
            case let text where text.hasPrefix("Init:") && !text.contains("Err") && !text.contains("Crash"): .pending
            default: .error
            }
        return ObjectState("\(summary.status) \(summary.readyText)", health)
    }

    private static func ready(_ ready: Int64, of wanted: Int64) -> ObjectState {
        ObjectState("\(ready)/\(wanted) ready", wanted == 0 ? .done : ready >= wanted ? .ok : .warning)
    }

    private static func job(_ object: KubeObject) -> ObjectState {
        let conditions = object.array("status", "conditions").map { Condition($0) }
        if conditions["Failed"]?.isTrue == true { return ObjectState("failed", .error) }
        if conditions["Complete"]?.isTrue == true { return ObjectState("complete", .done) }
        if object.bool("spec", "suspend") == true { return ObjectState("suspended", .warning) }
        return ObjectState("active", .pending)
    }

    /// Other kinds say it in a phase or in a condition Ready or Available.
    private static func general(_ object: KubeObject) -> ObjectState {
        if let phase = object.string("status", "phase") {
            let health: Health =
                ["Bound", "Active", "Running", "Ready", "Available"].contains(phase)
                ? .ok : ["Failed", "Lost", "Error"].contains(phase) ? .error : .pending
            return ObjectState(phase, health)
        }
        let conditions = object.array("status", "conditions").map { Condition($0) }
        guard let condition = conditions["Ready"] ?? conditions["Available"] else { return ObjectState("", .unknown) }
        return condition.isTrue
            ? ObjectState(condition.type.lowercased(), .ok)
            : ObjectState("not \(condition.type.lowercased())\(condition.reason.isEmpty ? "" : ": \(condition.reason)")", .warning)
    }
}
