package import APIMachinery
import JSONCore

/// How an object that was deleted can be created again.
package enum Recreation {
    private static let serverFields = [
        "managedFields", "uid", "resourceVersion", "creationTimestamp", "generation", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds",
    ]
    /// What only a deletion puts among the finalizers.
    private static let deletionFinalizers: Set = ["foregroundDeletion", "orphan"]

    /// The object without its status, without what only the server writes, and without what bound it to a node, a volume or its own uid.
    package static func form(of object: KubeObject) -> KubeObject {
        var fresh = object
        fresh.value["status"] = nil
        for field in serverFields { fresh["metadata", field] = nil }
        fresh.finalizers.removeAll(where: deletionFinalizers.contains)
        switch object.kind {
        case "Pod":
            fresh["spec", "nodeName"] = nil
            withoutToken(&fresh)
        case "PersistentVolumeClaim":
            fresh["spec", "volumeName"] = nil
            for key in [
                "pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller", "volume.kubernetes.io/selected-node",
            ] {
                fresh.annotations[key] = nil
            }
        case "PersistentVolume": fresh["spec", "claimRef"] = nil
        case "Job" where object.bool("spec", "manualSelector") != true:
            fresh["spec", "selector"] = nil
            for key in ["controller-uid", "batch.kubernetes.io/controller-uid"] {
                fresh["spec", "template", "metadata", "labels", key] = nil
                fresh.labels[key] = nil
            }
        case "Secret" where object.string("type") == "kubernetes.io/service-account-token":
            // The server issues a new token for the account of that name.
            fresh.annotations["kubernetes.io/service-account.uid"] = nil
            for key in ["token", "ca.crt", "namespace"] { fresh["data", key] = nil }
        default: break
        }
        return fresh
    }

    /// The volume that admission puts in comes from admission again.
    private static func withoutToken(_ pod: inout KubeObject) {
        let isToken = { (value: JSONValue) in value["name"]?.stringValue?.hasPrefix("kube-api-access-") ?? false }
        let volumes = pod.array("spec", "volumes")
        guard volumes.contains(where: isToken) else { return }
        pod["spec", "volumes"] = .array(volumes.filter { !isToken($0) })
        for field in ["containers", "initContainers"] where pod["spec", field] != nil {
            pod["spec", field] = .array(
                pod.array("spec", field).map { container in
                    guard let mounts = container["volumeMounts"]?.arrayValue else { return container }
                    var container = container
                    container["volumeMounts"] = .array(mounts.filter { !isToken($0) })
                    return container
                })
        }
    }

    /// Kinds that are made of others all the time, so that nobody misses those that went.
    private static let derived: Set = ["Endpoints", "EndpointSlice", "Event", "Lease", "IPAddress", "PodMetrics"]
    private static let makers: [String: Set<String>] = [
        "Pod": ["ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController"], "Job": ["CronJob"],
    ]

    /// Whether a kind is derived from other objects, such as EndpointSlices from Services and their pods.
    package static func isDerived(kind: String) -> Bool { derived.contains(kind) }

    /// The kind that makes an object like this one anew by itself; nil when nobody does.
    package static func maker(of object: KubeObject) -> String? {
        if object.kind == "ConfigMap", object.name == "kube-root-ca.crt" { return "the root CA publisher" }
        guard let owner = object.controllerRef, makers[object.kind]?.contains(owner.kind) ?? false else { return nil }
        return "its \(owner.kind)"
    }

    /// Whether the object had done its work, so that it would do it once more: an ended Pod or Job.
    package static func hasEnded(_ object: KubeObject) -> Bool {
        switch object.kind {
        case "Pod": Pod(object).isTerminated
        case "Job": Job(object).isFinished
        default: false
        }
    }
}
