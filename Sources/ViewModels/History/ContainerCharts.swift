import APIMachinery
import KubeSchemas
import LinuxKernel

/// The charts of a pod: CPU and memory of each container in the last hour against what it asked for and may use.
enum ContainerCharts {
    /// The text and the charts that stand in it, by line.
    static func text(_ pod: Pod, _ history: UsageHistory, isMeasured: Bool, now: Timestamp) -> (lines: [[TextSpan]], charts: [Int: ChartModel]) {
        var text = DetailText()
        var charts: [Int: ChartModel] = [:]
        if !isMeasured { text.line([TextSpan("This cluster does not say what its pods use: only kdash's own does.", .warning)], indent: 0) }
        let statuses = pod.status.containerStatuses
        for container in pod.spec.containers {
            let steps = history.container(pod.uid, container.name, now: now)
            text.heading("Container \(container.name)", last(steps))
            let (requests, limits) = (container.resources.requests, container.resources.limits)
            charts[text.lines.count] = ChartModel(
                title: "CPU", unit: .milliCPU, values: steps.cpu, step: UsageHistory.step, request: requests["cpu"].map { Double($0.milliValue) },
                limit: limits["cpu"].map { Double($0.milliValue) }, marks: steps.throttled)
            text.line([])
            let killed = statuses.first { $0.name == container.name }.map { kills($0, now: now) } ?? [:]
            charts[text.lines.count] = ChartModel(
                title: "Memory", unit: .bytes, values: steps.memory, step: UsageHistory.step, request: requests["memory"].map { Double($0.value) },
                limit: limits["memory"].map { Double($0.value) }, marks: killed)
            text.line([])
        }
        return (text.lines, charts)
    }

    private static func last(_ steps: [UsageHistory.Step]) -> [TextSpan] {
        steps.contains { $0.samples > 0 } ? [] : [TextSpan("  nothing measured yet: samples are taken while kdash is open", .dim)]
    }

    /// When the container was killed for its memory, as far as its status tells.
    static func kills(_ status: ContainerStatus, now: Timestamp) -> [Int: ChartModel.Mark] {
        var marks: [Int: ChartModel.Mark] = [:]
        for ended in [status.state.terminated, status.lastState.terminated] {
            guard let ended, ended.reason == "OOMKilled", let at = ended.finishedAt else { continue }
            let index = Int64(UsageHistory.steps) - 1 - (UsageHistory.step(now) - UsageHistory.step(at))
            if index >= 0, index < UsageHistory.steps { marks[Int(index)] = .outOfMemory }
        }
        return marks
    }
}
