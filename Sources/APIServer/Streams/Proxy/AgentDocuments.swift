internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel

/// What `nodes/NAME/proxy` shows: the part of the kubelet's own API that this project's agent has.
/// Source: kubelet `pkg/kubelet/server/server.go`.
enum AgentDocuments {
    private static let served = "/healthz, /metrics/resource, /pods, /stats/summary"

    /// The document at `path`. Throws NotFound for those that are not served, and MethodNotAllowed.
    static func answer(_ method: String, _ path: String, node: String, _ connection: any NodeConnection, _ core: ServerCore)
        async throws(APIStatus) -> APIResponse
    {
        guard method == "GET" || method == "HEAD" else {
            throw APIStatus(code: 405, reason: .methodNotAllowed, message: "the node's agent answers GET only")
        }
        switch path {
        case "/healthz", "/healthz/ping": return ResponseMaking.text("ok")
        case "/stats/summary": return ResponseMaking.json(summary(await connection.stats()))
        case "/metrics/resource": return ResponseMaking.text(metrics(await connection.stats()))
        case "/pods", "/pods/": return ResponseMaking.json(try pods(node, core))
        default:
            throw APIStatus(
                code: 404, reason: .notFound, message: "the agent of node \(node.goQuoted) does not serve \(path.goQuoted); it serves \(served)")
        }
    }

    private static func pods(_ node: String, _ core: ServerCore) throws(APIStatus) -> JSONValue {
        let items = try core.objects("pods").filter { $0.string("spec", "nodeName") == node }.map(\.value)
        return ["kind": "PodList", "apiVersion": "v1", "metadata": [:], "items": .array(items)]
    }

    /// Source: kubelet `pkg/apis/stats/v1alpha1/types.go`.
    private static func summary(_ stats: NodeStats) -> JSONValue {
        let time = stats.sampledAt.rfc3339
        func usage(_ sample: UsageSample) -> JSONObject {
            [
                "cpu": ["time": .string(time), "usageCoreNanoSeconds": .integer(sample.cpuNanoseconds)],
                "memory": ["time": .string(time), "workingSetBytes": .integer(sample.workingSet.value)],
            ]
        }
        var node = usage(stats.usage)
        node["nodeName"] = .string(stats.node)
        let pods = stats.pods.map { pod -> JSONValue in
            var value = usage(pod.usage)
            value["podRef"] = ["name": .string(pod.name), "namespace": .string(pod.namespace), "uid": .string(pod.uid)]
            value["containers"] = .array(
                pod.containers.map { container in
                    var value = usage(container.usage)
                    value["name"] = .string(container.name)
                    return .object(value)
                })
            return .object(value)
        }
        return ["node": .object(node), "pods": .array(pods)]
    }

    /// Source: kubelet `pkg/kubelet/metrics/collectors/resource_metrics.go`.
    private static func metrics(_ stats: NodeStats) -> String {
        func seconds(_ nanoseconds: Int64) -> String {
            let fraction = String(nanoseconds % 1_000_000_000)
            return "\(nanoseconds / 1_000_000_000).\(String(repeating: "0", count: max(0, 9 - fraction.utf8.count)))\(fraction)"
        }
        var lines: [String] = []
        func family(_ name: String, _ kind: String, _ samples: [(labels: String, value: String)]) {
            lines.append("# TYPE \(name) \(kind)")
            for sample in samples { lines.append("\(name)\(sample.labels) \(sample.value)") }
        }
        func labels(_ pod: PodStats) -> String { "namespace=\"\(pod.namespace)\",pod=\"\(pod.name)\"" }
        let containers = stats.pods.flatMap { pod in
            pod.containers.map { ("{container=\"\($0.name)\",\(labels(pod))}", $0.usage) }
        }
        let pods = stats.pods.map { ("{\(labels($0))}", $0.usage) }
        family("container_cpu_usage_seconds_total", "counter", containers.map { ($0.0, seconds($0.1.cpuNanoseconds)) })
        family("container_memory_working_set_bytes", "gauge", containers.map { ($0.0, String($0.1.workingSet.value)) })
        family("node_cpu_usage_seconds_total", "counter", [("", seconds(stats.usage.cpuNanoseconds))])
        family("node_memory_working_set_bytes", "gauge", [("", String(stats.usage.workingSet.value))])
        family("pod_cpu_usage_seconds_total", "counter", pods.map { ($0.0, seconds($0.1.cpuNanoseconds)) })
        family("pod_memory_working_set_bytes", "gauge", pods.map { ($0.0, String($0.1.workingSet.value)) })
        family("resource_scrape_error", "gauge", [("", "0")])
        return "\(lines.joined(separator: "\n"))\n"
    }
}
