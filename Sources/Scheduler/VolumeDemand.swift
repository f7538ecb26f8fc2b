import APIMachinery
import KubeSchemas

/// What the claims of a pod ask of a node. Source: kube-scheduler's plugins VolumeBinding and VolumeRestrictions.
struct VolumeDemand: Sendable {
    /// One claim's way to a volume on a node.
    enum Step: Sendable, Hashable {
        /// This volume is kept for the claim.
        case keep(PersistentVolume, for: PersistentVolumeClaim)
        /// A volume is made for the claim, for this node.
        case provision(PersistentVolumeClaim)
    }

    /// Why the pod can run nowhere, in kube-scheduler's words.
    struct Obstacle: Error, Hashable {
        let message: String
    }

    /// A claim that waits for its pod, with its class.
    private struct Waiting: Sendable {
        let claim: PersistentVolumeClaim
        let storageClass: StorageClass
    }

    /// The claims with their volumes; nil where the volume is not there.
    private(set) var bound: [(claim: PersistentVolumeClaim, volume: PersistentVolume?)] = []
    private var waiting: [Waiting] = []
    /// Volumes without a claim, for claims that wait.
    private var free: [PersistentVolume] = []
    /// Claims that one pod at a time may use, as `namespace/name`.
    private(set) var exclusive: Set<String> = []

    /// Whether every claim has its volume.
    var isBound: Bool { waiting.isEmpty }

    /// Reads a pod's claims; nil for a pod without any. `promised` are volumes on their way to a claim, by name, with the claim's uid.
    init?(_ pod: Pod, _ facts: any StorageFacts, promised: [String: String] = [:]) throws(Obstacle) {
        let namespace = pod.namespace ?? "default"
        var isImmediate = false
        var count = 0
        for source in pod.spec.volumes {
            guard let name = source.claimName(of: pod) else { continue }
            count += 1
            let claim = try Self.claim(name, source, pod, facts)
            if claim.accessModes.contains("ReadWriteOncePod") { exclusive.insert("\(namespace)/\(name)") }
            if claim.isBound {
                bound.append((claim, facts.volume(claim.volumeName)))
            } else if claim.volumeName.isEmpty, let storageClass = claim.className.flatMap({ facts.storageClass($0) }), storageClass.waitsForPod {
                waiting.append(Waiting(claim: claim, storageClass: storageClass))
            } else {
                isImmediate = true
            }
        }
        guard count > 0 else { return nil }
        if isImmediate { throw Obstacle(message: "pod has unbound immediate PersistentVolumeClaims") }
        guard !waiting.isEmpty else { return }
        // The smallest first, so that a large volume is left for the claim that needs it.
        waiting.sort { ($0.claim.request ?? .zero, $0.claim.name) < ($1.claim.request ?? .zero, $1.claim.name) }
        let uids = Set(waiting.map(\.claim.uid))
        free = facts.volumes.filter { volume in promised[volume.name].map(uids.contains) ?? true }
    }

    private static func claim(_ name: String, _ source: Volume, _ pod: Pod, _ facts: any StorageFacts) throws(Obstacle) -> PersistentVolumeClaim {
        let namespace = pod.namespace ?? "default"
        let isEphemeral = source.ephemeralTemplate != nil
        guard let claim = facts.claim(namespace: namespace, name: name) else {
            let wait = "waiting for ephemeral volume controller to create the persistentvolumeclaim \"\(name)\""
            throw Obstacle(message: isEphemeral ? wait : "persistentvolumeclaim \"\(name)\" not found")
        }
        if isEphemeral, claim.object.controllerRef?.uid != pod.uid {
            throw Obstacle(message: "PVC \(namespace)/\(name) was not created for pod \(namespace)/\(pod.name) (pod is not owner)")
        }
        if claim.phase == "Lost" {
            throw Obstacle(message: "persistentvolumeclaim \"\(name)\" bound to non-existent persistentvolume \"\(claim.volumeName)\"")
        }
        if claim.object.isBeingDeleted { throw Obstacle(message: "persistentvolumeclaim \"\(name)\" is being deleted") }
        return claim
    }

    // MARK: Nodes

    /// What keeps the pod off a node however many pods leave it; nil when nothing does.
    func obstacle(on node: NodeState) -> String? {
        if bound.contains(where: { $0.volume == nil }) { return "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)" }
        if bound.contains(where: { $0.volume?.isReachable(fromNode: node.name, labels: node.labels) == false }) {
            return "node(s) had volume node affinity conflict"
        }
        return steps(on: node) == nil ? "node(s) didn't find available persistent volumes to bind" : nil
    }

    /// How the claims that wait get volumes on a node; nil when they get none there.
    func steps(on node: NodeState) -> [Step]? {
        let place = VolumeMatch.Place(node: node.name, labels: node.labels)
        var taken: Set<String> = []
        var steps: [Step] = []
        for (claim, storageClass) in waiting.map({ ($0.claim, $0.storageClass) }) {
            let isChosen = claim.selectedNode != nil
            guard !isChosen || claim.selectedNode == node.name else { return nil }
            let left = free.lazy.filter { !taken.contains($0.name) }
            if !isChosen, let volume = VolumeMatch.best(for: claim, among: left, at: place) {
                taken.insert(volume.name)
                steps.append(.keep(volume, for: claim))
            } else if !["", StorageClass.noProvisioner].contains(storageClass.provisioner), storageClass.allowsTopology(of: node.labels) {
                steps.append(.provision(claim))
            } else {
                return nil
            }
        }
        return steps
    }

    /// What is said of a node or a cluster where another pod has an exclusive claim.
    static let exclusiveConflict = "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"
}
