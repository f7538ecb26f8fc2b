import APIMachinery
import JSONCore
import KubeSchemas

/// The volumes that the local provisioner makes: directories of this machine, which all its nodes see. Pure.
package enum LocalVolume {
    /// Where the nodes see them; each has a directory of its name there.
    package static let base = "/var/lib/kdash/volumes"
    /// Keeps a volume until its directory is gone. Source: the finalizer of Kubernetes' provisioner library.
    static let finalizer = "external-provisioner.volume.kubernetes.io/finalizer"

    /// The name of the volume that is made for a claim.
    static func name(for claim: PersistentVolumeClaim) -> String { "pvc-\(claim.uid)" }

    /// Why a claim cannot have one; nil when it can.
    static func obstacle(_ claim: PersistentVolumeClaim) -> String? {
        if claim.selector != nil { return "claim.spec.selector is not supported by \(StorageClass.localProvisioner); leave it out" }
        if claim.volumeMode != "Filesystem" {
            return "volumeMode \(claim.volumeMode) is not supported by \(StorageClass.localProvisioner); use Filesystem"
        }
        return claim.request == nil ? "the claim does not say how much it needs; set spec.resources.requests.storage" : nil
    }

    /// The volume for a claim.
    static func make(for claim: PersistentVolumeClaim, of storageClass: StorageClass) -> PersistentVolume {
        var volume = PersistentVolume(name: name(for: claim))
        volume.object.annotations = [PersistentVolume.provisionedBy: StorageClass.localProvisioner]
        volume.object.finalizers = [finalizer]
        volume.object["spec"] = [
            "capacity": ["storage": .string(claim.request?.canonical ?? "0")], "accessModes": .array(claim.accessModes.map { .string($0) }),
            "persistentVolumeReclaimPolicy": .string(storageClass.reclaimPolicy), "storageClassName": .string(storageClass.name),
            "volumeMode": .string(claim.volumeMode), "local": ["path": .string("\(base)/\(volume.name)")],
            "nodeAffinity": ["required": ["nodeSelectorTerms": [["matchExpressions": [nodes(of: claim)]]]]],
        ]
        if !storageClass.mountOptions.isEmpty { volume.object["spec", "mountOptions"] = .array(storageClass.mountOptions) }
        volume.keep(for: claim)
        volume.object.annotations[PersistentVolumeClaim.Annotation.boundByController] = nil
        return volume
    }

    /// A claim for one node at a time keeps to the node of its first pod; all others may use it anywhere.
    private static func nodes(of claim: PersistentVolumeClaim) -> JSONValue {
        let isShared = claim.accessModes.contains { $0 == "ReadWriteMany" || $0 == "ReadOnlyMany" }
        guard let node = claim.selectedNode, !isShared else { return ["key": "kubernetes.io/hostname", "operator": "Exists"] }
        return ["key": "kubernetes.io/hostname", "operator": "In", "values": [.string(node)]]
    }

    /// Whether a volume is one of ours, with its directory where we would have made it. What says so but lies elsewhere is nobody's to remove.
    static func owns(_ volume: PersistentVolume) -> Bool {
        volume.provisioner == StorageClass.localProvisioner && volume.object.string("spec", "local", "path") == "\(base)/\(volume.name)"
    }
}
