import APIMachinery
import JSONCore

/// What an undo cannot bring back, in words, and an object without what only the server may say.
enum UndoLosses {
    /// The object in the form in which it can be created again.
    static func recreatable(_ object: KubeObject) -> KubeObject {
        var fresh = KubeObject(EditForm.value(object))
        for field in ["deletionTimestamp", "deletionGracePeriodSeconds"] { fresh["metadata", field] = nil }
        switch object.kind {
        case "Pod":
            fresh["spec", "nodeName"] = nil
            withoutToken(&fresh)
        case "PersistentVolumeClaim":
            fresh["spec", "volumeName"] = nil
            for key in ["pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller"] {
                fresh["metadata", "annotations", key] = nil
            }
        case "PersistentVolume": fresh["spec", "claimRef"] = nil
        case "Job" where object.bool("spec", "manualSelector") != true:
            fresh["spec", "selector"] = nil
            for key in ["controller-uid", "batch.kubernetes.io/controller-uid"] {
                fresh["spec", "template", "metadata", "labels", key] = nil
                fresh["metadata", "labels", key] = nil
            }
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

    /// What is not the same after an object was created again.
    static func ofRecreating(_ object: KubeObject) -> [String] {
        var losses = ["it gets a new uid: what points to \(object.uid) does not find it"]
        if object["status"] != nil { losses.append("its status is gone; the controllers find it anew") }
        switch object.kind {
        case "Namespace": losses.append("what was in it does not come back, but for what this journal has of it: undo those one by one")
        case "Pod": losses.append("its containers start from the beginning: their files, logs and memory are gone, and it may run elsewhere")
        case "Deployment": losses.append("its ReplicaSets and with them the history for a rollback are gone; pods are made anew")
        case "ReplicaSet", "DaemonSet", "ReplicationController": losses.append("its pods are made anew")
        case "StatefulSet": losses.append("its pods are made anew; the claims of its volumes were not deleted with it")
        case "Job": losses.append("it runs again from the beginning; its pods and their logs are gone")
        case "CronJob": losses.append("its jobs and their logs are gone")
        case "PersistentVolumeClaim": losses.append("the data: a volume that was deleted with its claim does not come back, it gets an empty one")
        case "PersistentVolume": losses.append("the data, unless its storage was kept")
        case "CustomResourceDefinition": losses.append("the objects of its kind, but for those this journal has: undo those one by one")
        case "ServiceAccount": losses.append("tokens that were issued for it are not valid any more")
        case "Service": losses.append("open connections through it; its address comes back if nobody took it meanwhile")
        default: break
        }
        if !object.finalizers.isEmpty { losses.append("what its finalizers \(object.finalizers.joined(separator: ", ")) cleaned up") }
        return losses
    }

    /// What goes when an object that we created is deleted.
    static func ofDeleting(_ object: KubeObject) -> [String] {
        switch object.kind {
        case "Namespace": ["everything in it is deleted with it"]
        case "PersistentVolumeClaim", "PersistentVolume": ["the data that was written meanwhile"]
        case "CustomResourceDefinition": ["every object of its kind is deleted with it"]
        default: ["what it made itself (pods, jobs, …) is deleted with it"]
        }
    }

    /// What stays changed when an object is changed back.
    static func ofRestoring(_ object: KubeObject) -> [String] {
        switch object.kind {
        case "Deployment", "StatefulSet", "DaemonSet": ["pods that were replaced or stopped meanwhile stay gone: others are made"]
        case "Secret", "ConfigMap": ["programs that read the values meanwhile keep them until they read again"]
        default: []
        }
    }
}
