import KubeSchemas
import LinuxKernel

/// A pod that may have to go, with what it uses and has asked for of what is short.
struct EvictionCandidate: Sendable, Hashable {
    /// One container that uses more than it asked for.
    struct Excess: Sendable, Hashable {
        let container: String
        let usage: ByteCount
        let request: ByteCount
    }

    let uid: String
    let priority: Int64
    let usage: ByteCount
    let request: ByteCount
    var excesses: [Excess] = []

    /// The pod to end first: one that uses more than it asked for, then the least important, then the one that exceeds its request most.
    /// Source: the kubelet's rankMemoryPressure and rankDiskPressure.
    static func first(of candidates: [EvictionCandidate]) -> EvictionCandidate? {
        candidates.min { a, b in
            let (exceedsA, exceedsB) = (a.usage > a.request, b.usage > b.request)
            if exceedsA != exceedsB { return exceedsA }
            if a.priority != b.priority { return a.priority < b.priority }
            return a.usage.value &- a.request.value > b.usage.value &- b.request.value
        }
    }

    /// As the kubelet words it.
    func message(_ resource: NodePressure.Resource, threshold: ByteCount, available: ByteCount) -> String {
        func text(_ amount: ByteCount) -> String { amount.value == 0 ? "0" : "\(amount.value / 1024)Ki" }
        var message = "The node was low on resource: \(resource.rawValue). Threshold quantity: \(text(threshold)), available: \(text(available)). "
        for excess in excesses {
            message +=
                "Container \(excess.container) was using \(text(excess.usage)), request is \(text(excess.request)), has larger consumption of \(resource.rawValue). "
        }
        return message
    }
}
