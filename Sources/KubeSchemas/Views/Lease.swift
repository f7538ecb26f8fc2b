package import APIMachinery
import JSONCore
package import LinuxKernel

/// coordination.k8s.io/v1 Lease.
package struct Lease: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind(group: "coordination.k8s.io", version: "v1", kind: "Lease")
    package static let resource = GroupVersionResource(group: "coordination.k8s.io", version: "v1", resource: "leases")

    /// Who holds it; empty for nobody.
    package var holderIdentity: String {
        get { object.string("spec", "holderIdentity") ?? "" }
        set { object["spec", "holderIdentity"] = .string(newValue) }
    }
    /// Seconds that a renewal is good for; nil when not said.
    package var leaseDurationSeconds: Int64? {
        get { object.integer("spec", "leaseDurationSeconds") }
        set { object["spec", "leaseDurationSeconds"] = newValue.map { .integer($0) } }
    }
    /// The last renewal, to the microsecond.
    package var renewTime: Timestamp? {
        get { object.string("spec", "renewTime").flatMap { Timestamp(rfc3339: $0) } }
        set { object["spec", "renewTime"] = newValue.map { .string($0.rfc3339Micro) } }
    }
}
