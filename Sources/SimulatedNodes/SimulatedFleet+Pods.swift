import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging
import Synchronization

/// The pods on simulated nodes.
extension SimulatedFleet {
    func podChanged(_ event: InformerEvent) {
        let pod = Pod(event.object)
        guard let node = SimulatedNode(name: pod.spec.nodeName) else { return }
        guard case .deleted = event else { return take(in: pod, on: node) }
        state.withLock { state in
            state.forget(pod.uid, on: node)
            state.waiting[node]?.remove(PodKey(pod))
            if state.waiting[node]?.isEmpty == true { state.waiting[node] = nil }
        }
    }

    private func take(in pod: Pod, on node: SimulatedNode) {
        let known = pod.status.podIP
        state.withLock { state in
            if pod.isTerminated {
                state.leave(pod.uid, node)
            } else if pod.status.phase == "Running" {
                state.room.note(pod.uid, on: node)
                if !known.isEmpty { state.addresses.note(known, of: pod.uid, on: node) }
            }
        }
        guard serves(PodKey(pod), on: node) else { return }
        state.withLock { _ = $0.pods.insert(pod.uid) }
        if SimulatedPod(pod).step != .nothing { queue.add(PodKey(pod)) }
    }

    /// Whether a pod's node is of the fleet; otherwise the pod waits until it is.
    private func serves(_ key: PodKey, on node: SimulatedNode) -> Bool {
        if isOurs(node) { return true }
        state.withLock { _ = $0.waiting[node, default: []].insert(key) }
        // It may have come meanwhile, before the pod was seen to wait.
        return isOurs(node)
    }

    /// Takes in the pods that wait for a node.
    func takeWaiting(for node: SimulatedNode) {
        for key in state.withLock({ $0.waiting.removeValue(forKey: node) }) ?? [] {
            guard let object = pods.get(namespace: key.namespace, name: key.name), object["spec", "nodeName"]?.stringValue == node.name else { continue }
            take(in: Pod(object), on: node)
            // Its deletion may have been taken in first.
            if pods.get(namespace: key.namespace, name: key.name)?.uid != object.uid { state.withLock { $0.forget(object.uid, on: node) } }
        }
    }

    /// Writes the next step of a pod.
    func work(on key: PodKey) async -> WorkOutcome {
        guard let object = pods.get(namespace: key.namespace, name: key.name) else { return .done }
        let pod = Pod(object)
        guard let node = SimulatedNode(name: pod.spec.nodeName), serves(key, on: node) else { return .done }
        do throws(APIStatus) {
            let pretended = SimulatedPod(pod)
            let step = pretended.step
            switch step {
            case .nothing: return .done
            case .confirmDeletion:
                let now = DeleteOptions(gracePeriodSeconds: 0, uid: pod.uid)
                try await client.delete(Pod.resource, namespace: key.namespace, name: key.name, now)
            case .run, .succeed, .fail:
                let now = time.now()
                let status =
                    place(pod, on: node).map { pretended.status(step, address: $0, host: node.address, now: now) } ?? pretended.refusal(now: now)
                _ = try await client.patch(
                    Pod.resource, namespace: key.namespace, name: key.name, type: .strategicMerge,
                    ["metadata": ["uid": .string(pod.uid)], "status": status], subresource: "status")
            }
        } catch {
            // Gone, or another pod of that name by now.
            if error.reason == .notFound || error.reason == .conflict {
                state.withLock { $0.leave(pod.uid, node) }
                return .done
            }
            logger.debug("could not write for a simulated pod", metadata: ["pod": "\(key.name)", "error": "\(error.message)"])
            return .failed
        }
        return .done
    }

    /// Gives a pod its place and address; nil when the node is full.
    private func place(_ pod: Pod, on node: SimulatedNode) -> String? {
        state.withLock { state in
            guard state.room.admit(pod.uid, on: node) else { return nil }
            return pod.spec.hostNetwork ? node.address : state.addresses.address(of: pod.uid, on: node)
        }
    }
}
