package import APIMachinery
import JSONCore
import KubeSchemas
package import LinuxKernel

/// Lets a PersistentVolumeClaim go once no pod uses it. Source: `pkg/controller/volume/pvcprotection`.
package struct ClaimProtection: Controller {
    static let resource = PersistentVolumeClaim.resource
    static let finalizer = "kubernetes.io/pvc-protection"

    package init() {}

    package var name: String { "pvc-protection-controller" }
    package var watched: [GroupVersionResource] { [Self.resource, Pod.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        if resource == Self.resource { return isGone ? [] : [ObjectName(Self.resource, object)] }
        return Self.claims(of: object).map { ObjectName(Self.resource, namespace: object.namespace, name: $0) }
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard var object = caches.get(key), object.isBeingDeleted, object.finalizers.contains(Self.finalizer) else {
            return Reconciliation()
        }
        let isUsed = caches.all(Pod.resource, namespace: key.namespace).contains { pod in
            let phase = pod.string("status", "phase")
            return phase != "Succeeded" && phase != "Failed" && Self.claims(of: pod).contains(key.name)
        }
        guard !isUsed else { return Reconciliation() }
        object.finalizers.removeAll { $0 == Self.finalizer }
        return Reconciliation([.update(Self.resource, object)])
    }

    /// The claims that a pod names, also those made for it.
    static func claims(of object: KubeObject) -> [String] {
        let pod = Pod(object)
        return pod.spec.volumes.compactMap { $0.claimName(of: pod) }
    }
}

/// Lets a PersistentVolume go once no claim is bound to it. Source: `pkg/controller/volume/pvprotection`.
package struct VolumeProtection: Controller {
    static let resource = PersistentVolume.resource
    static let finalizer = "kubernetes.io/pv-protection"

    package init() {}

    package var name: String { "pv-protection-controller" }
    package var watched: [GroupVersionResource] { [Self.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        isGone ? [] : [ObjectName(Self.resource, object)]
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard var object = caches.get(key), object.isBeingDeleted, object.finalizers.contains(Self.finalizer),
            object.string("status", "phase") != "Bound"
        else { return Reconciliation() }
        object.finalizers.removeAll { $0 == Self.finalizer }
        return Reconciliation([.update(Self.resource, object)])
    }
}

/// Lets a VolumeAttributesClass go once no claim or volume names it. Source: `pkg/controller/volume/vacprotection`.
package struct AttributesClassProtection: Controller {
    static let resource = GroupVersionResource(group: "storage.k8s.io", version: "v1", resource: "volumeattributesclasses")
    static let finalizer = "kubernetes.io/vac-protection"

    package init() {}

    package var name: String { "volumeattributesclass-protection-controller" }
    package var watched: [GroupVersionResource] { [Self.resource, ClaimProtection.resource, VolumeProtection.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        if resource == Self.resource { return isGone ? [] : [ObjectName(Self.resource, object)] }
        return caches.all(Self.resource, namespace: nil).filter(\.isBeingDeleted).map { ObjectName(Self.resource, $0) }
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard var object = caches.get(key), object.isBeingDeleted, object.finalizers.contains(Self.finalizer) else {
            return Reconciliation()
        }
        let users = caches.all(ClaimProtection.resource, namespace: nil) + caches.all(VolumeProtection.resource, namespace: nil)
        guard !users.contains(where: { $0.string("spec", "volumeAttributesClassName") == key.name }) else { return Reconciliation() }
        object.finalizers.removeAll { $0 == Self.finalizer }
        return Reconciliation([.update(Self.resource, object)])
    }
}
