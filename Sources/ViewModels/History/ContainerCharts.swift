import APIMachinery
import KubeSchemas
import LinuxKernel

/// The charts of a pod in the last hour: CPU and memory of each container against what it asked for and may use, its disks and what it
/// waited for, and the pod's network.
enum ContainerCharts {
    /// What the cluster tells.
    enum Telling: Hashable {
        /// Counters of everything: it is kdash's own.
        case everything
        /// CPU and memory as means: its metrics API tells.
        case means
        /// Nothing.
        case nothing(UsageGap)
    }

    private static let means = "CPU and memory as this server's metrics API tells them, about every 15 seconds; disks, network and waiting it does not tell."

    /// The text and the charts that stand in it, by line.
    static func text(_ pod: Pod, _ history: UsageHistory, _ telling: Telling, now: Timestamp) -> (lines: [[TextSpan]], charts: [Int: ChartModel]) {
        var text = DetailText()
        var charts: [Int: ChartModel] = [:]
        switch telling {
        case .everything: break
        case .means: text.line([TextSpan(means, .dim)], indent: 0)
        case .nothing(let gap): text.line([TextSpan(gap.sentence, .warning)], indent: 0)
        }
        let statuses = pod.status.containerStatuses
        for container in pod.spec.containers {
            let steps = history.container(of: pod, container.name, now: now)
            text.heading("Container \(container.name)", last(steps))
            let (requests, limits) = (container.resources.requests, container.resources.limits)
            charts[text.lines.count] = ChartModel(
                title: "CPU", unit: .milliCPU, values: steps.cpu, step: UsageHistory.step, request: requests["cpu"].map { Double($0.milliValue) },
                limit: limits["cpu"].map { Double($0.milliValue) }, marks: steps.throttled)
            text.line([])
            let ended = statuses.first { $0.name == container.name }.map { kills($0, now: now) } ?? [:]
            let killed = ended.merging(steps.kills) { first, _ in first }
            charts[text.lines.count] = ChartModel(
                title: "Memory", unit: .bytes, values: steps.memory, step: UsageHistory.step, request: requests["memory"].map { Double($0.value) },
                limit: limits["memory"].map { Double($0.value) }, marks: killed)
            text.line([])
            guard telling == .everything, steps.contains(where: { $0.samples > 0 }) else { continue }
            addDisks(steps, to: &text, &charts)
            addWaits(steps, to: &text, &charts)
        }
        if telling == .everything { addNetwork(pod, history.network(pod.uid, now: now), to: &text, &charts) }
        return (text.lines, charts)
    }

    /// Rows of a curve that is no main figure.
    private static let low = 3

    private static func add(
        _ title: String, _ unit: ChartModel.Unit, _ values: [Double?], to text: inout DetailText, _ charts: inout [Int: ChartModel]
    ) {
        charts[text.lines.count] = ChartModel(title: title, unit: unit, values: values, step: UsageHistory.step, height: low)
        text.line([])
    }

    private static func addNetwork(
        _ pod: Pod, _ steps: [UsageHistory.Step], to text: inout DetailText, _ charts: inout [Int: ChartModel]
    ) {
        let words = pod.spec.hostNetwork ? "  it has the node's own network" : steps.hasTransfers ? "" : "  nothing counted yet, or the node does not count it"
        text.heading("Network of the pod", words.isEmpty ? [] : [TextSpan(words, .dim)])
        guard steps.hasTransfers else { return }
        add("Received", .bytesPerSecond, steps.received, to: &text, &charts)
        add("Sent", .bytesPerSecond, steps.sent, to: &text, &charts)
    }

    private static func addDisks(_ steps: [UsageHistory.Step], to text: inout DetailText, _ charts: inout [Int: ChartModel]) {
        guard steps.hasTransfers else { return text.line([TextSpan("Disks: nothing counted yet, or the kernel does not count here", .dim)], indent: 2) }
        add("Disk read", .bytesPerSecond, steps.received, to: &text, &charts)
        add("Disk written", .bytesPerSecond, steps.sent, to: &text, &charts)
    }

    private static func addWaits(_ steps: [UsageHistory.Step], to text: inout DetailText, _ charts: inout [Int: ChartModel]) {
        guard steps.hasWaits else {
            return text.line([TextSpan("Waiting (pressure stall information): not on this kernel, which has cgroup v1 or none of it", .dim)], indent: 2)
        }
        for (index, title) in ["Waited for a processor", "Waited for memory", "Waited for disks"].enumerated() {
            add(title, .percent, steps.waits(index), to: &text, &charts)
        }
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
