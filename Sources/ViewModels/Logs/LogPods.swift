import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel
import Synchronization

/// Watches the pods of a merge, so that those that come later join it.
final class LogPods: Sendable {
    /// The containers to follow, again whenever they change.
    let updates: AsyncStream<LogsDriver.Update>
    private let updater: AsyncStream<LogsDriver.Update>.Continuation
    private let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    /// Containers of deleted pods, told with the first update.
    private let gone: [LogTarget]
    /// How often each container had started again when it was seen first: what it wrote since is followed, what it wrote before is read.
    private let firstRestarts = Mutex<[String: Int64]>([:])
    private let watches: [(scope: LogScope, pods: Informer, jobs: Informer?)]

    init(_ merge: LogMerge, client: KubeClient, time: any TimeSource) {
        (updates, updater) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (wake, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        gone = merge.gone
        watches = merge.scopes.map { scope in
            let pods = Informer(
                client: client, resource: Pod.resource, namespace: scope.namespace, labels: scope.labels, fields: scope.fields, time: time)
            let jobs = scope.cronJobUID.map { _ in Informer(client: client, resource: Job.resource, namespace: scope.namespace, time: time) }
            return (scope, pods, jobs)
        }
        for watch in watches {
            for informer in [watch.pods, watch.jobs].compactMap(\.self) {
                informer.addHandler { [waker] _ in waker.yield() }
                informer.addStateHandler { [waker] _ in waker.yield() }
            }
        }
    }

    /// Watches until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for watch in watches {
                group.addTask { await watch.pods.run() }
                if let jobs = watch.jobs { group.addTask { await jobs.run() } }
            }
            // A list of a thousand pods tells a thousand times and is looked at once or twice.
            group.addTask { for await _ in self.wake { self.tell() } }
        }
    }

    private func tell() {
        // The first update names everything that is there, so that its lines come in order.
        guard !watches.contains(where: { $0.pods.state == .starting || $0.jobs?.state == .starting }) else { return }
        var update = LogsDriver.Update(targets: gone)
        for watch in watches {
            for object in watch.pods.all() where Self.belongs(object, watch.scope, watch.jobs) {
                let (started, waiting) = targets(Pod(object))
                update.targets += started
                update.waiting += waiting
                if waiting > 0, update.waitingPod == nil { update.waitingPod = (object.namespace ?? "", object.name) }
            }
        }
        updater.yield(update)
    }

    private static func belongs(_ pod: KubeObject, _ scope: LogScope, _ jobs: Informer?) -> Bool {
        if let uid = scope.podUID, uid != pod.uid { return false }
        guard let cronJob = scope.cronJobUID else { return true }
        guard let owner = pod.controllerRef, owner.kind == "Job" else { return false }
        return jobs?.get(namespace: pod.namespace, name: owner.name)?.controllerRef?.uid == cronJob
    }

    /// A pod's containers that have written or can, in the order they start, each after its instance before, and how many have not started.
    private func targets(_ pod: Pod) -> (started: [LogTarget], waiting: Int) {
        let status = pod.status
        var started: [LogTarget] = []
        var waiting = 0
        for container in status.initContainerStatuses + status.containerStatuses + status.ephemeralContainerStatuses {
            let hasRun = container.state.running != nil || container.state.terminated != nil || container.restartCount > 0
            guard hasRun else {
                waiting += 1
                continue
            }
            let target = LogTarget(
                namespace: pod.object.namespace ?? "", pod: pod.object.name, podUID: pod.object.uid, container: container.name)
            if hadInstances(target, container.restartCount) {
                var before = target
                before.isPrevious = true
                started.append(before)
            }
            started.append(target)
        }
        if started.isEmpty, waiting == 0, !pod.isTerminated { waiting = pod.spec.containers.count }
        return (started, waiting)
    }

    /// Whether there was an instance before the one that was seen first.
    private func hadInstances(_ target: LogTarget, _ restarts: Int64) -> Bool {
        firstRestarts.withLock { first in
            let key = "\(target.podUID)/\(target.container)"
            let known = first[key] ?? restarts
            first[key] = known
            return known > 0
        }
    }

    /// How a container stands now.
    func status(_ target: LogTarget) -> LogPodStatus {
        var isKnown = true
        for watch in watches where watch.scope.namespace == nil || watch.scope.namespace == target.namespace {
            if let object = watch.pods.get(namespace: target.namespace, name: target.pod), object.uid == target.podUID {
                return LogPodStatus(Pod(object), container: target.container)
            }
            isKnown = isKnown && watch.pods.hasSynced
        }
        // Before the first list nothing is known.
        return isKnown ? .gone : .alive
    }
}

extension LogPodStatus {
    /// How a pod's container stands.
    init(_ pod: Pod, container name: String) {
        let statuses = pod.status.containerStatuses + pod.status.initContainerStatuses + pod.status.ephemeralContainerStatuses
        let status = statuses.first { $0.name == name }
        let present = status?.state
        self.init(
            state: .alive, restarts: status?.restartCount ?? 0, lastEnding: status?.lastState.terminated.map { ContainerText.ending($0) })
        guard let ended = present?.terminated else {
            if pod.isTerminated, present?.running == nil { state = .ended("the pod has ended") }
            return
        }
        let isFinal = pod.isTerminated || pod.spec.restartPolicy == "Never" || ended.exitCode == 0 && pod.spec.restartPolicy == "OnFailure"
        let isInit = pod.status.initContainerStatuses.contains { $0.name == name }
        state =
            isFinal || isInit && ended.exitCode == 0
            ? .ended(ContainerText.ending(ended)) : .pausing("\(ContainerText.ending(ended)), starts again")
    }
}
