import APIMachinery
package import LinuxKernel

/// What kubectl's READY, STATUS and RESTARTS columns say about a pod. Source: kubernetes `printers/internalversion.printPod`.
package struct PodSummary: Sendable, Hashable {
    /// Containers that are ready, sidecars included.
    package private(set) var readyContainers = 0
    /// Containers in all, sidecars included.
    package private(set) var totalContainers = 0
    /// One word: `Running`, `Init:0/1`, `CrashLoopBackOff`, `Terminating`, …
    package private(set) var status: String
    /// Restarts that matter now.
    package private(set) var restarts: Int64 = 0
    /// When the last of them ended; nil when none did.
    package private(set) var lastRestart: Timestamp?

    /// Sums a pod up.
    package init(_ pod: Pod) {
        let podStatus = pod.status
        let conditions = podStatus.conditions
        status = podStatus.reason.isEmpty ? podStatus.phase : podStatus.reason
        if conditions["PodScheduled"]?.reason == "SchedulingGated" { status = "SchedulingGated" }
        let spec = pod.spec
        let start = readInitContainers(spec, podStatus.initContainerStatuses)
        totalContainers += spec.containers.count
        if !start.isInitializing || conditions["Initialized"]?.isTrue ?? false {
            readContainers(podStatus.containerStatuses, start.sidecars, isReady: conditions["Ready"]?.isTrue ?? false)
        } else {
            (restarts, lastRestart) = (start.all.count, start.all.last)
        }
        if pod.object.isBeingDeleted {
            if podStatus.reason == "NodeLost" {
                status = "Unknown"
            } else if !pod.isTerminated {
                status = "Terminating"
            }
        }
    }

    /// `1/2`.
    package var readyText: String { "\(readyContainers)/\(totalContainers)" }

    /// `3`, or `3 (5m ago)` when the moment is known.
    package func restartsText(now: Timestamp) -> String {
        guard restarts != 0, let lastRestart else { return String(restarts) }
        return "\(restarts) (\(HumanDuration.since(lastRestart, now: now)) ago)"
    }

    private struct Start {
        var isInitializing = false
        var all = Restarts()
        var sidecars = Restarts()
    }

    /// Reads the init containers up to the first that is not through.
    private mutating func readInitContainers(_ spec: PodSpec, _ statuses: [ContainerStatus]) -> Start {
        let containers = spec.initContainers
        let sidecars = Set(containers.filter(\.isSidecar).map(\.name))
        totalContainers = sidecars.count
        var start = Start()
        for (index, container) in statuses.enumerated() {
            let isSidecar = sidecars.contains(container.name)
            start.all.add(container)
            if isSidecar { start.sidecars.add(container) }
            let state = container.state
            if let terminated = state.terminated, terminated.exitCode == 0 { continue }
            if isSidecar, container.started == true {
                if container.ready { readyContainers += 1 }
                continue
            }
            if let terminated = state.terminated {
                status = "Init:\(Self.text(terminated))"
            } else if let reason = state.waiting?.reason, !reason.isEmpty, reason != "PodInitializing" {
                status = "Init:\(reason)"
            } else {
                status = "Init:\(index)/\(containers.count)"
            }
            start.isInitializing = true
            break
        }
        return start
    }

    private mutating func readContainers(_ statuses: [ContainerStatus], _ sidecars: Restarts, isReady: Bool) {
        var counted = sidecars
        var hasRunning = false
        for container in statuses.reversed() {
            counted.add(container)
            let state = container.state
            if let reason = state.waiting?.reason, !reason.isEmpty {
                status = reason
            } else if let terminated = state.terminated {
                status = Self.text(terminated)
            } else if container.ready, state.running != nil {
                hasRunning = true
                readyContainers += 1
            }
        }
        restarts = counted.count
        lastRestart = counted.last
        // One container that still runs decides over others that ended well.
        if status == "Completed", hasRunning { status = isReady ? "Running" : "NotReady" }
    }

    private static func text(_ terminated: StateTerminated) -> String {
        if !terminated.reason.isEmpty { return terminated.reason }
        return terminated.signal != 0 ? "Signal:\(terminated.signal)" : "ExitCode:\(terminated.exitCode)"
    }
}

private struct Restarts {
    var count: Int64 = 0
    var last: Timestamp?

    mutating func add(_ container: ContainerStatus) {
        count += container.restartCount
        guard let finished = container.lastState.terminated?.finishedAt else { return }
        last = last.map { max($0, finished) } ?? finished
    }
}
