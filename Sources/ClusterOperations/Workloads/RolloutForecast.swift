package import APIMachinery
import JSONCore

/// How the pods of a workload would be replaced when its object becomes another. Source: the controllers of kube-controller-manager.
package struct RolloutForecast: Sendable, Hashable {
    /// Pods that are wanted before and after.
    package var wantedBefore: Int64 = 0
    package var wantedAfter: Int64 = 0
    /// Pods that are replaced because what they are made from changes.
    package var replaced: Int64 = 0
    /// New pods that must find a place before any old one ends, those of a larger number too.
    package var placedAtOnce: Int64 = 0
    /// Old pods that end before the first new one is placed.
    package var leavingFirst: Int64 = 0
    /// What happens, in words.
    package var sentences: [String] = []

    /// The forecast for a kind that makes pods; nil for others. `old` is nil when the object is new; both as the server has them.
    package init?(from old: KubeObject?, to new: KubeObject) {
        let isChanged = old.map { $0["spec", "template"] != new["spec", "template"] } ?? false
        switch (new.gvk.group, new.kind) {
        case ("apps", "Deployment"): forecastDeployment(old, new, isChanged)
        case ("apps", "StatefulSet"): forecastStatefulSet(old, new, isChanged)
        case ("apps", "DaemonSet"): forecastDaemonSet(old, new, isChanged)
        case ("apps", "ReplicaSet"), ("", "ReplicationController"): forecastReplicas(old, new, isChanged)
        case ("batch", "Job"): forecastJob(old, new)
        case ("batch", "CronJob"): sentences.append("pods are made when its schedule starts a Job the next time")
        case ("", "Pod"):
            (wantedAfter, placedAtOnce) = (1, old == nil ? 1 : 0)
            sentences.append(old == nil ? "1 pod is made" : "the pod stays the one it is")
        default: return nil
        }
    }

    private mutating func count(_ old: KubeObject?, _ new: KubeObject) {
        wantedBefore = old.map { $0.integer("spec", "replicas") ?? 1 } ?? 0
        wantedAfter = new.integer("spec", "replicas") ?? 1
        let difference = wantedAfter - wantedBefore
        if difference > 0 {
            placedAtOnce = difference
            sentences.append("\(Self.pods(difference)) \(difference == 1 ? "is" : "are") added: \(wantedBefore) → \(wantedAfter)")
        } else if difference < 0 {
            sentences.append("\(Self.pods(-difference)) \(difference == -1 ? "ends" : "end"): \(wantedBefore) → \(wantedAfter)")
        }
    }

    private mutating func forecastDeployment(_ old: KubeObject?, _ new: KubeObject, _ isChanged: Bool) {
        count(old, new)
        guard isChanged, min(wantedBefore, wantedAfter) > 0 else { return still(isChanged) }
        guard new.bool("spec", "paused") != true else {
            sentences.append("it is paused: pods stay as they are until it is resumed")
            return
        }
        replaced = min(wantedBefore, wantedAfter)
        guard new.string("spec", "strategy", "type") != "Recreate" else {
            (leavingFirst, placedAtOnce) = (wantedBefore, wantedAfter)
            sentences.append("all \(Self.pods(wantedBefore)) end before the first new one starts (Recreate): nothing serves in between")
            return
        }
        let update = new["spec", "strategy", "rollingUpdate"]
        let surge = Self.share(update?["maxSurge"], of: wantedAfter, roundsUp: true)
        var unavailable = Self.share(update?["maxUnavailable"], of: wantedAfter, roundsUp: false)
        if surge == 0 && unavailable == 0 { unavailable = 1 }
        placedAtOnce += min(surge, replaced)
        leavingFirst = min(unavailable, replaced)
        sentences.append(
            "\(Self.pods(replaced)) \(replaced == 1 ? "is" : "are") replaced: up to \(surge) more than \(wantedAfter) at once, at least \(max(0, wantedAfter - unavailable)) available all the time"
        )
    }

    private mutating func forecastStatefulSet(_ old: KubeObject?, _ new: KubeObject, _ isChanged: Bool) {
        count(old, new)
        guard isChanged, min(wantedBefore, wantedAfter) > 0 else { return still(isChanged) }
        guard new.string("spec", "updateStrategy", "type") != "OnDelete" else {
            sentences.append("pods are replaced only when somebody deletes them (OnDelete)")
            return
        }
        let partition = new.integer("spec", "updateStrategy", "rollingUpdate", "partition") ?? 0
        replaced = max(0, min(wantedBefore, wantedAfter) - partition)
        leavingFirst = min(1, replaced)
        let kept = partition > 0 ? "; those below number \(partition) stay (partition)" : ""
        sentences.append(
            "\(Self.pods(replaced)) \(replaced == 1 ? "is" : "are") replaced one at a time, the last first, each after the one before is ready\(kept)")
    }

    private mutating func forecastDaemonSet(_ old: KubeObject?, _ new: KubeObject, _ isChanged: Bool) {
        wantedBefore = old?.integer("status", "desiredNumberScheduled") ?? 0
        wantedAfter = wantedBefore
        guard old != nil else {
            placedAtOnce = 1
            sentences.append("one pod is made on each node that it fits")
            return
        }
        guard isChanged else { return still(isChanged) }
        guard new.string("spec", "updateStrategy", "type") != "OnDelete" else {
            sentences.append("pods are replaced only when somebody deletes them (OnDelete)")
            return
        }
        replaced = wantedBefore
        let update = new["spec", "updateStrategy", "rollingUpdate"]
        let surge = Self.share(update?["maxSurge"] ?? 0, of: wantedBefore, roundsUp: true)
        let unavailable = Self.share(update?["maxUnavailable"] ?? 1, of: wantedBefore, roundsUp: true)
        (placedAtOnce, leavingFirst) = (min(surge, replaced), surge > 0 ? 0 : min(unavailable, replaced))
        sentences.append("\(Self.pods(replaced)), one on each node, \(replaced == 1 ? "is" : "are") replaced, \(max(surge, unavailable)) at a time")
    }

    private mutating func forecastReplicas(_ old: KubeObject?, _ new: KubeObject, _ isChanged: Bool) {
        count(old, new)
        if isChanged, wantedBefore > 0 {
            sentences.append("pods that are there stay as they are: only those made from now on are like the new template")
        } else {
            still(isChanged)
        }
    }

    private mutating func forecastJob(_ old: KubeObject?, _ new: KubeObject) {
        guard old == nil else { return still(false) }
        let isSuspended = new.bool("spec", "suspend") == true
        wantedAfter = isSuspended ? 0 : min(new.integer("spec", "parallelism") ?? 1, new.integer("spec", "completions") ?? .max)
        placedAtOnce = wantedAfter
        sentences.append(isSuspended ? "no pod is made: it is suspended" : "\(Self.pods(wantedAfter)) \(wantedAfter == 1 ? "is" : "are") made at once")
    }

    private mutating func still(_ isChanged: Bool) {
        guard sentences.isEmpty else { return }
        sentences.append(isChanged ? "no pod is there to be replaced" : "its pods stay as they are")
    }

    private static func pods(_ count: Int64) -> String { count == 1 ? "1 pod" : "\(count) pods" }

    /// A number or a percentage of `count`; a quarter when nothing is said.
    static func share(_ value: JSONValue?, of count: Int64, roundsUp: Bool) -> Int64 {
        if let number = value?.integerValue { return max(0, number) }
        let text = value?.stringValue ?? "25%"
        guard text.hasSuffix("%"), let percent = Int64(text.dropLast()), (0...100).contains(percent) else { return 0 }
        let (product, isOver) = count.multipliedReportingOverflow(by: percent)
        guard !isOver else { return count }
        return (product + (roundsUp ? 99 : 0)) / 100
    }
}
