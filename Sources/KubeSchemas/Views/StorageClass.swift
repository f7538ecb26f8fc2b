package import APIMachinery
package import JSONCore

/// storage.k8s.io/v1 StorageClass.
package struct StorageClass: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind(group: "storage.k8s.io", version: "v1", kind: "StorageClass")
    package static let resource = GroupVersionResource(group: "storage.k8s.io", version: "v1", resource: "storageclasses")

    /// The provisioner whose volumes are directories of this machine.
    package static let localProvisioner = "kdash.dev/local"
    /// A provisioner that makes nothing: volumes of the class are made by people.
    package static let noProvisioner = "kubernetes.io/no-provisioner"

    /// Who makes its volumes.
    package var provisioner: String { object.string("provisioner") ?? "" }
    /// Whether its claims wait for a pod, so that the volume is made where the pod runs.
    package var waitsForPod: Bool { object.string("volumeBindingMode") == "WaitForFirstConsumer" }
    /// What becomes of its volumes when their claims are gone. Default `Delete`.
    package var reclaimPolicy: String { object.string("reclaimPolicy") ?? "Delete" }
    /// Whether its claims may ask for more later.
    package var allowsExpansion: Bool { object.bool("allowVolumeExpansion") ?? false }
    /// Options that its volumes are mounted with.
    package var mountOptions: [JSONValue] { object.array("mountOptions") }

    /// Whether a volume can be made for a node with these labels: one of its topologies must match, when it has any.
    package func allowsTopology(of labels: [String: String]) -> Bool {
        let terms = object.array("allowedTopologies")
        guard !terms.isEmpty else { return true }
        return terms.contains { term in
            (term["matchLabelExpressions"]?.arrayValue ?? []).allSatisfy { rule in
                let values = (rule["values"]?.arrayValue ?? []).compactMap(\.stringValue)
                return rule["key"]?.stringValue.flatMap { labels[$0] }.map(values.contains) ?? false
            }
        }
    }
}
