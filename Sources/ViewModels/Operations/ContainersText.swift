import JSONCore
import KubeSchemas
import LinuxKernel

/// The containers of a pod in words.
enum ContainersText {
    /// What a container uses.
    struct Usage: Sendable, Hashable {
        /// Thousandths of a core; nil when only one look was taken.
        var cpu: Double?
        /// Bytes.
        var memory: Double
    }

    /// A line for each container, in the order they start; the value of each line is its name.
    static func list(_ pod: Pod, usage: [String: Usage], gap: UsageGap? = nil, now: Timestamp) -> DetailText {
        var text = DetailText()
        let containers = containers(pod)
        let count = containers.count == 1 ? "1 container" : "\(containers.count) containers"
        text.heading(count, [TextSpan("  of \(pod.namespace.map { "\($0)/" } ?? "")\(pod.name)", .dim)])
        var columns = TextColumns(["NAME", "KIND", "READY", "STATE", "RESTARTS", "CPU", "MEMORY", "PROBES", "PORTS", "IMAGE"])
        for container in containers {
            let status = Self.status(container.name, pod)
            let used = usage[container.name]
            columns.add([
                TextSpan(container.name, .accent), TextSpan(kind(container, pod), .dim),
                TextSpan(status.map { $0.ready ? "yes" : "no" } ?? "", status?.ready == true ? .ok : .dim),
                status.map { ContainerText.spans($0.state, now: now)[0] } ?? TextSpan("not started", .pending),
                TextSpan("\(status?.restartCount ?? 0)", status?.restartCount ?? 0 > 0 ? .warning : .dim),
                TextSpan(used?.cpu.map { "\(Int64($0.rounded()))m" } ?? ""), TextSpan(used.map { ByteText.short(Int64($0.memory)) } ?? ""),
                TextSpan(probes(container), .dim), TextSpan(ports(container), .dim), TextSpan(container.image),
            ])
        }
        text.lineUp(columns) { DetailLink(value: containers[$0].name) }
        if usage.isEmpty, let gap { text.line([TextSpan(gap.sentence, .dim)]) }
        for container in containers {
            guard let status = status(container.name, pod) else { continue }
            if let waiting = status.state.waiting, !waiting.message.isEmpty {
                text.line([TextSpan("\(container.name): ", .dim), TextSpan(DetailText.short(waiting.message), .error)])
            }
            if status.lastState.terminated != nil {
                text.line([TextSpan("\(container.name) before: ", .dim)] + ContainerText.spans(status.lastState, now: now))
            }
        }
        return text
    }

    /// All containers, in the order they start.
    static func containers(_ pod: Pod) -> [Container] { pod.spec.initContainers + pod.spec.containers + pod.spec.ephemeralContainers }

    /// A container's state in a few words, for lists to pick from.
    static func state(_ name: String, _ pod: Pod) -> String {
        guard let state = status(name, pod)?.state else { return "not started" }
        if state.running != nil { return "running" }
        return state.terminated.map { ContainerText.ending($0) } ?? state.waiting?.reason ?? "not started"
    }

    private static func status(_ name: String, _ pod: Pod) -> ContainerStatus? {
        (pod.status.containerStatuses + pod.status.initContainerStatuses + pod.status.ephemeralContainerStatuses).first { $0.name == name }
    }

    private static func kind(_ container: Container, _ pod: Pod) -> String {
        if pod.spec.initContainers.contains(where: { $0.name == container.name }) { return container.isSidecar ? "sidecar" : "init" }
        return pod.spec.ephemeralContainers.contains { $0.name == container.name } ? "debug" : "main"
    }

    /// `live,ready,start`.
    private static func probes(_ container: Container) -> String {
        [("livenessProbe", "live"), ("readinessProbe", "ready"), ("startupProbe", "start")].filter { container.value[$0.0] != nil }.map(\.1)
            .joined(separator: ",")
    }

    private static func ports(_ container: Container) -> String {
        container.ports.map { "\($0.containerPort)\($0.protocol == "TCP" ? "" : "/\($0.protocol)")" }.joined(separator: ",")
    }
}
