import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas

/// What a claim or an image of a pod stands for on this node: a path, with what is known of it.
struct ClaimedVolume: Sendable, Hashable {
    /// The volume's name; the image's reference.
    let volume: String
    /// Where the node has it.
    let path: String
    /// What must be there, as for a hostPath volume.
    let type: String
    /// Whether containers may only read it.
    let isReadOnly: Bool
    /// Whether it is given to the pod's fsGroup; what the node has for itself is not.
    let takesGroup: Bool
    /// Whether it already shows itself to the pod's own users.
    var isMapped = false
}

extension ClaimedVolume {
    /// What a claim stands for. Pure: throws in the kubelet's words what keeps it from being used.
    init(
        _ claim: PersistentVolumeClaim, _ volume: PersistentVolume, of source: Volume, pod: Pod, node: Node?
    ) throws(VolumeProblem) {
        guard volume.claim?.uid == claim.uid else {
            throw VolumeProblem(message: "error processing PVC \(Self.name(claim)): volume \(volume.name) is bound to another claim")
        }
        guard volume.volumeMode == "Filesystem" else {
            throw VolumeProblem(message: "volume \(source.name) has volumeMode \(volume.volumeMode); only Filesystem is supported")
        }
        if let node, !volume.isReachable(fromNode: node.name, labels: node.labels) {
            throw VolumeProblem(message: "MountVolume.NodeAffinity check failed for volume \"\(volume.name)\" : no matching NodeSelectorTerms")
        }
        let kind = volume.sourceKind
        let inner = volume.object["spec", kind] ?? .null
        let path = inner["path"]?.stringValue ?? ""
        guard kind == "local" || kind == "hostPath" else {
            throw VolumeProblem(message: "persistent volumes of type \(kind) are not supported (volume \(volume.name)); use local or hostPath")
        }
        guard path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
            throw VolumeProblem(message: "path \(path) of volume \(volume.name) must be absolute, without ..")
        }
        let onlyReads = !claim.accessModes.isEmpty && claim.accessModes.allSatisfy { $0 == "ReadOnlyMany" }
        self.init(
            volume: volume.name, path: path, type: kind == "local" ? "Directory" : inner["type"]?.stringValue ?? "",
            isReadOnly: source.isReadOnlyClaim || onlyReads, takesGroup: kind == "local")
    }

    private static func name(_ claim: PersistentVolumeClaim) -> String { "\(claim.namespace ?? "default")/\(claim.name)" }

    /// Why a claim has no volume yet; nil when it has.
    static func obstacle(_ claim: PersistentVolumeClaim?, named name: String, of source: Volume, pod: Pod) -> VolumeProblem? {
        let namespace = pod.namespace ?? "default"
        let start = "error processing PVC \(namespace)/\(name): "
        guard let claim else {
            return VolumeProblem(message: "\(start)failed to fetch PVC from API server: persistentvolumeclaims \"\(name)\" not found")
        }
        if source.ephemeralTemplate != nil, claim.object.controllerRef?.uid != pod.uid {
            return VolumeProblem(message: "\(start)PVC \(namespace)/\(name) was not created for pod \(namespace)/\(pod.name) (pod is not owner)")
        }
        return claim.phase == "Bound" && claim.isBound ? nil : VolumeProblem(message: "\(start)PVC is not bound")
    }
}

extension PodContext {
    /// Finds out what a volume's claim stands for; nil for a volume without a claim.
    func claimedVolume(_ source: Volume, _ pod: Pod) async throws(VolumeProblem) -> ClaimedVolume? {
        guard let name = source.claimName(of: pod) else { return nil }
        let found = try await fetch(PersistentVolumeClaim.resource, namespace: pod.namespace, name: name)
        let claim = found.map { PersistentVolumeClaim($0) }
        if let obstacle = ClaimedVolume.obstacle(claim, named: name, of: source, pod: pod) { throw obstacle }
        guard let claim, let object = try await fetch(PersistentVolume.resource, namespace: nil, name: claim.volumeName) else {
            throw VolumeProblem(message: "error processing PVC \(pod.namespace ?? "default")/\(name): its volume does not exist")
        }
        let volume = PersistentVolume(object)
        let node = volume.nodeTerms == nil ? nil : try await fetch(Node.resource, namespace: nil, name: nodeName).map { Node($0) }
        return try ClaimedVolume(claim, volume, of: source, pod: pod, node: node)
    }

    private func fetch(_ resource: GroupVersionResource, namespace: String?, name: String) async throws(VolumeProblem) -> KubeObject? {
        do throws(APIStatus) {
            return try await client.get(resource, namespace: namespace, name: name)
        } catch {
            if error.reason == .notFound { return nil }
            throw VolumeProblem(message: "failed to fetch \(resource.resource) \"\(name)\" from API server: \(error.message)")
        }
    }
}
