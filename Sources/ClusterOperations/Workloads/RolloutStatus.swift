package import APIMachinery
import JSONCore

/// How far a rollout is. Source: kubectl `polymorphichelpers/rollout_status.go`.
package enum RolloutStatus: Sendable, Hashable {
    /// It is under way; what it waits for.
    case progressing(String)
    /// All pods are new and available.
    case done(String)
    /// It will not get further by itself; why.
    case failed(String)

    /// The status of a Deployment, StatefulSet or DaemonSet; nil for other kinds.
    package init?(_ object: KubeObject) {
        guard object.gvk.group == "apps" else { return nil }
        let observed = object.integer("status", "observedGeneration") ?? 0
        let isKnown = ["Deployment", "StatefulSet", "DaemonSet"].contains(object.kind)
        if isKnown, object.generation > observed {
            self = .progressing("waiting for the controller to see the latest change")
            return
        }
        switch object.kind {
        case "Deployment": self = Self.deployment(object)
        case "StatefulSet": self = Self.statefulSet(object)
        case "DaemonSet": self = Self.daemonSet(object)
        default: return nil
        }
    }

    private static func deployment(_ object: KubeObject) -> RolloutStatus {
        let progress = object.array("status", "conditions").first { $0["type"]?.stringValue == "Progressing" }
        if progress?["reason"]?.stringValue == "ProgressDeadlineExceeded" {
            return .failed("it made no progress within its deadline: \(progress?["message"]?.stringValue ?? "")")
        }
        let wanted = object.integer("spec", "replicas") ?? 1
        let (updated, all) = (count(object, "updatedReplicas"), count(object, "replicas"))
        let available = count(object, "availableReplicas")
        if object.bool("spec", "paused") == true { return .progressing("it is paused: \(updated) of \(wanted) pods are new") }
        if updated < wanted { return .progressing("\(updated) of \(wanted) pods are new") }
        if all > updated { return .progressing("\(all - updated) old pods are still to end") }
        if available < updated { return .progressing("\(available) of \(updated) new pods are available") }
        return .done("all \(updated) pods are new and available")
    }

    private static func statefulSet(_ object: KubeObject) -> RolloutStatus {
        guard object.string("spec", "updateStrategy", "type") != "OnDelete" else {
            return .progressing("its pods are replaced only when somebody deletes them (updateStrategy OnDelete)")
        }
        let wanted = object.integer("spec", "replicas") ?? 1
        let (ready, updated) = (count(object, "readyReplicas"), count(object, "updatedReplicas"))
        let partition = object.integer("spec", "updateStrategy", "rollingUpdate", "partition") ?? 0
        if ready < wanted { return .progressing("\(ready) of \(wanted) pods are ready") }
        let due = max(0, wanted - partition)
        if updated < due { return .progressing("\(updated) of \(due) pods are new") }
        let differs = object.string("status", "updateRevision") != object.string("status", "currentRevision")
        if partition == 0, differs { return .progressing("waiting for the last pods of the new revision") }
        return .done(partition > 0 ? "\(updated) pods from number \(partition) on are new" : "all \(wanted) pods are new and ready")
    }

    private static func daemonSet(_ object: KubeObject) -> RolloutStatus {
        guard object.string("spec", "updateStrategy", "type") != "OnDelete" else {
            return .progressing("its pods are replaced only when somebody deletes them (updateStrategy OnDelete)")
        }
        let wanted = count(object, "desiredNumberScheduled")
        let (updated, available) = (count(object, "updatedNumberScheduled"), count(object, "numberAvailable"))
        if updated < wanted { return .progressing("\(updated) of \(wanted) pods are new") }
        if available < wanted { return .progressing("\(available) of \(wanted) pods are available") }
        return .done("all \(wanted) pods are new and available")
    }

    private static func count(_ object: KubeObject, _ field: String) -> Int64 { object.integer("status", field) ?? 0 }
}
