import APIMachinery
package import KubeSchemas

/// The pods that wait for a node: those to try next, by priority and arrival, and those that fit nowhere for now. A state machine
/// without I/O.
package struct SchedulingQueue: Sendable {
    private struct Entry {
        var pod: Pod
        var rules: PodRules
        var priority: Int64
        var arrival: UInt64
        var isActive: Bool
    }

    private var entries: [String: Entry] = [:]
    /// The uids of the passive ones whose place depends on other pods, by their rules: what comes and goes is compared once with the rules that
    /// many pods share, and not at all with those that have none.
    private var attentive: [PodRules: Set<String>] = [:]
    private var active: [String] = []
    private var isSorted = true
    private var arrivals: UInt64 = 0

    /// Empty.
    package init() {}

    /// Whether there is a pod to try.
    package var hasWork: Bool { !active.isEmpty }

    /// Whether a pod waits here.
    package func contains(podWithUID uid: String) -> Bool { entries[uid] != nil }

    /// Takes in a pod that waits for a node. A pod that fits nowhere is tried again only when its spec, labels or gates changed.
    package mutating func put(_ pod: Pod) {
        let uid = pod.uid
        if let known = entries[uid] {
            let isSame = known.pod.object["spec"] == pod.object["spec"] && known.pod.labels == pod.labels
            entries[uid]?.pod = pod
            guard !isSame else { return }
            activate(uid)
            entries[uid]?.rules = PodRules(pod)
            return
        }
        arrivals += 1
        entries[uid] = Entry(pod: pod, rules: PodRules(pod), priority: pod.spec.priority, arrival: arrivals, isActive: false)
        activate(uid)
    }

    /// Forgets a pod: it was bound, deleted or has ended.
    package mutating func remove(podWithUID uid: String) {
        ignore(uid)
        guard let entry = entries.removeValue(forKey: uid), entry.isActive else { return }
        active.removeAll { $0 == uid }
    }

    /// Makes every waiting pod worth a try, because nodes changed or something became free.
    package mutating func retryAll() {
        for uid in entries.keys { activate(uid) }
    }

    /// Makes the waiting pods worth a try that `isMeant` says.
    package mutating func retry(where isMeant: (Pod) -> Bool) {
        for (uid, entry) in entries where isMeant(entry.pod) { activate(uid) }
    }

    /// Makes the waiting pods worth a try whose rules about other pods `mayBeMet`.
    mutating func retryAttentive(where mayBeMet: (PodRules) -> Bool) {
        for (_, uids) in attentive.filter({ mayBeMet($0.key) }) {
            for uid in uids { activate(uid) }
        }
    }

    /// Makes one pod worth a try, because its binding failed.
    package mutating func retry(_ pod: Pod) {
        put(pod)
        activate(pod.uid)
    }

    /// The next pod to try; it is passive from now on, and leaves when it is bound.
    package mutating func next() -> Pod? {
        if !isSorted {
            // The next one stands last, so that taking it moves nothing.
            var sorted = active
            sorted.sort { isBefore($1, $0) }
            active = sorted
            isSorted = true
        }
        guard let uid = active.popLast() else { return nil }
        entries[uid]?.isActive = false
        if let rules = entries[uid]?.rules, rules.isBinding { attentive[rules, default: []].insert(uid) }
        return entries[uid]?.pod
    }

    private func isBefore(_ left: String, _ right: String) -> Bool {
        guard let left = entries[left], let right = entries[right] else { return false }
        return left.priority != right.priority ? left.priority > right.priority : left.arrival < right.arrival
    }

    /// Compares a pod with others no more.
    private mutating func ignore(_ uid: String) {
        guard let rules = entries[uid]?.rules, rules.isBinding else { return }
        attentive[rules]?.remove(uid)
        if attentive[rules]?.isEmpty == true { attentive[rules] = nil }
    }

    private mutating func activate(_ uid: String) {
        guard entries[uid]?.isActive == false else { return }
        entries[uid]?.isActive = true
        ignore(uid)
        active.append(uid)
        isSorted = active.count == 1
    }
}
