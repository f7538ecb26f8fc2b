package import APIMachinery
package import KubeClient
import KubeSchemas
package import LinuxKernel

/// Lets ended and deleted pods go that were held for a Job which will not count them: because it is gone, or because they are not its own
/// any more. Source: `pkg/controller/job/job_controller.go` syncOrphanPod.
package struct JobPodReleaser: Controller {
    package init() {}

    package var name: String { "job-pod-releaser" }
    package var identity: UserInfo { .controller("job-controller") }
    package var watched: [GroupVersionResource] { [Pod.resource, Job.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        if resource == Pod.resource { return !isGone && JobPods.isTracked(Pod(object)) ? [ObjectName(Pod.resource, object)] : [] }
        guard isGone || object.isBeingDeleted || Job(object).isFinished else { return [] }
        let pods = caches.owned(by: object.uid, Pod.resource) + caches.orphans(Pod.resource, namespace: object.namespace ?? "")
        return pods.filter { JobPods.isTracked(Pod($0)) }.map { ObjectName(Pod.resource, $0) }
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key), JobPods.isTracked(Pod(object)) else { return Reconciliation() }
        let release = JobPods.release(Pod(object))
        guard let owner = object.controllerRef else {
            return isAwaited(object, caches) ? Reconciliation() : Reconciliation([release])
        }
        guard owner.kind == "Job" else { return Reconciliation([release]) }
        let job = ObjectName(Job.resource, namespace: key.namespace, name: owner.name)
        if let present = caches.get(job), present.uid == owner.uid { return Reconciliation() }
        // The caches of jobs and pods need not be equally far.
        return Reconciliation([.requireAbsent(job, uid: owner.uid), release])
    }

    /// Whether a job is going to adopt the pod.
    private func isAwaited(_ pod: KubeObject, _ caches: any Caches) -> Bool {
        guard !pod.isBeingDeleted, !Pod(pod).isTerminated else { return false }
        return caches.all(Job.resource, namespace: pod.namespace).contains { JobPods.canAdopt(Job($0), pod) }
    }
}
