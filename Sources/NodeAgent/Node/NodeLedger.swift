import APIMachinery
import KubeSchemas
import LinuxKernel
import Synchronization

/// What the node has given to its pods, and whether another one fits. Source: the kubelet's admission.
final class NodeLedger: Sendable {
    /// What the node can give.
    struct Capacity: Sendable, Hashable {
        var cpu: MilliCPU
        var memory: ByteCount
        var pods: Int
        /// Bytes of disk and of huge pages, by resource; nil where nobody says.
        var others: [String: Int64]?

        init(cpu: MilliCPU, memory: ByteCount, pods: Int) {
            self.cpu = cpu
            self.memory = memory
            self.pods = pods
        }

        /// What the node's object says; `fallback` where it says nothing.
        init(_ node: Node, fallback: Capacity) {
            let amounts = node.status.allocatable
            cpu = amounts["cpu"].map { MilliCPU($0.milliValue) } ?? fallback.cpu
            memory = amounts["memory"].map { ByteCount($0.value) } ?? fallback.memory
            pods = amounts["pods"].map { Int(clamping: $0.value) } ?? fallback.pods
            others = amounts.mapValues(\.value).filter { NodeLedger.isCounted($0.key) }
        }
    }

    /// One pod's share.
    struct Entry: Sendable, Hashable {
        var cpu: MilliCPU = .zero
        var memory: ByteCount = .zero
        /// What the pod adds to the weight of its class; zero unless that is Burstable.
        var burstable: MilliCPU = .zero
        var hostPorts: Set<HostPort> = []
        var others: [String: Int64] = [:]

        init(_ pod: Pod) {
            let resources = PodResources(pod.spec)
            cpu = resources.cpuRequest
            memory = resources.memoryRequest
            others = resources.requests.mapValues(\.value).filter { NodeLedger.isCounted($0.key) && $0.value > 0 }
            if resources.qosClass == .burstable { burstable = cpu }
            for container in pod.spec.initContainers.filter(\.isSidecar) + pod.spec.containers {
                for port in container.ports where port.hostPort > 0 { hostPorts.insert(HostPort(port)) }
            }
        }
    }

    /// The answer to a pod that wants to run, or to run with more.
    enum Answer: Sendable, Hashable {
        case granted
        case refused(reason: String, message: String)
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var cpu: Int64 = 0
        var memory: Int64 = 0
        var burstable: Int64 = 0
        var ports: [HostPort: Int] = [:]
        var others: [String: Int64] = [:]
        /// Pods that wait for room to grow, and how to tell them.
        var wishes: [String: @Sendable () -> Void] = [:]

        mutating func set(_ uid: String, _ entry: Entry?) {
            let old = entries[uid]
            entries[uid] = entry
            cpu += (entry?.cpu.value ?? 0) - (old?.cpu.value ?? 0)
            memory += (entry?.memory.value ?? 0) - (old?.memory.value ?? 0)
            burstable += (entry?.burstable.value ?? 0) - (old?.burstable.value ?? 0)
            for (name, amount) in old?.others ?? [:] { others[name, default: 0] -= amount }
            for (name, amount) in entry?.others ?? [:] { others[name, default: 0] += amount }
            for port in old?.hostPorts ?? [] { ports[port] = ports[port].flatMap { $0 > 1 ? $0 - 1 : nil } }
            for port in entry?.hostPorts ?? [] { ports[port, default: 0] += 1 }
        }
    }

    let capacity: Capacity
    private let state = Mutex(State())
    private let burstableChanged: @Sendable (MilliCPU) -> Void

    /// `burstableChanged` is told the sum of the Burstable pods' requests for CPU whenever it changes, in the order of the changes; it must not wait.
    init(capacity: Capacity, burstableChanged: @escaping @Sendable (MilliCPU) -> Void = { _ in }) {
        self.capacity = capacity
        self.burstableChanged = burstableChanged
    }

