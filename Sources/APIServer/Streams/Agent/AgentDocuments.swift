internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel

/// The JSON documents of a node's agent.
enum AgentDocuments {
    static func list(_ pods: [KubeObject]) -> JSONValue {
        ["kind": "PodList", "apiVersion": "v1", "metadata": [:], "items": .array(pods.map(\.value))]
    }

    /// What really runs, not what should. Source: kubelet `pkg/kubelet/container/runtime.go` Pod.ToAPIPod.
    static func running(_ pods: [KubeObject], _ stats: NodeStats) -> JSONValue {
        let known = Dictionary(pods.map { ($0.uid, $0) }) { first, _ in first }
        let items = stats.pods.map { pod -> JSONValue in
            let containers = pod.containers.map { container -> JSONValue in
                ["name": .string(container.name), "image": .string(known[pod.uid].flatMap { image(of: container.name, $0) } ?? ""), "resources": [:]]
            }
            return [
                "metadata": ["name": .string(pod.name), "namespace": .string(pod.namespace), "uid": .string(pod.uid), "creationTimestamp": .null],
                "spec": ["containers": .array(containers)], "status": [:],
            ]
        }
        return ["kind": "PodList", "apiVersion": "v1", "metadata": [:], "items": .array(items)]
    }

    /// The image that a pod wants for a container.
    static func image(of container: String, _ pod: KubeObject) -> String? {
        for field in ["containers", "initContainers", "ephemeralContainers"] {
            if let found = pod.array("spec", field).first(where: { $0["name"]?.stringValue == container }) { return found["image"]?.stringValue }
        }
        return nil
    }

    /// What of a kubelet's configuration holds for this project's agent. Source: kubelet `config/v1beta1/types.go` KubeletConfiguration.
    static func settings(_ node: KubeObject?) -> JSONValue {
        var settings: JSONObject = [
            "enableServer": true, "port": 10250, "readOnlyPort": 0, "clusterDomain": "cluster.local", "enableDebuggingHandlers": true,
            "enableSystemLogHandler": false, "enableProfilingHandler": false, "failSwapOn": false,
        ]
        if let maximum = node?.string("status", "capacity", "pods").flatMap({ Int64($0) }) { settings["maxPods"] = .integer(maximum) }
        if let range = node?.string("spec", "podCIDR") { settings["podCIDR"] = .string(range) }
        return ["kubeletconfig": .object(settings)]
    }

    /// Source: kubelet `pkg/apis/stats/v1alpha1/types.go`.
    static func summary(_ stats: NodeStats, storage: [PodStorage] = []) -> JSONValue {
        let time = stats.sampledAt.rfc3339
        func usage(_ sample: UsageSample) -> JSONObject {
            var cpu: JSONValue = ["time": .string(time), "usageCoreNanoSeconds": .integer(sample.cpuNanoseconds)]
            var memory: JSONValue = ["time": .string(time), "workingSetBytes": .integer(sample.workingSet.value)]
            if let limit = sample.memoryLimit { memory["availableBytes"] = .integer(max(0, limit.value - sample.workingSet.value)) }
            if let parts = sample.memory {
                memory["usageBytes"] = .integer(parts.used.value)
                memory["rssBytes"] = .integer(parts.resident.value)
                memory["pageFaults"] = .integer(parts.faults)
                memory["majorPageFaults"] = .integer(parts.majorFaults)
            }
            guard let pressure = sample.pressure else { return ["cpu": cpu, "memory": memory] }
            (cpu["psi"], memory["psi"]) = (stall(pressure.cpu), stall(pressure.memory))
            return ["cpu": cpu, "memory": memory, "io": ["time": .string(time), "psi": stall(pressure.io)]]
        }
        var node = usage(stats.usage)
        node["nodeName"] = .string(stats.node)
        if stats.totalMemory > .zero {
            node["memory"]?["availableBytes"] = .integer(max(0, stats.totalMemory.value - stats.usage.workingSet.value))
        }
        if let space = stats.space {
            let system = fileSystem(space, time)
            node["fs"] = system
            node["runtime"] = ["imageFs": system, "containerFs": system]
        }
        func disk(_ use: DiskUse) -> JSONValue {
            var value = stats.space.map { fileSystem($0, time) } ?? ["time": .string(time)]
            (value["usedBytes"], value["inodesUsed"]) = (.integer(use.size.value), .integer(use.files))
            return value
        }
        let storages = Dictionary(storage.map { ($0.uid, $0) }) { _, last in last }
        let pods = stats.pods.map { pod -> JSONValue in
            var value = usage(pod.usage)
            let storage = storages[pod.uid]
            if let storage {
                value["ephemeral-storage"] = disk(storage.total)
                value["volume"] = .array(
                    storage.volumes.map { volume in
                        var value = disk(volume.use)
                        value["name"] = .string(volume.name)
                        return value
                    })
            }
            if let network = pod.network {
                let totals: JSONObject = ["name": "eth0", "rxBytes": .integer(network.received), "txBytes": .integer(network.sent)]
                var all = totals
                (all["time"], all["interfaces"]) = (.string(time), [.object(totals)])
                value["network"] = .object(all)
            }
            if pod.usage.processes > 0 { value["process_stats"] = ["process_count": .integer(pod.usage.processes)] }
            if let started = pod.startedAt { value["startTime"] = .string(started.rfc3339) }
            value["podRef"] = ["name": .string(pod.name), "namespace": .string(pod.namespace), "uid": .string(pod.uid)]
            value["containers"] = .array(
                pod.containers.map { container in
                    var value = usage(container.usage)
                    value["name"] = .string(container.name)
                    if let own = storage?.containers.first(where: { $0.name == container.name }) {
                        (value["rootfs"], value["logs"]) = (disk(own.root), disk(own.logs))
                    }
                    if let started = container.startedAt { value["startTime"] = .string(started.rfc3339) }
                    return .object(value)
                })
            return .object(value)
        }
        return ["node": .object(node), "pods": .array(pods)]
    }

    private static func fileSystem(_ space: SpaceSample, _ time: String) -> JSONValue {
        [
            "time": .string(time), "capacityBytes": .integer(space.capacity.value), "availableBytes": .integer(space.available.value),
            "usedBytes": .integer(max(0, space.capacity.value - space.available.value)), "inodesFree": .integer(space.availableFiles),
        ]
    }

    private static func stall(_ sample: PressureSample) -> JSONValue {
        func line(_ line: PressureSample.Line) -> JSONValue {
            [
                "total": .integer(line.nanoseconds / 1000), "avg10": .double(line.averages[0]), "avg60": .double(line.averages[1]),
                "avg300": .double(line.averages[2]),
            ]
        }
        return ["some": line(sample.some), "full": line(sample.full)]
    }
}
