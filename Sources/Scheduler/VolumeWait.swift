import APIMachinery
import KubeSchemas

/// A pod with a node whose claims are on their way to volumes. It is bound once they have them.
struct VolumeWait: Sendable {
    /// What is to be done with the pod.
    enum Outcome: Sendable, Hashable {
        case wait
        case bind
        /// It has to be decided on again.
        case giveUp
    }

    let pod: Pod
    let node: String
    /// Volumes that are kept for claims of the pod.
    let volumes: [String]
    /// What was written, by the claim's name; nil before that. A cache that shows less is not asked.
    var written: [String: Int64]?

    init(_ pod: Pod, node: String, steps: [VolumeDemand.Step]) {
        self.pod = pod
        self.node = node
        volumes = steps.compactMap { if case .keep(let volume, _) = $0 { volume.name } else { nil } }
    }

    /// Whether a claim is one of the pod's.
    func concerns(_ claim: PersistentVolumeClaim) -> Bool {
        pod.namespace == claim.namespace && pod.spec.volumes.contains { $0.claimName(of: pod) == claim.name }
    }

    /// What the claims say now.
    func outcome(_ facts: any StorageFacts, labels: [String: String]) -> Outcome {
        guard let written else { return .wait }
        let demand: VolumeDemand?
        do throws(VolumeDemand.Obstacle) { demand = try VolumeDemand(pod, facts) } catch { return .giveUp }
        for (name, revision) in written {
            guard let claim = facts.claim(namespace: pod.namespace ?? "default", name: name) else { return .giveUp }
            if claim.object.revision ?? 0 < revision { return .wait }
            // Whoever cannot make a volume for the node takes the choice back.
            if !claim.isBound, claim.selectedNode != node { return .giveUp }
        }
        guard let demand, demand.isBound else { return demand == nil ? .bind : .wait }
        for (claim, volume) in demand.bound {
            guard let volume, volume.claim?.uid == claim.uid else { return .wait }
            guard volume.isReachable(fromNode: node, labels: labels) else { return .giveUp }
        }
        return .bind
    }
}
