import KubeSchemas
import LinuxKernel

/// A pod that may have to go, with what it uses and has asked for of what is short: bytes, or processes.
struct EvictionCandidate: Sendable, Hashable {
    /// One container that uses more than it asked for.
    struct Excess: Sendable, Hashable {
        let container: String
        let usage: Int64
        let request: Int64
    }

    let uid: String
    let priority: Int64
    let usage: Int64
    let request: Int64
    var excesses: [Excess] = []

    /// The pod to end first: one that uses more than it asked for, then the least important, then the one that exceeds its request most.
    /// Source: the kubelet's rankMemoryPressure, rankDiskPressure and rankPIDPressure.
    static func first(of candidates: [EvictionCandidate]) -> EvictionCandidate? {
        candidates.min { a, b in
            let (exceedsA, exceedsB) = (a.usage > a.request, b.usage > b.request)
            if exceedsA != exceedsB { return exceedsA }
            if a.priority != b.priority { return a.priority < b.priority }
            return a.usage &- a.request > b.usage &- b.request
        }
    }

    /// As the kubelet words it.
    func message(_ resource: NodePressure.Resource, threshold: Int64, available: Int64) -> String {
        func text(_ amount: Int64) -> String { amount == 0 || resource == .processes ? "\(amount)" : "\(amount / 1024)Ki" }
        var message = "The node was low on resource: \(resource.rawValue). Threshold quantity: \(text(threshold)), available: \(text(available)). "
        for excess in excesses {
            message +=
                "Container \(excess.container) was using \(text(excess.usage)), request is \(text(excess.request)), has larger consumption of \(resource.rawValue). "
        }
        return message
    }
}
