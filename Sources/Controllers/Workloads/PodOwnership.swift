import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel

/// Which pods belong to a controller, and the patches that make the labels' will true.
struct PodOwnership {
    /// Pods that belong to the owner and may count.
    var mine: [Pod] = []
    /// Patches that adopt pods without a controller, or release pods that no longer match.
    var changes: [Change] = []

    /// `accepts` says of pods that match whether they can be the owner's at all.
    /// Adopted pods get the finalizer, and released ones lose it.
    init(
        of owner: KubeObject, selector: JSONValue, _ caches: any Caches, finalizer: String? = nil,
        accepts: (KubeObject) -> Bool = { _ in true }
    ) {
        // best effort: admission refuses objects without a readable selector
        guard let selector = try? LabelSelector(value: selector), !selector.isEmpty else { return }
        for object in caches.owned(by: owner.uid, Pod.resource) where object.controllerRef?.uid == owner.uid {
            let isMatching = selector.matches(object.labels) && accepts(object)
            if isMatching {
                mine.append(Pod(object))
            } else if !object.isBeingDeleted {
                changes.append(Self.release(object, from: owner, finalizer))
            }
        }
        guard !owner.isBeingDeleted else { return }
        for object in caches.orphans(Pod.resource, namespace: owner.namespace ?? "") {
            let pod = Pod(object)
            guard selector.matches(object.labels), accepts(object), !object.isBeingDeleted, !pod.isTerminated else { continue }
            mine.append(pod)
            changes.append(Self.adopt(object, by: owner, finalizer))
        }
    }

    private static func adopt(_ pod: KubeObject, by owner: KubeObject, _ finalizer: String?) -> Change {
        var metadata: JSONObject = ["uid": .string(pod.uid), "ownerReferences": [OwnerReference(controller: owner).value]]
        if let finalizer { metadata["finalizers"] = [.string(finalizer)] }
        return .patch(ObjectName(Pod.resource, pod), .strategicMerge, ["metadata": .object(metadata)])
    }

    private static func release(_ pod: KubeObject, from owner: KubeObject, _ finalizer: String?) -> Change {
        var metadata: JSONObject = ["uid": .string(pod.uid), "ownerReferences": [["$patch": "delete", "uid": .string(owner.uid)]]]
        if let finalizer { metadata["$deleteFromPrimitiveList/finalizers"] = [.string(finalizer)] }
        return .patch(ObjectName(Pod.resource, pod), .strategicMerge, ["metadata": .object(metadata)])
    }
}

extension Pod {
    /// Whether the pod counts as one of its owner's replicas.
    var isActive: Bool { !isTerminated && !object.isBeingDeleted }

    /// When the pod became ready; nil when it is not.
    var readySince: Timestamp? {
        guard let ready = status.conditions["Ready"], ready.isTrue else { return nil }
        return ready.lastTransitionTime
    }

    /// How long until the pod has been ready long enough to count as available, zero when it has; nil while it is not ready.
    func timeToAvailable(_ minReadySeconds: Int64, now: Timestamp) -> Duration? {
        guard isReady else { return nil }
        let age = readySince.map { now - $0 } ?? .zero
        return max(.zero, .seconds(minReadySeconds) - age)
    }

    /// Whether the pod has been ready long enough.
    func isAvailable(_ minReadySeconds: Int64, now: Timestamp) -> Bool { timeToAvailable(minReadySeconds, now: now) == .zero }

    /// A pod as an owner's template describes it, with a name made by the server.
    static func fromTemplate(_ template: PodTemplateSpec, owner: KubeObject) -> Pod {
        var object = KubeObject(
            .object([
                "apiVersion": "v1", "kind": "Pod",
                "metadata": .object([
                    "generateName": .string("\(owner.name.prefix(57))-"), "namespace": .string(owner.namespace ?? "default"),
                ]),
            ]))
        object.labels = template.labels
        object.annotations = template.annotations
        if let finalizers = template.value["metadata", "finalizers"] { object["metadata", "finalizers"] = finalizers }
        object.ownerReferences = [OwnerReference(controller: owner)]
        object["spec"] = template.value["spec"] ?? [:]
        return Pod(object)
    }
}
