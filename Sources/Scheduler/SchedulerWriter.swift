import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging
import Synchronization

/// Writes what the scheduler decided: bindings, conditions and events.
final class SchedulerWriter: Sendable {
    let client: KubeClient
    private let time: any TimeSource
    private let logger: Logger
    private let events = Mutex(EventBuilder(component: Scheduler.name))

    init(client: KubeClient, time: any TimeSource, logger: Logger) {
        self.client = client
        self.time = time
        self.logger = logger
    }

    /// Binds a pod and reports it. Throws when the binding is refused.
    func bind(_ pod: Pod, to node: String) async throws(APIStatus) {
        let metadata: JSONValue = [
            "name": .string(pod.name), "namespace": .string(pod.namespace ?? ""), "uid": .string(pod.uid),
        ]
        let binding: JSONValue = [
            "apiVersion": "v1", "kind": "Binding", "metadata": metadata,
            "target": ["apiVersion": "v1", "kind": "Node", "name": .string(node)],
        ]
        _ = try await client.createSubresource(
            Pod.resource, namespace: pod.namespace, name: pod.name, subresource: "binding", binding)
        await record(
            pod.object, .normal, "Scheduled", "Successfully assigned \(pod.namespace ?? "default")/\(pod.name) to \(node)")
    }

    /// Writes the condition PodScheduled=False and an event, unless the pod says the same already.
    /// `nominated` is the node that is kept free for the pod.
    func report(_ pod: Pod, message: String, nominated: String?) async {
        let known = pod.status.conditions["PodScheduled"]
        let isNominated = pod.status.nominatedNodeName == nominated ?? ""
        if isNominated, let known, known.status == "False", known.reason == "Unschedulable", known.message == message { return }
        var condition = Condition(
            type: "PodScheduled", status: false, reason: "Unschedulable", message: message, since: time.now())
        condition.set("observedGeneration", pod.object.generation)
        if let since = known?.lastTransitionTime, known?.status == "False" { condition.set("lastTransitionTime", since) }
        await record(pod.object, .warning, "FailedScheduling", message)
        var status: JSONObject = ["conditions": [condition.value]]
        if !isNominated { status["nominatedNodeName"] = nominated.map { .string($0) } ?? .null }
        do {
            _ = try await client.patch(
                Pod.resource, namespace: pod.namespace, name: pod.name, type: .strategicMerge,
                ["metadata": ["uid": .string(pod.uid)], "status": .object(status)], subresource: "status")
        } catch {
            // The pod is gone or changed; the informer brings what it is now.
            logger.debug("condition not written", metadata: ["pod": "\(pod.name)", "error": "\(error.message)"])
        }
    }

    /// Says of a pod why it goes, and deletes it, with the time it has for that. One that is gone already is no failure.
    func preempt(_ victim: PlacedPod, by pod: Pod) async throws(APIStatus) {
        let condition = Condition(
            type: "DisruptionTarget", status: true, reason: "PreemptionByScheduler",
            message: "\(pod.spec.schedulerName): preempting to accommodate a higher priority pod", since: time.now())
        do throws(APIStatus) {
            let target = try await client.patch(
                Pod.resource, namespace: victim.namespace, name: victim.name, type: .strategicMerge,
                ["metadata": ["uid": .string(victim.uid)], "status": ["conditions": [condition.value]]], subresource: "status")
            try await client.delete(Pod.resource, namespace: victim.namespace, name: victim.name, DeleteOptions(uid: victim.uid))
            await record(target, .normal, "Preempted", "Preempted by pod \(pod.uid) on node \(victim.node)")
        } catch {
            guard error.reason == .notFound || error.reason == .conflict else { throw error }
        }
    }

    private func record(_ pod: KubeObject, _ kind: EventBuilder.Kind, _ reason: String, _ message: String) async {
        let now = time.now()
        let write = events.withLock { $0.record(about: pod, kind: kind, reason: reason, message: message, now: now) }
        do {
            switch write {
            case .create(let event):
                _ = try await client.create(Event.resource, event)
            case .patch(let namespace, let name, let patch, let fallback):
                do throws(APIStatus) {
                    _ = try await client.patch(Event.resource, namespace: namespace, name: name, type: .merge, patch)
                } catch  where error.reason == .notFound {
                    _ = try await client.create(Event.resource, fallback)
                }
            }
        } catch {
            // An event that cannot be written must not hold a pod back.
            logger.debug("event not written", metadata: ["reason": "\(reason)", "error": "\(error)"])
        }
    }
}
