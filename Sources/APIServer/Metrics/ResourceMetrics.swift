internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel

/// GET of what `kubectl top` shows: `nodes` and `pods` of metrics.k8s.io, measured by the nodes' agents when asked.
/// Source: metrics-server `pkg/api/node.go`, `pkg/api/pod.go`.
enum ResourceMetrics {
    /// Whether a resource is answered here.
    static func serves(_ endpoint: ResourceEndpoint) -> Bool { endpoint.descriptor.group == "metrics.k8s.io" && endpoint.custom == nil }

    static func run(_ context: RequestContext, verb: String) throws(APIStatus) {
        let renderer = try ObjectRenderer(context, isList: verb == "list")
        let options = try ListOptions(context.request, isWatch: false)
        let selection = try ObjectSelection(options.labels, options.fields, context.descriptor)
        let core = context.core
        core.tasks.perform {
            let windows = await core.usage.windows(core.nodes, core.time)
            context.answering { () throws(APIStatus) in
                let all = context.descriptor.isNamespaced ? try pods(windows, context) : try nodes(windows, core)
                guard verb == "list" else {
                    guard let found = all.first(where: { $0.name == context.name }) else {
                        throw .notFound(context.descriptor.groupResource, context.name)
                    }
                    return context.reply(renderer.response(found))
                }
                let items = all.filter { item in
                    (selection.name ?? item.name) == item.name && (selection.namespace ?? item.namespace) == item.namespace && selection.matches(item)
                }
                context.reply(ListVerb.answer(items, metadata: JSONObject(), renderer, context.descriptor))
            }
        }
    }

    private static func nodes(_ windows: [String: UsageWindow], _ core: ServerCore) throws(APIStatus) -> [KubeObject] {
        var items: [KubeObject] = []
        for node in try core.objects("nodes") {
            guard let window = windows[node.name], window.later.stats.usage.isMeasured else { continue }
            var item = object("NodeMetrics", of: node, window)
            item["usage"] = usage(window.node, window.later.stats.usage)
            items.append(item)
        }
        return items
    }

    private static func pods(_ windows: [String: UsageWindow], _ context: RequestContext) throws(APIStatus) -> [KubeObject] {
        var items: [KubeObject] = []
        for pod in try context.core.objects("pods", namespace: context.path.namespace) {
            guard let window = pod.string("spec", "nodeName").flatMap({ windows[$0] }),
                let stats = window.later.stats.pods.first(where: { $0.uid == pod.uid }), stats.usage.isMeasured
            else { continue }
            var item = object("PodMetrics", of: pod, window)
            item["containers"] = .array(
                stats.containers.map { ["name": .string($0.name), "usage": usage(window.rate($0, of: stats), $0.usage)] })
            items.append(item)
        }
        return items
    }

    /// What both kinds begin with; labels are those of what was measured, so that selectors find it.
    private static func object(_ kind: String, of subject: KubeObject, _ window: UsageWindow) -> KubeObject {
        let time = JSONValue.string(window.later.stats.sampledAt.rfc3339)
        var metadata: JSONObject = ["name": .string(subject.name)]
        if let namespace = subject.namespace { metadata["namespace"] = .string(namespace) }
        metadata["creationTimestamp"] = time
        if let labels = subject.value["metadata", "labels"] { metadata["labels"] = labels }
        return KubeObject([
            "kind": .string(kind), "apiVersion": "metrics.k8s.io/v1beta1", "metadata": .object(metadata), "timestamp": time,
            "window": .string(text(window.length)),
        ])
    }

    private static func usage(_ nanocores: Int64, _ sample: UsageSample) -> JSONValue {
        ["cpu": .string("\(nanocores)n"), "memory": .string("\(sample.workingSet.value / 1024)Ki")]
    }

    /// A duration to the millisecond, as Go reads it: `15.02s`.
    private static func text(_ duration: Duration) -> String {
        let milliseconds = Int64(max(1, duration / .milliseconds(1)))
        var fraction = String(1000 + milliseconds % 1000).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        return "\(milliseconds / 1000)\(fraction.isEmpty ? "" : ".\(fraction)")s"
    }
}
