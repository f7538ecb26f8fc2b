import APIMachinery
package import KubeSchemas

/// Whether others make room for a pod that fits nowhere.
package enum PreemptionDecision: Sendable, Hashable {
    /// These leave the node; it is kept free for the pod.
    case preempt(node: String, victims: [PlacedPod])
    /// Those who leave the pod's node have not gone yet.
    case wait(String)
    /// Nobody does; the message says why, in kube-scheduler's words.
    case impossible(String)
}

extension ClusterSnapshot {
    /// Looks for the node that a pod gets with the least harm: pods that matter less leave it, as few and as unimportant ones as can be.
    /// Source: kube-scheduler `framework/preemption` and `plugins/defaultpreemption`.
    package func preemption(for pod: Pod, _ allowance: () -> DisruptionAllowance) -> PreemptionDecision {
        let priority = pod.spec.priority
        if pod.spec.preemptionPolicy == "Never" { return .impossible("not eligible due to preemptionPolicy=Never.") }
        let promised = nominated[pod.uid]?.node ?? ""
        if !promised.isEmpty, placed.values.contains(where: { $0.node == promised && $0.isEnding && $0.priority < priority }) {
            return .wait("not eligible due to a terminating pod on the nominated node.")
        }
        // Claims that can be nowhere: nobody helps by leaving.
        let demand = try? self.demand(pod)
        let around = demand.map { neighbourhood(of: $0) }
        let hopeful = nodes.values.filter { node in
            guard let demand, around?.standingObstacle(on: node) == nil else { return false }
            return NodeFit.standingObstacle(demand, on: node) == nil && NodeFit.standingVolumeObstacle(demand, on: node) == nil
        }
        var reasons = hopeful.count == nodes.count ? [:] : ["Preemption is not helpful for scheduling": nodes.count - hopeful.count]
        guard let demand, var around, hasPods(below: priority), !hopeful.isEmpty else { return refusal(&reasons, none: hopeful.count) }
        let allowance = allowance()
        let lesser = Dictionary(grouping: placed.values.filter { $0.priority < priority }, by: \.node)
        var best: Candidate?
        var withoutVictims = 0
        for node in hopeful {
            guard let pods = lesser[node.name] else {
                withoutVictims += 1
                continue
            }
            let promised = promises(on: node, beside: pod)
            for other in promised { around.take(other, on: node) }
            var full = node
            for other in promised { full.take(other) }
            let outcome = Candidate.on(full, leaving: pods, for: demand, &around, allowance)
            for other in promised { around.release(other, on: node) }
            switch outcome {
            case .failure(let obstacles): for obstacle in obstacles.texts { reasons[obstacle, default: 0] += 1 }
            case .success(let candidate): if best.map({ candidate.harm < $0.harm }) ?? true { best = candidate }
            }
        }
        guard let best else { return refusal(&reasons, none: withoutVictims) }
        return .preempt(node: best.node, victims: best.victims)
    }

    private func refusal(_ reasons: inout [String: Int], none: Int) -> PreemptionDecision {
        if none > 0 { reasons["No preemption victims found for incoming pod", default: 0] += none }
        let text = reasons.map { "\($0.value) \($0.key)" }.sorted().joined(separator: ", ")
        return .impossible("0/\(nodes.count) nodes are available: \(text).")
    }
}

/// A node that a pod would fit on, and who would have to leave it.
private struct Candidate {
    let node: String
    /// The most important first.
    let victims: [PlacedPod]
    private let broken: Int

    struct Obstacles: Error {
        let texts: [String]
    }

    /// Lets all leave, then as many as possible stay: first those that a budget protects, and of each the most important ones.
    static func on(
        _ node: NodeState, leaving pods: [PlacedPod], for demand: PodDemand, _ around: inout Neighbourhood, _ allowance: DisruptionAllowance
    ) -> Result<Candidate, Obstacles> {
        var state = node
        func leave(_ pod: PlacedPod) {
            state.release(pod)
            around.release(pod, on: node)
        }
        func stay(_ pod: PlacedPod) {
            state.take(pod)
            around.take(pod, on: node)
        }
        for pod in pods { leave(pod) }
        let obstacles = NodeFit.obstacles(demand, on: state, around)
        guard obstacles.isEmpty else {
            // The next node finds everybody where they are.
            for pod in pods { stay(pod) }
            return .failure(Obstacles(texts: obstacles))
        }
        let ranked = pods.sorted { $0.isMoreImportant(than: $1) }
        let violations = allowance.violations(ranked)
        var victims: [PlacedPod] = []
        var broken = 0
        for isProtected in [true, false] {
            for pod in ranked where violations.contains(pod.uid) == isProtected {
                stay(pod)
                guard !NodeFit.obstacles(demand, on: state, around).isEmpty else { continue }
                leave(pod)
                victims.append(pod)
                if isProtected { broken += 1 }
            }
        }
        for victim in victims { stay(victim) }
        victims.sort { $0.isMoreImportant(than: $1) }
        return .success(Candidate(node: node.name, victims: victims, broken: broken))
    }

    /// The smaller the better: broken budgets, the most important victim, all priorities together, how many, and how long they have run.
    var harm: (Int, Int64, Double, Int, Int64, String) {
        let first = victims.first?.priority ?? .min
        // As in Kubernetes each victim counts with what makes its priority positive, so that fewer are better than many unimportant ones.
        let sum = victims.reduce(0) { $0 + Double($1.priority) + 2_147_483_648 }
        let start = victims.prefix { $0.priority == first }.map(\.start).min() ?? .max
        return (broken, first, sum, victims.count, start == .max ? .min : -start, node)
    }
}
