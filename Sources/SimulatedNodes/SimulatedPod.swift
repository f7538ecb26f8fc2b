import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel

/// What becomes of a pod on a simulated node. Pure: a pod and the time give the next step.
struct SimulatedPod: Sendable {
    /// What is to be written.
    enum Step: Sendable, Hashable {
        case nothing
        /// The containers run, and are ready as far as readiness gates allow.
        case run
        /// The containers have done their work.
        case succeed
        /// The containers end because the pod is deleted; what waits for the pod's outcome must learn it.
        case fail
        /// Everything has ended: the object may go.
        case confirmDeletion
    }

    let pod: Pod

    init(_ pod: Pod) { self.pod = pod }

    /// The next step. A pod of a Job succeeds once it has run; every other one runs until it is deleted.
    var step: Step {
        if pod.object.isBeingDeleted {
            // Already confirmed: others hold the object.
            if pod.object.deletionGracePeriodSeconds == 0 { return .nothing }
            return pod.isTerminated || pod.object.finalizers.isEmpty ? .confirmDeletion : .fail
        }
        if pod.isTerminated { return .nothing }
        let status = pod.status
        guard status.phase == "Running", !status.podIP.isEmpty else { return .run }
        if pod.object.controllerRef?.kind == "Job" { return .succeed }
        return pod.isReady == isReady ? .nothing : .run
    }

    /// Whether all readiness gates are open. Source: PodSpec.readinessGates.
    private var isReady: Bool {
        let conditions = pod.status.conditions
        return pod.spec.readinessGates.allSatisfy { conditions[$0]?.isTrue ?? false }
    }

    // MARK: Statuses

    /// The part of the status that a step writes; a strategic merge patch keeps the rest.
    func status(_ step: Step, address: String, host: String, now: Timestamp) -> JSONValue {
        let stamp = JSONValue.string(now.rfc3339)
        var status: JSONObject = [
            "phase": step == .run ? "Running" : step == .succeed ? "Succeeded" : "Failed", "observedGeneration": .integer(pod.object.generation),
            "conditions": .array(conditions(step, stamp)),
        ]
        if pod.status.startTime == nil { status["startTime"] = stamp }
        status["hostIP"] = .string(host)
        status["hostIPs"] = [["ip": .string(host)]]
        status["podIP"] = .string(address)
        status["podIPs"] = [["ip": .string(address)]]
        let (initial, main) = (pod.spec.initContainers, pod.spec.containers)
        if !initial.isEmpty {
            status["initContainerStatuses"] = .array(initial.map { container($0, $0.isSidecar ? step : .succeed, isInitial: true, stamp) })
        }
        status["containerStatuses"] = .array(main.map { container($0, step, isInitial: false, stamp) })
        return .object(status)
    }

    /// The status of a pod that a full node does not take. Source: kubelet rejectPod, lifecycle.InsufficientResourceError.
    func refusal(now: Timestamp) -> JSONValue {
        let room = SimulatedNode.podCapacity
        let message = "Pod was rejected: Node didn't have enough resource: pods, requested: 1, used: \(room), capacity: \(room)"
        return [
            "phase": "Failed", "reason": "OutOfpods", "message": .string(message), "startTime": .string(now.rfc3339),
            "observedGeneration": .integer(pod.object.generation),
        ]
    }

    private func conditions(_ step: Step, _ stamp: JSONValue) -> [JSONValue] {
        let over = step == .succeed ? "PodCompleted" : step == .fail ? "PodFailed" : ""
        let gates = "ReadinessGatesNotReady"
        let wanted: [(type: String, holds: Bool, reason: String)] = [
            ("PodReadyToStartContainers", step == .run, ""), ("Initialized", true, step == .succeed ? "PodCompleted" : ""),
            ("ContainersReady", step == .run, over), ("Ready", step == .run && isReady, step == .run && !isReady ? gates : over),
        ]
        let known = pod.status.conditions
        return wanted.map { type, holds, reason in
            let isOld = known[type]?.isTrue == holds
            var value: JSONObject = [
                "type": .string(type), "status": holds ? "True" : "False", "observedGeneration": .integer(pod.object.generation),
                "lastTransitionTime": (isOld ? known[type]?.lastTransitionTime.map { .string($0.rfc3339) } : nil) ?? stamp,
            ]
            value["reason"] = reason.isEmpty ? .null : .string(reason)
            return .object(value)
        }
    }

    private func container(_ container: Container, _ step: Step, isInitial: Bool, _ stamp: JSONValue) -> JSONValue {
        let id = "simulated://\(pod.uid)/\(container.name)"
        let known = (pod.status.containerStatuses + pod.status.initContainerStatuses).first { $0.name == container.name }
        let started = known?.value["state", "running", "startedAt"] ?? known?.value["state", "terminated", "startedAt"] ?? stamp
        let state: JSONValue =
            step == .run
            ? ["running": ["startedAt": started]]
            : [
                "terminated": [
                    "exitCode": step == .succeed ? 0 : 143, "reason": step == .succeed ? "Completed" : "Error", "startedAt": started,
                    "finishedAt": stamp, "containerID": .string(id),
                ]
            ]
        let isDone = isInitial && step == .succeed
        return [
            "name": .string(container.name), "image": .string(container.image), "imageID": .string("simulated://\(container.image)"),
            "containerID": .string(id), "restartCount": 0, "ready": .bool(step == .run || isDone), "started": .bool(step == .run), "state": state,
        ]
    }
}
