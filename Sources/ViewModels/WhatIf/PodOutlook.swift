import APIMachinery
import ClusterOperations
import JSONCore
import KubeClient
import KubeSchemas

/// What would become of the pods of an object.
struct PodOutlook: Sendable {
    /// A quota, and what it would count.
    struct QuotaUse: Sendable, Hashable {
        var quota: String
        var resource: String
        var used: Quantity
        var added: Quantity
        var hard: Quantity
        var isExceeded: Bool { hard < used + added }
    }

    /// Where an image is.
    struct Image: Sendable, Hashable {
        var image: String
        /// The nodes that have it, and how many there are.
        var nodes: [String]
        var nodeCount: Int
        var isAlwaysPulled: Bool
        var isNeverPulled: Bool
    }

    var forecast: RolloutForecast
    /// Why admission refuses the pods; nil when it takes them.
    var refusal: String?
    /// What the scheduler says of the pods that are placed first.
    var placements: [Trial.Placement] = []
    /// What keeps a pod off each node.
    var obstacles: [String: [String]] = [:]
    /// Why there is no verdict of the scheduler; nil when there is one.
    var unplaced: String?
    var images: [Image] = []
    var missing: [PodNeed] = []
    var quotas: [QuotaUse] = []
    /// What disruption budgets of these pods say.
    var budgets: [String] = []

    /// The outlook for an object that makes pods; nil for others.
    static func make(
        from old: KubeObject?, to new: KubeObject, coming: Set<String>, client: KubeClient, hasTrial: Bool
    ) async -> PodOutlook? {
        let kind = GroupKind(group: new.gvk.group, kind: new.kind)
        guard let forecast = RolloutForecast(from: old, to: new), let path = ClusterOperations.PodTemplate.specPath(kind) else { return nil }
        var outlook = PodOutlook(forecast: forecast)
        var pod = samplePod(of: new, path)
        let namespace = new.namespace ?? "default"
        if kind.kind != "Pod" {
            do throws(APIStatus) {
                pod = try await client.create(Pod.resource, pod, namespace: namespace, options: WriteOptions(isDryRun: true))
            } catch {
                outlook.refusal = error.message
            }
        }
        let spec = pod["spec"] ?? .null
        // best effort: what cannot be read is not told of.
        let nodes = (try? await client.list(Node.resource, namespace: nil).items) ?? []
        outlook.images = images(spec, nodes)
        outlook.missing = await missing(spec, namespace: namespace, coming: coming, client)
        outlook.quotas = await quotas(spec, namespace: namespace, count: forecast.placedAtOnce, client)
        outlook.budgets = await budgets(pod, namespace: namespace, forecast, client)
        await outlook.place(pod, from: old, namespace: namespace, client: client, hasTrial: hasTrial)
        return outlook
    }

    /// A pod as the object makes them.
    private static func samplePod(of object: KubeObject, _ path: [String]) -> KubeObject {
        guard object.kind != "Pod" else { return object }
        var template: JSONValue? = object.value
        for step in path.dropLast() { template = template?[step] }
        var pod = KubeObject(["apiVersion": "v1", "kind": "Pod", "metadata": template?["metadata"] ?? .object([:]), "spec": template?["spec"] ?? .object([:])])
        pod["metadata", "name"] = .string("\(object.name.prefix(200))-what-if")
        pod["metadata", "namespace"] = .string(object.namespace ?? "default")
        return pod
    }

    // MARK: - Scheduling

    private mutating func place(_ pod: KubeObject, from old: KubeObject?, namespace: String, client: KubeClient, hasTrial: Bool) async {
        guard forecast.placedAtOnce > 0 || forecast.replaced > 0 else { return }
        guard pod.string("spec", "schedulerName") ?? "default-scheduler" == "default-scheduler" else {
            unplaced = "its pods name another scheduler: \(pod.string("spec", "schedulerName") ?? "")"
            return
        }
        guard hasTrial else {
            unplaced = "only kdash's own scheduler can be asked; this cluster's decides when the pods are made"
            return
        }
        var leaving: [String] = []
        if forecast.leavingFirst > 0, let old, let selector = old["spec", "selector"], let labels = try? LabelSelector(value: selector) {
            // best effort: without the pods that leave the verdict is the stricter one.
            let pods = (try? await client.list(Pod.resource, namespace: namespace, ListOptions(labels: labels)).items) ?? []
            leaving = pods.prefix(Int(clamping: forecast.leavingFirst)).map(\.uid)
        }
        do throws(APIStatus) {
            let trial = try await Trial.ask(pod, count: Int(clamping: max(1, forecast.placedAtOnce)), leaving: leaving, client)
            (placements, obstacles) = (trial.placements, trial.obstacles)
        } catch {
            unplaced = "the scheduler could not be asked: \(error.message)"
        }
    }

    // MARK: - Images, references

