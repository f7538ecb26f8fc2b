import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel

/// How much of its node's disk a pod may take. Pure.
/// Source: the kubelet's localStorageEviction, order and words.
struct StorageLimits: Sendable, Hashable {
    /// One bound, and what it is for.
    struct Limit: Sendable, Hashable {
        let name: String
        let amount: Quantity
    }

    /// Volumes on disk with a size limit; memory limits itself.
    let volumes: [Limit]
    /// The sum of the containers' limits, for everything that the pod takes; nil when no container has one.
    let pod: Quantity?
    let containers: [Limit]

    /// Nil for a pod without limits, which nobody needs to measure.
    init?(_ pod: Pod) {
        volumes = pod.spec.volumes.compactMap { volume in
            guard let source = volume.emptyDir, source.medium.isEmpty, let limit = source.sizeLimit, !limit.isZero else { return nil }
            return Limit(name: volume.name, amount: limit)
        }
        let resource = "ephemeral-storage"
        let wanted = pod.spec.containers + pod.spec.initContainers.filter(\.isSidecar)
        containers = wanted.compactMap { container in
            container.resources.limits[resource].flatMap { $0.isZero ? nil : Limit(name: container.name, amount: $0) }
        }
        self.pod = PodResources(pod.spec).limits[resource].flatMap { $0.isZero ? nil : $0 }
        if volumes.isEmpty, containers.isEmpty, self.pod == nil { return nil }
    }

    /// Why the pod has to go; nil while it keeps within its limits.
    func violation(_ storage: PodStorage) -> String? {
        func exceeds(_ use: DiskUse, _ limit: Quantity) -> Bool { use.size.value > limit.value }
        for limit in volumes {
            guard let volume = storage.volumes.first(where: { $0.name == limit.name }), exceeds(volume.use, limit.amount) else { continue }
            return "Usage of EmptyDir volume \"\(limit.name)\" exceeds the limit \"\(limit.amount)\". "
        }
        if let pod, exceeds(storage.total, pod) {
            return "Pod ephemeral local storage usage exceeds the total limit of containers \(pod). "
        }
        for limit in containers {
            guard let container = storage.containers.first(where: { $0.name == limit.name }), exceeds(container.total, limit.amount) else { continue }
            return "Container \(limit.name) exceeded its local ephemeral storage limit \"\(limit.amount)\". "
        }
        return nil
    }
}
