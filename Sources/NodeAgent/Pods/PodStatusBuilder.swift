import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel

/// Writes a pod's status from what is known of it. Pure.
///
/// Source: PodStatus and the kubelet's rules for phases and conditions.
struct PodStatusBuilder: Sendable {
    let pod: Pod
    let histories: [String: ContainerHistory]
    let ending: PodLifecycle.Ending?
    let podIP: String
    let hostIP: String
    let startTime: Timestamp
    let now: Timestamp
    let hasSandbox: Bool

    /// The whole status; fields that others own (scheduler's condition, qosClass) are carried over.
    var status: JSONValue {
        var status = pod.object.value["status"] ?? .object([:])
        let phase = self.phase
        status["phase"] = .string(phase)
        status["startTime"] = .string(startTime.rfc3339)
        if !hostIP.isEmpty {
            status["hostIP"] = .string(hostIP)
            status["hostIPs"] = .array([.object(["ip": .string(hostIP)])])
        }
        if !podIP.isEmpty {
            status["podIP"] = .string(podIP)
            status["podIPs"] = .array([.object(["ip": .string(podIP)])])
        }
        if case .failed(let reason, let message) = ending {
            if !reason.isEmpty { status["reason"] = .string(reason) }
            if !message.isEmpty { status["message"] = .string(message) }
        }
        status["conditions"] = .array(conditions(phase: phase))
        if !pod.spec.initContainers.isEmpty {
            status["initContainerStatuses"] = .array(pod.spec.initContainers.map { containerStatus($0, isInit: true) })
        }
        status["containerStatuses"] = .array(pod.spec.containers.map { containerStatus($0, isInit: false) })
        status["observedGeneration"] = .integer(pod.object.generation)
        return status
    }

    private var phase: String {
        switch ending {
        case .succeeded: return "Succeeded"
        case .failed: return "Failed"
        case nil: break
        }
        let started = pod.spec.containers.allSatisfy { histories[$0.name]?.current != nil }
        return started && isInitialized ? "Running" : "Pending"
    }

    private var isInitialized: Bool {
        if pod.spec.containers.contains(where: { histories[$0.name]?.current != nil }) { return true }
        return pod.spec.initContainers.allSatisfy { container in
            let history = histories[container.name]
            return container.isSidecar ? history?.isRunning == true : history?.termination?.exitCode == 0
        }
    }

    // MARK: Conditions

    private func conditions(phase: String) -> [JSONValue] {
        let waiting = pod.spec.containers.map(\.name).filter { histories[$0]?.isRunning != true }
        let ready = waiting.isEmpty && ending == nil
        let completed = ending == .succeeded
        let unready = "containers with unready status: [\(waiting.joined(separator: " "))]"
        let uninitialized = pod.spec.initContainers.map(\.name).filter { histories[$0]?.termination?.exitCode != 0 }
        var values = [
            condition("PodReadyToStartContainers", hasSandbox),
            condition(
                "Initialized", isInitialized || completed, reason: completed ? "PodCompleted" : "ContainersNotInitialized",
                message: completed ? "" : "containers with incomplete status: [\(uninitialized.joined(separator: " "))]",
                keepsReason: completed),
            condition("Ready", ready, reason: completed ? "PodCompleted" : "ContainersNotReady", message: completed ? "" : unready),
            condition("ContainersReady", ready, reason: completed ? "PodCompleted" : "ContainersNotReady", message: completed ? "" : unready),
        ]
        let own = Set(["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady"])
        let foreign = pod.object.value["status"]?["conditions"]?.arrayValue ?? []
        let scheduled = foreign.filter { !own.contains($0["type"]?.stringValue ?? "") }
        if !scheduled.contains(where: { $0["type"]?.stringValue == "PodScheduled" }) { values.append(condition("PodScheduled", true)) }
        return values + scheduled
    }

    private func condition(_ type: String, _ holds: Bool, reason: String = "", message: String = "", keepsReason: Bool = false) -> JSONValue {
        let status = holds ? "True" : "False"
        let before = pod.object.value["status"]?["conditions"]?.arrayValue?.first { $0["type"]?.stringValue == type }
        let since = before?["status"]?.stringValue == status ? before?["lastTransitionTime"] : nil
        var value: JSONObject = [
            "type": .string(type), "status": .string(status), "lastProbeTime": .null,
            "lastTransitionTime": since ?? .string(now.rfc3339), "observedGeneration": .integer(pod.object.generation),
        ]
        if !holds || keepsReason {
            if !reason.isEmpty { value["reason"] = .string(reason) }
            if !message.isEmpty { value["message"] = .string(message) }
        }
        return .object(value)
    }

    // MARK: Containers

    private func containerStatus(_ container: Container, isInit: Bool) -> JSONValue {
        let history = histories[container.name] ?? ContainerHistory()
        let isReady = isInit && !container.isSidecar ? history.termination?.exitCode == 0 : history.isRunning
        var value: JSONObject = [
            "name": .string(container.name), "image": .string(container.image), "imageID": .string(history.imageID),
            "restartCount": .integer(Int64(history.restartCount)), "ready": .bool(isReady), "started": .bool(history.isRunning),
            "state": state(history), "lastState": lastEnd(history).map(Self.terminated) ?? .object([:]),
        ]
        if let current = history.current { value["containerID"] = .string("kdash://\(current.id)") }
        if let resources = container.value["resources"], resources.objectValue?.isEmpty == false { value["resources"] = resources }
        return .object(value)
    }

    /// While the next attempt waits, the instance that ended last is the "last state".
    private func lastEnd(_ history: ContainerHistory) -> Termination? {
        history.waiting != nil && ending == nil ? history.termination ?? history.previous : history.previous
    }

    private func state(_ history: ContainerHistory) -> JSONValue {
        if case .running(let since) = history.current?.phase {
            return ["running": ["startedAt": .string(since.rfc3339)]]
        }
        if let waiting = history.waiting, ending == nil {
            var value: JSONObject = ["reason": .string(waiting.reason)]
            if !waiting.message.isEmpty { value["message"] = .string(waiting.message) }
            return ["waiting": .object(value)]
        }
        if let termination = history.termination { return Self.terminated(termination) }
        return ["waiting": ["reason": .string(isInitialized ? "ContainerCreating" : "PodInitializing")]]
    }

    private static func terminated(_ termination: Termination) -> JSONValue {
        var value: JSONObject = [
            "exitCode": .integer(Int64(termination.exitCode)), "reason": .string(termination.reason),
            "startedAt": termination.startedAt.map { .string($0.rfc3339) } ?? .null, "finishedAt": .string(termination.finishedAt.rfc3339),
            "containerID": .string("kdash://\(termination.containerID)"),
        ]
        if termination.signal != 0 { value["signal"] = .integer(Int64(termination.signal)) }
        if !termination.message.isEmpty { value["message"] = .string(termination.message) }
        return ["terminated": .object(value)]
    }
}
