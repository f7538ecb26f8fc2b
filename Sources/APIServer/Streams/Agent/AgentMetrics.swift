internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import KubeSchemas
internal import LinuxKernel

/// What a node's agent shows to Prometheus.
enum AgentMetrics {
    private typealias Labels = [(String, String)]

    private static func seconds(_ nanoseconds: Int64) -> Double { Double(nanoseconds) / 1e9 }

    /// Writes one metric with all its samples.
    private static func family(
        _ name: String, _ kind: MetricsText.Kind, _ help: String, _ samples: [(labels: Labels, value: Double)], into text: inout MetricsText
    ) {
        text.begin(name, kind, help)
        for sample in samples { text.sample(name, sample.labels, sample.value) }
    }

    /// `/metrics`. Source: kubelet `pkg/kubelet/metrics/metrics.go`.
    static func agent(_ stats: NodeStats, _ configuration: APIServerConfiguration) -> MetricsText {
        var text = MetricsText()
        let version = VersionDocument.gitVersion(configuration.programVersion)
        let build = [
            ("git_commit", configuration.gitCommit), ("git_version", version), ("major", KubernetesVersion.major), ("minor", KubernetesVersion.minor),
        ]
        family("kubernetes_build_info", .gauge, "The version served.", [(build, 1)], into: &text)
        family("kubelet_node_name", .gauge, "The node's name. The count is always 1.", [([("node", stats.node)], 1)], into: &text)
        let containers = stats.pods.reduce(0) { $0 + $1.containers.count }
        family(
            "kubelet_running_containers", .gauge, "Containers that run now.", [([("container_state", "running")], Double(containers))], into: &text)
        family("kubelet_running_pods", .gauge, "Pods with a running container.", [([], Double(stats.pods.count))], into: &text)
        ProcessMetrics.write(into: &text)
        return text
    }

    /// `/metrics/resource`. Source: kubelet `pkg/kubelet/metrics/collectors/resource_metrics.go`.
    static func resource(_ stats: NodeStats, _ pods: [KubeObject]) -> MetricsText {
        func labels(_ pod: PodStats) -> Labels { [("namespace", pod.namespace), ("pod", pod.name)] }
        let containers = stats.pods.flatMap { pod in pod.containers.map { ([("container", $0.name)] + labels(pod), $0.usage) } }
        let usages = stats.pods.map { (labels($0), $0.usage) }
        let known = Facts.all(pods)
        let starts = stats.pods.flatMap { pod in
            pod.containers.compactMap { container in
                known[pod.uid]?[container.name]?.startedAt.map { ([("container", container.name)] + labels(pod), $0) }
            }
        }
        var text = MetricsText()
        func cpu(_ name: String, _ what: String, _ samples: [(Labels, UsageSample)]) {
            family(name, .counter, "CPU time that \(what) has used, in core-seconds.", samples.map { ($0.0, seconds($0.1.cpuNanoseconds)) }, into: &text)
        }
        func memory(_ name: String, _ what: String, _ samples: [(Labels, UsageSample)]) {
            family(name, .gauge, "Working set of \(what), in bytes.", samples.map { ($0.0, Double($0.1.workingSet.value)) }, into: &text)
        }
        cpu("container_cpu_usage_seconds_total", "the container", containers)
        memory("container_memory_working_set_bytes", "the container", containers)
        family("container_start_time_seconds", .gauge, "Start of the container since the Unix epoch.", starts, into: &text)
        cpu("node_cpu_usage_seconds_total", "the node", [([], stats.usage)])
        memory("node_memory_working_set_bytes", "the node", [([], stats.usage)])
        cpu("pod_cpu_usage_seconds_total", "the pod", usages)
        memory("pod_memory_working_set_bytes", "the pod", usages)
        family("resource_scrape_error", .gauge, "1 if something could not be read.", [([], 0)], into: &text)
        return text
    }

