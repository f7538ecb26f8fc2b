import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel

/// What a DaemonSet's pods need next, node by node: to be made, ended or replaced. Source: `pkg/controller/daemon` manage and rollingUpdate.
struct DaemonSetPlan {
    private let set: DaemonSet
    private let hash: String
    private let now: Timestamp
    /// The nodes that should have a pod, and those that may keep theirs.
    private let (running, keeping): (Set<String>, Set<String>)
    /// All pods by their node, oldest first.
    private let pods: [String: [Pod]]
    private(set) var created: [String] = []
    private(set) var ended: [Pod] = []
    private(set) var events: [Change] = []
    /// When a failed pod may be replaced.
    private(set) var recheck: Duration?

    /// The most pods made or ended in one run.
    private static let burst = 250
    /// A node that refuses its pod gets the next one after this time at the earliest.
    private static let pause = Duration.seconds(10)

    init(_ set: DaemonSet, nodes: [Node], pods: [Pod], hash: String, now: Timestamp) {
        (self.set, self.hash, self.now) = (set, hash, now)
        let placement = DaemonSetPlacement(set)
        var (running, keeping) = (Set<String>(), Set<String>())
        for node in nodes {
            switch placement.answer(for: node) {
            case .runs:
                running.insert(node.name)
                keeping.insert(node.name)
            case .keeps: keeping.insert(node.name)
            case .avoids: break
            }
        }
        (self.running, self.keeping) = (running, keeping)
        self.pods = Dictionary(grouping: pods, by: DaemonSetPlacement.node).mapValues { $0.sorted(by: Self.isOlder) }
        manage(nodes)
        // A template counts for pods to replace only while no other change is due, as in Kubernetes.
        if set.spec.strategyType == "RollingUpdate", created.isEmpty, ended.isEmpty { roll(nodes) }
    }

    /// What is to be done, at most so much that a mistake is seen before it is everywhere.
    var changes: [Change] {
        let placement = DaemonSetPlacement(set)
        let creations = created.prefix(Self.burst).map { node -> Change in
            .create(Pod.resource, placement.pod(on: node, hash: hash).object, reporter: set.object)
        }
        let deletions = ended.prefix(Self.burst).map { pod -> Change in
            .delete(ObjectName(Pod.resource, pod.object), uid: pod.uid, .background, reporter: set.object)
        }
        return events + deletions + creations
    }

    /// The numbers of the status.
    func count(into status: inout DaemonSetStatus, _ result: inout Reconciliation, nodes: [Node]) {
        var (current, misscheduled, ready, available, updated) = (Int64(0), Int64(0), Int64(0), Int64(0), Int64(0))
        for node in nodes {
            guard let pod = pods[node.name]?.first else { continue }
            guard running.contains(node.name) else {
                misscheduled += 1
                continue
            }
            current += 1
            if isNew(pod) { updated += 1 }
            guard let rest = pod.timeToAvailable(set.spec.minReadySeconds, now: now) else { continue }
            ready += 1
            if rest == .zero { available += 1 } else { result.look(after: rest) }
        }
        func orNone(_ number: Int64) -> Int64? { number == 0 ? nil : number }
        let desired = Int64(running.count)
        status.set("currentNumberScheduled", current)
        status.set("numberMisscheduled", misscheduled)
        status.set("desiredNumberScheduled", desired)
        status.set("numberReady", ready)
        status.set("updatedNumberScheduled", orNone(updated))
        status.set("numberAvailable", orNone(available))
        status.set("numberUnavailable", orNone(desired - available))
    }

    // MARK: - One pod for each node

    private mutating func manage(_ nodes: [Node]) {
        for node in nodes {
            let present = pods[node.name] ?? []
            if running.contains(node.name), present.isEmpty {
                created.append(node.name)
            } else if keeping.contains(node.name) {
                tidy(present, on: node.name)
            } else {
                ended += present.filter { !$0.object.isBeingDeleted }
            }
        }
        // Pods for nodes that are gone, as long as they did not start there; the others are collected with their node.
        let known = Set(nodes.map(\.name))
        for (node, orphans) in pods where !known.contains(node) {
            ended += orphans.filter { $0.spec.nodeName.isEmpty && !$0.object.isBeingDeleted }
        }
    }

