import APIMachinery
import KubeSchemas
import LinuxKernel

/// What keeps a pod from each node, as far as requests, taints, labels and readiness tell.
enum PlacementReasons {
    /// The most nodes that are told one by one.
    private static let most = 20

    /// One line a node; nodes that would do say so.
    static func lines(_ pod: Pod, nodes: [Node], pods: [Pod]) -> [String] {
        var used: [String: Used] = [:]
        for other in pods where !other.spec.nodeName.isEmpty && !other.isTerminated {
            let resources = PodResources(other.spec)
            var sum = used[other.spec.nodeName] ?? Used()
            sum.cpu = saturating(sum.cpu, resources.cpuRequest.value)
            sum.memory = saturating(sum.memory, resources.memoryRequest.value)
            for (name, amount) in resources.requests where isOther(name) { sum.others[name] = saturating(sum.others[name] ?? 0, amount.value) }
            sum.count += 1
            used[other.spec.nodeName] = sum
        }
        let lines = nodes.prefix(most).map { node in
            let reasons = reasons(pod, node, used[node.name] ?? Used())
            return "\(node.name): \(reasons.isEmpty ? "nothing seen that keeps it away" : reasons.joined(separator: "; "))"
        }
        return nodes.count > most ? lines + ["and \(nodes.count - most) more nodes"] : lines
    }

    /// What is set aside on a node already.
    private struct Used {
        var cpu: Int64 = 0
        var memory: Int64 = 0
        var others: [String: Int64] = [:]
        var count: Int64 = 0
    }

    private static func isOther(_ resource: String) -> Bool { resource != "cpu" && resource != "memory" }

    private static func reasons(_ pod: Pod, _ node: Node, _ used: Used) -> [String] {
        var reasons: [String] = []
        if !node.isReady { reasons.append("not ready") }
        if node.spec.unschedulable { reasons.append("cordoned") }
        for taint in node.spec.taints where taint.effect != "PreferNoSchedule" {
            if taint.key == "node.kubernetes.io/unschedulable", node.spec.unschedulable { continue }
            if !pod.spec.tolerations.contains(where: { $0.tolerates(taint) }) {
                reasons.append("taint \(taint.key)\(taint.taintValue.isEmpty ? "" : "=\(taint.taintValue)"):\(taint.effect) is not tolerated")
            }
        }
        for (key, value) in pod.spec.nodeSelector.sorted(by: { $0.key < $1.key }) where node.object.labels[key] != value {
            reasons.append(node.object.labels[key].map { "label \(key) is \($0), not \(value)" } ?? "it has no label \(key)=\(value)")
        }
        let (wanted, room) = (PodResources(pod.spec), node.status.allocatable)
        if let cpu = room["cpu"]?.milliValue, wanted.cpuRequest.value > cpu - used.cpu {
            reasons.append("wants \(milli(wanted.cpuRequest.value)) CPU, \(milli(max(0, cpu - used.cpu))) of \(milli(cpu)) free")
        }
        if let memory = room["memory"]?.value, wanted.memoryRequest.value > memory - used.memory {
            reasons.append("wants \(ByteCount(wanted.memoryRequest.value)) memory, \(ByteCount(max(0, memory - used.memory))) of \(ByteCount(memory)) free")
        }
        for (name, amount) in wanted.requests.sorted(by: { $0.key < $1.key }) where isOther(name) && amount.value > 0 {
            guard let all = room[name] else {
                reasons.append("it has no \(name)")
                continue
            }
            let free = max(0, all.value - (used.others[name] ?? 0))
            if amount.value > free { reasons.append("wants \(amount) \(name), \(Quantity(value: free, format: all.format)) of \(all) free") }
        }
        if let most = room["pods"]?.value, used.count >= most { reasons.append("all \(most) places for pods are taken") }
        return reasons
    }

    private static func saturating(_ a: Int64, _ b: Int64) -> Int64 {
        let (sum, isOver) = a.addingReportingOverflow(b)
        return isOver ? .max : sum
    }

    private static func milli(_ value: Int64) -> String {
        value % 1000 == 0 ? "\(value / 1000)" : value > 1000 ? "\(value / 1000).\(String(value % 1000 + 1000).dropFirst().prefix(1))" : "\(value)m"
    }
}
