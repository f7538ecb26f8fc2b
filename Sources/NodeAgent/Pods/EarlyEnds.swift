import ContainerRuntime

/// Ends of containers that are heard of before their pod has a worker: a daemon that starts asks the supervisor what runs, and learns a moment
/// later from the server which pods there are.
struct EarlyEnds: Sendable {
    /// Pods whose containers were listed, and which have no worker yet.
    private var awaited: Set<String> = []
    private var ends: [String: [(id: String, record: ExitRecord)]] = [:]

    init() {}

    /// For what the supervisor has listed.
    init(of records: [ContainerRecord]) { awaited = Set(records.map(\.sandboxID)) }

    /// Keeps an end for the pod's worker; one of a pod that was not listed, or that had its worker, is nobody's.
    mutating func keep(_ record: ExitRecord, of id: String, pod uid: String) {
        guard awaited.contains(uid) else { return }
        ends[uid, default: []].append((id, record))
    }

    /// What the worker that is made for a pod has missed.
    mutating func take(for uid: String) -> [(id: String, record: ExitRecord)] {
        awaited.remove(uid)
        return ends.removeValue(forKey: uid) ?? []
    }
}