    private mutating func tidy(_ present: [Pod], on node: String) {
        var living: [Pod] = []
        for pod in present where !pod.object.isBeingDeleted {
            guard pod.isTerminated else {
                living.append(pod)
                continue
            }
            let age = pod.object.creationTimestamp.map { now - $0 } ?? Self.pause
            guard age >= Self.pause else {
                recheck = min(recheck ?? .seconds(10), Self.pause - age)
                continue
            }
            let hasFailed = pod.status.phase == "Failed"
            let text =
                "Found \(hasFailed ? "failed" : "succeeded") daemon pod \(pod.namespace ?? "")/\(pod.name) on node \(node), will try to \(hasFailed ? "kill" : "delete") it"
            events.append(
                .event(about: set.object, hasFailed ? .warning : .normal, reason: hasFailed ? "FailedDaemonPod" : "SucceededDaemonPod", message: text))
            ended.append(pod)
        }
        guard living.count > 1 else { return }
        guard surge > 0 else {
            ended += living.dropFirst()
            return
        }
        // While the set surges, one old and one new pod stay until the new one can take over.
        let (new, old) = (living.filter(isNew), living.filter { !isNew($0) })
        ended += new.dropFirst() + old.dropFirst()
        guard let new = new.first, let old = old.first else { return }
        let rest = new.timeToAvailable(set.spec.minReadySeconds, now: now)
        if !old.isReady || rest == .zero {
            ended.append(old)
        } else if let rest {
            recheck = min(recheck ?? rest, rest)
        }
    }

    // MARK: - Updates

    /// On how many nodes a new pod may run beside the old one.
    private var surge: Int64 {
        guard self.set.spec.strategyType == "RollingUpdate" else { return 0 }
        return ScaledAmount.of(Int64(running.count), self.set.spec.maxSurge, roundsUp: true)
    }

    private mutating func roll(_ nodes: [Node]) {
        let (minReady, surge) = (set.spec.minReadySeconds, surge)
        let most = max(ScaledAmount.of(Int64(running.count), set.spec.maxUnavailable, roundsUp: true), surge == 0 ? 1 : 0)
        // The nodes whose pod may be replaced at once since it serves nobody, those that have to take turns, and those under way.
        var (broken, candidates, underway): ([Pod], [Pod], Int64) = ([], [], 0)
        for node in nodes {
            guard let present = pods[node.name] else {
                if running.contains(node.name) { underway += 1 }
                continue
            }
            let living = present.filter { !$0.object.isBeingDeleted }
            let (new, old) = (living.first(where: isNew), living.first { !isNew($0) })
            switch (new, old) {
            case (let new?, nil): if !new.isAvailable(minReady, now: now) { underway += 1 }
            case (nil, let old?):
                if old.isAvailable(minReady, now: now) { candidates.append(old) } else { broken.append(old) }
            case (nil, nil): underway += 1
            case (.some, .some): underway += 1
            }
        }
        let turns = Int(clamping: max(0, (surge > 0 ? surge : most) - underway))
        let chosen = broken + candidates.prefix(turns)
        if surge > 0 {
            created += chosen.map(DaemonSetPlacement.node).filter(running.contains)
        } else {
            ended += chosen
        }
    }

    // MARK: - Pods

    private func isNew(_ pod: Pod) -> Bool { StatefulSetPods.revision(pod) == hash }

    private static func isOlder(_ left: Pod, _ right: Pod) -> Bool {
        // A pod that has its node counts before one that waits for it.
        let (first, second) = (left.spec.nodeName.isEmpty, right.spec.nodeName.isEmpty)
        if first != second { return !first }
        let (created, other) = (left.object.creationTimestamp, right.object.creationTimestamp)
        return created == other ? left.name < right.name : (created ?? Timestamp(seconds: .max)) < (other ?? Timestamp(seconds: .max))
    }
}
