package import APIMachinery
import JSONCore
package import LinuxKernel

/// The leases by which nodes say that they are there.
extension KubeClient {
    package static let leases = GroupVersionResource(group: "coordination.k8s.io", version: "v1", resource: "leases")
    /// Where the leases of nodes are. Source: upstream's `NamespaceNodeLease`.
    package static let nodeLeaseNamespace = "kube-node-lease"

    /// Renews a node's lease at `now`, or makes it for so many seconds. Throws what the server answers.
    package func renewNodeLease(_ name: String, seconds: Int64, now: Timestamp) async throws(APIStatus) {
        let now = JSONValue.string(now.rfc3339Micro)
        do throws(APIStatus) {
            _ = try await patch(Self.leases, namespace: Self.nodeLeaseNamespace, name: name, type: .merge, ["spec": ["renewTime": now]])
        } catch  where error.code == 404 {
            let metadata: JSONValue = ["name": .string(name), "namespace": .string(Self.nodeLeaseNamespace)]
            let spec: JSONValue = [
                "holderIdentity": .string(name), "leaseDurationSeconds": .integer(seconds), "renewTime": now, "acquireTime": now,
            ]
            _ = try await create(Self.leases, KubeObject(["apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec]))
        }
    }
}
