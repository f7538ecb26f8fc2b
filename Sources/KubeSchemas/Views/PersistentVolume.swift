package import APIMachinery
import JSONCore

/// core/v1 PersistentVolume.
package struct PersistentVolume: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind.core("PersistentVolume")
    package static let resource = GroupVersionResource.core("persistentvolumes")

    /// Names the provisioner that made a volume, in its annotations.
    package static let provisionedBy = "pv.kubernetes.io/provisioned-by"

    /// The claim that a volume is for.
    package struct ClaimReference: Sendable, Hashable {
        /// The claim's namespace.
        package let namespace: String
        /// The claim's name.
        package let name: String
        /// The claim's uid; empty when a person kept the volume for a claim that did not exist.
        package let uid: String
    }

    /// `Pending`, `Available`, `Bound`, `Released` or `Failed`.
    package var phase: String { object.string("status", "phase") ?? "Pending" }
    /// The class; empty for none.
    package var className: String {
        object.annotations[PersistentVolumeClaim.Annotation.betaStorageClass] ?? object.string("spec", "storageClassName") ?? ""
    }
    /// How it can be used, as for claims.
    package var accessModes: [String] { object.array("spec", "accessModes").compactMap(\.stringValue) }
    /// How much it holds; nil when it says nothing readable.
    package var capacity: Quantity? { object["spec", "capacity", "storage"].flatMap { Quantity(json: $0) } }
    /// `Filesystem` or `Block`.
    package var volumeMode: String { object.string("spec", "volumeMode") ?? "Filesystem" }
    /// What becomes of it when its claim is gone: `Retain`, `Delete` or `Recycle`.
    package var reclaimPolicy: String { object.string("spec", "persistentVolumeReclaimPolicy") ?? "Retain" }
    /// Who made it; nil for a person.
    package var provisioner: String? { object.annotations[Self.provisionedBy] }
    /// Whether the binder chose its claim, not a person.
    package var isBoundByController: Bool { object.annotations[PersistentVolumeClaim.Annotation.boundByController] != nil }

    /// The claim that it is for; nil for none.
    package var claim: ClaimReference? {
        guard let reference = object["spec", "claimRef"], case .object = reference else { return nil }
        return ClaimReference(
            namespace: reference["namespace"]?.stringValue ?? "", name: reference["name"]?.stringValue ?? "",
            uid: reference["uid"]?.stringValue ?? "")
    }

    /// Whether it is for a claim, by name and, when it says one, by uid. Source: `IsVolumeBoundToClaim`.
    package func isFor(_ other: PersistentVolumeClaim) -> Bool {
        guard let claim, claim.name == other.name, claim.namespace == other.namespace else { return false }
        return claim.uid.isEmpty || claim.uid == other.uid
    }

    /// The nodes that reach it: one of the terms must match; nil for all.
    package var nodeTerms: [NodeSelectorTerm]? {
        object["spec", "nodeAffinity", "required", "nodeSelectorTerms"]?.arrayValue?.map { NodeSelectorTerm($0) }
    }

    /// Whether a node reaches it.
    package func isReachable(fromNode name: String, labels: [String: String]) -> Bool {
        nodeTerms.map { terms in terms.contains { $0.matches(name: name, labels: labels) } } ?? true
    }

    /// The fields of a spec that do not say where the data is.
    private static let common: Set<String> = [
        "capacity", "accessModes", "claimRef", "persistentVolumeReclaimPolicy", "storageClassName", "mountOptions", "volumeMode", "nodeAffinity",
        "volumeAttributesClassName",
    ]

    /// Where the data is: `hostPath`, `local`, `csi`, …; empty when it says nothing.
    package var sourceKind: String {
        object["spec"]?.objectValue?.first { !Self.common.contains($0.key) && !$0.value.isNull }?.key ?? ""
    }

    /// Makes it the volume of a claim: by name and uid, and marked as the binder's choice unless a person made that.
    package mutating func keep(for claim: PersistentVolumeClaim) {
        if self.claim == nil { object.annotations[PersistentVolumeClaim.Annotation.boundByController] = "yes" }
        object["spec", "claimRef"] = [
            "kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": .string(claim.namespace ?? ""), "name": .string(claim.name),
            "uid": .string(claim.uid), "resourceVersion": .string(claim.object.resourceVersion),
        ]
    }
}
