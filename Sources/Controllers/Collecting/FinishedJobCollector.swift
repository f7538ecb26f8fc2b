package import APIMachinery
import KubeClient
import KubeSchemas
package import LinuxKernel

/// Deletes finished jobs when their `ttlSecondsAfterFinished` is over.
package struct FinishedJobCollector: Controller {
    package init() {}

    package var name: String { "ttl-after-finished-controller" }
    package var watched: [GroupVersionResource] { [Job.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        isGone || Job(object).spec.ttlSecondsAfterFinished == nil ? [] : [ObjectName(Job.resource, object)]
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key), !object.isBeingDeleted else { return Reconciliation() }
        let job = Job(object)
        guard job.isFinished, let ttl = job.spec.ttlSecondsAfterFinished else { return Reconciliation() }
        let status = job.status
        let end = status.conditions.first { ["Complete", "Failed"].contains($0.type) && $0.isTrue }?.lastTransitionTime
        guard let end = end ?? status.completionTime else { return Reconciliation() }
        let rest = Duration.seconds(ttl) - (now - end)
        guard rest <= .zero else { return Reconciliation(again: rest) }
        return Reconciliation([.delete(key, uid: job.uid, .background, reporter: nil)])
    }
}