    private func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        let (result, wishes) = state.withLock { state -> (Result, [@Sendable () -> Void]) in
            let before = (burstable: state.burstable, cpu: state.cpu, memory: state.memory)
            let result = body(&state)
            if state.burstable != before.burstable { burstableChanged(MilliCPU(state.burstable)) }
            guard state.cpu < before.cpu || state.memory < before.memory else { return (result, []) }
            defer { state.wishes = [:] }
            return (result, Array(state.wishes.values))
        }
        for tell in wishes { tell() }
        return result
    }

    /// Takes a pod in, or says why not. `node` is the node's object; nil when it is not known yet.
    func admit(_ pod: Pod, node: Node?) -> Answer {
        if let node, let refusal = Self.placement(pod, node) { return refusal }
        let entry = Entry(pod)
        let capacity = node.map { Capacity($0, fallback: self.capacity) } ?? self.capacity
        return change { state in
            if state.entries[pod.uid] != nil { return .granted }
            if state.entries.count >= capacity.pods { return Self.short("pods", 1, Int64(state.entries.count), Int64(capacity.pods)) }
            if entry.cpu.value > 0, entry.cpu.value > capacity.cpu.value - state.cpu {
                return Self.short("cpu", entry.cpu.value, state.cpu, capacity.cpu.value)
            }
            if entry.memory.value > 0, entry.memory.value > capacity.memory.value - state.memory {
                return Self.short("memory", entry.memory.value, state.memory, capacity.memory.value)
            }
            for (name, amount) in entry.others.sorted(by: { $0.key < $1.key }) {
                guard let limit = capacity.others.map({ $0[name] ?? 0 }) else { break }
                let used = state.others[name] ?? 0
                if amount > limit - used { return Self.short(name, amount, used, limit) }
            }
            if entry.hostPorts.contains(where: { port in state.ports.keys.contains { $0.conflicts(with: port) } }) {
                return .refused(
                    reason: "NodePorts", message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports")
            }
            state.set(pod.uid, entry)
            return .granted
        }
    }

    /// Takes a pod in that runs already.
    func keep(_ pod: Pod) {
        let entry = Entry(pod)
        change { $0.set(pod.uid, entry) }
    }

    /// A pod has ended.
    func release(_ uid: String) {
        change { state in
            state.wishes[uid] = nil
            state.set(uid, nil)
        }
    }

    /// A pod is content with what it has.
    func forgetWish(of uid: String) {
        state.withLock { $0.wishes[uid] = nil }
    }

    /// Changes a pod's share, or says why not. When there is no room now, `whenRoom` is called once as soon as there may be.
    func resize(_ pod: Pod, whenRoom: (@Sendable () -> Void)? = nil) -> Answer {
        let entry = Entry(pod)
        return change { state in
            state.wishes[pod.uid] = nil
            if entry.cpu > capacity.cpu || entry.memory > capacity.memory {
                let name = entry.cpu > capacity.cpu ? "cpu" : "memory"
                let amounts = entry.cpu > capacity.cpu ? (entry.cpu.value, capacity.cpu.value) : (entry.memory.value, capacity.memory.value)
                return .refused(
                    reason: "Infeasible", message: "Node didn't have enough capacity: \(name), requested: \(amounts.0), capacity: \(amounts.1)")
            }
            let old = state.entries[pod.uid]
            let cpu = state.cpu - (old?.cpu.value ?? 0) + entry.cpu.value
            let memory = state.memory - (old?.memory.value ?? 0) + entry.memory.value
            let grows = (cpu: entry.cpu > old?.cpu ?? .zero, memory: entry.memory > old?.memory ?? .zero)
            if grows.cpu && cpu > capacity.cpu.value || grows.memory && memory > capacity.memory.value {
                let name = grows.cpu && cpu > capacity.cpu.value ? "cpu" : "memory"
                state.wishes[pod.uid] = whenRoom
                return .refused(reason: "Deferred", message: "Node didn't have enough resource: \(name)")
            }
            state.set(pod.uid, entry)
            return .granted
        }
    }

    /// What is given out in bytes beside memory. Nobody can be given huge pages that the machine has not.
    static func isCounted(_ name: String) -> Bool { name == "ephemeral-storage" || HugePageResource.isName(name) }

    private static func short(_ name: String, _ requested: Int64, _ used: Int64, _ capacity: Int64) -> Answer {
        .refused(
            reason: "OutOf\(name)",
            message: "Node didn't have enough resource: \(name), requested: \(requested), used: \(used), capacity: \(capacity)")
    }

    /// Labels and taints, which only matter for pods that name the node themselves or that raced with a change.
    private static func placement(_ pod: Pod, _ node: Node) -> Answer? {
        let labels = node.labels
        let fitsSelector = pod.spec.nodeSelector.allSatisfy { labels[$0.key] == $0.value }
        let fitsAffinity = pod.spec.affinity.requiredNodeTerms.map { terms in terms.contains { matches($0, node) } } ?? true
        if !fitsSelector || !fitsAffinity {
            return .refused(
                reason: "NodeAffinity", message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector")
        }
        let unbearable = node.spec.taints.contains { taint in taint.effect == "NoExecute" && !pod.spec.tolerations.contains { $0.tolerates(taint) } }
        guard unbearable else { return nil }
        return .refused(reason: "TaintToleration", message: "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate")
    }

    private static func matches(_ term: NodeSelectorTerm, _ node: Node) -> Bool {
        if term.matchExpressions.isEmpty && term.matchFields.isEmpty { return false }
        return term.matchExpressions.allSatisfy { $0.matches(node.labels[$0.key]) }
            && term.matchFields.allSatisfy { $0.matches($0.key == "metadata.name" ? node.name : nil) }
    }
}