    /// `/metrics/cadvisor`: what a cgroup counts. Source: cadvisor `metrics/prometheus.go`; the labels are those that the kubelet gives.
    static func cadvisor(_ stats: NodeStats, _ pods: [KubeObject], _ node: KubeObject?) -> MetricsText {
        let known = Facts.all(pods)
        var samples: [(labels: Labels, usage: UsageSample, startedAt: Double?)] = [(place("/"), stats.usage, nil)]
        for pod in stats.pods {
            samples.append((place("/pod\(pod.uid)", namespace: pod.namespace, pod: pod.name), pod.usage, nil))
            for container in pod.containers {
                let facts = known[pod.uid]?[container.name]
                let id = facts?.id ?? container.name
                let labels = place(
                    "/pod\(pod.uid)/\(id)", container: container.name, image: facts?.image ?? "", name: id, namespace: pod.namespace, pod: pod.name)
                samples.append((labels, container.usage, facts?.startedAt))
            }
        }
        var text = MetricsText()
        func write(_ name: String, _ kind: MetricsText.Kind, _ help: String, _ extra: Labels = [], _ value: (UsageSample) -> Double?) {
            family(name, kind, help, samples.compactMap { sample in value(sample.usage).map { (sample.labels + extra, $0) } }, into: &text)
        }
        write("container_cpu_cfs_throttled_seconds_total", .counter, "Time held back by the CPU limit.") { seconds($0.throttledNanoseconds) }
        write("container_cpu_usage_seconds_total", .counter, "CPU time used.", [("cpu", "total")]) { seconds($0.cpuNanoseconds) }
        write("container_memory_working_set_bytes", .gauge, "Working set.") { Double($0.workingSet.value) }
        write("container_spec_cpu_period", .gauge, "Length of a CPU period, in microseconds.") { $0.cpuLimit.map { _ in 100_000 } }
        write("container_spec_cpu_quota", .gauge, "CPU time in a period, in microseconds.") { $0.cpuLimit.map { Double($0.value) * 100 } }
        write("container_spec_memory_limit_bytes", .gauge, "The memory limit; 0 without one.") { Double($0.memoryLimit?.value ?? 0) }
        write("container_fs_reads_bytes_total", .counter, "Bytes read from disks.") { $0.disk.map { Double($0.received) } }
        write("container_fs_writes_bytes_total", .counter, "Bytes written to disks.") { $0.disk.map { Double($0.sent) } }
        write("container_oom_events_total", .counter, "Processes killed for memory.") { Double($0.outOfMemoryKills) }
        write("container_processes", .gauge, "Processes and threads.") { $0.processes > 0 ? Double($0.processes) : nil }
        for (name, what, part) in [("cpu", "a processor", \UsageSample.Pressure.cpu), ("memory", "memory", \.memory), ("io", "disks", \.io)] {
            write("container_pressure_\(name)_waiting_seconds_total", .counter, "Time in which some task waited for \(what).") {
                $0.pressure.map { seconds($0[keyPath: part].some.nanoseconds) }
            }
            write("container_pressure_\(name)_stalled_seconds_total", .counter, "Time in which every task waited for \(what).") {
                $0.pressure.map { seconds($0[keyPath: part].full.nanoseconds) }
            }
        }
        let traffic = stats.pods.compactMap { pod in
            pod.network.map { (place("/pod\(pod.uid)", namespace: pod.namespace, pod: pod.name) + [("interface", "eth0")], $0) }
        }
        family(
            "container_network_receive_bytes_total", .counter, "Bytes that came in.", traffic.map { ($0.0, Double($0.1.received)) }, into: &text)
        family(
            "container_network_transmit_bytes_total", .counter, "Bytes that went out.", traffic.map { ($0.0, Double($0.1.sent)) }, into: &text)
        let starts = samples.compactMap { sample in sample.startedAt.map { (sample.labels, $0) } }
        family("container_start_time_seconds", .gauge, "Start of the container since the Unix epoch.", starts, into: &text)
        func capacity(_ name: String) -> Double? {
            Quantity(decoded: node?.value["status", "capacity", name]).map { Double($0.value) }
        }
        if let cores = capacity("cpu") { family("machine_cpu_cores", .gauge, "Logical processors.", [([], cores)], into: &text) }
        if let memory = capacity("memory") { family("machine_memory_bytes", .gauge, "Memory installed.", [([], memory)], into: &text) }
        return text
    }

    private static func place(
        _ id: String, container: String = "", image: String = "", name: String = "", namespace: String = "", pod: String = ""
    ) -> Labels {
        [("container", container), ("id", id), ("image", image), ("name", name), ("namespace", namespace), ("pod", pod)]
    }

    /// `/metrics/probes`. Source: kubelet `pkg/kubelet/prober/prober_manager.go`.
    static func probes(_ counts: [ProbeCount]) -> MetricsText {
        var text = MetricsText()
        let samples = counts.map { count in
            let labels = [
                ("container", count.container), ("namespace", count.namespace), ("pod", count.pod), ("pod_uid", count.podUID),
                ("probe_type", count.probe), ("result", count.result.rawValue),
            ]
            return (labels, Double(count.tries))
        }
        family("prober_probe_total", .counter, "Tries of a container's probes, by result.", samples, into: &text)
        return text
    }

    /// What the statuses of pods say of their running containers.
    private struct Facts {
        var id: String
        var image: String
        /// Seconds since the Unix epoch.
        var startedAt: Double?

        /// By the pod's uid and the container's name.
        static func all(_ pods: [KubeObject]) -> [String: [String: Facts]] {
            var result: [String: [String: Facts]] = [:]
            for pod in pods {
                for field in ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] {
                    for status in pod.array("status", field) {
                        guard let name = status["name"]?.stringValue else { continue }
                        let id = status["containerID"]?.stringValue ?? ""
                        let start = status["state", "running", "startedAt"]?.stringValue.flatMap { Timestamp(rfc3339: $0) }
                        result[pod.uid, default: [:]][name] = Facts(
                            id: id.split(separator: "/").last.map(String.init) ?? id, image: status["image"]?.stringValue ?? "",
                            startedAt: start.map { Double($0.seconds) })
                    }
                }
            }
            return result
        }
    }
}
