import APIMachinery
import KubeSchemas

/// What an undo cannot bring back, in words, and an object without what only the server may say.
enum UndoLosses {
    /// The object in the form in which it can be created again, ordered as people read it.
    static func recreatable(_ object: KubeObject) -> KubeObject { Recreation.form(of: KubeObject(EditForm.value(object))) }

    /// What is not the same after an object was created again; `withDependents` when what went with it comes back, too.
    static func ofRecreating(_ object: KubeObject, withDependents: Bool = false) -> [String] {
        var losses = ["it gets a new uid: what points to \(object.uid) does not find it"]
        if object["status"] != nil { losses.append("its status is gone; the controllers find it anew") }
        switch object.kind {
        case "Namespace" where withDependents: losses.append("files, logs and memory of its containers, and the data of volumes that were deleted with it")
        case "Deployment" where withDependents: losses.append("its pods are made anew: their files, logs and memory are gone")
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
