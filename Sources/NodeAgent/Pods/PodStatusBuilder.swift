import APIMachinery
import ContainerRuntime
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
    var resize = PodResize()
    var isEvicted = false
    /// What the node has granted to each container, and to the pod itself.
    var allocated: [String: JSONValue] = [:]
    /// The pod's own resources that are in force.
    var ownResources: JSONValue = .object([:])

    /// The node agent's part of the status. Fields and conditions that others own are left out: a patch keeps them.
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
        if case .failed(let reason, let message) = outcome, !anyRunning {
            if !reason.isEmpty { status["reason"] = .string(reason) }
            if !message.isEmpty { status["message"] = .string(message) }
        }
        status["conditions"] = .array(conditions(phase: phase))
        for (field, containers) in [
            ("initContainerStatuses", pod.spec.initContainers), ("containerStatuses", pod.spec.containers),
            ("ephemeralContainerStatuses", pod.spec.ephemeralContainers),
        ] where !containers.isEmpty && !isRejected {
            status[field] = .array(containers.map { containerStatus($0) })
        }
        if !isRejected, ownResources.objectValue?.isEmpty == false {
            status["resources"] = ownResources
            let requests = PodResources(pod.withResources(allocated).spec).requests.filter { $0.key == "cpu" || $0.key == "memory" }
            status["allocatedResources"] = .object(JSONObject(requests.sorted { $0.key < $1.key }.map { ($0.key, .string("\($0.value)")) }))
        }
        status["observedGeneration"] = .integer(pod.object.generation)
        return status
    }

    /// The node never took the pod: there is nothing to say of its containers.
    private var isRejected: Bool { ending != nil && !hasSandbox && histories.values.allSatisfy { $0.current == nil && $0.waiting == nil } }

    private func history(_ container: Container) -> ContainerHistory { histories[container.name] ?? ContainerHistory() }

    private var anyRunning: Bool { histories.values.contains(where: \.isRunning) }

    /// What the pod has come to: as was decided, or, for one that was deleted and of which nothing runs any more, by how its containers ended.
    /// Something may hold the object still. Source: the kubelet's getPhase for terminal pods and its status manager's TerminatePod.
    private var outcome: PodLifecycle.Ending? {
        guard ending == nil, isGone else { return ending }
        let isDone = pod.spec.containers.allSatisfy { history($0).termination?.exitCode == 0 }
        return isDone ? .succeeded : .failed(reason: "", message: "")
    }

    /// Was deleted, and runs no more.
    private var isGone: Bool { pod.object.deletionTimestamp != nil && !anyRunning }

    /// A terminal phase is told when nothing runs any more, and never taken back.
    private var phase: String {
        if !anyRunning {
            switch outcome {
            case .succeeded: return "Succeeded"
            case .failed: return "Failed"
            case nil: break
            }
        }
        if pod.isTerminated { return pod.status.phase }
        // Containers that have all run prove the rest. A pod whose init containers run again in a new sandbox stays Running.
        let started = pod.spec.containers.allSatisfy { history($0).current != nil && !(history($0).isInPostStart && history($0).restartCount == 0) }
        return started ? "Running" : "Pending"
    }

    private var isInitialized: Bool {
        if pod.spec.containers.contains(where: { history($0).hasRunHere }) { return true }
        return uninitialized.isEmpty
    }

    private var uninitialized: [String] {
        pod.spec.initContainers.filter { $0.isSidecar ? !history($0).isStarted : !history($0).isCompleted }.map(\.name)
    }

    // MARK: Conditions

    /// Conditions that the node agent writes.
    static let ownConditions: Set = [
        "PodScheduled", "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodResizePending", "PodResizeInProgress",
        "DisruptionTarget",
    ]
    /// Those of them that are only there while they hold.
    static let passingConditions: Set = ["PodResizePending", "PodResizeInProgress"]

    private struct Verdict {
        var holds: Bool
        var reason = ""
        var message = ""
    }

    private func conditions(phase: String) -> [JSONValue] {
        let containers = containersReady(phase: phase)
        var values = [
            condition("PodReadyToStartContainers", Verdict(holds: hasSandbox)), condition("Initialized", initialized(phase: phase)),
            condition("Ready", ready(containers, phase: phase)), condition("ContainersReady", containers),
            condition("PodScheduled", Verdict(holds: true)),
        ]
        if isEvicted, case .failed(_, let message) = ending {
            values.append(condition("DisruptionTarget", Verdict(holds: true, reason: "TerminationByKubelet", message: message)))
        }
        for problem in resize.conditions { values.append(condition(problem.type, Verdict(holds: true, reason: problem.reason, message: problem.message))) }
        return values
    }

    private func initialized(phase: String) -> Verdict {
        if phase == "Succeeded" { return Verdict(holds: true, reason: "PodCompleted") }
        if isInitialized { return Verdict(holds: true) }
        if phase == "Failed" { return Verdict(holds: false, reason: "PodFailed") }
        return Verdict(
            holds: false, reason: "ContainersNotInitialized", message: "containers with incomplete status: [\(uninitialized.joined(separator: " "))]")
    }

    private func containersReady(phase: String) -> Verdict {
        if phase == "Succeeded" { return Verdict(holds: false, reason: "PodCompleted") }
        if phase == "Failed" { return Verdict(holds: false, reason: "PodFailed") }
        let counted = pod.spec.initContainers.filter(\.isSidecar) + pod.spec.containers
        let unready = counted.filter { !history($0).isReady }.map(\.name)
        if unready.isEmpty { return Verdict(holds: true) }
        return Verdict(holds: false, reason: "ContainersNotReady", message: "containers with unready status: [\(unready.joined(separator: " "))]")
    }

    /// The containers and the readiness gates. Source: the kubelet's GeneratePodReadyCondition.
    private func ready(_ containers: Verdict, phase: String) -> Verdict {
        guard containers.holds else { return containers }
        let present = pod.status.conditions
        let problems = pod.spec.readinessGates.compactMap { gate -> String? in
            guard let condition = present[gate] else { return "corresponding condition of pod readiness gate \"\(gate)\" does not exist." }
            return condition.isTrue ? nil : "the status of pod readiness gate \"\(gate)\" is not \"True\", but \(condition.status)"
        }
        if problems.isEmpty { return Verdict(holds: true) }
        return Verdict(holds: false, reason: "ReadinessGatesNotReady", message: problems.joined(separator: ", "))
    }

    private func condition(_ type: String, _ verdict: Verdict) -> JSONValue {
        let status = verdict.holds ? "True" : "False"
        let before = pod.object.value["status"]?["conditions"]?.arrayValue?.first { $0["type"]?.stringValue == type }
        let since = before?["status"]?.stringValue == status ? before?["lastTransitionTime"] : nil
        var value: JSONObject = [
            "type": .string(type), "status": .string(status), "lastProbeTime": .null,
            "lastTransitionTime": since ?? .string(now.rfc3339), "observedGeneration": .integer(pod.object.generation),
        ]
        if !verdict.reason.isEmpty { value["reason"] = .string(verdict.reason) }
        if !verdict.message.isEmpty { value["message"] = .string(verdict.message) }
        return .object(value)
    }

    // MARK: Containers

    private func containerStatus(_ container: Container) -> JSONValue {
        let history = history(container)
        let role = pod.role(of: container.name)
        let isReady =
            switch role {
            case .initial: history.isCompleted
            case .ephemeral: false
            case .sidecar, .main: history.isReady
            }
        var value: JSONObject = [
            "name": .string(container.name), "image": .string(container.image), "imageID": .string(history.imageID),
            "restartCount": .integer(Int64(history.restartCount)), "ready": .bool(isReady), "started": .bool(history.isStarted),
            "state": state(history), "lastState": lastEnd(history).map(terminated) ?? .object([:]),
        ]
        if role == .ephemeral { value["started"] = nil }
        if let current = history.current { value["containerID"] = .string("kdash://\(current.id)") }
        if let user = history.user { value["user"] = user }
        if let signal = history.stopSignalName { value["stopSignal"] = .string(signal) }
        let granted = allocated[container.name] ?? container.value["resources"] ?? .object([:])
        let resources = history.resources ?? granted
        if resources.objectValue?.isEmpty == false { value["resources"] = resources }
        if history.isRunning, let requests = granted["requests"] ?? granted["limits"] { value["allocatedResources"] = requests }
        let mounts = container.volumeMounts
        if !mounts.isEmpty, history.current != nil { value["volumeMounts"] = .array(mounts.map(mountStatus)) }
        return .object(value)
    }

    private func mountStatus(_ mount: VolumeMount) -> JSONValue {
        var value: JSONObject = ["name": .string(mount.name), "mountPath": .string(mount.mountPath)]
        if mount.readOnly {
            value["readOnly"] = true
            value["recursiveReadOnly"] = .string(mount.recursiveReadOnly == "Disabled" ? "Disabled" : "Enabled")
        }
        return .object(value)
    }

    /// While the next attempt waits, the instance that ended last is the "last state".
    private func lastEnd(_ history: ContainerHistory) -> Termination? {
        history.waiting != nil && outcome == nil ? history.termination ?? history.previous : history.previous
    }

    private func state(_ history: ContainerHistory) -> JSONValue {
        if case .running(let since) = history.current?.phase, !history.isInPostStart {
            return ["running": ["startedAt": .string(since.rfc3339)]]
        }
        if let waiting = history.waiting, outcome == nil {
            var value: JSONObject = ["reason": .string(waiting.reason)]
            if !waiting.message.isEmpty { value["message"] = .string(waiting.message) }
            return ["waiting": .object(value)]
        }
        if let termination = history.termination { return terminated(termination) }
        if isGone, isInitialized { return Self.neverSeen }
        return ["waiting": ["reason": .string(uninitialized.isEmpty || isInitialized ? "ContainerCreating" : "PodInitializing")]]
    }

    /// A container of a pod that is gone, and of which nobody knows that it ever ran. Source: the kubelet's TerminatePod.
    private static let neverSeen: JSONValue = [
        "terminated": [
            "exitCode": 137, "reason": "ContainerStatusUnknown", "message": "The container could not be located when the pod was terminated",
            "startedAt": .null, "finishedAt": .null,
        ]
    ]

    /// The containers of a pod share what their last words may take. Source: the kubelet's MaxPodTerminationMessageLogLength.
    private var messageLimit: Int { 12 * 1024 / max(pod.allContainers.count, 1) }

    private func terminated(_ termination: Termination) -> JSONValue {
        var value: JSONObject = [
            "exitCode": .integer(Int64(termination.exitCode)), "reason": .string(termination.reason),
            "startedAt": termination.startedAt.map { .string($0.rfc3339) } ?? .null, "finishedAt": .string(termination.finishedAt.rfc3339),
            "containerID": .string("kdash://\(termination.containerID)"),
        ]
        if termination.signal != 0 { value["signal"] = .integer(Int64(termination.signal)) }
        if !termination.message.isEmpty { value["message"] = .string(termination.message.prefix(bytes: messageLimit)) }
        return ["terminated": .object(value)]
    }
}

extension ProcessUser {
    /// `containerStatuses[].user`: who the program really runs as, its first group among the others.
    var status: JSONValue {
        let groups = [gid] + supplementalGroups.filter { $0 != gid }
        return [
            "linux": [
                "uid": .integer(Int64(uid)), "gid": .integer(Int64(gid)), "supplementalGroups": .array(groups.map { .integer(Int64($0)) }),
            ]
        ]
    }
}

extension String {
    /// As much of the text from its beginning as fits into so many bytes of UTF-8, in whole characters.
    fileprivate func prefix(bytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var (end, size) = (startIndex, 0)
        while end < endIndex {
            let next = index(after: end)
            size += self[end..<next].utf8.count
            if size > limit { break }
            end = next
        }
        return String(self[..<end])
    }
}