    private static func images(_ spec: JSONValue, _ nodes: [KubeObject]) -> [Image] {
        let known = nodes.map { node in
            (node.name, Set(node.array("status", "images").flatMap { $0["names"]?.arrayValue ?? [] }.compactMap { $0.stringValue.map(whole) }))
        }
        var seen: Set<String> = []
        return ["initContainers", "containers"].flatMap { spec[$0]?.arrayValue ?? [] }.compactMap { container -> Image? in
            guard let image = container["image"]?.stringValue, seen.insert(image).inserted else { return nil }
            let policy = container["imagePullPolicy"]?.stringValue
            return Image(
                image: image, nodes: known.filter { $0.1.contains(whole(image)) }.map(\.0), nodeCount: nodes.count, isAlwaysPulled: policy == "Always",
                isNeverPulled: policy == "Never")
        }
    }

    /// An image's name with its registry and tag. Source: distribution `reference.ParseNormalizedNamed`.
    static func whole(_ image: String) -> String {
        var name = image
        let first = name.split(separator: "/", omittingEmptySubsequences: false).first ?? ""
        if !name.contains("/") {
            name = "docker.io/library/\(name)"
        } else if !first.contains("."), !first.contains(":"), first != "localhost" {
            name = "docker.io/\(name)"
        }
        let last = name.split(separator: "/").last ?? ""
        return last.contains(":") || last.contains("@") ? name : "\(name):latest"
    }

    private static func missing(_ spec: JSONValue, namespace: String, coming: Set<String>, _ client: KubeClient) async -> [PodNeed] {
        var missing: [PodNeed] = []
        for need in PodNeed.all(of: spec) where !coming.contains("\(need.kind)/\(namespace)/\(need.name)") {
            do throws(APIStatus) {
                _ = try await client.get(need.resource, namespace: namespace, name: need.name)
            } catch {
                if error.code == 404 { missing.append(need) }
            }
        }
        return missing
    }

    // MARK: - Quotas and budgets

    private static func quotas(_ spec: JSONValue, namespace: String, count: Int64, _ client: KubeClient) async -> [QuotaUse] {
        let resource = GroupVersionResource(group: "", version: "v1", resource: "resourcequotas")
        // best effort: quotas that cannot be read are not told of.
        guard count > 0, let quotas = try? await client.list(resource, namespace: namespace).items, !quotas.isEmpty else { return [] }
        let amounts = PodResources(PodSpec(spec))
        return quotas.flatMap { quota -> [QuotaUse] in
            guard case .object(let hard)? = quota["status", "hard"] ?? quota["spec", "hard"] else { return [] }
            return hard.compactMap { member -> QuotaUse? in
                guard let one = share(of: member.key, amounts), !one.isZero, let most = member.value.stringValue.flatMap({ try? Quantity(parsing: $0) })
                else { return nil }
                let used = quota["status", "used", member.key]?.stringValue.flatMap { try? Quantity(parsing: $0) } ?? .zero
                return QuotaUse(
                    quota: quota.name, resource: member.key, used: used,
                    added: Quantity(milli: one.milliValue.multipliedClamped(by: count), format: one.format),
                    hard: most)
            }
        }
    }

    /// What one pod takes of a quota's resource; nil for what pods do not count in.
    private static func share(of resource: String, _ pod: PodResources) -> Quantity? {
        switch resource {
        case "pods", "count/pods": Quantity(value: 1)
        case "cpu", "memory", "ephemeral-storage": pod.requests[resource]
        case _ where resource.hasPrefix("requests."): pod.requests[String(resource.dropFirst("requests.".count))]
        case _ where resource.hasPrefix("limits."): pod.limits[String(resource.dropFirst("limits.".count))]
        default: nil
        }
    }

    private static func budgets(_ pod: KubeObject, namespace: String, _ forecast: RolloutForecast, _ client: KubeClient) async -> [String] {
        let resource = GroupVersionResource(group: "policy", version: "v1", resource: "poddisruptionbudgets")
        // best effort: budgets that cannot be read are not told of.
        let budgets = (try? await client.list(resource, namespace: namespace).items) ?? []
        return budgets.compactMap { budget in
            guard let selector = budget["spec", "selector"], let labels = try? LabelSelector(value: selector), labels.matches(pod.labels) else { return nil }
            let allowed = budget.integer("status", "disruptionsAllowed") ?? 0
            let healthy = budget.integer("status", "desiredHealthy") ?? 0
            var text = "\(budget.name) allows \(allowed) \(allowed == 1 ? "disruption" : "disruptions") now"
            if forecast.replaced > 0 { text += "; replacing pods does not ask it, drains and evictions do" }
            if forecast.wantedAfter < forecast.wantedBefore, healthy >= forecast.wantedAfter, budget["spec", "minAvailable"]?.integerValue != nil {
                text += "; it wants \(healthy) healthy: with \(forecast.wantedAfter) pods nothing can be evicted or drained"
            }
            return text
        }
    }
}

extension Int64 {
    fileprivate func multipliedClamped(by other: Int64) -> Int64 {
        let (product, isOver) = multipliedReportingOverflow(by: other)
        return isOver ? .max : product
    }
}
