package import APIMachinery
import JSONCore

/// core/v1 PersistentVolumeClaim.
package struct PersistentVolumeClaim: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind.core("PersistentVolumeClaim")
    package static let resource = GroupVersionResource.core("persistentvolumeclaims")

    /// The annotations that binder, scheduler and provisioners talk through. Source: `component-helpers/storage/volume`.
    package enum Annotation {
        /// The binding is complete: whatever the claim lacks from now on is lost.
        package static let bindCompleted = "pv.kubernetes.io/bind-completed"
        /// The binder chose the volume, not a person. Also on volumes, whose claim it chose.
        package static let boundByController = "pv.kubernetes.io/bound-by-controller"
        /// The node that the scheduler wants the volume for.
        package static let selectedNode = "volume.kubernetes.io/selected-node"
        /// Who is to make a volume.
        package static let storageProvisioner = "volume.kubernetes.io/storage-provisioner"
        /// As before, as it was called first.
        package static let betaStorageProvisioner = "volume.beta.kubernetes.io/storage-provisioner"
        /// The class, as it was named before there was a field. Also on volumes.
        package static let betaStorageClass = "volume.beta.kubernetes.io/storage-class"
    }

    /// `Pending`, `Bound` or `Lost`.
    package var phase: String { object.string("status", "phase") ?? "Pending" }
    /// The class; empty for none, nil when the claim leaves it open.
    package var className: String? { object.annotations[Annotation.betaStorageClass] ?? object.string("spec", "storageClassName") }
    /// The volume, wanted or bound; empty for none.
    package var volumeName: String { object.string("spec", "volumeName") ?? "" }
    /// How it wants to be used: `ReadWriteOnce`, `ReadOnlyMany`, `ReadWriteMany`, `ReadWriteOncePod`.
    package var accessModes: [String] { object.array("spec", "accessModes").compactMap(\.stringValue) }
    /// How much it asks for; nil when it says nothing readable.
    package var request: Quantity? { object["spec", "resources", "requests", "storage"].flatMap { Quantity(json: $0) } }
    /// How much it has; nil before it is bound.
    package var capacity: Quantity? { object["status", "capacity", "storage"].flatMap { Quantity(json: $0) } }
    /// `Filesystem` or `Block`.
    package var volumeMode: String { object.string("spec", "volumeMode") ?? "Filesystem" }
    /// Whether its binding is complete.
    package var isBound: Bool { !volumeName.isEmpty && object.annotations[Annotation.bindCompleted] != nil }
    /// The node that the scheduler chose for its first pod; nil before that.
    package var selectedNode: String? { object.annotations[Annotation.selectedNode].flatMap { $0.isEmpty ? nil : $0 } }
    /// The labels that a volume must have; nil for no rule. A selector that cannot be read matches nothing.
    package var selector: LabelSelector? {
        guard let selector = object["spec", "selector"], !selector.isNull else { return nil }
        return (try? LabelSelector(value: selector)) ?? .nothing  // best effort: admission refuses what cannot be read
    }
}
