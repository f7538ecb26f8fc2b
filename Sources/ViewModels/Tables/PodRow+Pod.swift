import APIMachinery
import KubeSchemas
import LinuxKernel

extension PodRow {
    /// The row of a pod. Runs wherever the pod arrives, never on the main actor.
    init(_ pod: Pod) {
        let summary = PodSummary(pod)
        let spec = pod.spec
        let status = pod.status
        let resources = PodResources(spec)
        self.init(
            uid: pod.uid, namespace: pod.namespace ?? "", name: pod.name, readyCount: summary.readyContainers,
            containerCount: summary.totalContainers,
            status: summary.status.isEmpty ? "Pending" : summary.status, tone: Self.tone(summary, status.phase, pod.object.isBeingDeleted),
            restarts: Int(clamping: summary.restarts), createdAt: pod.object.creationTimestamp, node: spec.nodeName, ip: status.podIP,
            cpu: Usage(
                request: resources.requests["cpu"]?.milliValue, limit: resources.cpuLimit?.value, unit: .milliCPU),
            memory: Usage(
                request: resources.requests["memory"]?.value, limit: resources.memoryLimit?.value, unit: .bytes),
            isDeleting: pod.object.isBeingDeleted, phase: status.phase)
    }

    private static let waitingWords: Set = ["Pending", "ContainerCreating", "PodInitializing", "SchedulingGated", "NotReady", "Init"]

    private static func tone(_ summary: PodSummary, _ phase: String, _ isDeleting: Bool) -> Tone {
        let status = summary.status
        switch status {
        case "Running": return summary.readyContainers == summary.totalContainers ? .ok : .warning
        case "Completed", "Succeeded": return .done
        case "Terminating": return .dim
        case "NotReady": return .warning
        default: break
        }
        if waitingWords.contains(status) || status.isEmpty { return .pending }
        if status.hasPrefix("Init:") { return status.dropFirst(5).first?.isNumber ?? false ? .pending : .error }
        return .error
    }

    /// Why a pod is in its state, for people; nil when there is nothing to say.
    static func reason(_ status: PodStatus) -> String? {
        if !status.message.isEmpty { return status.message }
        for container in status.containerStatuses + status.initContainerStatuses {
            if let waiting = container.state.waiting, !waiting.message.isEmpty { return waiting.message }
        }
        let scheduled = status.conditions["PodScheduled"]
        return scheduled.flatMap { !$0.isTrue && !$0.message.isEmpty ? $0.message : nil }
    }
}
